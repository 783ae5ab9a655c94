//! What is done to the machines of a simulated cluster, asked for by a page.

use super::Connection;
use crate::session::life::Life;
use crate::wire::{Backend, Fault, ServerFrame};

impl Connection {
    /// Does it, and tells every page of the session what stands now.
    pub(super) async fn fault(&mut self, life: &Life, request: u32, fault: Fault) {
        if self.session.backend == Backend::Real {
            let why = self.say("refused-real-fault");
            return self.refuse("not-here", &why, Some(request)).await;
        }
        match life.world.fault(fault.into()).await {
            Ok(()) => {
                life.keeper.kept().await;
                let faults = standing(life).await;
                self.session.tell(ServerFrame::Faults {
                    request: None,
                    faults: faults.clone(),
                });
                let request = Some(request);
                self.out
                    .frame(&ServerFrame::Faults { request, faults })
                    .await;
            }
            Err(why) => {
                let why = self.say_why("refused-fault", &why);
                self.refuse("fault", &why, Some(request)).await;
            }
        }
    }

    pub(super) async fn faults(&mut self, life: &Life, request: u32) {
        let faults = standing(life).await;
        let request = Some(request);
        self.out
            .frame(&ServerFrame::Faults { request, faults })
            .await;
    }
}

/// The faults that stand, as far as pages know them; none in a world that has ended.
async fn standing(life: &Life) -> Vec<Fault> {
    let faults = life.world.faults().await.unwrap_or_default();
    faults.into_iter().filter_map(Fault::of).collect()
}

//! The stage on which lessons are proven: a cluster and a workstation as a session has them, without a learner.
//!
//! On the simulated cluster time runs fast and can be passed at will; on a real one it is what it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use course::{Asked, Lesson, Ran, Scene, Stage};
use host::ClockCommand;
use tokio::sync::mpsc;

use crate::backend::{Ground, Grown};
use crate::session::previews::Previews;
use crate::session::recorder::recording;
use crate::workstation::kubectl_program::{self, SessionClients};
use crate::{session, workstation};

/// Simulated seconds a second while a line runs.
const SPEED: f64 = 10.0;

/// What a line leaves in the background (`kubectl port-forward … &`) begins in wall time, as kubectl runs in it.
const BEGINNING: Duration = Duration::from_millis(250);

/// Makes scenes on a ground.
pub struct Lab {
    pub ground: Ground,
}

/// One lesson's cluster and workstation. Dropping it ends the world; [`Cast::end`] also clears a real cluster.
pub struct Cast {
    grown: Grown,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stage for Lab {
    type Scene = Cast;

    async fn open(&self, lesson: &Lesson) -> Result<Cast, String> {
        let grown = self
            .ground
            .grow(&crate::http::cookie::unguessable(), &lesson.files)
            .await?;
        if grown.simulated {
            grown
                .world
                .clock(ClockCommand::Speed(SPEED))
                .await
                .map_err(|error| error.to_string())?;
        }
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let notes = asked.clone();
        let note = Arc::new(move |asked| {
            notes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(asked)
        });
        let clients = SessionClients::new(
            recording(grown.client.clone(), note, None),
            grown.server.clone(),
        );
        // Nobody looks at previews here: what is told about them goes nowhere.
        let (tell, _) = mpsc::unbounded_channel();
        kubectl_program::install(&grown.world, clients, Previews::default(), tell);
        Ok(Cast { grown, asked })
    }
}

impl Cast {
    /// Ends the world, and removes the namespace on a real cluster.
    pub async fn end(&self) {
        self.grown.world.close();
        self.grown.clear().await;
    }
}

impl Scene for Cast {
    fn client(&self) -> kube::Client {
        self.grown.watcher.clone()
    }

    fn namespace(&self) -> String {
        self.grown.namespace.clone()
    }

    async fn run(&mut self, line: &str, limit: Duration) -> Ran {
        let wall = if self.grown.simulated {
            limit.div_f64(SPEED)
        } else {
            limit
        };
        match tokio::time::timeout(wall, workstation::run_line(&self.grown.world, line)).await {
            Ok(Ok((exit, output))) => {
                if line.trim_end().ends_with('&') {
                    tokio::time::sleep(BEGINNING).await;
                }
                Ran {
                    exit: Some(exit),
                    output,
                }
            }
            Ok(Err(why)) => Ran {
                exit: Some(126),
                output: why,
            },
            Err(_) => Ran::default(),
        }
    }

    async fn pass(&mut self, time: Duration) {
        if self.grown.simulated {
            // A world that has ended shows at the next look.
            let _ = self.grown.world.clock(ClockCommand::Step(time)).await;
        } else {
            tokio::time::sleep(time).await;
        }
    }

    fn asked(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn file(&mut self, path: &str) -> Option<String> {
        let bytes = self.grown.world.read_file(path).await.ok()?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    async fn get(&mut self, pod: &str, port: u16, path: &str) -> Option<(u16, String)> {
        session::ask::get(&self.grown.watcher, &self.grown.namespace, pod, port, path).await
    }
}

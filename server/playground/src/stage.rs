//! The stage on which lessons are proven: a cluster and a workstation as a session has them, without a learner.
//!
//! Time is tokio's: on the simulated cluster the stage is played in virtual time (`host::VirtualTime`), on a real one it is what it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use course::{Asked, Lesson, Observation, Ran, Scene, Stage};
use host::Journal;
use machine::Time;
use tokio::sync::mpsc;

use crate::backend::{Ground, Grown};
use crate::session::previews::Previews;
use crate::session::recorder::recording;
use crate::storage::worlds::KeptFile;
use crate::workstation::kubectl_program::{self, SessionClients};
use crate::{session, workstation};

/// What a line leaves in the background (`kubectl port-forward … &`) is given this long to begin.
const BEGINNING: Duration = Duration::from_millis(250);

/// Makes scenes on a ground.
pub struct Lab {
    pub ground: Ground,
}

/// One lesson's cluster and workstation. Dropping it ends the world.
pub struct Cast {
    ground: Ground,
    grown: Grown,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A scene as it was: its cluster by the journal, its home by the files.
pub struct Moment {
    journal: Journal,
    files: Vec<KeptFile>,
}

impl Stage for Lab {
    type Scene = Cast;
    type Moment = Moment;

    async fn open(&self, lesson: &Lesson) -> Result<Cast, String> {
        // On the simulated cluster the name is also the seed: each run of a lesson is the same.
        let grown = self.ground.grow(&lesson.id, lesson).await?;
        let cast = Cast {
            ground: self.ground.clone(),
            grown,
            asked: Arc::default(),
        };
        cast.install_kubectl();
        Ok(cast)
    }

    async fn open_at(&self, moment: &Moment) -> Option<Cast> {
        Cast::again(&self.ground, moment).await
    }
}

impl Cast {
    /// `None`: it cannot be made again.
    async fn again(ground: &Ground, moment: &Moment) -> Option<Cast> {
        let grown = ground.regrow(moment.journal.clone()).await?;
        for file in &moment.files {
            // What cannot be written shows in the next line that wants it.
            let content = file.content.clone().into();
            let _ = grown.world.write_file(&file.path, content, file.mode).await;
        }
        let cast = Cast {
            ground: ground.clone(),
            grown,
            asked: Arc::default(),
        };
        cast.install_kubectl();
        Some(cast)
    }

    fn install_kubectl(&self) {
        let notes = self.asked.clone();
        let note = Arc::new(move |asked| {
            notes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(asked)
        });
        let clients = SessionClients::new(
            recording(self.grown.client.clone(), note, None),
            self.grown.server.clone(),
        );
        // Nobody looks at previews here: what is told about them goes nowhere.
        let (tell, _) = mpsc::unbounded_channel();
        kubectl_program::install(&self.grown.world, clients, Previews::default(), tell);
    }
}

impl Scene for Cast {
    type Moment = Moment;

    fn client(&self) -> kube::Client {
        self.grown.watcher.clone()
    }

    fn namespace(&self) -> String {
        self.grown.namespace.clone()
    }

    async fn run(&mut self, line: &str, limit: Duration) -> Ran {
        match tokio::time::timeout(limit, workstation::run_line(&self.grown.world, line)).await {
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
        tokio::time::sleep(time).await;
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

    fn now(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.grown.world.now().0).unwrap_or_default())
    }

    async fn moment(&mut self) -> Option<Moment> {
        let world = &self.grown.world;
        Some(Moment {
            journal: world.journal().await.ok().filter(|j| j.complete)?,
            files: session::home::files(world, workstation::HOME).await,
        })
    }

    async fn rewind(&mut self, to: Duration) -> bool {
        let Some(mut moment) = self.moment().await else {
            return false;
        };
        let at = Time(i64::try_from(to.as_nanos()).unwrap_or(i64::MAX));
        if session::rewind::cut(&mut moment.journal, at, self.grown.world.now()).is_err() {
            return false;
        }
        let Some(before) = Cast::again(&self.ground, &moment).await else {
            return false;
        };
        self.grown.world.close();
        *self = before;
        true
    }

    async fn ahead(&mut self, time: Duration) -> Option<Vec<Observation>> {
        self.ground.ahead(&self.grown.world, time).await
    }

    async fn end(&mut self) {
        self.grown.world.close();
        self.grown.clear().await;
    }
}

//! One life of a session: a world, the clients of its cluster, its terminals, its previews, its grading. Ends whole.

use std::sync::Arc;

use course::format::Start;
use course::{Asked, Lang, Lesson, Observation};
use host::{Handle, WorldEvent};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::grading::{Around, Grading, Told};
use super::previews::Previews;
use super::recorder::recording;
use super::terminals::Terminals;
use crate::backend::{Ground, Grown};
use crate::wire::{ClockState, StepCause};
use crate::workstation::{self, kubectl_program};

/// A life could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    #[error("the cluster could not be made: {0}")]
    Ground(String),
    #[error("the lesson could not be set up: {0}")]
    Start(String),
}

/// What a life needs.
pub struct Plan {
    pub session: String,
    pub lesson: Arc<Lesson>,
    pub lang: Lang,
    pub ground: Ground,
    pub done: Vec<(String, StepCause)>,
    pub tell: mpsc::UnboundedSender<Told>,
    pub stop: CancellationToken,
}

/// A world with all that hangs on it.
pub struct Life {
    pub world: Handle,
    /// Speaks to the cluster as the learner.
    pub client: kube::Client,
    pub namespace: String,
    pub terminals: Terminals,
    pub previews: Previews,
    pub grading: Grading,
    pub stop: CancellationToken,
    grown: Grown,
}

impl Life {
    /// Makes the world, lays out the home, sets the lesson up, and begins to grade.
    pub async fn begin(plan: Plan) -> Result<Life, LifeError> {
        let grown = plan
            .ground
            .grow(&plan.session, &plan.lesson.files)
            .await
            .map_err(LifeError::Ground)?;
        let world = grown.world.clone();
        let previews = Previews::default();
        let (notes, asked) = mpsc::unbounded_channel::<Asked>();
        let note = Arc::new(move |asked| {
            // The receiver ends with the life.
            let _ = notes.send(asked);
        });
        let clients = kubectl_program::SessionClients::new(
            recording(grown.client.clone(), note),
            grown.server.clone(),
        );
        kubectl_program::install(&world, clients, previews.clone(), plan.tell.clone());
        set_up(&world, &plan.lesson)
            .await
            .map_err(LifeError::Start)?;
        let clock = world.clone();
        let around = Around {
            client: grown.watcher.clone(),
            namespace: grown.namespace.clone(),
            now: Arc::new(move || rfc3339(clock.now())),
            tell: plan.tell,
            stop: plan.stop.clone(),
        };
        let grading = Grading::start(plan.lesson, plan.lang, plan.done, around).await;
        tokio::spawn(pass_notes(asked, grading.clone(), plan.stop.clone()));
        tokio::spawn(watch_files(
            world.clone(),
            grading.clone(),
            plan.stop.clone(),
        ));
        Ok(Life {
            world,
            client: grown.client.clone(),
            namespace: grown.namespace.clone(),
            terminals: Terminals::default(),
            previews,
            grading,
            stop: plan.stop,
            grown,
        })
    }

    /// Waits for the world's end; the reason when it broke.
    pub async fn ended(&self) -> Option<String> {
        let mut events = self.world.events();
        loop {
            match events.recv().await {
                Ok(WorldEvent::Ended { panic }) => return panic,
                Ok(WorldEvent::Clock(_))
                | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// The clock for the page; a real cluster has none to show.
    pub fn clock(&self) -> Option<ClockState> {
        self.grown
            .simulated
            .then(|| shown(self.world.clock_state()))
    }

    /// Somebody is here again: time goes on.
    pub async fn wake(&self) {
        self.grown.wake().await;
    }

    /// Nobody is here: time stands still.
    pub async fn doze(&self) {
        self.grown.doze().await;
    }

    /// Ends everything, and takes away what was made on a real cluster.
    pub async fn end(&self) {
        self.stop.cancel();
        self.terminals.end_all();
        self.world.close();
        self.grown.clear().await;
    }
}

/// A clock state as pages read it.
pub fn shown(state: host::ClockState) -> ClockState {
    ClockState {
        now: rfc3339(state.now),
        factor: state.speed,
        paused: state.paused,
    }
}

fn rfc3339(time: machine::Time) -> String {
    jiff::Timestamp::from_millisecond(time.0 / 1_000_000)
        .unwrap_or_default()
        .to_string()
}

/// Does what the lesson asks for before the first step.
async fn set_up(world: &Handle, lesson: &Lesson) -> Result<(), String> {
    for start in &lesson.start {
        let line = match start {
            Start::Run(line) => line.clone(),
            Start::Apply(path) => {
                let manifest = lesson
                    .manifests
                    .get(path)
                    .ok_or_else(|| format!("{path} is not in the lesson's folder"))?;
                format!("kubectl apply -f - <<'END-OF-START'\n{manifest}\nEND-OF-START")
            }
            Start::Wait(text) => {
                let (object, condition) = text
                    .split_once(' ')
                    .ok_or_else(|| format!("wait: {text}: write `kind/name Condition`"))?;
                format!("kubectl wait --for=condition={condition} {object} --timeout=120s")
            }
        };
        let (exit, output) = workstation::run_line(world, &line).await?;
        if exit != 0 {
            return Err(format!("`{line}` ended with {exit}: {output}"));
        }
    }
    Ok(())
}

async fn pass_notes(
    mut asked: mpsc::UnboundedReceiver<Asked>,
    grading: Grading,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            note = asked.recv() => match note {
                Some(note) => grading.see(Observation::Asked(note)).await,
                None => return,
            },
        }
    }
}

/// Shows the grader the files that checks name, now and whenever they change.
async fn watch_files(world: Handle, grading: Grading, stop: CancellationToken) {
    let wanted = grading.files();
    if wanted.is_empty() {
        return;
    }
    let Ok(mut changes) = world.watch_files(".").await else {
        return;
    };
    loop {
        for path in &wanted {
            let text = world
                .read_file(path)
                .await
                .ok()
                .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
            grading
                .see(Observation::File {
                    path: path.clone(),
                    text,
                })
                .await;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            change = changes.recv() => if change.is_none() { return },
        }
        // What came at once is read at once.
        while changes.try_recv().is_ok() {}
    }
}

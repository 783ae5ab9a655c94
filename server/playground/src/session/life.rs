//! One life of a session: a world, the clients of its cluster, its terminals, its previews, its grading. Ends whole.

use std::mem::take;
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use course::{Asked, Lang, Lesson, Observation};
use futures::future::FutureExt;
use host::{ClockCommand, Handle, WorldEvent};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::grading::{Around, Grading, Told};
use super::home;
use super::keeper::{self, Keeper};
use super::previews::Previews;
use super::recorder::{Keep, recording};
use super::terminals::Terminals;
use crate::backend::{Ground, Grown};
use crate::language;
use crate::storage::Storage;
use crate::storage::worlds::Kept;
use crate::wire::{ClockState, StepCause};
use crate::workstation::{self, kubectl_program};

/// Simulated seconds a second while solutions are played, the longest that one line takes, and the simulated time after each step.
const PLAY_SPEED: f64 = 50.0;
const PLAY_AT_MOST: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(10);

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
    pub learner: String,
    pub storage: Storage,
    /// The session as it was before the server was restarted.
    pub kept: Option<Kept>,
    /// What solves the steps that are skipped, a list a step: played before the learner comes.
    pub play: Vec<Vec<String>>,
}

/// A client that is made when it is first asked for.
pub struct Outside(LazyLock<kube::Client, Box<dyn FnOnce() -> kube::Client + Send>>);

impl Deref for Outside {
    type Target = kube::Client;

    fn deref(&self) -> &kube::Client {
        &self.0
    }
}

/// A world with all that hangs on it.
pub struct Life {
    pub world: Handle,
    /// Speaks to the cluster as the learner.
    pub client: kube::Client,
    /// The same for programs outside, noted and kept as the terminal's kubectl is; made when the first one comes.
    pub outside: Outside,
    pub namespace: String,
    pub terminals: Arc<Terminals>,
    pub keeper: Keeper,
    pub previews: Previews,
    pub grading: Grading,
    pub stop: CancellationToken,
    grown: Grown,
    /// For the first page that comes.
    news: Mutex<Option<String>>,
}

impl Life {
    /// Makes the world, lays out the home, sets the lesson up, and begins to grade.
    pub async fn begin(mut plan: Plan) -> Result<Life, LifeError> {
        let mut kept = plan.kept.take();
        let (grown, fresh) = ground(&plan, kept.as_ref()).await?;
        let world = grown.world.clone();
        let previews = Previews::default();
        let (notes, mut asked) = mpsc::unbounded_channel::<Asked>();
        let note = Arc::new(move |asked| {
            // The receiver ends with the life.
            let _ = notes.send(asked);
        });
        let kept_by: Arc<OnceLock<Keeper>> = Arc::default();
        let keeps = kept_by.clone();
        let keep: Keep = Arc::new(move || {
            let keeper = keeps.get().cloned().unwrap_or_default();
            async move { keeper.kept().await }.boxed()
        });
        let clients = kubectl_program::SessionClients::new(
            recording(grown.client.clone(), note.clone(), Some(keep.clone())),
            grown.server.clone(),
        );
        kubectl_program::install(&world, clients, previews.clone(), plan.tell.clone());
        let outside = grown.outside();
        let outside = Outside(LazyLock::new(Box::new(move || {
            recording(outside(), note, Some(keep))
        })));
        if fresh {
            set_up(&world, &plan.lesson)
                .await
                .map_err(LifeError::Start)?;
            play(&world, grown.simulated, &plan.play).await;
            if !plan.play.is_empty() {
                // The steps that were played are done now, by the clock of this world: a rewind leads to this moment.
                let now = rfc3339(world.now());
                plan.done
                    .iter_mut()
                    .for_each(|(_, cause)| cause.at.clone_from(&now));
            }
            // What the set-up asked for is not the learner's doing.
            while asked.try_recv().is_ok() {}
        }
        if let Some(kept) = &kept {
            home::put_back(&world, &kept.files).await;
        }
        let news = news(&plan, kept.is_some(), fresh && grown.simulated).await;
        let (seen, texts) = kept
            .as_mut()
            .map(|kept| (take(&mut kept.seen), take(&mut kept.terminals)))
            .unwrap_or_default();
        let word = language::say(plan.lang, "terminal-again");
        let terminals = Arc::new(Terminals::with(texts, &word));
        let past = past(&plan, &seen).await;
        let keeper = keep_it(&plan, &grown, &terminals, seen).await;
        // Nobody else sets it.
        let _ = kept_by.set(keeper.clone());
        let clock = world.clone();
        let around = Around {
            client: grown.watcher.clone(),
            namespace: grown.namespace.clone(),
            now: Arc::new(move || rfc3339(clock.now())),
            tell: plan.tell,
            keeper: keeper.clone(),
            past,
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
            outside,
            namespace: grown.namespace.clone(),
            terminals,
            keeper,
            previews,
            grading,
            stop: plan.stop,
            grown,
            news: Mutex::new(news),
        })
    }

    /// Waits for the world's end; the reason when it broke.
    pub async fn ended(&self) -> Option<String> {
        let mut events = self.world.events();
        loop {
            match events.recv().await {
                Ok(WorldEvent::Ended { panic }) => return panic,
                Ok(WorldEvent::Clock(_) | WorldEvent::Fault(_))
                | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// What the learner is to know first. It is told once.
    pub fn news(&self) -> Option<String> {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.take()
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

    /// The cluster was away and is back: true when it has lost the namespace, which was made anew. Grading looks at everything again.
    pub async fn renew(&self) -> Result<bool, kube::Error> {
        let anew = self.grown.renew().await?;
        self.grading.look_again();
        Ok(anew)
    }

    /// Ends everything, and takes away what was made on a real cluster.
    pub async fn end(&self) {
        self.keeper.end().await;
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

/// Plays solutions, as fast as the world can. One that fails shows to the learner as what it left.
async fn play(world: &Handle, simulated: bool, steps: &[Vec<String>]) {
    for lines in steps {
        for line in lines {
            if simulated {
                // A world that has ended shows at the next look.
                let _ = world.clock(ClockCommand::Speed(PLAY_SPEED)).await;
            }
            match tokio::time::timeout(PLAY_AT_MOST, workstation::run_line(world, line)).await {
                Ok(Ok(_)) => {}
                Ok(Err(why)) => tracing::warn!(line, why, "a solution does not play"),
                Err(_) => tracing::warn!(line, "a solution does not end"),
            }
        }
        if simulated {
            let _ = world.clock(ClockCommand::Speed(1.0)).await;
            let _ = world.clock(ClockCommand::Step(SETTLE)).await;
        }
    }
}

/// The world: the one that was kept where there is one and it can be made again, else a new one; true for a new one.
async fn ground(plan: &Plan, kept: Option<&Kept>) -> Result<(Grown, bool), LifeError> {
    if let Some(kept) = kept {
        match plan.ground.regrow(kept.journal.clone()).await {
            Some(grown) => return Ok((grown, false)),
            None => {
                tracing::warn!(
                    session = plan.session,
                    "a kept cluster cannot be made again"
                );
            }
        }
    }
    let grown = plan.ground.grow(&plan.session, &plan.lesson).await;
    Ok((grown.map_err(LifeError::Ground)?, true))
}

/// What the learner is to know of a life that is not what they left: the cluster could not be made again, or was forgotten.
async fn news(plan: &Plan, kept: bool, fresh: bool) -> Option<String> {
    if kept {
        return fresh.then(|| language::say(plan.lang, "cluster-not-again"));
    }
    if !plan.storage.is_durable() {
        return None;
    }
    let asked = plan.storage.was_forgotten(&plan.learner, &plan.lesson.id);
    let forgotten = asked.await.unwrap_or_else(|error| {
        tracing::error!(%error, "what was forgotten could not be read");
        false
    });
    let days = crate::serve::KEEP_DAYS.to_string();
    forgotten.then(|| language::say_with(plan.lang, "session-forgotten", &[("days", &days)]))
}

/// What was seen in earlier lives: requests, objects that are gone, answers.
async fn past(plan: &Plan, seen: &[String]) -> Vec<Observation> {
    let mut past: Vec<Observation> = seen.iter().flat_map(|what| keeper::read(what)).collect();
    match plan.storage.answers(&plan.learner, &plan.lesson.id).await {
        Ok(answers) => past.extend(
            answers
                .into_iter()
                .map(|(id, value)| Observation::Answered { id, value }),
        ),
        Err(error) => tracing::error!(%error, "answers could not be read"),
    }
    past
}

/// Begins to keep what can be: simulated sessions, where anything is kept at all.
async fn keep_it(
    plan: &Plan,
    grown: &Grown,
    terminals: &Arc<Terminals>,
    seen: Vec<String>,
) -> Keeper {
    if !grown.simulated || !plan.storage.keeps_sessions() {
        return Keeper::default();
    }
    let owner = keeper::Owner {
        session: plan.session.clone(),
        learner: plan.learner.clone(),
        lesson: plan.lesson.id.clone(),
    };
    let begun = Keeper::begin(
        plan.storage.clone(),
        owner,
        grown.world.clone(),
        terminals.clone(),
        seen,
        workstation::HOME,
    );
    match begun.await {
        Ok(keeper) => keeper,
        Err(error) => {
            tracing::error!(%error, session = plan.session, "a session cannot be kept");
            Keeper::default()
        }
    }
}

/// Does what the lesson asks for before the first step.
async fn set_up(world: &Handle, lesson: &Lesson) -> Result<(), String> {
    for line in lesson.start_lines(120)? {
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

//! Sessions: a learner's cluster, workstation and progress for one lesson.
//!
//! A session outlives its worlds: a restart ends one [`Life`] and begins another under the same id. Who may reach a session is proven by
//! the extractor in [`crate::http::proof`].

pub mod ask;
pub mod foresight;
pub mod grading;
pub mod home;
pub mod keeper;
pub mod life;
pub mod parcel;
pub mod previews;
pub mod recorder;
pub mod registry;
pub mod rewind;
pub mod scroll;
pub mod terminals;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use course::format::StepFile;
use course::{Lang, Lesson};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backend::Ground;
use crate::http::cookie::Learner;
use crate::http::embedders::Embedder;
use crate::http::site::Site;
use crate::language;
use crate::storage::worlds::Kept;
use crate::storage::{Done, Storage, StorageError};
use crate::wire::{Backend, Level, Preview, ServerFrame, SessionState, StepCause};
use grading::Told;
use life::{Life, LifeError};

/// Frames that a slow page may lag behind before it is told everything again.
const EVENTS: usize = 512;
/// When a cluster that is back could not be used yet.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// One learner in one lesson.
pub struct Session {
    pub id: String,
    pub learner: Learner,
    pub lesson: Arc<Lesson>,
    pub backend: Backend,
    /// When it ends, whoever is there; `None`: when nobody has been there for long.
    pub ends: Option<Instant>,
    /// The site in whose page it is, where that is somebody else's and known.
    pub embedder: Option<Embedder>,
    pub storage: Storage,
    ground: Ground,
    site: Arc<Site>,
    now: Mutex<Now>,
    /// Shared: the channel holds room for all of its frames from the beginning.
    events: broadcast::Sender<Arc<ServerFrame>>,
    connected: AtomicUsize,
    /// Ends everything that belongs to the session.
    stop: CancellationToken,
    /// One restart at a time.
    turning: tokio::sync::Mutex<()>,
}

struct Now {
    life: Option<Arc<Life>>,
    state: SessionState,
    message: Option<String>,
    seen: Instant,
    lang: Lang,
}

/// A connection of a page. Dropping it says that the page is gone.
pub struct Presence(Arc<Session>);

/// What a session is made from.
pub struct Birth {
    pub id: String,
    pub learner: Learner,
    pub lesson: Arc<Lesson>,
    pub lang: Lang,
    pub ground: Ground,
    pub storage: Storage,
    pub site: Arc<Site>,
    /// The session as it was before.
    pub kept: Option<Kept>,
    /// See [`Session::ends`].
    pub ends: Option<Instant>,
    /// See [`Session::embedder`].
    pub embedder: Option<Embedder>,
}

impl Session {
    /// Makes a session whose cluster and workstation are ready.
    pub async fn begin(birth: Birth) -> Result<Arc<Session>, LifeError> {
        let session = Arc::new(Session {
            id: birth.id,
            learner: birth.learner,
            lesson: birth.lesson,
            backend: birth.ground.backend(),
            ends: birth.ends,
            embedder: birth.embedder,
            ground: birth.ground,
            storage: birth.storage,
            site: birth.site,
            now: Mutex::new(Now {
                life: None,
                state: SessionState::Starting,
                message: None,
                seen: Instant::now(),
                lang: birth.lang,
            }),
            events: broadcast::Sender::new(EVENTS),
            connected: AtomicUsize::new(0),
            stop: CancellationToken::new(),
            turning: tokio::sync::Mutex::new(()),
        });
        session.turn(birth.kept, Vec::new()).await?;
        Ok(session)
    }

    /// Begins again: a new cluster and home, all steps open. A copy of a shared world begins as it was shared, while the link works.
    pub async fn restart(self: &Arc<Self>) -> Result<(), LifeError> {
        if let Err(error) = self.storage.forget(&self.learner.0, &self.lesson.id).await {
            tracing::warn!(%error, "progress could not be forgotten");
        }
        let given = parcel::given(&self.storage, &self.learner, &self.lesson.id).await;
        self.turn(given, Vec::new()).await
    }

    /// Begins again at a step: what solves those before it is done already; it and those after it are open.
    pub async fn jump(self: &Arc<Self>, step: &str) -> Result<(), LifeError> {
        let steps = &self.lesson.steps;
        let at = steps.iter().position(|known| known.id == step).unwrap_or(0);
        let (before, open) = steps.split_at(at);
        let cause = language::say(self.lang(), "step-played");
        if let Err(error) = self.mark(before, open, &cause).await {
            tracing::warn!(%error, "progress could not be changed");
        }
        let play = before.iter().map(|step| step.solve.clone()).collect();
        self.turn(None, play).await
    }

    /// Keeps that the first steps are done and the others are not.
    async fn mark(
        &self,
        done: &[StepFile],
        open: &[StepFile],
        cause: &str,
    ) -> Result<(), StorageError> {
        let (learner, lesson) = (&self.learner.0, &self.lesson.id);
        for step in done {
            let done = Done {
                step: step.id.clone(),
                at: jiff::Timestamp::now().to_string(),
                cause: cause.to_owned(),
            };
            self.storage.keep_done(learner, lesson, &done).await?;
        }
        for step in open {
            let answers = step.check.iter().filter_map(|check| {
                let answer = check.answer.as_ref().map(|answer| &answer.id);
                answer.or(check.choice.as_ref().map(|choice| &choice.id))
            });
            let predicted = step.predict.as_ref().map(|predict| &predict.id);
            let answers = answers.chain(predicted);
            self.storage
                .forget_step(learner, lesson, &step.id, answers.map(String::as_str))
                .await?;
        }
        Ok(())
    }

    /// Ends the life there is, if any, and begins the next.
    async fn turn(
        self: &Arc<Self>,
        kept: Option<Kept>,
        play: Vec<Vec<String>>,
    ) -> Result<(), LifeError> {
        let _turning = self.turning.lock().await;
        self.set_state(SessionState::Starting, None);
        let old = self.lock().life.take();
        if let Some(old) = old {
            old.end().await;
        }
        let (tell, told) = mpsc::unbounded_channel();
        let begun = Life::begin(life::Plan {
            session: self.id.clone(),
            lesson: self.lesson.clone(),
            lang: self.lang(),
            ground: self.ground.clone(),
            done: self.done().await,
            tell,
            stop: self.stop.child_token(),
            learner: self.learner.0.clone(),
            storage: self.storage.clone(),
            kept,
            play,
        });
        match begun.await {
            Ok(life) => {
                let life = Arc::new(life);
                self.lock().life = Some(life.clone());
                tokio::spawn(self.clone().listen(told, life.clone()));
                tokio::spawn(self.clone().guard(life.clone()));
                if let Some(answers) = self.ground.answers() {
                    tokio::spawn(self.clone().follow_cluster(life, answers));
                }
                self.set_state(SessionState::Ready, None);
                Ok(())
            }
            Err(error) => {
                let why = error.to_string();
                let words =
                    crate::language::say_with(self.lang(), "cluster-not-begun", &[("why", &why)]);
                self.set_state(SessionState::Crashed, Some(words));
                Err(error)
            }
        }
    }

    async fn done(&self) -> Vec<(String, StepCause)> {
        match self.storage.done(&self.learner.0, &self.lesson.id).await {
            Ok(done) => done
                .into_iter()
                .map(|done| {
                    (
                        done.step,
                        StepCause {
                            text: done.cause,
                            at: done.at,
                        },
                    )
                })
                .collect(),
            Err(error) => {
                tracing::error!(%error, "progress could not be read");
                Vec::new()
            }
        }
    }

    /// Passes on what the grader and the workstation tell; steps reach the pages after they are kept.
    async fn listen(self: Arc<Self>, mut told: mpsc::UnboundedReceiver<Told>, life: Arc<Life>) {
        loop {
            let told = tokio::select! {
                () = life.stop.cancelled() => return,
                told = told.recv() => match told { Some(told) => told, None => return },
            };
            match told {
                Told::Frame(frame) => self.tell(frame),
                Told::Door { door, open } => self.tell(ServerFrame::Preview {
                    preview: self.preview(&door),
                    open,
                }),
                Told::DoorClosed(port) => self.tell(ServerFrame::PreviewClosed { port }),
                Told::Ticked(ticked) => {
                    let done = Done {
                        step: ticked.step,
                        at: ticked.at,
                        cause: ticked.cause,
                    };
                    if let Err(error) = self
                        .storage
                        .keep_done(&self.learner.0, &self.lesson.id, &done)
                        .await
                    {
                        tracing::error!(%error, "a step could not be kept");
                        self.tell(ServerFrame::Notice {
                            level: Level::Warning,
                            text: crate::language::say(self.lang(), "step-not-kept"),
                        });
                    }
                }
            }
        }
    }

    /// Waits for the world's end, and says when it broke.
    async fn guard(self: Arc<Self>, life: Arc<Life>) {
        let broke = tokio::select! {
            biased;
            () = life.stop.cancelled() => return,
            broke = life.ended() => broke,
        };
        tracing::error!(session = %self.id, reason = broke.as_deref().unwrap_or("closed"), "a world ended");
        life.terminals.end_all();
        self.set_state(
            SessionState::Crashed,
            Some(crate::language::say(self.lang(), "cluster-broke")),
        );
    }

    /// Says when the real cluster does not answer, and takes up where it was when it does.
    async fn follow_cluster(self: Arc<Self>, life: Arc<Life>, mut answers: watch::Receiver<bool>) {
        let say = |key| Some(crate::language::say(self.lang(), key));
        loop {
            let there = *answers.borrow_and_update();
            match self.state().0 {
                SessionState::Ready if !there => {
                    self.set_state(SessionState::Unreachable, say("page-cluster-away"));
                }
                SessionState::Unreachable if there => match life.renew().await {
                    Ok(anew) => {
                        let key = if anew {
                            "page-cluster-forgot"
                        } else {
                            "page-cluster-back"
                        };
                        self.set_state(SessionState::Ready, say(key));
                    }
                    Err(error) => {
                        tracing::warn!(%error, session = %self.id, "a session could not be taken up again");
                    }
                },
                _ => {}
            }
            let again = tokio::time::sleep(ASK_AGAIN);
            tokio::select! {
                () = life.stop.cancelled() => return,
                changed = answers.changed() => if changed.is_err() { return },
                () = again, if there && self.state().0 == SessionState::Unreachable => {}
            }
        }
    }

    /// The life there is, while there is one.
    pub fn life(&self) -> Option<Arc<Life>> {
        self.lock().life.clone()
    }

    pub fn state(&self) -> (SessionState, Option<String>) {
        let now = self.lock();
        (now.state, now.message.clone())
    }

    fn set_state(&self, state: SessionState, message: Option<String>) {
        {
            let mut now = self.lock();
            (now.state, now.message) = (state, message.clone());
        }
        self.tell(ServerFrame::Session { state, message });
    }

    pub fn lang(&self) -> Lang {
        self.lock().lang
    }

    /// The learner reads another language now.
    pub fn speak(&self, lang: Lang) {
        let life = {
            let mut now = self.lock();
            now.lang = lang;
            now.life.clone()
        };
        if let Some(life) = life {
            life.grading.speak(lang);
        }
    }

    /// Sends to every page of the session; nobody may be there.
    pub fn tell(&self, frame: ServerFrame) {
        let _ = self.events.send(Arc::new(frame));
    }

    pub fn events(&self) -> broadcast::Receiver<Arc<ServerFrame>> {
        self.events.subscribe()
    }

    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// How a forwarded port is shown to the page.
    pub fn preview(&self, door: &previews::Door) -> Preview {
        Preview {
            port: door.port,
            url: self.site.preview_url(&door.label),
            target: door.target.clone(),
        }
    }

    /// The first frame of a connection.
    pub fn welcome(&self) -> ServerFrame {
        let life = self.life();
        let of = |get: &dyn Fn(&Life) -> ServerFrame| life.as_deref().map(get);
        of(&|life| self.greet(life)).unwrap_or_else(|| ServerFrame::Welcome {
            protocol: crate::wire::PROTOCOL,
            session: self.id.clone(),
            backend: self.backend,
            namespace: String::new(),
            state: self.state().0,
            terminals: Vec::new(),
            steps: Vec::new(),
            clock: None,
            previews: Vec::new(),
            rewinds: false,
        })
    }

    fn greet(&self, life: &Life) -> ServerFrame {
        ServerFrame::Welcome {
            protocol: crate::wire::PROTOCOL,
            session: self.id.clone(),
            backend: self.backend,
            namespace: life.namespace.clone(),
            state: self.state().0,
            terminals: life.terminals.states(),
            steps: life.grading.states(),
            clock: life.clock(),
            previews: life
                .previews
                .open()
                .iter()
                .map(|door| self.preview(door))
                .collect(),
            rewinds: self.backend == Backend::Sim && self.storage.keeps_sessions(),
        }
    }

    /// Keeps an answer for another day, then lets the grader judge it.
    pub async fn answer(
        &self,
        life: &Life,
        step: &str,
        question: &str,
        value: String,
    ) -> Result<Option<bool>, StorageError> {
        self.storage
            .keep_answer(&self.learner.0, &self.lesson.id, question, &value)
            .await?;
        Ok(life.grading.answer(step, question, value).await)
    }

    /// A page is here.
    pub async fn enter(self: &Arc<Self>) -> Presence {
        if self.connected.fetch_add(1, Ordering::AcqRel) == 0
            && let Some(life) = self.life()
        {
            life.wake().await;
        }
        self.lock().seen = Instant::now();
        Presence(self.clone())
    }

    /// Since when nobody is connected; `None` while somebody is.
    pub fn alone_since(&self) -> Option<Instant> {
        (self.connected.load(Ordering::Acquire) == 0).then(|| self.lock().seen)
    }

    /// Its lesson has changed: it ends here, and the pages, which are told last, make another one of the new lesson.
    pub async fn hand_over(&self) {
        let life = self.lock().life.take();
        if let Some(life) = life {
            life.end().await;
        }
        self.tell(ServerFrame::LessonChanged);
        self.stop.cancel();
    }

    /// Ends it here. One that is kept comes back by its id, so its pages are only disconnected.
    pub async fn end(&self) {
        if self.backend == Backend::Real || !self.storage.is_durable() {
            self.set_state(SessionState::Ended, None);
        }
        let life = self.lock().life.take();
        if let Some(life) = life {
            life.end().await;
        }
        self.stop.cancel();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.lock().seen = Instant::now();
        self.0.connected.fetch_sub(1, Ordering::AcqRel);
    }
}

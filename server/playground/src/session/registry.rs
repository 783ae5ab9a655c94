//! All sessions: found by id, made when a lesson is opened, ended when nobody has been there for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use course::{Course, Lang, Lesson};
use tokio_util::sync::CancellationToken;

use super::life::LifeError;
use super::{Birth, Session, parcel};
use crate::backend::Ground;
use crate::http::cookie::{Learner, unguessable};
use crate::http::embedders::Embedder;
use crate::http::site::Site;
use crate::play;
use crate::shelf::Shelf;
use crate::storage::worlds::Kept;
use crate::storage::{Done, Storage, StorageError};
use crate::wire::{Backend, Level, ServerFrame};

/// A world pauses when nobody has been connected for this long.
const DOZE_AFTER: Duration = Duration::from_secs(60);
/// How often sessions are looked over.
const ROUND: Duration = Duration::from_secs(15);

/// Why there is no session to be had.
#[derive(Debug, thiserror::Error)]
pub enum NoSession {
    #[error("every place is taken")]
    Full,
    #[error("the site around the lesson has as many places as it may")]
    SiteFull,
    #[error(transparent)]
    Life(#[from] LifeError),
}

/// Why a session that was brought back does not stand here.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    NoSession(#[from] NoSession),
    #[error(transparent)]
    Life(#[from] LifeError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A session that was brought back by its learner.
pub struct Arrival {
    pub kept: Kept,
    pub lesson: Arc<Lesson>,
    pub done: Vec<Done>,
    pub answers: Vec<(String, String)>,
}

/// Held by whoever makes a session; others wait for it.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// What a registry is made from.
pub struct Parts {
    pub storage: Storage,
    /// In memory: for sessions that leave nothing behind.
    pub passing: Storage,
    pub site: Arc<Site>,
    pub shelf: Arc<Shelf>,
    pub sim: Ground,
    pub most: usize,
    pub idle_minutes: u64,
    pub embed_minutes: u64,
}

/// The sessions of this server.
pub struct Registry {
    by_id: Mutex<HashMap<String, Arc<Session>>>,
    /// One session at a time is made for a learner in a lesson.
    making: Mutex<HashMap<(Learner, String), Turn>>,
    storage: Storage,
    site: Arc<Site>,
    shelf: Arc<Shelf>,
    /// Where kept sessions live again.
    sim: Ground,
    most: usize,
    idle: Duration,
    /// Where sessions are that leave nothing behind.
    passing: Storage,
    /// How long such a session lasts; zero: there are none.
    passing_for: Duration,
}

impl Registry {
    pub fn new(parts: Parts) -> Registry {
        let minutes = |minutes: u64| Duration::from_secs(minutes.saturating_mul(60));
        Registry {
            by_id: Mutex::default(),
            making: Mutex::default(),
            storage: parts.storage,
            site: parts.site,
            shelf: parts.shelf,
            sim: parts.sim,
            most: parts.most,
            idle: minutes(parts.idle_minutes),
            passing: parts.passing,
            passing_for: minutes(parts.embed_minutes),
        }
    }

    /// The session with this id, if it belongs to this learner. There is no other way to a session.
    pub fn of(&self, learner: &Learner, id: &str) -> Option<Arc<Session>> {
        lock(&self.by_id)
            .get(id)
            .filter(|session| session.learner == *learner)
            .cloned()
    }

    /// As [`Registry::of`]; a session that was kept lives again.
    pub async fn reach(&self, learner: &Learner, id: &str, lang: Lang) -> Option<Arc<Session>> {
        if let Some(session) = self.of(learner, id) {
            return Some(session);
        }
        let kept = self.read_kept(id).await?;
        if kept.learner != learner.0 {
            return None;
        }
        let lesson = play::lesson(&kept.lesson)
            .or_else(|| self.shelf.course().drawn(&kept.lesson, draw_seed(learner)))?;
        let ground = self.sim.clone();
        match self.open(learner, &lesson, lang, &ground).await {
            Ok(session) => Some(session).filter(|session| session.id == id),
            Err(error) => {
                tracing::error!(%error, id, "a kept session does not come back");
                None
            }
        }
    }

    async fn read_kept(&self, id: &str) -> Option<Kept> {
        match self.storage.kept(id).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::error!(%error, id, "a kept session could not be read");
                None
            }
        }
    }

    /// What was kept of the learner's session in the lesson.
    async fn kept(&self, learner: &Learner, lesson: &str, ground: &Ground) -> Option<Kept> {
        if !self.storage.is_durable() || ground.backend() != Backend::Sim {
            return None;
        }
        match self.storage.kept_id(&learner.0, lesson).await {
            Ok(id) => self.read_kept(&id?).await,
            Err(error) => {
                tracing::error!(%error, "kept sessions could not be read");
                None
            }
        }
    }

    /// The session that holds the preview with this label.
    pub fn by_label(&self, label: &str) -> Option<super::previews::Door> {
        lock(&self.by_id)
            .values()
            .find_map(|session| session.life()?.previews.by_label(label))
    }

    pub fn count(&self) -> usize {
        lock(&self.by_id).len()
    }

    /// The learner's session in the lesson on that ground: the one there is, or a new one.
    pub async fn open(
        &self,
        learner: &Learner,
        lesson: &Arc<Lesson>,
        lang: Lang,
        ground: &Ground,
    ) -> Result<Arc<Session>, NoSession> {
        let making = self.find_or_make(learner, lesson, lang, ground);
        self.in_turn(learner, &lesson.id, ground, making).await
    }

    /// Puts a session in the place of the one that the learner has in the lesson on the simulated cluster, with its progress.
    pub async fn replace(&self, lang: Lang, arrival: Arrival) -> Result<Arc<Session>, Refused> {
        let (learner, lesson) = (
            Learner(arrival.kept.learner.clone()),
            arrival.lesson.clone(),
        );
        let making = async {
            let there = self.find(&learner, &lesson.id, Backend::Sim);
            match there {
                Some(session) => self.remove(&session).await,
                None => self.make_room().await?,
            }
            let (done, answers) = (&arrival.done, &arrival.answers);
            self.storage
                .replace_progress(&learner.0, &lesson.id, done, answers)
                .await?;
            let ground = &self.sim;
            Ok(self
                .begin(&learner, &lesson, lang, ground, Some(arrival.kept))
                .await?)
        };
        self.in_turn(&learner, &lesson.id, &self.sim, making).await
    }

    /// Whether the learner has a session in the lesson on the simulated cluster, here or kept.
    pub async fn has(&self, learner: &Learner, lesson: &str) -> bool {
        self.find(learner, lesson, Backend::Sim).is_some()
            || self.kept(learner, lesson, &self.sim).await.is_some()
    }

    /// A session in the lesson that ends after a while, whoever is there, and leaves nothing behind.
    pub async fn open_passing(
        &self,
        learner: &Learner,
        lesson: &Arc<Lesson>,
        lang: Lang,
        embedder: Option<Embedder>,
    ) -> Result<Arc<Session>, NoSession> {
        self.may_pass(embedder.as_ref())?;
        self.make_room().await?;
        if let Err(error) = self.passing.saw_learner(&learner.0).await {
            tracing::error!(%error, "a passing learner could not be noted");
        }
        let session = Session::begin(Birth {
            id: unguessable(),
            kept: None,
            learner: learner.clone(),
            lesson: lesson.clone(),
            lang,
            ground: self.sim.clone(),
            storage: self.passing.clone(),
            site: self.site.clone(),
            ends: Some(Instant::now() + self.passing_for),
            embedder,
        })
        .await?;
        lock(&self.by_id).insert(session.id.clone(), session.clone());
        Ok(session)
    }

    /// Whether there are sessions that leave nothing behind.
    pub fn lets_pass(&self) -> bool {
        !self.passing_for.is_zero()
    }

    /// Passing sessions take at most a quarter of the places, so that they never stand in the way of learners; and those in pages of one site
    /// at most a quarter of these, so that a popular page leaves room for others. Whose site is not known count as of one.
    fn may_pass(&self, embedder: Option<&Embedder>) -> Result<(), NoSession> {
        let sessions = lock(&self.by_id);
        let passing = || sessions.values().filter(|session| session.ends.is_some());
        let most = (self.most / 4).max(1);
        if passing().count() >= most {
            return Err(NoSession::Full);
        }
        let same = passing().filter(|session| session.embedder.as_ref() == embedder);
        match same.count() >= (most / 4).max(1) {
            true => Err(NoSession::SiteFull),
            false => Ok(()),
        }
    }

    /// Lets one at a time make a session for a learner in a lesson.
    async fn in_turn<T>(
        &self,
        learner: &Learner,
        lesson: &str,
        ground: &Ground,
        making: impl Future<Output = T>,
    ) -> T {
        let key = (learner.clone(), format!("{:?} {lesson}", ground.backend()));
        let turn = lock(&self.making).entry(key.clone()).or_default().clone();
        let held = turn.lock().await;
        let made = making.await;
        drop(held);
        let mut making = lock(&self.making);
        // The map and this function hold it: nobody waits.
        if making
            .get(&key)
            .is_some_and(|turn| Arc::strong_count(turn) <= 2)
        {
            making.remove(&key);
        }
        made
    }

    /// The learner's session that is here.
    fn find(&self, learner: &Learner, lesson: &str, backend: Backend) -> Option<Arc<Session>> {
        let is_it = |session: &&Arc<Session>| {
            session.learner == *learner && session.lesson.id == lesson && session.backend == backend
        };
        lock(&self.by_id).values().find(is_it).cloned()
    }

    async fn find_or_make(
        &self,
        learner: &Learner,
        lesson: &Arc<Lesson>,
        lang: Lang,
        ground: &Ground,
    ) -> Result<Arc<Session>, NoSession> {
        if let Some(session) = self.find(learner, &lesson.id, ground.backend()) {
            session.speak(lang);
            return Ok(session);
        }
        self.make_room().await?;
        let kept = match self.kept(learner, &lesson.id, ground).await {
            Some(kept) => Some(kept),
            None => parcel::given(&self.storage, learner, &lesson.id).await,
        };
        Ok(self.begin(learner, lesson, lang, ground, kept).await?)
    }

    async fn begin(
        &self,
        learner: &Learner,
        lesson: &Arc<Lesson>,
        lang: Lang,
        ground: &Ground,
        kept: Option<Kept>,
    ) -> Result<Arc<Session>, LifeError> {
        let birth = Birth {
            id: kept
                .as_ref()
                .map_or_else(unguessable, |kept| kept.id.clone()),
            kept,
            learner: learner.clone(),
            lesson: lesson.clone(),
            lang,
            ground: ground.clone(),
            storage: self.storage.clone(),
            site: self.site.clone(),
            ends: None,
            embedder: None,
        };
        let session = Session::begin(birth).await?;
        lock(&self.by_id).insert(session.id.clone(), session.clone());
        Ok(session)
    }

    /// When all places are taken, the session that has been alone longest goes, if it has been alone for a minute.
    async fn make_room(&self) -> Result<(), NoSession> {
        if self.count() < self.most {
            return Ok(());
        }
        let oldest = lock(&self.by_id)
            .values()
            .filter_map(|session| Some((session.alone_since()?, session.clone())))
            .min_by_key(|(since, _)| *since)
            .filter(|(since, _)| since.elapsed() > DOZE_AFTER);
        match oldest {
            Some((_, session)) => {
                self.remove(&session).await;
                Ok(())
            }
            None => Err(NoSession::Full),
        }
    }

    async fn remove(&self, session: &Arc<Session>) {
        lock(&self.by_id).remove(&session.id);
        session.end().await;
        if session.ends.is_some()
            && let Err(error) = self.passing.forget_learner(&session.learner.0).await
        {
            tracing::error!(%error, "a passing learner could not be forgotten");
        }
    }

    /// Ends the sessions whose time is over at `now`.
    pub async fn end_overdue(&self, now: Instant) {
        let over = |session: &&Arc<Session>| session.ends.is_some_and(|ends| ends <= now);
        let overdue: Vec<_> = lock(&self.by_id).values().filter(over).cloned().collect();
        for session in overdue {
            self.remove(&session).await;
        }
    }

    /// Looks sessions over until `stop`: pauses those that nobody is connected to, ends those that are long forgotten.
    pub async fn keep_house(self: Arc<Self>, stop: CancellationToken) {
        let mut round = tokio::time::interval(ROUND);
        loop {
            tokio::select! { () = stop.cancelled() => return, _ = round.tick() => {} }
            self.end_overdue(Instant::now()).await;
            let alone: Vec<(Duration, Arc<Session>)> = lock(&self.by_id)
                .values()
                .filter_map(|session| Some((session.alone_since()?.elapsed(), session.clone())))
                .collect();
            for (alone, session) in alone {
                if alone > self.idle {
                    tracing::info!(session = %session.id, "a session that nobody came back to has ended");
                    self.remove(&session).await;
                } else if alone > DOZE_AFTER
                    && let Some(life) = session.life()
                {
                    life.doze().await;
                }
            }
        }
    }

    /// The course was read anew. Pages whose lesson has changed load again; where more than its text has, their sessions begin anew.
    pub async fn teach(&self, course: &Course) {
        for session in self.all() {
            let draws = course.draws(&session.lesson.id);
            let same = draws.iter().find(|l| l.vars == session.lesson.vars);
            let Some(lesson) = same.or(draws.first()) else {
                continue;
            };
            if asks(lesson) != asks(&session.lesson) {
                lock(&self.by_id).remove(&session.id);
                session.hand_over().await;
            } else {
                session.tell(ServerFrame::LessonChanged);
            }
        }
    }

    /// Something that everybody here should read.
    pub fn warn_all(&self, text: &str) {
        for session in self.all() {
            session.tell(ServerFrame::Notice {
                level: Level::Error,
                text: text.to_owned(),
            });
        }
    }

    fn all(&self) -> Vec<Arc<Session>> {
        lock(&self.by_id).values().cloned().collect()
    }

    /// Ends all sessions: the server stops.
    pub async fn end_all(&self) {
        let all: Vec<Arc<Session>> = lock(&self.by_id)
            .drain()
            .map(|(_, session)| session)
            .collect();
        futures::future::join_all(all.iter().map(|session| session.end())).await;
    }
}

/// All of a lesson but what is only read.
fn asks(lesson: &Lesson) -> String {
    let (prose, minutes) = (std::collections::BTreeMap::new(), 0);
    let lesson = Lesson {
        prose,
        minutes,
        ..lesson.clone()
    };
    format!("{lesson:?}")
}

/// Draws a learner's variables: the same ones every time.
pub fn draw_seed(learner: &Learner) -> u64 {
    u64::from_str_radix(learner.0.get(..16).unwrap_or("0"), 16).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

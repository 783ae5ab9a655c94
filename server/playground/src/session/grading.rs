//! Grades one life of a session: one task owns the grader, takes in what is seen, and tells what changed.
//!
//! What is right and why not is `course`'s; here it is fed, published and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use course::format::{CheckFile, HttpFile, PredictFile};
use course::{Grader, Lang, Lesson, Observation, Sentence};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::wire::{Answer, ObjectChange, ObjectOp, ServerFrame, StepCause, StepState, StepStatus};

/// Observations that may wait for the grader.
const QUEUE: usize = 1024;
/// How often ports that an open step asks about are asked.
const ASK_PORTS: Duration = Duration::from_secs(1);

/// A step that has just been done, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticked {
    pub step: String,
    pub cause: String,
    /// RFC 3339, of the cluster's clock.
    pub at: String,
}

/// What the grader and the workstation tell the session.
#[derive(Clone)]
pub enum Told {
    /// To the pages.
    Frame(ServerFrame),
    /// To the storage.
    Ticked(Ticked),
    /// A port is listened on; `open` shows its pane.
    Door {
        door: super::previews::Door,
        open: bool,
    },
    /// A port is listened on no more.
    DoorClosed(u16),
}

/// The published side of a grading task. Cheap to clone.
#[derive(Clone)]
pub struct Grading {
    seen: mpsc::Sender<Observation>,
    answers: mpsc::Sender<Given>,
    shared: Arc<Mutex<Shared>>,
    lesson: Arc<Lesson>,
    /// Ends the watches there are and begins new ones.
    again: Arc<Notify>,
}

/// An answer to a question, and where to say whether it is right.
struct Given {
    step: String,
    question: String,
    value: String,
    right: oneshot::Sender<Option<bool>>,
}

struct Shared {
    steps: Vec<course::StepState>,
    /// Ports that checks want asked now.
    ports: Vec<HttpFile>,
    causes: BTreeMap<String, StepCause>,
    objects: BTreeMap<(String, String), Value>,
    lang: Lang,
}

/// What grading needs from its surroundings.
pub struct Around {
    pub client: kube::Client,
    pub namespace: String,
    /// The cluster's time, RFC 3339.
    pub now: Arc<dyn Fn() -> String + Send + Sync>,
    pub tell: mpsc::UnboundedSender<Told>,
    pub keeper: super::keeper::Keeper,
    /// What was seen on earlier days: answers, requests, objects that are gone.
    pub past: Vec<Observation>,
    pub stop: CancellationToken,
}

impl Grading {
    /// Looks at the cluster as it is, then watches it. `done`: steps of earlier days, with their causes.
    pub async fn start(
        lesson: Arc<Lesson>,
        lang: Lang,
        done: Vec<(String, StepCause)>,
        mut around: Around,
    ) -> Grading {
        let mut grader = Grader::new(lesson.clone());
        let found = course::list(&around.client, &around.namespace).await;
        let shared = Shared {
            steps: Vec::new(),
            ports: Vec::new(),
            causes: done.iter().cloned().collect(),
            objects: BTreeMap::new(),
            lang,
        };
        let shared = Arc::new(Mutex::new(shared));
        for observation in &found {
            picture(&shared, observation);
        }
        grader.begin(found);
        for observation in std::mem::take(&mut around.past) {
            grader.observe(observation);
        }
        grader.restore(&done.into_iter().map(|(step, _)| step).collect::<Vec<_>>());
        lock(&shared).steps = grader.steps().to_vec();
        lock(&shared).ports = grader.ports();
        let (seen, queue) = mpsc::channel(QUEUE);
        let (answers, given) = mpsc::channel(QUEUE);
        let again = Arc::new(Notify::new());
        tokio::spawn(watch(
            around.client.clone(),
            around.namespace.clone(),
            seen.clone(),
            again.clone(),
            around.stop.clone(),
        ));
        tokio::spawn(ask_ports(
            shared.clone(),
            lesson.clone(),
            seen.clone(),
            around.client.clone(),
            around.namespace.clone(),
            around.stop.clone(),
        ));
        let grading = Grading {
            seen,
            answers,
            shared,
            lesson,
            again,
        };
        tokio::spawn(grading.clone().run(grader, queue, given, around));
        grading
    }

    async fn run(
        self,
        mut grader: Grader,
        mut queue: mpsc::Receiver<Observation>,
        mut given: mpsc::Receiver<Given>,
        around: Around,
    ) {
        loop {
            let observation = tokio::select! {
                () = around.stop.cancelled() => return,
                observation = queue.recv() => match observation { Some(observation) => observation, None => return },
                Some(given) = given.recv() => {
                    let seen = Observation::Answered { id: given.question.clone(), value: given.value };
                    if grader.observe(seen) {
                        self.publish(&grader, &around);
                    }
                    // Whoever asked may have gone.
                    let _ = given.right.send(self.is_right(&grader, &given.step, &given.question));
                    continue;
                }
            };
            around.keeper.note(&observation);
            if let Some(frame) = picture(&self.shared, &observation) {
                let _ = around.tell.send(Told::Frame(frame));
            }
            if grader.observe(observation) {
                self.publish(&grader, &around);
            }
        }
    }

    fn publish(&self, grader: &Grader, around: &Around) {
        let mut shared = lock(&self.shared);
        let lang = shared.lang;
        let before: BTreeSet<String> = shared
            .steps
            .iter()
            .filter(|s| s.done)
            .map(|s| s.id.clone())
            .collect();
        let old = std::mem::replace(&mut shared.steps, grader.steps().to_vec());
        shared.ports = grader.ports();
        let mut ticked = Vec::new();
        for step in grader
            .steps()
            .iter()
            .filter(|step| step.done && !before.contains(&step.id))
        {
            let cause = step
                .cause
                .clone()
                .unwrap_or_else(|| Sentence::new("was-true"))
                .say(lang);
            let at = (around.now)();
            shared.causes.insert(
                step.id.clone(),
                StepCause {
                    text: cause.clone(),
                    at: at.clone(),
                },
            );
            ticked.push(Ticked {
                step: step.id.clone(),
                cause,
                at,
            });
        }
        let changed: Vec<StepState> = grader
            .steps()
            .iter()
            .zip(&old)
            .filter(|(new, old)| new != old)
            .map(|(new, _)| shared.state(new))
            .collect();
        drop(shared);
        for ticked in ticked {
            let _ = around.tell.send(Told::Ticked(ticked));
        }
        let _ = around
            .tell
            .send(Told::Frame(ServerFrame::Steps { steps: changed }));
    }

    /// Hands in something seen outside of the watches: requests, files, answers.
    pub async fn see(&self, observation: Observation) {
        // The task ends with the session; then there is nobody to grade.
        let _ = self.seen.send(observation).await;
    }

    /// The cluster was away: what was seen may have changed unseen, and the watches may wait for what never comes.
    pub fn look_again(&self) {
        self.again.notify_one();
    }

    /// As [`Grading::see`], from a place that cannot wait; a note is lost when the queue is full.
    pub fn note(&self, observation: Observation) {
        if self.seen.try_send(observation).is_err() {
            tracing::warn!("an observation was lost: the grader's queue is full");
        }
    }

    /// How every step stands, for the page.
    pub fn states(&self) -> Vec<StepState> {
        let shared = lock(&self.shared);
        shared.steps.iter().map(|step| shared.state(step)).collect()
    }

    /// Why a step is open; `None` when there is no such step.
    pub fn reasons(&self, step: &str) -> Option<Vec<String>> {
        let shared = lock(&self.shared);
        let state = shared.steps.iter().find(|state| state.id == step)?;
        Some(
            state
                .reasons
                .iter()
                .map(|reason| reason.say(shared.lang))
                .collect(),
        )
    }

    /// The commands that solve a step.
    pub fn solution(&self, step: &str) -> Option<Vec<String>> {
        self.lesson
            .steps
            .iter()
            .find(|known| known.id == step)
            .map(|known| known.solve.clone())
    }

    /// Takes an answer: whether it is right, `None` when there is no such question.
    pub async fn answer(&self, step: &str, question: &str, value: String) -> Option<bool> {
        let (right, told) = oneshot::channel();
        let given = Given {
            step: step.to_owned(),
            question: question.to_owned(),
            value,
            right,
        };
        self.answers.send(given).await.ok()?;
        told.await.ok()?
    }

    fn is_right(&self, grader: &Grader, step: &str, question: &str) -> Option<bool> {
        let check = self.question(step, question)?;
        Some(course::check::evaluate(check, grader.seen()).is_ok())
    }

    /// The check that asks this question.
    fn question(&self, step: &str, question: &str) -> Option<&CheckFile> {
        let checks = self
            .lesson
            .steps
            .iter()
            .filter(|known| known.id == step)
            .flat_map(|known| &known.check);
        let asks = |check: &&CheckFile| {
            check
                .answer
                .as_ref()
                .is_some_and(|answer| answer.id == question)
                || check
                    .choice
                    .as_ref()
                    .is_some_and(|choice| choice.id == question)
        };
        checks.into_iter().find(asks)
    }

    pub fn is_question(&self, step: &str, question: &str) -> bool {
        self.question(step, question).is_some()
    }

    /// What the step asks for beforehand.
    pub fn prediction(&self, step: &str, question: &str) -> Option<&PredictFile> {
        let known = self.lesson.steps.iter().find(|known| known.id == step)?;
        known.predict.as_ref().filter(|asked| asked.id == question)
    }

    /// A sentence in the learner's language.
    pub fn say(&self, sentence: &Sentence) -> String {
        sentence.say(lock(&self.shared).lang)
    }

    /// From now on sentences are said in this language.
    pub fn speak(&self, lang: Lang) {
        lock(&self.shared).lang = lang;
    }

    /// Everything that the picture shows, as one first frame.
    pub fn objects(&self) -> ServerFrame {
        let shared = lock(&self.shared);
        let changes = shared
            .objects
            .values()
            .map(|object| ObjectChange {
                op: ObjectOp::Added,
                object: object.clone(),
            })
            .collect();
        ServerFrame::Objects {
            reset: true,
            changes,
        }
    }

    /// Files of the workstation that checks name.
    pub fn files(&self) -> BTreeSet<String> {
        self.lesson
            .steps
            .iter()
            .flat_map(|step| &step.check)
            .filter_map(|check| check.file.as_ref())
            .map(|file| file.path.clone())
            .collect()
    }
}

impl Shared {
    fn state(&self, step: &course::StepState) -> StepState {
        let cause = self.causes.get(&step.id).cloned();
        let status = match (step.done, &cause) {
            (true, _) => StepStatus::Done,
            (false, Some(_)) => StepStatus::Lapsed,
            (false, None) => StepStatus::Open,
        };
        StepState {
            id: step.id.clone(),
            status,
            cause,
            reason: step.reasons.first().map(|reason| reason.say(self.lang)),
        }
    }
}

/// An answer as checks compare it.
pub fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Truth(truth) => truth.to_string(),
        Answer::Number(number) => number.to_string(),
        Answer::Text(text) => text.trim().to_owned(),
    }
}

/// Keeps the picture of the cluster up to date; the frame that tells what changed.
fn picture(shared: &Mutex<Shared>, observation: &Observation) -> Option<ServerFrame> {
    let mut shared = lock(shared);
    let mut changes = Vec::new();
    match observation {
        Observation::Applied { kind, object } => shared.paint(kind, object, &mut changes),
        Observation::Deleted { kind, object } => {
            if let Some(last) = shared.objects.remove(&key(kind, object)) {
                changes.push(ObjectChange {
                    op: ObjectOp::Deleted,
                    object: last,
                });
            }
        }
        Observation::Listed { kind, objects } => {
            let now: BTreeSet<(String, String)> =
                objects.iter().map(|object| key(kind, object)).collect();
            let gone: Vec<_> = shared
                .objects
                .keys()
                .filter(|known| known.0 == *kind && !now.contains(*known))
                .cloned()
                .collect();
            for known in gone {
                changes.extend(shared.objects.remove(&known).map(|object| ObjectChange {
                    op: ObjectOp::Deleted,
                    object,
                }));
            }
            for object in objects {
                shared.paint(kind, object, &mut changes);
            }
        }
        _ => return None,
    }
    (!changes.is_empty()).then_some(ServerFrame::Objects {
        reset: false,
        changes,
    })
}

impl Shared {
    fn paint(&mut self, kind: &str, object: &Value, changes: &mut Vec<ObjectChange>) {
        let mut shown = object.clone();
        if let Some(watched) = course::WATCHED.iter().find(|known| known.kind == kind) {
            watched.name(&mut shown);
        }
        if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        let before = self.objects.insert(key(kind, object), shown.clone());
        let op = match before {
            None => ObjectOp::Added,
            Some(before) if before == shown => return,
            Some(_) => ObjectOp::Modified,
        };
        changes.push(ObjectChange { op, object: shown });
    }
}

fn key(kind: &str, object: &Value) -> (String, String) {
    (
        kind.to_owned(),
        object["metadata"]["uid"]
            .as_str()
            .or(object["metadata"]["name"].as_str())
            .unwrap_or_default()
            .to_owned(),
    )
}

/// Watches the cluster until `stop`; from the beginning whenever `again` says so, with a gap between.
async fn watch(
    client: kube::Client,
    namespace: String,
    seen: mpsc::Sender<Observation>,
    again: Arc<Notify>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = course::watch(client.clone(), namespace.clone(), seen.clone()) => return,
            () = again.notified() => {}
        }
        for watched in course::WATCHED {
            let kind = watched.kind.to_owned();
            if seen.send(Observation::Gap { kind }).await.is_err() {
                return;
            }
        }
    }
}

/// Asks the ports that checks want asked, once a second, through the cluster.
async fn ask_ports(
    shared: Arc<Mutex<Shared>>,
    lesson: Arc<Lesson>,
    seen: mpsc::Sender<Observation>,
    client: kube::Client,
    namespace: String,
    stop: CancellationToken,
) {
    if lesson
        .steps
        .iter()
        .flat_map(|step| &step.check)
        .all(|check| check.http.is_none())
    {
        return;
    }
    let mut tick = tokio::time::interval(ASK_PORTS);
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = tick.tick() => {} }
        let ports = lock(&shared).ports.clone();
        for wanted in ports {
            let answer =
                super::ask::get(&client, &namespace, &wanted.pod, wanted.port, &wanted.path).await;
            let observation = Observation::Http {
                pod: wanted.pod.clone(),
                port: wanted.port,
                path: wanted.path.clone(),
                answer,
            };
            if seen.send(observation).await.is_err() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What proves a lesson: it is played on a stage, in its own time, and every step must tick when, and only when, its
//! solution was played. The stage (a cluster with a workstation) is made by whoever calls; each part of the proofs has one of
//! its own, so that parts can be played side by side.

use crate::format::CheckFile;
use crate::history::{Asked, Observation};
use crate::load::Lesson;
use crate::mutate::{self, Change, Mutant};
use crate::player::{Checkpoint, Player};
use crate::sentence::Sentence;
use crate::{Lang, check};
use serde::Serialize;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Where lessons are played.
pub trait Stage {
    /// What it sets up.
    type Scene: Scene<Moment = Self::Moment> + Send;
    /// What a scene was at some time.
    type Moment: Send + Sync;
    /// A fresh cluster and workstation with the lesson's files.
    fn open(&self, lesson: &Lesson) -> impl Future<Output = Result<Self::Scene, String>> + Send;
    /// A scene as one was; only the processes of its workstation have ended. None where it cannot be made again.
    fn open_at(&self, moment: &Self::Moment) -> impl Future<Output = Option<Self::Scene>> + Send;
}

/// One cluster with a workstation.
pub trait Scene {
    /// What it can be made again from.
    type Moment;
    /// A client of its cluster.
    fn client(&self) -> kube::Client;
    /// The learner's namespace.
    fn namespace(&self) -> String;
    /// Runs a shell line to its end, or for `limit` of the cluster's time.
    fn run(&mut self, line: &str, limit: Duration) -> impl Future<Output = Ran> + Send;
    /// Lets the cluster's time pass.
    fn pass(&mut self, time: Duration) -> impl Future<Output = ()> + Send;
    /// What was asked of the API by the workstation since the last call.
    fn asked(&mut self) -> Vec<Asked>;
    /// A file of the workstation's home.
    fn file(&mut self, path: &str) -> impl Future<Output = Option<String>> + Send;
    /// What a pod's port answers.
    fn get(
        &mut self,
        pod: &str,
        port: u16,
        path: &str,
    ) -> impl Future<Output = Option<(u16, String)>> + Send;
    /// The cluster's clock, since 1970.
    fn now(&self) -> Duration;
    /// What it is now; none where that cannot be made again.
    fn moment(&mut self) -> impl Future<Output = Option<Self::Moment>> + Send;
    /// The cluster becomes what it was at this time of its clock; files stay. False where it cannot.
    fn rewind(&mut self, to: Duration) -> impl Future<Output = bool> + Send;
    /// All objects as they will be after this time, if nobody does anything; none where nobody can tell.
    fn ahead(&mut self, time: Duration) -> impl Future<Output = Option<Vec<Observation>>> + Send;
    /// Takes the scene down.
    fn end(&mut self) -> impl Future<Output = ()> + Send;
}

/// How a shell line ended.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// exit status; none where it was still running at the limit
    pub exit: Option<i32>,
    /// what it printed
    pub output: String,
}

/// Something a proof found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// lesson id
    pub lesson: String,
    /// 1 to 6, as in the guide for authors
    pub proof: u8,
    /// step id, empty for the lesson
    pub step: String,
    /// what is wrong and what to do
    pub message: String,
}

/// One part of a lesson's proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Proofs 1 and 2: nothing is done at the start; each solution ticks its step and no later one.
    Solutions,
    /// Proof 3, for one wrong line of the step at this place.
    Wrong(usize, String),
    /// Proof 4, for one mutation of the solution of the step at this place.
    Mutant(usize, Mutant),
    /// Proof 5: the runnable code runs in the order it stands.
    Blocks,
}

/// What a wrong line earns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Earned {
    /// step id
    pub step: String,
    /// the wrong line, or `question: answer`
    pub line: String,
    /// the reason that a learner reads, by language
    pub reason: BTreeMap<Lang, String>,
}

/// What came of a lesson, or of a part of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// what is wrong
    pub findings: Vec<Finding>,
    /// what each wrong line earned
    pub reasons: Vec<Earned>,
    /// mutations that complete their step all the same
    pub survivors: Vec<Survivor>,
}

/// A mutation that completes its step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survivor {
    /// step id
    pub step: String,
    /// what is not as in the solution
    pub change: Change,
}

/// How long a line may run, and how long a learner's wrong line is watched.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);
const WATCHED: Duration = Duration::from_secs(5);
/// How long a mutation is given to complete its step.
const DOUBT: Duration = Duration::from_secs(60);
/// How long a block runs that only Ctrl-C ends, and how long a learner looks at what a block did.
const ENDLESS: Duration = Duration::from_secs(3);
const READING: Duration = Duration::from_secs(3);
const SETTLING: Duration = Duration::from_secs(60);

/// The parts that prove a lesson.
pub fn parts(lesson: &Lesson) -> Vec<Part> {
    let wrong = lesson.steps.iter().enumerate().flat_map(|(index, step)| {
        step.wrong
            .iter()
            .map(move |line| Part::Wrong(index, line.clone()))
    });
    [Part::Solutions, Part::Blocks]
        .into_iter()
        .chain(wrong)
        .collect()
}

/// The parts of proof 4: each mutation of each solution. [`Report::conclude`] says what they came to.
pub fn mutations(lesson: &Lesson) -> Vec<Part> {
    let steps = lesson.steps.iter().enumerate();
    let mutants = steps.flat_map(|(index, step)| {
        let mutants = mutate::mutants(step).into_iter();
        mutants.map(move |mutant| Part::Mutant(index, mutant))
    });
    mutants.collect()
}

/// Plays the solutions once: the scene before each step. Parts that begin with the steps before one need not play them again.
/// Less or nothing where a solution fails, which [`Part::Solutions`] tells, or where scenes cannot be made again.
pub async fn checkpoints<S: Stage>(stage: &S, lesson: &Arc<Lesson>) -> Vec<Checkpoint<S::Moment>> {
    let mut made = Vec::new();
    let Ok(mut player) = Player::begin(stage, lesson).await else {
        return made;
    };
    for index in 0..lesson.steps.len() {
        let Some(checkpoint) = player.checkpoint().await else {
            break;
        };
        made.push(checkpoint);
        if player.play(index).await.is_err() {
            break;
        }
    }
    player.scene.end().await;
    made
}

/// Plays one part, from one of the checkpoints where it can.
pub async fn prove<S: Stage>(
    stage: &S,
    lesson: &Arc<Lesson>,
    part: &Part,
    checkpoints: &[Checkpoint<S::Moment>],
) -> Report {
    let mut report = Report::default();
    let solved = match part {
        Part::Wrong(index, _) | Part::Mutant(index, _) => *index,
        Part::Solutions | Part::Blocks => 0,
    };
    let checkpoint = match part {
        Part::Wrong(..) | Part::Mutant(..) => checkpoints.get(solved),
        Part::Solutions | Part::Blocks => None,
    };
    let resumed = match checkpoint {
        Some(checkpoint) => Player::resume(stage, checkpoint).await,
        None => None,
    };
    let begun = match resumed {
        Some(player) => Ok(player),
        None => Player::before(stage, lesson, solved).await,
    };
    let mut player = match begun {
        Ok(player) => player,
        Err(message) => {
            report.find(lesson, 1, "", message);
            return report;
        }
    };
    match part {
        Part::Solutions => solutions(&mut player, &mut report).await,
        Part::Wrong(index, line) => wrong(&mut player, *index, line, &mut report).await,
        Part::Mutant(index, mutant) => doubt(&mut player, *index, mutant, &mut report).await,
        Part::Blocks => blocks(&mut player, &mut report).await,
    }
    player.scene.end().await;
    report
}

impl Report {
    fn find(&mut self, lesson: &Lesson, proof: u8, step: &str, message: String) {
        self.findings.push(Finding {
            lesson: lesson.id.clone(),
            proof,
            step: step.to_owned(),
            message,
        });
    }

    fn earn(&mut self, step: &str, line: String, reason: &Sentence) {
        let said = Lang::ALL.into_iter().map(|lang| (lang, reason.say(lang)));
        self.reasons.push(Earned {
            step: step.to_owned(),
            line,
            reason: said.collect(),
        });
    }

    /// The stage broke while the lesson was played on it.
    pub fn broken(lesson: &str) -> Report {
        let finding = Finding {
            lesson: lesson.to_owned(),
            proof: 1,
            step: String::new(),
            message: "the cluster broke while the lesson was played".to_owned(),
        };
        Report {
            findings: vec![finding],
            ..Report::default()
        }
    }

    /// Takes in what came of another part.
    pub fn add(&mut self, other: Report) {
        self.findings.extend(other.findings);
        self.reasons.extend(other.reasons);
        self.survivors.extend(other.survivors);
    }

    /// Once all mutations were played: finds those that complete a step and are not accepted, and what is accepted in vain.
    pub fn conclude(&mut self, lesson: &Lesson) {
        for step in &lesson.steps {
            let of_step = |s: &&Survivor| s.step == step.id;
            let survivors: Vec<Survivor> = self.survivors.iter().filter(of_step).cloned().collect();
            for Survivor { change, .. } in &survivors {
                if !step.accepts.iter().any(|a| a.is_of(change)) {
                    let message = format!(
                        "{change} the step is completed too: make its checks stricter, or say why in accepts"
                    );
                    self.find(lesson, 4, &step.id, message);
                }
            }
            for accepted in &step.accepts {
                if !survivors.iter().any(|s| accepted.is_of(&s.change)) {
                    let what = accepted.drop.as_ref().or(accepted.change.as_ref());
                    let what = what.map_or("", String::as_str);
                    let message =
                        format!("accepts `{what}` in vain: no such mutation completes it");
                    self.find(lesson, 4, &step.id, message);
                }
            }
        }
    }
}

async fn solutions<C: Scene>(player: &mut Player<C>, report: &mut Report) {
    let lesson = player.grader.lesson().clone();
    if let Some(step) = player.grader.steps().iter().find(|s| s.done) {
        let message = "the step is done before the learner began".to_owned();
        report.find(&lesson, 1, &step.id, message);
    }
    for (index, step) in lesson.steps.iter().enumerate() {
        if let Err(message) = player.lines(index).await {
            report.find(&lesson, 2, &step.id, message);
            return;
        }
        foresee(player, index, report).await;
        mislead(player, index, report).await;
        if let Err(message) = player.finish(index).await {
            report.find(&lesson, 2, &step.id, message);
            return;
        }
        for lapsed in player.grader.steps().iter().filter(|s| s.lapsed) {
            let message = format!("the solution of {} undoes this level step", step.id);
            report.find(&lesson, 2, &lapsed.id, message);
        }
        let later = player.grader.steps().iter().skip(index + 1);
        for later in later.filter(|s| s.done) {
            let message = format!("the solution of {} completes this later step too", step.id);
            report.find(&lesson, 2, &later.id, message);
        }
    }
}

/// What is foretold is what comes.
async fn foresee<C: Scene>(player: &mut Player<C>, index: usize, report: &mut Report) {
    let lesson = player.grader.lesson().clone();
    let step = &lesson.steps[index];
    let Some(predict) = &step.predict else {
        return;
    };
    let time = predict.ahead().unwrap_or_default();
    let Some(future) = player.scene.ahead(time).await else {
        return;
    };
    let foretold = predict.judge("", future).map(|f| f.truth);
    player.wait(time, |_| false).await;
    let came = predict.truth(player.grader.seen());
    if foretold.is_none() || foretold != came {
        let message = format!(
            "what {} foretells is {foretold:?}, and {came:?} comes",
            predict.id
        );
        report.find(&lesson, 2, &step.id, message);
    }
}

/// Proof 3 for questions: all but the answers is done, and they are wrong.
async fn mislead<C: Scene>(player: &mut Player<C>, index: usize, report: &mut Report) {
    let lesson = player.grader.lesson().clone();
    let step = &lesson.steps[index];
    for check in &step.check {
        let Some((id, value)) = player.wrong_answer(index, check) else {
            continue;
        };
        let line = format!("{id}: {value}");
        player.grader.observe(Observation::Answered { id, value });
        match check::evaluate(check, player.grader.seen()) {
            Ok(_) => {
                let message = format!("the wrong answer {line} is taken for right");
                report.find(&lesson, 3, &step.id, message);
            }
            Err(reason) => report.earn(&step.id, line, &reason),
        }
    }
}

async fn wrong<C: Scene>(player: &mut Player<C>, index: usize, line: &str, report: &mut Report) {
    let lesson = player.grader.lesson().clone();
    player.scene.run(line, LIMIT).await;
    player.wait(WATCHED, |_| false).await;
    let state = &player.grader.steps()[index];
    let reason = state.reasons.first();
    let problem = match (state.done, reason) {
        (true, _) => Some("completes the step"),
        (false, None) => Some("earns no reason"),
        (false, Some(_)) => None,
    };
    if let Some(problem) = problem {
        let message = format!("the wrong line `{line}` {problem}");
        report.find(&lesson, 3, &state.id, message);
    }
    if let Some(reason) = reason {
        report.earn(&state.id, line.to_owned(), reason);
    }
}

/// Proof 4: questions are answered rightly, as by somebody who guesses well.
async fn doubt<C: Scene>(
    player: &mut Player<C>,
    index: usize,
    mutant: &Mutant,
    report: &mut Report,
) {
    for line in &mutant.solve {
        player.run(line).await;
    }
    if in_vain(player, index) {
        return;
    }
    if player.tick(index, DOUBT).await {
        report.survivors.push(Survivor {
            step: player.grader.steps()[index].id.clone(),
            change: mutant.change.clone(),
        });
    }
}

/// Whether waiting cannot complete the step: it asks for a request, and nobody is left who could make one.
fn in_vain<C: Scene>(player: &Player<C>, index: usize) -> bool {
    let lesson = player.grader.lesson();
    let mut requests = lesson.steps[index].check.iter().filter(|c| c.ran.is_some());
    let is_missing = |check: &CheckFile| check::evaluate(check, player.grader.seen()).is_err();
    !player.works_in_the_background() && requests.any(is_missing)
}

/// One language speaks for all: that the code is the same in each is a matter of `lint`.
async fn blocks<C: Scene>(player: &mut Player<C>, report: &mut Report) {
    let lesson = player.grader.lesson().clone();
    let Some((lang, prose)) = lesson.prose.first_key_value() else {
        return;
    };
    for (index, step) in prose.steps.iter().enumerate() {
        let began = player.scene.now();
        if !step.rewinds.is_empty() {
            // A learner reads before the first command, so that there is a time before it.
            player.wait(READING, |_| false).await;
        }
        for (nth, block) in step.runs.iter().enumerate() {
            if step.rewinds.contains(&nth) && !player.rewind(began).await {
                let message = "the cluster cannot be rewound to the beginning of the step";
                report.find(&lesson, 5, &step.id, message.to_owned());
            }
            let limit = if block.endless { ENDLESS } else { LIMIT };
            let ran = player.scene.run(&block.text, limit).await;
            let as_said = if block.endless {
                ran.exit.is_none()
            } else {
                ran.exit.is_some_and(|code| (code != 0) == block.fails)
            };
            if !as_said {
                let (tag, line, text) = (lang.tag(), block.line, &block.text);
                let (exit, output) = (ran.exit, ran.output.trim());
                let message = format!("{tag}.md:{line}: `{text}` ended with {exit:?}: {output}");
                report.find(&lesson, 5, &step.id, message);
            }
            player.wait(READING, |_| false).await;
        }
        settle(player, index).await;
    }
}

/// A learner reads on when a step has ticked: so time passes until its checks hold, where they do so by themselves.
async fn settle<C: Scene>(player: &mut Player<C>, index: usize) {
    let lesson = player.grader.lesson().clone();
    let Some(step) = lesson.steps.get(index) else {
        return;
    };
    // Only what the cluster does can come by itself; what a learner does has been done, or not.
    let comes = |c: &&CheckFile| c.resource.is_some() || c.event.is_some();
    let waited: Vec<&CheckFile> = step.check.iter().filter(comes).collect();
    let all_hold = |grader: &crate::Grader| {
        let holds = |c: &&CheckFile| check::evaluate(c, grader.seen()).is_ok();
        waited.iter().all(holds)
    };
    player.wait(SETTLING, all_hold).await;
}

//! What proves a lesson: it is played on a stage, in its own time, and every step must tick when, and only when, its
//! solution was played. The stage (a cluster with a workstation) is made by whoever calls.

use crate::format::Backend;
use crate::grade::Grader;
use crate::history::{Asked, Observation};
use crate::load::Lesson;
use crate::{Lang, check, watch};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Where lessons are played.
pub trait Stage {
    /// What it sets up.
    type Scene: Scene + Send;
    /// A fresh cluster and workstation with the lesson's files.
    fn open(&self, lesson: &Lesson) -> impl Future<Output = Result<Self::Scene, String>> + Send;
}

/// One cluster with a workstation.
pub trait Scene {
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

/// What came of one lesson.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// what is wrong
    pub findings: Vec<Finding>,
    /// the reason that each wrong line earned: step, line, reason in English
    pub reasons: Vec<(String, String, String)>,
}

const LIMIT: Duration = Duration::from_secs(90);
const PATIENCE: u32 = 120;
const SETTLING: u32 = 30;

/// Plays a lesson through its proofs.
pub async fn prove<S: Stage>(stage: &S, lesson: &Arc<Lesson>) -> Report {
    let mut report = Report::default();
    if let Err(message) = solutions(stage, lesson, &mut report).await {
        report.find(lesson, 1, "", message);
    }
    for lang in lesson.prose.keys().take(1) {
        if let Err(message) = blocks(stage, lesson, *lang, &mut report).await {
            report.find(lesson, 5, "", message);
        }
    }
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
}

/// Sets a scene up as a learner finds it.
async fn begin<S: Stage>(stage: &S, lesson: &Arc<Lesson>) -> Result<(S::Scene, Grader), String> {
    let mut scene = stage.open(lesson).await?;
    for line in lesson
        .start_lines(60)
        .map_err(|why| format!("start: {why}"))?
    {
        let ran = scene.run(&line, LIMIT).await;
        if ran.exit != Some(0) {
            return Err(format!(
                "start: `{line}` ended with {:?}: {}",
                ran.exit,
                ran.output.trim()
            ));
        }
    }
    scene.asked();
    let mut grader = Grader::new(lesson.clone());
    grader.begin(watch::list(&scene.client(), &scene.namespace()).await);
    Ok((scene, grader))
}

/// Looks at everything once.
async fn look<C: Scene>(scene: &mut C, grader: &mut Grader) {
    for asked in scene.asked() {
        grader.observe(Observation::Asked(asked));
    }
    for observation in watch::list(&scene.client(), &scene.namespace()).await {
        grader.observe(observation);
    }
    for path in grader.files() {
        let text = scene.file(&path).await;
        grader.observe(Observation::File { path, text });
    }
    for port in grader.ports() {
        let answer = scene.get(&port.pod, port.port, &port.path).await;
        grader.observe(Observation::Http {
            pod: port.pod,
            port: port.port,
            path: port.path,
            answer,
        });
    }
}

/// Plays the solution of one step and waits until it ticks, a minute or two of the cluster's time at most.
async fn play<C: Scene>(scene: &mut C, grader: &mut Grader, index: usize) -> Result<(), String> {
    let lesson = grader.lesson().clone();
    for line in &lesson.steps[index].solve {
        let ran = scene.run(line, LIMIT).await;
        look(scene, grader).await;
        if ran.exit.is_some_and(|code| code != 0) && !line.contains("|| true") {
            return Err(format!(
                "`{line}` ended with {}: {}",
                ran.exit.unwrap_or_default(),
                ran.output.trim()
            ));
        }
    }
    for check in &lesson.steps[index].check {
        answer(check, grader);
    }
    for _ in 0..PATIENCE {
        if grader.steps()[index].done {
            return Ok(());
        }
        scene.pass(Duration::from_secs(1)).await;
        look(scene, grader).await;
    }
    let why: Vec<String> = grader.steps()[index]
        .reasons
        .iter()
        .map(|r| r.say(Lang::En))
        .collect();
    Err(format!(
        "the solution does not complete it: {}",
        why.join(" ")
    ))
}

/// Answers a question rightly, as far as the lesson's data says what is right.
fn answer(check: &crate::format::CheckFile, grader: &mut Grader) {
    if let Some(choice) = &check.choice {
        grader.observe(Observation::Answered {
            id: choice.id.clone(),
            value: choice.correct.clone(),
        });
    }
    if let Some(question) = &check.answer
        && let Some(value) = grader.right_answer(question)
    {
        grader.observe(Observation::Answered {
            id: question.id.clone(),
            value,
        });
    }
}

/// Proofs 1 to 3: nothing is done at the start; each solution ticks its step and no later one; wrong lines do not.
async fn solutions<S: Stage>(
    stage: &S,
    lesson: &Arc<Lesson>,
    report: &mut Report,
) -> Result<(), String> {
    let (mut scene, mut grader) = begin(stage, lesson).await?;
    if let Some(step) = grader.steps().iter().find(|s| s.done) {
        report.find(
            lesson,
            1,
            &step.id,
            "the step is done before the learner began".to_owned(),
        );
    }
    for index in 0..lesson.steps.len() {
        let id = lesson.steps[index].id.clone();
        if !lesson.steps[index].wrong.is_empty() {
            wrongs(stage, lesson, index, report).await?;
        }
        if let Err(message) = play(&mut scene, &mut grader, index).await {
            report.find(lesson, 2, &id, message);
            return Ok(());
        }
        if let Some(later) = grader.steps().iter().skip(index + 1).find(|s| s.done) {
            report.find(
                lesson,
                2,
                &later.id,
                format!("the solution of {id} completes this later step too"),
            );
        }
    }
    Ok(())
}

/// Proof 3, on a scene of its own for each wrong line.
async fn wrongs<S: Stage>(
    stage: &S,
    lesson: &Arc<Lesson>,
    index: usize,
    report: &mut Report,
) -> Result<(), String> {
    let step = &lesson.steps[index];
    for line in &step.wrong {
        let (mut scene, mut grader) = begin(stage, lesson).await?;
        for before in 0..index {
            play(&mut scene, &mut grader, before).await?;
        }
        scene.run(line, LIMIT).await;
        for _ in 0..5 {
            look(&mut scene, &mut grader).await;
            scene.pass(Duration::from_secs(1)).await;
        }
        let state = &grader.steps()[index];
        let reason = state
            .reasons
            .first()
            .map(|r| r.say(Lang::En))
            .unwrap_or_default();
        if state.done {
            report.find(
                lesson,
                3,
                &step.id,
                format!("the wrong line `{line}` completes the step"),
            );
        } else if reason.is_empty() {
            report.find(
                lesson,
                3,
                &step.id,
                format!("the wrong line `{line}` earns no reason"),
            );
        }
        report.reasons.push((step.id.clone(), line.clone(), reason));
    }
    Ok(())
}

/// Proof 5: the runnable code of a language runs in the order it stands.
async fn blocks<S: Stage>(
    stage: &S,
    lesson: &Arc<Lesson>,
    lang: Lang,
    report: &mut Report,
) -> Result<(), String> {
    if !lesson.runs_on(Backend::Sim) {
        return Ok(());
    }
    let (mut scene, mut grader) = begin(stage, lesson).await?;
    for (index, step) in lesson.prose(lang).steps.iter().enumerate() {
        for block in &step.runs {
            let limit = if block.endless {
                Duration::from_secs(3)
            } else {
                LIMIT
            };
            let ran = scene.run(&block.text, limit).await;
            let as_said = if block.endless {
                ran.exit.is_none()
            } else {
                ran.exit.is_some_and(|code| (code != 0) == block.fails)
            };
            if !as_said {
                let message = format!(
                    "{}.md:{}: `{}` ended with {:?}: {}",
                    lang.tag(),
                    block.line,
                    block.text,
                    ran.exit,
                    ran.output.trim()
                );
                report.find(lesson, 5, &step.id, message);
            }
            scene.pass(Duration::from_secs(3)).await;
        }
        settle(&mut scene, &mut grader, index).await;
    }
    Ok(())
}

/// A learner reads on when a step has ticked: so time passes until its checks hold, where they do so by themselves.
async fn settle<C: Scene>(scene: &mut C, grader: &mut Grader, index: usize) {
    let lesson = grader.lesson().clone();
    let Some(step) = lesson.steps.get(index) else {
        return;
    };
    // Only what the cluster does can come by itself; what a learner does has been done, or not.
    let comes = |c: &&crate::format::CheckFile| c.resource.is_some() || c.event.is_some();
    let waited: Vec<_> = step.check.iter().filter(comes).collect();
    for _ in 0..SETTLING {
        if waited.is_empty() {
            return;
        }
        look(scene, grader).await;
        if waited
            .iter()
            .all(|c| check::evaluate(c, grader.seen()).is_ok())
        {
            return;
        }
        scene.pass(Duration::from_secs(2)).await;
    }
}

impl Grader {
    /// What would answer a question rightly now.
    fn right_answer(&self, question: &crate::format::AnswerFile) -> Option<String> {
        check::right_answer(question, self.seen())
    }
}

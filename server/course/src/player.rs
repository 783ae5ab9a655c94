//! Plays a lesson's solutions on a scene, and grades as a session does: from a watch, from what was asked, from files and ports.

use crate::format::CheckFile;
use crate::grade::Grader;
use crate::history::Observation;
use crate::load::Lesson;
use crate::prove::{LIMIT, Ran, Scene, Stage};
use crate::{Lang, check, watch};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a step may take to tick once its solution has been played.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often ports and files that a step asks about are looked at.
const GLANCE: Duration = Duration::from_secs(1);
/// Observations that may wait for the grader.
const QUEUE: usize = 4096;
/// Patience of the lesson's own waits before the first step, in seconds.
const START_PATIENCE_S: u32 = 60;

/// A lesson being played.
pub(crate) struct Player<C> {
    pub scene: C,
    pub grader: Grader,
    watched: mpsc::Receiver<Observation>,
    watching: tokio::task::JoinHandle<()>,
    /// lines that left something behind that goes on
    background: Vec<String>,
}

/// Where a player stood: others can go on from here.
#[derive(Debug)]
pub struct Checkpoint<M> {
    moment: M,
    grader: Grader,
    background: Vec<String>,
}

impl<C> Drop for Player<C> {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl<C: Scene> Player<C> {
    /// A scene as a learner finds it.
    pub async fn begin<S: Stage<Scene = C>>(
        stage: &S,
        lesson: &Arc<Lesson>,
    ) -> Result<Player<C>, String> {
        let mut scene = stage.open(lesson).await?;
        if let Err(why) = start(&mut scene, lesson).await {
            scene.end().await;
            return Err(format!("start: {why}"));
        }
        // What the start asked for is not the learner's doing.
        scene.asked();
        let (client, namespace) = (scene.client(), scene.namespace());
        let mut grader = Grader::new(lesson.clone());
        grader.begin(watch::list(&client, &namespace).await);
        let (watched, watching) = begin_to_watch(client, namespace);
        Ok(Player {
            scene,
            grader,
            watched,
            watching,
            background: Vec::new(),
        })
    }

    /// Where the player stands now; none where the scene cannot be made again.
    pub async fn checkpoint(&mut self) -> Option<Checkpoint<C::Moment>> {
        Some(Checkpoint {
            moment: self.scene.moment().await?,
            grader: self.grader.clone(),
            background: self.background.clone(),
        })
    }

    /// Goes on from where another player stood. What ran in the background is begun again, as learners do who come back.
    pub async fn resume<S: Stage<Scene = C, Moment = C::Moment>>(
        stage: &S,
        from: &Checkpoint<C::Moment>,
    ) -> Option<Player<C>> {
        let mut scene = stage.open_at(&from.moment).await?;
        for line in &from.background {
            scene.run(line, LIMIT).await;
        }
        // It has been asked for before.
        scene.asked();
        let (watched, watching) = begin_to_watch(scene.client(), scene.namespace());
        Some(Player {
            scene,
            grader: from.grader.clone(),
            watched,
            watching,
            background: from.background.clone(),
        })
    }

    /// A scene on which all steps before `index` have been solved.
    pub async fn before<S: Stage<Scene = C>>(
        stage: &S,
        lesson: &Arc<Lesson>,
        index: usize,
    ) -> Result<Player<C>, String> {
        let mut player = Self::begin(stage, lesson).await?;
        for earlier in 0..index {
            if let Err(why) = player.play(earlier).await {
                player.scene.end().await;
                return Err(format!("{}: {why}", lesson.steps[earlier].id));
            }
        }
        Ok(player)
    }

    /// Plays the solution of one step and waits until it ticks.
    pub async fn play(&mut self, index: usize) -> Result<(), String> {
        self.lines(index).await?;
        self.finish(index).await
    }

    /// Runs the lines of a solution, each to a good end.
    pub async fn lines(&mut self, index: usize) -> Result<(), String> {
        let lesson = self.grader.lesson().clone();
        for line in &lesson.steps[index].solve {
            let ran = self.run(line).await;
            let failed = ran.exit.filter(|code| *code != 0);
            if let Some(code) = failed.filter(|_| !line.contains("|| true")) {
                let output = ran.output.trim();
                return Err(format!("`{line}` ended with {code}: {output}"));
            }
        }
        Ok(())
    }

    /// Answers rightly, and waits until the step ticks.
    pub async fn finish(&mut self, index: usize) -> Result<(), String> {
        if self.tick(index, PATIENCE).await {
            return Ok(());
        }
        let reasons = &self.grader.steps()[index].reasons;
        let why: Vec<String> = reasons.iter().map(|r| r.say(Lang::En)).collect();
        let why = why.join(" ");
        Err(format!("the solution does not complete it: {why}"))
    }

    /// Runs a line and looks at what came of it.
    pub async fn run(&mut self, line: &str) -> Ran {
        let ran = self.scene.run(line, LIMIT).await;
        if line.trim_end().ends_with('&') {
            self.background.push(line.to_owned());
        }
        self.look().await;
        ran
    }

    /// Whether a line left something behind that goes on.
    pub fn works_in_the_background(&self) -> bool {
        !self.background.is_empty()
    }

    /// Answers the questions of a step rightly and waits until it ticks, at most `limit`. Whether it does.
    pub async fn tick(&mut self, index: usize, limit: Duration) -> bool {
        let lesson = self.grader.lesson().clone();
        let checks = &lesson.steps[index].check;
        checks.iter().for_each(|check| self.answer(check));
        self.wait(limit, |grader| grader.steps()[index].done).await
    }

    /// Answers a question rightly, as far as the lesson's data says what is right.
    fn answer(&mut self, check: &CheckFile) {
        let choice = check.choice.as_ref();
        let chosen = choice.map(|choice| (choice.id.clone(), choice.correct.clone()));
        let typed = check.answer.as_ref().and_then(|question| {
            let value = check::right_answer(question, self.grader.seen())?;
            Some((question.id.clone(), value))
        });
        for (id, value) in chosen.into_iter().chain(typed) {
            self.grader.observe(Observation::Answered { id, value });
        }
    }

    /// The cluster becomes what it was; what has been seen and done stays. False where it cannot.
    pub async fn rewind(&mut self, to: Duration) -> bool {
        if !self.scene.rewind(to).await {
            return false;
        }
        let (client, namespace) = (self.scene.client(), self.scene.namespace());
        self.watching.abort();
        for found in watch::list(&client, &namespace).await {
            self.grader.observe(found);
        }
        (self.watched, self.watching) = begin_to_watch(client, namespace);
        true
    }

    /// A wrong answer to the question of a check: its id and the answer.
    pub fn wrong_answer(&self, index: usize, check: &CheckFile) -> Option<(String, String)> {
        if let Some(question) = &check.answer {
            let right = check::right_answer(question, self.grader.seen());
            let wrong = match right.as_deref().map(str::parse::<f64>) {
                Some(Ok(number)) => (number + 1.0).to_string(),
                _ => "something else".to_owned(),
            };
            return Some((question.id.clone(), wrong));
        }
        let choice = check.choice.as_ref()?;
        let (_, prose) = self.grader.lesson().prose.first_key_value()?;
        let mut asked = prose.steps.get(index)?.questions.iter();
        let options = &asked.find(|q| q.id == choice.id)?.options;
        let wrong = options.iter().find(|letter| **letter != choice.correct)?;
        Some((choice.id.clone(), wrong.clone()))
    }

    /// Lets the cluster's time pass until the grader is as wished, at most `limit`. Whether it is.
    pub async fn wait(&mut self, limit: Duration, wish: impl Fn(&Grader) -> bool) -> bool {
        let mut left = limit;
        loop {
            self.look().await;
            if wish(&self.grader) {
                return true;
            }
            if left.is_zero() {
                return false;
            }
            let step = left.min(GLANCE);
            self.scene.pass(step).await;
            left -= step;
        }
    }

    /// Takes in what was seen since the last time.
    async fn look(&mut self) {
        for asked in self.scene.asked() {
            self.grader.observe(Observation::Asked(asked));
        }
        while let Ok(observation) = self.watched.try_recv() {
            self.grader.observe(observation);
        }
        for path in self.grader.files() {
            let text = self.scene.file(&path).await;
            self.grader.observe(Observation::File { path, text });
        }
        for port in self.grader.ports() {
            let answer = self.scene.get(&port.pod, port.port, &port.path).await;
            self.grader.observe(Observation::Http {
                pod: port.pod,
                port: port.port,
                path: port.path,
                answer,
            });
        }
    }
}

fn begin_to_watch(
    client: kube::Client,
    namespace: String,
) -> (mpsc::Receiver<Observation>, tokio::task::JoinHandle<()>) {
    let (seen, watched) = mpsc::channel(QUEUE);
    (watched, tokio::spawn(watch::watch(client, namespace, seen)))
}

/// What the lesson asks for before the first step.
async fn start<C: Scene>(scene: &mut C, lesson: &Lesson) -> Result<(), String> {
    for line in lesson.start_lines(START_PATIENCE_S)? {
        let ran = scene.run(&line, LIMIT).await;
        if ran.exit != Some(0) {
            let (exit, output) = (ran.exit, ran.output.trim());
            return Err(format!("`{line}` ended with {exit:?}: {output}"));
        }
    }
    Ok(())
}

//! Predictions: what a learner says will be, judged by a copy of the cluster that is run ahead, and kept with what came of it.
//!
//! The cluster goes on meanwhile, so what was told then is told again, and not asked anew.

use course::Sentence;
use course::format::PredictFile;
use serde::{Deserialize, Serialize};

use super::Session;
use super::life::Life;
use crate::wire::ServerFrame;

/// A prediction as it stands among the answers, in JSON.
#[derive(Serialize, Deserialize)]
struct Given {
    said: String,
    right: Option<bool>,
    word: Sentence,
}

impl Session {
    /// Looks ahead. The answer says whether the learner is right, where that can be known.
    pub async fn foretell(
        &self,
        life: &Life,
        step: &str,
        predict: &PredictFile,
        said: String,
    ) -> ServerFrame {
        let time = predict.ahead().unwrap_or_default();
        let future = self.ground.ahead(&life.world, time).await;
        let foretold = future.and_then(|future| predict.judge(&said, future));
        let given = match foretold {
            Some(foretold) => Given {
                said,
                right: Some(foretold.right),
                word: foretold.sentence(&predict.after),
            },
            None => Given {
                said,
                right: None,
                word: Sentence::new("foretold-not"),
            },
        };
        let (learner, lesson) = (&self.learner.0, &self.lesson.id);
        let text = serde_json::to_string(&given).unwrap_or_default();
        let kept = self
            .storage
            .keep_answer(learner, lesson, &predict.id, &text);
        if let Err(error) = kept.await {
            // Nothing depends on it: it is told now, and not again.
            tracing::warn!(%error, "a prediction could not be kept");
        }
        frame(life, step, &predict.id, given)
    }

    /// What was predicted before, for a page that is new.
    pub async fn foretold(&self, life: &Life) -> Vec<ServerFrame> {
        let steps = || {
            let predicts =
                |step: &course::format::StepFile| Some((step.id.clone(), step.predict.clone()?.id));
            self.lesson.steps.iter().filter_map(predicts)
        };
        if steps().next().is_none() {
            return Vec::new();
        }
        let answers = self.storage.answers(&self.learner.0, &self.lesson.id).await;
        let answers = answers.unwrap_or_else(|error| {
            tracing::error!(%error, "answers could not be read");
            Vec::new()
        });
        let told = |(step, question): (String, String)| {
            let (_, text) = answers.iter().find(|(id, _)| *id == question)?;
            Some(frame(
                life,
                &step,
                &question,
                serde_json::from_str(text).ok()?,
            ))
        };
        steps().filter_map(told).collect()
    }
}

fn frame(life: &Life, step: &str, question: &str, given: Given) -> ServerFrame {
    ServerFrame::StepAnswered {
        step: step.to_owned(),
        question: question.to_owned(),
        right: given.right,
        message: Some(life.grading.say(&given.word)),
        said: Some(given.said),
    }
}

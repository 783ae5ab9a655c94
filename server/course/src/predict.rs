//! Predictions: a learner says what will be, and a copy of the cluster that is run ahead says what comes of it. Nothing depends on
//! the answer. Only a simulated cluster can be run ahead; elsewhere the question is not asked.

use crate::check;
use crate::format::PredictFile;
use crate::history::{Observation, Seen};
use crate::sentence::Sentence;
use std::time::Duration;

/// What came of a prediction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foretold {
    /// whether the learner said so
    pub right: bool,
    /// what will be, as a learner would write it
    pub truth: String,
}

impl PredictFile {
    /// How far ahead is looked; none where `after` is no time.
    pub fn ahead(&self) -> Option<Duration> {
        let units = [("s", 1), ("m", 60), ("h", 3600)];
        units.into_iter().find_map(|(unit, seconds)| {
            let count: u64 = self.after.strip_suffix(unit)?.parse().ok()?;
            Some(Duration::from_secs(count.checked_mul(seconds)?))
        })
    }

    /// What `seen` answers to the question; none where it cannot be asked.
    pub fn truth(&self, seen: &Seen) -> Option<String> {
        check::known(&self.ask, seen)
    }

    /// Judges what was predicted by the objects of the cluster that was run ahead.
    pub fn judge(&self, said: &str, future: Vec<Observation>) -> Option<Foretold> {
        let mut seen = Seen::default();
        for observation in future {
            seen.observe(observation);
        }
        let truth = self.truth(&seen)?;
        let right = check::same(&self.kind, said, &truth);
        Some(Foretold { right, truth })
    }
}

impl Foretold {
    /// For the learner.
    pub fn sentence(&self, after: &str) -> Sentence {
        let id = if self.right {
            "foretold-right"
        } else {
            "foretold-wrong"
        };
        Sentence::new(id)
            .with("after", after)
            .with("truth", &self.truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn predict(after: &str) -> PredictFile {
        let ask = json!({ "cel": "size(pods)" });
        let predict = json!({ "id": "many", "kind": "number", "after": after, "ask": ask });
        serde_json::from_value(predict).expect("a prediction")
    }

    #[test]
    fn times_are_read() {
        let seconds = |after: &str| predict(after).ahead().map(|d| d.as_secs());
        assert_eq!(seconds("40s"), Some(40));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("99999999999999999999h"), None);
    }

    #[test]
    fn the_future_judges() {
        let pods = |names: &[&str]| {
            let pod = |name: &&str| json!({ "metadata": { "name": name } });
            let objects = names.iter().map(pod).collect();
            let kind = "pod".to_owned();
            vec![Observation::Listed { kind, objects }]
        };
        let judged = predict("40s").judge("2", pods(&["a", "b"]));
        let right = judged.expect("it can be asked");
        assert_eq!((right.right, right.truth.as_str()), (true, "2"));
        let judged = predict("40s").judge(" 3 ", pods(&["a", "b"]));
        assert!(!judged.expect("it can be asked").right);
    }
}

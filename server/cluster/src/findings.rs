//! What the scheduler and the kubelets found out and no object tells: how each node was judged for a pod, and what probes were answered.
//! For people who look on. Nothing in a world reads it, and it is bounded: the oldest goes. A real cluster has it in the logs of its
//! components, if at all.

use std::collections::VecDeque;

use machine::Time;

use crate::cluster::Cluster;

/// How many of a kind are remembered.
const MOST_PLACINGS: usize = 64;
const MOST_PROBES: usize = 256;
/// Of a probe's answer, in characters.
const LONGEST_ANSWER: usize = 240;
/// Nodes that are told of for one pod.
const MOST_NODES: usize = 32;

/// Something that was found out about a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Rises by one with each finding of a cluster, from 1.
    pub number: u64,
    pub at: Time,
    /// The uid of the pod.
    pub pod: String,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The scheduler looked for a node; `chosen`: the one it found.
    Placing {
        chosen: Option<String>,
        verdicts: Vec<Verdict>,
    },
    /// A probe was run once.
    Probe {
        container: String,
        /// `Startup`, `Liveness`, `Readiness`.
        kind: &'static str,
        /// `None`: the probe itself went wrong.
        passed: Option<bool>,
        answer: String,
    },
}

/// What the scheduler says of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub node: String,
    /// Of a node that the pod fits on: the more the better.
    pub score: Option<i64>,
    /// Why it does not fit there, in the words of the filters.
    pub reasons: Vec<String>,
}

/// The last findings of a cluster, those of each kind in their order.
#[derive(Default)]
pub(crate) struct Findings {
    count: u64,
    placings: VecDeque<Finding>,
    probes: VecDeque<Finding>,
}

impl Findings {
    fn note(&mut self, at: Time, pod: &str, what: What) {
        self.count += 1;
        let (kept, most) = match what {
            What::Placing { .. } => (&mut self.placings, MOST_PLACINGS),
            What::Probe { .. } => (&mut self.probes, MOST_PROBES),
        };
        if kept.len() == most {
            kept.pop_front();
        }
        let (number, pod) = (self.count, pod.to_string());
        kept.push_back(Finding {
            number,
            at,
            pod,
            what,
        });
    }
}

impl Cluster {
    /// What was found out after the finding of this number (0: all that is remembered), oldest first.
    pub fn findings_after(&self, number: u64) -> Vec<Finding> {
        let findings = self.findings();
        let all = findings.placings.iter().chain(&findings.probes);
        let mut new: Vec<Finding> = all.filter(|f| f.number > number).cloned().collect();
        new.sort_by_key(|finding| finding.number);
        new
    }

    pub(crate) fn note_placing(&self, pod: &str, chosen: Option<&str>, verdicts: Vec<Verdict>) {
        let chosen = chosen.map(str::to_string);
        let what = What::Placing { chosen, verdicts };
        self.findings().note(self.now(), pod, what);
    }

    pub(crate) fn note_probe(
        &self,
        pod: &str,
        container: &str,
        kind: &'static str,
        (passed, answer): (Option<bool>, &str),
    ) {
        let what = What::Probe {
            container: container.into(),
            kind,
            passed,
            answer: match answer.trim() {
                all if all.len() <= LONGEST_ANSWER => all.into(),
                long => long.chars().take(LONGEST_ANSWER).collect(),
            },
        };
        self.findings().note(self.now(), pod, what);
    }
}

/// The verdicts that are told: of many nodes the chosen and the first.
pub(crate) fn told(mut verdicts: Vec<Verdict>, chosen: Option<&str>) -> Vec<Verdict> {
    verdicts.sort_by(|a, b| {
        let other = |v: &Verdict| chosen != Some(v.node.as_str());
        (other(a), &a.node).cmp(&(other(b), &b.node))
    });
    verdicts.truncate(MOST_NODES);
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_probes_push_out_no_placing() {
        let mut findings = Findings::default();
        let (chosen, verdicts) = (None, Vec::new());
        findings.note(Time(0), "a", What::Placing { chosen, verdicts });
        for number in 0..1000 {
            let probe = What::Probe {
                container: "c".into(),
                kind: "Liveness",
                passed: Some(true),
                answer: number.to_string(),
            };
            findings.note(Time(number), "a", probe);
        }
        assert_eq!(findings.placings.len(), 1);
        assert_eq!(findings.probes.len(), MOST_PROBES);
        assert_eq!(findings.probes.back().map(|f| f.number), Some(1001));
    }
}

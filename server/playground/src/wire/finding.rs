//! What the simulated cluster's scheduler and kubelets found out, on its way to the page.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that was found out about a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Finding {
    /// Rises with each finding of a cluster.
    #[ts(type = "number")]
    pub number: u64,
    /// Milliseconds since 1970, of the cluster's clock.
    #[ts(type = "number")]
    pub at_ms: i64,
    /// The pod's uid.
    pub pod: String,
    pub what: Found,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Found {
    /// The scheduler looked for a node, and found `chosen`.
    Placing {
        chosen: Option<String>,
        verdicts: Vec<Verdict>,
    },
    /// A probe was run once. `passed` is null where the probe itself went wrong.
    Probe {
        container: String,
        /// `Startup`, `Liveness`, `Readiness`.
        kind: String,
        passed: Option<bool>,
        answer: String,
    },
}

/// What the scheduler says of a node: how well the pod fits there, or why it does not, in the words of the filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Verdict {
    pub node: String,
    #[ts(type = "number | null")]
    pub score: Option<i64>,
    pub reasons: Vec<String>,
}

impl From<host::Finding> for Finding {
    fn from(found: host::Finding) -> Self {
        Finding {
            number: found.number,
            at_ms: found.at.0 / 1_000_000,
            pod: found.pod,
            what: found.what.into(),
        }
    }
}

impl From<host::What> for Found {
    fn from(what: host::What) -> Self {
        match what {
            host::What::Placing { chosen, verdicts } => Found::Placing {
                chosen,
                verdicts: verdicts.into_iter().map(Verdict::from).collect(),
            },
            host::What::Probe {
                container,
                kind,
                passed,
                answer,
            } => Found::Probe {
                container,
                kind: kind.into(),
                passed,
                answer,
            },
        }
    }
}

impl From<host::Verdict> for Verdict {
    fn from(verdict: host::Verdict) -> Self {
        Verdict {
            node: verdict.node,
            score: verdict.score,
            reasons: verdict.reasons,
        }
    }
}

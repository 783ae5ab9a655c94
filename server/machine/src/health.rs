//! How something does that others depend on: a node, a network, a server. It is there, slow, or gone.

use serde::{Deserialize, Serialize};

/// How something does that others depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// As it should be.
    #[default]
    There,
    /// It works, and takes its time.
    Slow,
    /// It does not answer at all.
    Gone,
}

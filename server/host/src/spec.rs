//! What a world is made of: its seed, its cluster, its workstation, its limits. Data only.

use cluster::ClusterSpec;
use machine::Time;
use serde::{Deserialize, Serialize};

/// What a world is made of. Together with the journal it determines the world byte for byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorldSpec {
    /// Where all chance comes from.
    pub seed: u64,
    /// Simulated time at the beginning; `None`: the wall clock at creation (the journal then holds what it was).
    pub start: Option<Time>,
    pub cluster: Option<ClusterSpec>,
    pub workstation: Option<WorkstationSpec>,
    /// Simulated seconds per wall second.
    pub speed: f64,
    pub limits: Limits,
}

impl Default for WorldSpec {
    fn default() -> Self {
        WorldSpec {
            seed: 1,
            start: None,
            cluster: None,
            workstation: None,
            speed: 1.0,
            limits: Limits::default(),
        }
    }
}

/// The computer beside the cluster on which the learner types.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkstationSpec {
    pub hostname: String,
    /// The login name; its home is `/home/NAME`.
    pub user: String,
    /// Environment of the login shell beyond HOME, PATH, USER and TERM.
    pub env: Vec<(String, String)>,
    /// Files to begin with: path below the home directory, or absolute, and content.
    pub files: Vec<(String, String)>,
}

impl Default for WorkstationSpec {
    fn default() -> Self {
        WorkstationSpec {
            hostname: "workstation".into(),
            user: "learner".into(),
            env: Vec::new(),
            files: Vec::new(),
        }
    }
}

/// What one world may take. Requests beyond a limit are refused; a world that breaks a hard one is ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Watches open at once.
    pub watches: usize,
    /// Streams (exec, attach, port-forward, logs) and terminals open at once.
    pub streams: usize,
    /// Requests under way at once; more wait.
    pub requests: usize,
    /// Polls of tasks in one turn, after which other worlds of the shard have theirs.
    pub turn_polls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            watches: 4096,
            streams: 1024,
            requests: 256,
            turn_polls: 2_000,
        }
    }
}

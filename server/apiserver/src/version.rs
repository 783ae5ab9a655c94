//! `/version`.

use serde_json::{Value, json};

/// What the cluster says it is; its Git version is of the form `v1.36.2`.
pub fn document(git_version: &str) -> Value {
    let mut parts = git_version.trim_start_matches('v').split('.');
    let major = parts.next().unwrap_or("1");
    let minor = parts.next().unwrap_or("36");
    let before = minor
        .parse::<u32>()
        .unwrap_or(36)
        .saturating_sub(1)
        .to_string();
    json!({
        "major": major, "minor": minor,
        "emulationMajor": major, "emulationMinor": minor,
        "minCompatibilityMajor": major, "minCompatibilityMinor": before,
        "gitVersion": git_version, "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.6", "compiler": "gc", "platform": "linux/amd64",
    })
}

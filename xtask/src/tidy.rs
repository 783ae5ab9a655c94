//! The walls of the house: who may import whom, files that say what they are, sizes of files, and a map that names
//! every room. Reads `cargo metadata` and the tracked files; changes nothing.

use crate::run;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Which rooms a room may import. What is not here may not be imported.
const WALLS: &[(&str, &[&str])] = &[
    ("objects", &[]),
    ("machine", &[]),
    ("cluster", &["objects", "machine"]),
    ("host", &["objects", "machine", "cluster"]),
    ("apiserver", &["objects", "host"]),
    ("kubectl", &["objects"]),
    ("course", &["objects"]),
    (
        "playground",
        &[
            "objects",
            "machine",
            "cluster",
            "host",
            "apiserver",
            "kubectl",
            "course",
            "web",
        ],
    ),
    ("web", &[]),
    (
        "tests",
        &["playground", "apiserver", "host", "kubectl", "course"],
    ),
    ("xtask", &[]),
];

/// Crates that the inner rooms may not know, because they wait, open or read clocks.
const OUTSIDE: &[&str] = &[
    "tokio",
    "hyper",
    "axum",
    "kube",
    "k8s-openapi",
    "rand",
    "reqwest",
    "mio",
    "chrono",
];
const INNER: &[&str] = &["objects", "machine", "cluster"];

/// Files over the size limit, each with its reason.
const LARGE: &[(&str, &str)] = &[];
const WARN_LINES: usize = 400;
const MAX_LINES: usize = 700;

/// Checks all walls; the error lists every breach.
pub fn run() -> Result<(), String> {
    let mut breaches = Vec::new();
    walls(&mut breaches)?;
    files(&mut breaches)?;
    map(&mut breaches)?;
    limits(&mut breaches);
    if breaches.is_empty() {
        println!("tidy: the walls hold");
        Ok(())
    } else {
        Err(format!(
            "tidy: {} breaches\n  {}",
            breaches.len(),
            breaches.join("\n  ")
        ))
    }
}

fn walls(breaches: &mut Vec<String>) -> Result<(), String> {
    let text = run::output(
        &run::cargo(),
        &["metadata", "--format-version=1", "--no-deps"],
    )
    .ok_or("cargo metadata does not answer")?;
    let meta: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let packages = meta["packages"].as_array().cloned().unwrap_or_default();
    let rooms: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = WALLS.iter().copied().collect();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(may) = allowed.get(name) else {
            breaches.push(format!(
                "room {name} is not in the table of walls (xtask/src/tidy.rs)"
            ));
            continue;
        };
        for dep in package["dependencies"].as_array().into_iter().flatten() {
            let dep_name = dep["name"].as_str().unwrap_or_default();
            let dev = dep["kind"].as_str() == Some("dev");
            if rooms.contains(dep_name) && !may.contains(&dep_name) {
                breaches.push(format!(
                    "room {name} imports {dep_name}: not through this wall"
                ));
            }
            if INNER.contains(&name) && OUTSIDE.contains(&dep_name) && !dev {
                breaches.push(format!(
                    "inner room {name} imports {dep_name}: it may not wait or open"
                ));
            }
        }
    }
    Ok(())
}

fn files(breaches: &mut Vec<String>) -> Result<(), String> {
    let list = run::output("git", &["ls-files"]).ok_or("git ls-files does not answer")?;
    for name in list.lines().filter(|n| n.ends_with(".rs")) {
        let Ok(text) = fs::read_to_string(run::root().join(name)) else {
            continue;
        };
        if !text.starts_with("//!") {
            breaches.push(format!("{name}: does not open with //!"));
        }
        let lines = text.lines().count();
        if lines > MAX_LINES && !LARGE.iter().any(|(n, _)| *n == name) {
            breaches.push(format!(
                "{name}: {lines} lines, over {MAX_LINES} and not on the list"
            ));
        } else if lines > WARN_LINES {
            println!("tidy: {name} has {lines} lines (warning at {WARN_LINES})");
        }
        let stem = Path::new(name)
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or_default();
        if ["util", "utils", "common", "helper", "helpers", "manager"].contains(&stem) {
            breaches.push(format!("{name}: a drawer, not a name"));
        }
    }
    Ok(())
}

fn map(breaches: &mut Vec<String>) -> Result<(), String> {
    let text = fs::read_to_string(run::root().join("ARCHITECTURE.md")).unwrap_or_default();
    for (room, _) in WALLS {
        if !text.contains(&format!("`{room}`")) {
            breaches.push(format!("ARCHITECTURE.md does not name the room `{room}`"));
        }
    }
    for word in text.split('`').skip(1).step_by(2) {
        if word.starts_with("server/") && !run::root().join(word).exists() {
            breaches.push(format!(
                "ARCHITECTURE.md names {word}, which does not exist"
            ));
        }
    }
    Ok(())
}

/// Every limitation that a Warning names stands on the page.
fn limits(breaches: &mut Vec<String>) {
    let read = |name: &str| fs::read_to_string(run::root().join(name)).unwrap_or_default();
    let page = read("LIMITATIONS.md");
    let source = read("server/cluster/src/api/unsimulated.rs");
    let ids = source
        .lines()
        .filter_map(|l| l.trim().strip_prefix("idle("))
        .filter_map(|l| l.split('"').nth(5));
    for id in ids.chain(["time-zones", "pod-security"]) {
        if !page.contains(&format!("| {id} |")) {
            breaches.push(format!(
                "LIMITATIONS.md has no row {id}, which a Warning names"
            ));
        }
    }
}

//! Chromium and the npm packages that the browser's side and its tests need, and the run of those tests.

use crate::run;
use std::path::Path;

/// Installs the npm packages of `web` where its lock file is newer than what is installed.
pub fn packages() -> Result<(), String> {
    if run::output("npm", &["--version"]).is_none() {
        return Err("npm is missing: install Node.js 20 or newer".to_owned());
    }
    let modified = |p: &str| {
        std::fs::metadata(run::root().join(p))
            .and_then(|m| m.modified())
            .ok()
    };
    let (lock, stamp) = (
        modified("web/package-lock.json"),
        modified("web/node_modules/.package-lock.json"),
    );
    if stamp.is_some() && stamp >= lock {
        return Ok(());
    }
    run::run(
        "web",
        "npm",
        &[
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ],
    )
}

/// Plays the lessons in Chromium.
pub fn run() -> Result<(), String> {
    packages()?;
    let chromium = chromium()?;
    let binary = run::podschool()?;
    run::run_with(
        "web",
        "npm",
        &["run", "--silent", "browser"],
        &[
            ("PODSCHOOL_BIN", &binary.to_string_lossy()),
            ("CHROMIUM", &chromium),
        ],
    )
}

/// The path of a Chromium; installed from the system's packages where that is possible.
fn chromium() -> Result<String, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let root = run::output("id", &["-u"]).is_some_and(|u| u.trim() == "0");
    if root && Path::new("/usr/bin/apt-get").exists() {
        run::run(".", "apt-get", &["update", "-qq"])?;
        run::run_with(
            ".",
            "apt-get",
            &["install", "-y", "-qq", "chromium"],
            &[("DEBIAN_FRONTEND", "noninteractive")],
        )?;
    }
    find().ok_or_else(|| "the browser tests need Chromium: install the package `chromium`, or name one in CHROMIUM".to_owned())
}

fn find() -> Option<String> {
    if let Ok(named) = std::env::var("CHROMIUM") {
        return Some(named);
    }
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .into_iter()
    .find(|p| Path::new(p).exists())
    .map(str::to_owned)
}

//! `cargo xtask test`: everything that proves the house, part by part, in the order from cheap to dear.
//! Each part prints its name and its time; the first failure of a part does not hide the parts after it.

use crate::{browser, golden, run, tidy};
use std::time::Instant;

struct Part {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<(), String>,
}

const PARTS: &[Part] = &[
    Part {
        name: "format",
        what: "rustfmt",
        run: format,
    },
    Part {
        name: "tidy",
        what: "walls, files, map",
        run: tidy::run,
    },
    Part {
        name: "web",
        what: "TypeScript types, lint, unit tests",
        run: web,
    },
    Part {
        name: "clippy",
        what: "lints, warnings are errors",
        run: clippy,
    },
    Part {
        name: "rust",
        what: "Rust tests of all rooms",
        run: rust,
    },
    Part {
        name: "compose",
        what: "docker-compose.yml and Dockerfile",
        run: compose,
    },
    Part {
        name: "lessons",
        what: "every lesson's proofs",
        run: lessons,
    },
    Part {
        name: "golden",
        what: "the recordings of a real Kubernetes",
        run: golden::run,
    },
    Part {
        name: "browser",
        what: "Chromium through a lesson",
        run: browser::run,
    },
];

/// Runs the parts named in `names`, or all.
pub fn run(names: &[String]) -> Result<(), String> {
    if names.iter().any(|n| n == "--list") {
        for part in PARTS {
            println!("{:<9} {}", part.name, part.what);
        }
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|n| PARTS.iter().all(|p| p.name != **n)) {
        return Err(format!(
            "no part is named {unknown}; cargo xtask test --list names them"
        ));
    }
    let mut passed = 0;
    let mut failed = Vec::new();
    for part in PARTS
        .iter()
        .filter(|p| names.is_empty() || names.iter().any(|n| n == p.name))
    {
        println!("== {} ({})", part.name, part.what);
        let start = Instant::now();
        let result = (part.run)();
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(()) => {
                passed += 1;
                println!("== {} passed in {seconds:.1} s", part.name);
            }
            Err(why) => {
                println!("== {} FAILED in {seconds:.1} s: {why}", part.name);
                failed.push(part.name);
            }
        }
    }
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

fn format() -> Result<(), String> {
    run::run(".", &run::cargo(), &["fmt", "--all", "--check"])
}

fn clippy() -> Result<(), String> {
    run::run(
        ".",
        &run::cargo(),
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
    )
}

fn rust() -> Result<(), String> {
    run::run(
        ".",
        &run::cargo(),
        &["build", "--quiet", "--workspace", "--all-targets"],
    )?;
    if run::output(&run::cargo(), &["nextest", "--version"]).is_some() {
        run::run(
            ".",
            &run::cargo(),
            &[
                "nextest",
                "run",
                "--workspace",
                "--no-fail-fast",
                "--status-level",
                "slow",
            ],
        )
    } else {
        run::run(
            ".",
            &run::cargo(),
            &["test", "--workspace", "--no-fail-fast", "--quiet"],
        )
    }
}

fn web() -> Result<(), String> {
    browser::packages()?;
    run::run("web", "npm", &["run", "--silent", "check"])?;
    run::run("web", "npm", &["test", "--silent"])
}

fn lessons() -> Result<(), String> {
    let binary = run::podschool()?;
    run::run(
        ".",
        &binary.to_string_lossy(),
        &["lessons", "check", "--reasons", "lessons/REASONS.md"],
    )
}

/// The engine of containers is not assumed: the files are parsed, and what they name must exist.
fn compose() -> Result<(), String> {
    run::run(".", "python3", &["tests/deploy/check.py"])
}

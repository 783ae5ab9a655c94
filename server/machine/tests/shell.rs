//! The shell and its tools against recordings of a real busybox.
//!
//! `fixtures/shell/*.json` hold scripts with what busybox 1.35 printed (`cargo xtask record` makes them anew). Each runs here on a
//! workstation of its own, in simulated time.

mod desk;

use desk::{Bytes, computer, drain};
use machine::sys::Spawn;
use machine::{Executor, Stdio};
use serde::Deserialize;
use std::time::Duration;

#[derive(Deserialize)]
struct Case {
    script: String,
    stdout: String,
    stderr: String,
    exit: i32,
}

/// Runs until nothing moves or `seconds` of simulated time passed; None: it did not end.
fn finish(executor: &Executor, stdio: &Stdio, seconds: u64) -> Option<i32> {
    let end = executor.now() + Duration::from_secs(seconds);
    for _ in 0..100_000 {
        executor.run(&mut 1_000_000);
        if let Some(status) = stdio.exit.status() {
            executor.run(&mut 1_000_000);
            return Some(status.code());
        }
        match executor.next_timer() {
            Some(time) if time <= end => executor.advance_to(time),
            _ => return None,
        }
    }
    None
}

fn run(script: &str) -> (String, String, Option<i32>) {
    let (executor, _, computer) = computer("root");
    let mut spawn = Spawn::new(["sh", "-c", script]);
    spawn.cwd = Some("/tmp".into());
    spawn.path = "/bin/sh".into();
    let (_, mut stdio) = computer.spawn(spawn).expect("a shell");
    drop(stdio.stdin.take());
    let stdout = drain(&executor, stdio.stdout.clone());
    let stderr = drain(&executor, stdio.stderr.clone().expect("no terminal"));
    let code = finish(&executor, &stdio, 60);
    let text = |bytes: &Bytes| String::from_utf8_lossy(&bytes.borrow()).into_owned();
    (text(&stdout), text(&stderr), code)
}

fn replay(cases: &str) {
    let cases: Vec<Case> = serde_json::from_str(cases).expect("fixtures are JSON");
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in &cases {
        let (stdout, stderr, code) = run(&case.script);
        if (stdout.as_str(), stderr.as_str(), code)
            != (case.stdout.as_str(), case.stderr.as_str(), Some(case.exit))
        {
            wrong.push(format!(
                "--- {}\nstdout {:?}\n  want {:?}\nstderr {:?}\n  want {:?}\nexit {code:?}, want {}",
                case.script, stdout, case.stdout, stderr, case.stderr, case.exit
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn scripts_do_what_busybox_does() {
    replay(include_str!("fixtures/shell/scripts.json"));
}

#[test]
fn tools_do_what_busybox_does() {
    replay(include_str!("fixtures/shell/tools.json"));
}

#[test]
fn later_tools_do_what_busybox_does() {
    replay(include_str!("fixtures/shell/more.json"));
}

#[test]
fn corners_are_as_busybox_has_them() {
    replay(include_str!("fixtures/shell/corners.json"));
}

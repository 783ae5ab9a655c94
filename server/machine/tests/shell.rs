//! The shell and its tools against recordings of a real busybox.
//!
//! `fixtures/shell/*.json` hold scripts with what busybox 1.35 printed (`cargo xtask record` makes them anew). Each runs here on a
//! workstation of its own, in simulated time.

use machine::computer::{Computer, ComputerConfig};
use machine::sys::Spawn;
use machine::{Chance, Executor, Kernel, Stdio, Time};
use serde::Deserialize;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Deserialize)]
struct Case {
    script: String,
    stdout: String,
    stderr: String,
    exit: i32,
}

/// A computer of root's.
fn computer() -> (Executor, Computer) {
    let executor = Executor::new(Time::from_seconds(1_795_219_567));
    let kernel = Kernel::new(executor.clone(), Chance::new(1));
    let config = ComputerConfig {
        hostname: "box".into(),
        user: "root".into(),
        home: "/root".into(),
        env: Vec::new(),
        cpus: 2,
        memory: 1 << 30,
    };
    (executor, Computer::new(&kernel, config))
}

type Bytes = Rc<RefCell<Vec<u8>>>;

fn drain(executor: &Executor, reader: machine::pipe::Reader) -> Bytes {
    let bytes = Bytes::default();
    let into = bytes.clone();
    executor
        .spawn(async move {
            while let Ok(chunk) = reader.read(65536).await {
                if chunk.is_empty() {
                    break;
                }
                into.borrow_mut().extend(chunk);
            }
        })
        .detach();
    bytes
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
    let (executor, computer) = computer();
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

//! A workstation by itself, for tests: no nodes, no network beyond it, in simulated time.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::RefCell;
use std::rc::Rc;

use machine::computer::ComputerConfig;
use machine::{Chance, Computer, Executor, Kernel, Time};

/// The computer of `user`, in its home; the same in every run.
pub fn computer(user: &str) -> (Executor, Kernel, Computer) {
    let executor = Executor::new(Time::from_seconds(1_795_219_567));
    let kernel = Kernel::new(executor.clone(), Chance::new(1));
    let home = match user {
        "root" => "/root".into(),
        other => format!("/home/{other}"),
    };
    let config = ComputerConfig {
        hostname: "box".into(),
        user: user.into(),
        home,
        env: Vec::new(),
        cpus: 2,
        memory: 1 << 30,
    };
    let computer = Computer::new(&kernel, config);
    (executor, kernel, computer)
}

/// What was read so far.
pub type Bytes = Rc<RefCell<Vec<u8>>>;

/// Reads to the end, as the executor runs.
pub fn drain(executor: &Executor, reader: machine::pipe::Reader) -> Bytes {
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

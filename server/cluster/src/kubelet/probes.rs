//! Probes: what one run finds, and when runs happen. What is asked is in `question`; the workers follow the containers of a pod.
//!
//! Mirrors the kubelet's `prober` package.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

use machine::cri::{ContainerId, ExecConfig, Runtime};
use machine::sync::{Either, Notify, select};
use machine::{Duration, Network, Time};
use serde_json::Value;

use crate::view;

/// The three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    pub fn title(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Liveness => "Liveness",
            Kind::Readiness => "Readiness",
        }
    }

    pub fn member(self) -> &'static str {
        match self {
            Kind::Startup => "startupProbe",
            Kind::Liveness => "livenessProbe",
            Kind::Readiness => "readinessProbe",
        }
    }
}

/// What one run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// With what was answered.
    Success(String),
    Failure(String),
    /// The probe itself went wrong: nothing is known.
    Unknown(String),
}

/// Thresholds and the run of equal results. Pure.
#[derive(Debug, Default)]
pub(super) struct Tally {
    last: Option<bool>,
    run: i64,
}

impl Tally {
    /// Counts a result; answers the new verdict once there are enough of the same.
    pub fn count(&mut self, success: bool, probe: &Value) -> Option<bool> {
        if self.last == Some(success) {
            self.run += 1;
        } else {
            self.last = Some(success);
            self.run = 1;
        }
        let threshold = if success {
            "successThreshold"
        } else {
            "failureThreshold"
        };
        let needed = view::int(probe, &[threshold]).unwrap_or(if success { 1 } else { 3 });
        (self.run >= needed).then_some(success)
    }

    pub fn restart(&mut self) {
        self.run = 0;
    }
}

/// From where a probe asks, and the container that it is about.
pub(super) struct Target<'a> {
    pub runtime: &'a Rc<dyn Runtime>,
    pub network: &'a Network,
    pub node_ip: IpAddr,
    pub id: &'a ContainerId,
    pub executor: &'a machine::Executor,
}

fn seconds(probe: &Value, member: &str, default: i64) -> Duration {
    Duration::from_secs(view::int(probe, &[member]).unwrap_or(default).max(1) as u64)
}

pub(super) fn period(probe: &Value) -> Duration {
    seconds(probe, "periodSeconds", 10)
}

/// How long an answer may take.
pub(super) fn timeout(probe: &Value) -> Duration {
    seconds(probe, "timeoutSeconds", 1)
}

/// Bytes of an answer that are looked at.
pub(super) const OUTPUT_MAX: usize = 10 * 1024;

/// Runs a command in the container. Answers its exit code and output, or why it did not end.
pub(super) async fn execute(
    command: &[String],
    timeout: Duration,
    target: &Target<'_>,
) -> Result<(i32, String), String> {
    let config = ExecConfig {
        argv: command.to_vec(),
        tty: false,
        stdin: false,
    };
    let streams = match target.runtime.exec(target.id, config) {
        Ok(streams) => streams,
        Err(error) => return Err(error.to_string()),
    };
    let output = Rc::new(RefCell::new(Vec::new()));
    let sink = output.clone();
    let exit = streams.exit.clone();
    let reading = async move {
        let drain = |reader: machine::pipe::Reader, sink: Rc<RefCell<Vec<u8>>>| async move {
            while let Ok(bytes) = reader.read(4096).await {
                if bytes.is_empty() {
                    break;
                }
                let mut sink = sink.borrow_mut();
                let room = OUTPUT_MAX.saturating_sub(sink.len());
                sink.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        };
        match streams.stderr {
            Some(stderr) => drop(
                machine::sync::join(drain(streams.stdout, sink.clone()), drain(stderr, sink)).await,
            ),
            None => drain(streams.stdout, sink).await,
        }
        exit.wait().await
    };
    match select(reading, target.executor.sleep(timeout)).await {
        Either::Left(status) => {
            let output = String::from_utf8_lossy(&output.borrow()).into_owned();
            Ok((status.code(), output))
        }
        Either::Right(()) => {
            let line = command.join(" ");
            Err(format!(
                "command timed out: {line:?} timed out after {}",
                objects::duration::go(timeout.as_nanos() as i64)
            ))
        }
    }
}

/// When a worker runs next: a ticker that can be set off by hand.
pub(super) struct Ticker {
    period: Duration,
    next: Cell<Time>,
    pub by_hand: Notify,
    asked: Cell<bool>,
}

impl Ticker {
    pub fn new(period: Duration, now: Time) -> Self {
        Ticker {
            period,
            next: Cell::new(now + period),
            by_hand: Notify::new(),
            asked: Cell::new(false),
        }
    }

    /// Asks for a run now; the period begins anew.
    pub fn trigger(&self) {
        self.asked.set(true);
        self.by_hand.notify();
    }

    /// Waits for the next run.
    pub async fn wait(&self, executor: &machine::Executor) {
        let asked = self.by_hand.until(|| self.asked.get().then_some(()));
        match select(asked, executor.sleep_until(self.next.get())).await {
            Either::Left(()) => self.next.set(executor.now() + self.period),
            Either::Right(()) => {
                while self.next.get() <= executor.now() {
                    self.next.set(self.next.get() + self.period);
                }
            }
        }
        self.asked.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn thresholds() {
        let probe = json!({"failureThreshold": 2, "successThreshold": 1});
        let mut tally = Tally::default();
        let verdicts: Vec<_> = [false, true, false, false, false]
            .iter()
            .map(|s| tally.count(*s, &probe))
            .collect();
        assert_eq!(verdicts, [None, Some(true), None, Some(false), Some(false)]);
    }
}

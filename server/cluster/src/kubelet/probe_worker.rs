//! The workers that run probes: one a container and kind, as long as the pod lives.
//!
//! Mirrors the kubelet's `prober/worker.go`.

use std::rc::Rc;

use machine::cri::{ContainerId, ContainerState};
use objects::{Object, meta};
use serde_json::Value;

use super::Agent;
use super::probes::{self, Found, Kind, Tally, Target, Ticker};
use super::question::Question;
use super::status::{Seen, is_sidecar};
use super::worker::Worker;
use crate::view;

/// Starts the workers that are missing.
pub(super) fn follow(agent: &Rc<Agent>, worker: &Rc<Worker>, pod: &Object) {
    let sidecars = view::list(pod, &["spec", "initContainers"])
        .iter()
        .filter(|c| is_sidecar(c));
    for container in sidecars.chain(view::list(pod, &["spec", "containers"])) {
        for kind in [Kind::Startup, Kind::Readiness, Kind::Liveness] {
            let key = (view::text(container, &["name"]).to_string(), kind);
            if container.get(kind.member()).is_none() || worker.tickers.borrow().contains_key(&key)
            {
                continue;
            }
            let probe = container[kind.member()].clone();
            let ticker = Rc::new(Ticker::new(probes::period(&probe), agent.now()));
            worker.tickers.borrow_mut().insert(key, ticker.clone());
            let probing = Probing {
                agent: agent.clone(),
                worker: Rc::downgrade(worker),
                container: container.clone(),
                probe,
                kind,
                ticker,
            };
            worker.add_probe_task(agent.cluster.executor().spawn(probing.run()));
        }
    }
}

/// Containers that have started and are not ready are asked at once.
pub(super) fn poke_unready(worker: &Worker) {
    let pod = worker.latest();
    for status in view::list(&pod, &["status", "containerStatuses"]) {
        let waits = view::flag(status, &["started"])
            && !view::flag(status, &["ready"])
            && status["state"].get("running").is_some();
        let key = (view::text(status, &["name"]).to_string(), Kind::Readiness);
        let ticker = worker.tickers.borrow().get(&key).cloned();
        if let Some(ticker) = ticker.filter(|_| waits) {
            ticker.trigger();
        }
    }
}

struct Probing {
    agent: Rc<Agent>,
    worker: std::rc::Weak<Worker>,
    container: Value,
    probe: Value,
    kind: Kind,
    ticker: Rc<Ticker>,
}

/// What a worker remembers of the instance it looks at.
#[derive(Default)]
struct Instance {
    id: String,
    on_hold: bool,
    tally: Tally,
    /// What it is asked, and the pod's address when that was made.
    question: Option<(String, Rc<Question>)>,
}

/// What a probe needs to know of the instance, of all that is known.
struct Looked {
    id: String,
    state: ContainerState,
    started_at: machine::Time,
}

impl Looked {
    fn of(seen: &Seen) -> Looked {
        Looked {
            id: seen.id.clone(),
            state: seen.state,
            started_at: seen.started_at,
        }
    }
}

impl Probing {
    async fn run(self) {
        let executor = self.agent.cluster.executor().clone();
        let mut instance = Instance::default();
        loop {
            let Some(worker) = self.worker.upgrade() else {
                return;
            };
            if !self.once(&worker, &mut instance).await {
                return;
            }
            drop(worker);
            self.ticker.wait(&executor).await;
        }
    }

    /// One run. Answers whether there will be more.
    async fn once(&self, worker: &Rc<Worker>, instance: &mut Instance) -> bool {
        let pod = worker.latest();
        if matches!(
            view::text(&pod, &["status", "phase"]),
            "Succeeded" | "Failed"
        ) {
            return false;
        }
        let name = view::text(&self.container, &["name"]);
        let Some(seen) = worker.state.borrow().picture.last(name).map(Looked::of) else {
            return true;
        };
        // What has not been told yet is not probed.
        let told = status_of(&pod, name)
            .is_some_and(|s| view::text(s, &["containerID"]).ends_with(&seen.id));
        if !told {
            return true;
        }
        if instance.id != seen.id {
            *instance = Instance {
                id: seen.id.clone(),
                ..Instance::default()
            };
            let initial = match self.kind {
                Kind::Liveness => Some(true),
                Kind::Readiness => Some(false),
                Kind::Startup => None,
            };
            if let Some(initial) = initial {
                worker
                    .state
                    .borrow_mut()
                    .verdicts
                    .insert((seen.id.clone(), self.kind), initial);
            }
        }
        if instance.on_hold || seen.state != ContainerState::Running {
            return true;
        }
        if meta::is_deleting(&pod) && self.kind != Kind::Readiness {
            return false;
        }
        if !self.due(worker, &seen) {
            return true;
        }
        self.probe(worker, &pod, &seen, instance).await;
        true
    }

    fn due(&self, worker: &Worker, seen: &Looked) -> bool {
        let delay = view::int(&self.probe, &["initialDelaySeconds"]).unwrap_or(0);
        // Whole seconds of a start that the status tells in whole seconds.
        let age = (self.agent.now().0 - seen.started_at.seconds() * 1_000_000_000) / 1_000_000_000;
        let has_startup = self.container.get("startupProbe").is_some();
        let started = !has_startup
            || worker
                .state
                .borrow()
                .verdicts
                .get(&(seen.id.clone(), Kind::Startup))
                == Some(&true);
        age >= delay && started == (self.kind != Kind::Startup)
    }

    async fn probe(
        &self,
        worker: &Rc<Worker>,
        pod: &Object,
        seen: &Looked,
        instance: &mut Instance,
    ) {
        let executor = self.agent.cluster.executor().clone();
        let id = ContainerId(seen.id.clone());
        let target = Target {
            runtime: &self.agent.runtime,
            network: &self.agent.network,
            node_ip: self.agent.node_ip(),
            id: &id,
            executor: &executor,
        };
        let question = self.question(worker, instance);
        let title = self.kind.title();
        let found = question.ask(probes::timeout(&self.probe), &target).await;
        self.note(pod, &found);
        let success = match found {
            Found::Success(_) => true,
            Found::Failure(text) => {
                self.agent.warning(
                    pod,
                    &self.container,
                    "Unhealthy",
                    &format!("{title} probe failed: {text}"),
                );
                false
            }
            Found::Unknown(text) => {
                let text = format!("{title} probe errored and resulted in unknown state: {text}");
                self.agent.warning(pod, &self.container, "Unhealthy", &text);
                return;
            }
        };
        let Some(verdict) = instance.tally.count(success, &self.probe) else {
            return;
        };
        let key = (seen.id.clone(), self.kind);
        let before = worker.state.borrow_mut().verdicts.insert(key, verdict);
        if !verdict && self.kind != Kind::Readiness {
            instance.on_hold = true;
            instance.tally.restart();
        }
        if before != Some(verdict) {
            self.tell(worker);
        }
    }

    fn question(&self, worker: &Worker, instance: &mut Instance) -> Rc<Question> {
        let ip = worker.state.borrow().ip.clone().unwrap_or_default();
        if let Some((asked_at, question)) = &instance.question
            && *asked_at == ip
        {
            return question.clone();
        }
        let version = self.agent.version();
        let question = Question::new(&self.probe, &self.container, &ip, &version);
        let question = Rc::new(question);
        instance.question = Some((ip, question.clone()));
        question
    }

    /// Remembers the run, for people who look on.
    fn note(&self, pod: &Object, found: &Found) {
        let (passed, answer) = match found {
            Found::Success(text) => (Some(true), text),
            Found::Failure(text) => (Some(false), text),
            Found::Unknown(text) => (None, text),
        };
        let name = view::text(&self.container, &["name"]);
        self.agent
            .cluster
            .note_probe(meta::uid(pod), name, self.kind.title(), (passed, answer));
    }

    /// A verdict changes the status at once, and the worker looks at what it means.
    fn tell(&self, worker: &Rc<Worker>) {
        if self.kind != Kind::Liveness {
            worker.write_status(&self.agent, &worker.latest(), false);
        }
        worker.wake();
    }
}

fn status_of<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let parts = ["initContainerStatuses", "containerStatuses"];
    parts
        .iter()
        .find_map(|p| view::named(view::list(pod, &["status", p]), name))
}

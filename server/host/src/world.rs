//! One world: an executor, a cluster, a workstation, and what connects them to the outside. It lives on one thread.

use crate::command::{Command, Reply, StreamId, Target};
use crate::handle::{Shared, WorldEvent};
use crate::journal::{Input, Journal};
use crate::pump::{self, OpenStream};
use crate::spec::WorldSpec;
use crate::stream::{Stream, StreamIn, StreamInput, StreamOutput, WINDOW_BYTES};
use crate::watchers::Watchers;
use crate::workstation::Workstation;
use cluster::{Cluster, Fault};
use machine::{Executor, Time};
use objects::{Answer, ListAnswer, Request, Status, Verb};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, mpsc};

pub(crate) struct World {
    pub executor: Executor,
    cluster: Option<Cluster>,
    workstation: Option<Workstation>,
    watchers: Watchers,
    streams: BTreeMap<StreamId, OpenStream>,
    /// Streams whose tasks have ended by themselves.
    over: Rc<RefCell<Vec<StreamId>>>,
    journal: Journal,
    next_stream: u64,
    commands: mpsc::WeakUnboundedSender<Command>,
    shared: Arc<Shared>,
}

impl Drop for World {
    fn drop(&mut self) {
        // Tasks go before what they use.
        self.streams.clear();
        if let Some(cluster) = &self.cluster {
            cluster.close();
        }
        self.executor.end();
    }
}

impl World {
    pub fn new(
        spec: WorldSpec,
        start: Time,
        commands: mpsc::WeakUnboundedSender<Command>,
        outside: tokio::runtime::Handle,
        shared: Arc<Shared>,
        woken: Arc<Notify>,
    ) -> World {
        let executor = Executor::new(start);
        executor.on_wake(move || woken.notify_one());
        let cluster = spec.cluster.clone().map(|mut cluster_spec| {
            cluster_spec.seed = spec.seed;
            cluster_spec.start = start;
            Cluster::new(cluster_spec, executor.clone())
        });
        let workstation = spec.workstation.as_ref().map(|w| {
            Workstation::new(
                w,
                spec.seed,
                executor.clone(),
                outside,
                shared.clone(),
                commands.clone(),
            )
        });
        World {
            executor,
            cluster,
            workstation,
            watchers: Watchers::default(),
            streams: BTreeMap::new(),
            over: Rc::default(),
            journal: Journal::new(
                WorldSpec {
                    start: Some(start),
                    ..spec
                },
                start,
            ),
            next_stream: 1,
            commands,
            shared,
        }
    }

    pub fn revision(&self) -> u64 {
        self.cluster.as_ref().map_or(0, Cluster::revision)
    }

    /// Hands out changes, and takes away streams that have ended.
    pub fn publish(&mut self) {
        if let Some(cluster) = &self.cluster {
            self.watchers.publish(cluster);
        }
        for id in self.over.take() {
            self.streams.remove(&id);
        }
        if let Some(workstation) = &mut self.workstation {
            workstation.publish();
        }
    }

    /// Takes in one command from outside, now. Answers that nobody waits for any more are dropped.
    pub fn take_in(&mut self, command: Command) {
        match command {
            Command::Request(request, reply) => {
                let answer = self.request(*request);
                let _ = reply.send(answer);
            }
            Command::List(request, reply) => {
                let _ = reply.send(self.list(&request));
            }
            Command::Watch(query, reply) => {
                let limit = self.journal.spec.limits.watches;
                let answer = match (&self.cluster, self.commands.upgrade()) {
                    (Some(cluster), Some(commands)) => {
                        self.watchers.open(cluster, &query, limit, commands)
                    }
                    _ => Err(no_cluster()),
                };
                let _ = reply.send(answer);
            }
            Command::Nudge(id) => self.with_watchers(|w, c| w.catch_up(c, id)),
            Command::Bookmark(id) => self.with_watchers(|w, c| w.bookmark(c, id)),
            Command::Unwatch(id) => self.watchers.close(id),
            Command::Open(target, reply) => self.open(*target, reply),
            Command::Stream(id, input) => self.stream(id, input),
            Command::Grant(id, bytes) => self.grant(id, bytes),
            Command::Fault(fault, reply) => {
                let _ = reply.send(self.fault(*fault));
            }
            Command::Faults(reply) => {
                let _ = reply.send(self.cluster.as_ref().map_or_else(Vec::new, Cluster::faults));
            }
            Command::Findings(number, reply) => {
                let cluster = self.cluster.as_ref();
                let _ = reply.send(cluster.map_or_else(Vec::new, |c| c.findings_after(number)));
            }
            Command::Journal(known, reply) => {
                let _ = reply.send(self.journal.after(known, self.executor.now()));
            }
            Command::Picture(reply) => {
                let _ = reply.send(self.picture());
            }
            // The driver takes these before they come here.
            Command::Clock(..) | Command::Close => {}
            other => self.workstation(other),
        }
    }

    /// Takes in an input of a journal again; there is nobody outside to answer.
    pub fn relive(&mut self, input: Input) {
        match input {
            Input::Request(request) => drop(self.request(*request)),
            Input::Open(id, target) => {
                self.next_stream = id.0;
                drop(self.begin(*target));
            }
            Input::Stream(id, input) => self.stream(id, input),
            Input::Grant(id, bytes) => self.grant(id, bytes),
            Input::Fault(fault) => drop(self.fault(*fault)),
        }
    }

    fn with_watchers(&mut self, act: impl FnOnce(&mut Watchers, &Cluster)) {
        if let Some(cluster) = &self.cluster {
            act(&mut self.watchers, cluster);
        }
    }

    fn note(&mut self, input: Input) {
        self.journal.note(self.executor.now(), input);
    }

    fn request(&mut self, request: Request) -> Result<Answer, Status> {
        let Some(cluster) = &self.cluster else {
            return Err(no_cluster());
        };
        if request.verb == Verb::Get || request.options.dry_run {
            return cluster.request(&request);
        }
        let answer = cluster.request(&request);
        self.note(Input::Request(Box::new(request)));
        answer
    }

    /// A fault that is refused changes nothing, so only others are noted.
    fn fault(&mut self, fault: Fault) -> Result<(), String> {
        let cluster = self.cluster.as_ref();
        cluster.ok_or("this world has no cluster")?.fault(&fault)?;
        self.note(Input::Fault(Box::new(fault.clone())));
        // Nobody listening is fine.
        let _ = self.shared.events.send(WorldEvent::Fault(fault));
        Ok(())
    }

    fn list(&self, request: &Request) -> Result<ListAnswer, Status> {
        self.cluster
            .as_ref()
            .ok_or_else(no_cluster)?
            .list_request(request)
    }

    fn open(&mut self, target: Target, reply: Reply<Result<Stream, Status>>) {
        let stream = if self.streams.len() < self.journal.spec.limits.streams {
            self.begin(target)
        } else {
            Err(Status::too_many_requests(
                "too many streams are open in this cluster",
                1,
            ))
        };
        let _ = reply.send(stream);
    }

    fn begin(&mut self, target: Target) -> Result<Stream, Status> {
        let cluster = self.cluster.as_ref().ok_or_else(no_cluster)?;
        let commands = self.commands.upgrade().ok_or_else(no_cluster)?;
        let id = StreamId(self.next_stream);
        let room = Arc::new(Semaphore::new(WINDOW_BYTES));
        let (sender, pieces) = mpsc::unbounded_channel();
        let (mut open, ends) = pump::ends(room.clone(), sender);
        let over = self.over.clone();
        let done = move || over.borrow_mut().push(id);
        let executor = &self.executor;
        open.tasks = match &target {
            Target::Exec(query) => pump::process(executor, ends, cluster.exec(query)?, done),
            Target::Attach(query) => pump::process(executor, ends, cluster.attach(query)?, done),
            Target::PortForward {
                namespace,
                pod,
                port,
            } => {
                let connect = cluster.port_forward(namespace, pod, *port)?;
                pump::connection(executor, ends, connect, done)
            }
            Target::Logs(query) => pump::log(executor, ends, cluster.logs(query)?, done),
        };
        self.next_stream += 1;
        self.streams.insert(id, open);
        if !matches!(target, Target::Logs(_)) {
            self.note(Input::Open(id, Box::new(target)));
        }
        let input = StreamInput {
            id,
            commands: commands.clone(),
            room,
        };
        Ok(Stream {
            input,
            output: StreamOutput {
                id,
                commands,
                pieces,
                owed: 0,
            },
        })
    }

    fn stream(&mut self, id: StreamId, input: StreamIn) {
        let Some(open) = self.streams.get(&id) else {
            return;
        };
        if input == StreamIn::Close {
            open.room.close();
            self.streams.remove(&id);
        } else {
            // The queue is bounded by the sender's permits.
            let _ = open.input.try_push(input.clone());
        }
        self.note(Input::Stream(id, input));
    }

    fn grant(&mut self, id: StreamId, bytes: u32) {
        if let Some(open) = self.streams.get(&id) {
            open.credit.grant(bytes as usize);
            self.note(Input::Grant(id, bytes));
        } else if let Some(workstation) = &mut self.workstation {
            workstation.grant(id, bytes);
        }
    }

    fn workstation(&mut self, command: Command) {
        let id = StreamId(self.next_stream);
        if let Some(workstation) = &mut self.workstation {
            if workstation.take_in(command, id) {
                self.next_stream += 1;
            }
        } else {
            refuse(command);
        }
    }

    fn picture(&self) -> String {
        self.cluster
            .as_ref()
            .map_or_else(String::new, Cluster::picture)
    }
}

fn no_cluster() -> Status {
    Status::internal("this world has no cluster")
}

/// A world without a workstation.
fn refuse(command: Command) {
    let why = || "this world has no workstation".to_string();
    match command {
        Command::OpenTerminal { reply, .. } | Command::AttachTerminal(_, reply) => {
            let _ = reply.send(Err(why()));
        }
        Command::RunLine(_, reply) => {
            let _ = reply.send(Err(why()));
        }
        Command::Files(call) => call.refuse(&why()),
        _ => {}
    }
}

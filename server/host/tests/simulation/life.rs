//! One life: a world from a seed, a row of inputs, checkers after each, rest, an empty house, and the same life once more.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cluster::{Cluster, ClusterSpec, NodeSpec};
use machine::{Chance, Duration, Executor, Stdio, Time};

use crate::acts::{self, Input, NODES};
use crate::checkers::{self, Checker};
use crate::scene::Scene;
use crate::settled::why_not_settled;
use crate::verbs;

/// Inputs of one life, before rest.
const INPUTS: usize = 50;
/// Simulated time after which what will settle has settled: the longest back-off (the daemon controller's, for pods that fail: a quarter
/// of an hour), and some.
const REST: Duration = Duration::from_secs(960);
/// Within this everything that was deleted is gone.
const CLEARING: Duration = Duration::from_secs(180);
/// Longest time that passes between two looks, so that no change falls out of the history.
const LOOK: Duration = Duration::from_secs(20);
/// Where there are more objects than this, and no time passes, inputs share a look: as many as there are times so many objects. Each
/// change is looked at all the same.
const OBJECTS_A_LOOK: usize = 100;

/// On a node the directories stay in which provisioned volumes were: four of them, down to `/var/lib/podschool/volumes`.
const WAY_BYTES: u64 = 4 * 256;
/// What lies on a file server or on a disk of its own stays there: a root, and the file `seen` that the pods of the recipes make. There is
/// one of each.
const SERVED_BYTES: u64 = 2 * 2 * 256;

/// A world on its own clock.
pub struct World {
    pub cluster: Cluster,
    executor: Executor,
    /// Executes whose process may run yet.
    open: Vec<Stdio>,
    slice: u32,
}

impl Drop for World {
    fn drop(&mut self) {
        self.open.clear();
        self.cluster.close();
        self.executor.end();
    }
}

impl World {
    /// `slice`: polls in one go.
    fn new(seed: u64, slice: u32) -> World {
        let spec = ClusterSpec {
            seed,
            nodes: (1..=NODES).map(NodeSpec::numbered).collect(),
            ..ClusterSpec::default()
        };
        let executor = Executor::new(spec.start);
        let cluster = Cluster::new(spec, executor.clone());
        World {
            cluster,
            executor,
            open: Vec::new(),
            slice,
        }
    }

    /// Nothing ready at the current time is left undone.
    fn come_to(&self, to: Time) -> Result<(), String> {
        for _ in 0..(40_000_000 / self.slice) {
            let mut budget = self.slice;
            if self.executor.run_until(to, &mut budget) {
                return Ok(());
            }
        }
        Err(format!("{} polls, and no rest", self.executor.polls()))
    }

    fn take(&mut self, input: &Input) -> Result<(), String> {
        match input {
            // What is refused is refused; what is wrong the checkers see.
            Input::Request(request) => drop(self.cluster.request(request)),
            Input::Fault(fault) => drop(self.cluster.fault(fault)),
            Input::Exec(query) => {
                self.open.retain(|stdio| stdio.exit.status().is_none());
                let mut begun = self.cluster.exec(query).ok();
                if let Some(stdin) = begun.as_mut().and_then(|stdio| stdio.stdin.take()) {
                    let _may_be_gone = stdin.try_write(&verbs::archive());
                }
                self.open.extend(begun);
            }
            Input::Run(by) => return self.come_to(self.executor.now() + *by),
        }
        self.come_to(self.executor.now())
    }
}

/// A life under way.
struct Life {
    world: World,
    inputs: Vec<Input>,
    checkers: Vec<Box<dyn Checker>>,
    seen: u64,
    /// Inputs since the last look, and how many objects there were then.
    unseen: usize,
    objects: usize,
    at_rest: bool,
    /// Each input is told as it comes: of a life that does not end too.
    tells: bool,
}

impl Life {
    fn input(&mut self, input: Input) -> Result<(), String> {
        let steps = match &input {
            Input::Run(by) => {
                let whole = (by.as_millis() / LOOK.as_millis()) as usize;
                let rest = *by - LOOK * whole as u32;
                let steps = std::iter::repeat_n(LOOK, whole).chain([rest]);
                steps.map(Input::Run).collect()
            }
            _ => vec![input],
        };
        for step in steps {
            if self.tells {
                println!("{} {}", self.world.cluster.now(), said(&step));
            }
            self.world.take(&step)?;
            self.unseen += 1;
            let is_due =
                matches!(step, Input::Run(_)) || self.unseen * OBJECTS_A_LOOK > self.objects;
            self.inputs.push(step);
            if is_due {
                self.check()?;
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), String> {
        let cluster = &self.world.cluster;
        let changes = match cluster.changes_after(self.seen) {
            // The first look: what the bootstrap did nobody has seen.
            Err(e) if self.seen == 0 => cluster.changes_after(e.oldest),
            known => known,
        };
        let scene = Scene {
            cluster,
            objects: cluster.everything(),
            changes: changes.map_err(|e| {
                let busy = busiest(cluster, e.oldest);
                format!("more happened than the history holds: {e}; most to {busy}")
            })?,
            now: cluster.now(),
            at_rest: self.at_rest,
        };
        (self.seen, self.unseen) = (cluster.revision(), 0);
        self.objects = scene.objects.len();
        let mut wrong = Vec::new();
        for checker in &mut self.checkers {
            let before = wrong.len();
            checker.look(&scene, &mut wrong);
            let name = checker.name();
            wrong[before..]
                .iter_mut()
                .for_each(|w| *w = format!("{name}: {w}"));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.truncate(12);
        let told = wrong.join("\n  ");
        let why = why_not_settled(&scene).join("\n  ");
        Err(format!("\n  {told}\n not settled because\n  {why}"))
    }

    fn whole(&mut self, seed: u64) -> Result<(), String> {
        let chance = Chance::branch(seed, 0x6c69_6665);
        self.input(Input::Run(Duration::from_secs(10)))?;
        for input in verbs::priorities() {
            self.input(input)?;
        }
        let empty = House::of(&self.world);
        for _ in 0..INPUTS {
            let input = acts::next(&self.world.cluster, &chance);
            self.input(input)?;
        }
        for input in acts::mend(&self.world.cluster) {
            self.input(input)?;
        }
        self.input(Input::Run(REST))?;
        self.at_rest = true;
        self.check()?;
        self.at_rest = false;
        for _ in 0..3 {
            for input in acts::clear(&self.world.cluster) {
                self.input(input)?;
            }
            self.input(Input::Run(CLEARING))?;
        }
        self.world.open.clear();
        let mut left = House::of(&self.world);
        let stays = WAY_BYTES * u64::from(NODES) + SERVED_BYTES;
        if (empty.file_bytes..=empty.file_bytes + stays).contains(&left.file_bytes) {
            left.file_bytes = empty.file_bytes;
        }
        if left == empty {
            Ok(())
        } else {
            Err(format!(
                "the house is not as empty as before: {left:?}, and was {empty:?}"
            ))
        }
    }
}

/// The three of which the history tells most: objects with generated names by what they are generated from.
fn busiest(cluster: &Cluster, after: u64) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for change in cluster.changes_after(after).unwrap_or_default() {
        let object = &change.object;
        let made_from = objects::meta::generate_name(object);
        let name = match made_from {
            "" => objects::meta::name(object),
            made_from => made_from,
        };
        let about = object["involvedObject"]["kind"].as_str().unwrap_or(name);
        let what = format!("{} {about}", change.resource.plural);
        *counts.entry(what).or_default() += 1;
    }
    let mut counts: Vec<(usize, String)> = counts.into_iter().map(|(w, n)| (n, w)).collect();
    counts.sort();
    let most = counts.iter().rev().take(3);
    let told: Vec<String> = most
        .map(|(n, what)| format!("{what} ({n} times)"))
        .collect();
    told.join(", ")
}

/// What an empty cluster holds.
#[derive(Debug, PartialEq)]
struct House {
    pods: usize,
    sandboxes_and_containers: (usize, usize),
    tasks: usize,
    file_bytes: u64,
}

impl House {
    fn of(world: &World) -> House {
        let all = world.cluster.everything();
        House {
            pods: all.iter().filter(|o| o.1 == "pods").count(),
            sandboxes_and_containers: world.cluster.held(),
            tasks: world.executor.tasks(),
            file_bytes: world
                .cluster
                .kernel()
                .map_or(0, machine::Kernel::file_bytes),
        }
    }
}

fn begin(seed: u64, slice: u32) -> Life {
    Life {
        world: World::new(seed, slice),
        inputs: Vec::new(),
        checkers: checkers::all(),
        seen: 0,
        unseen: 0,
        objects: 0,
        at_rest: false,
        tells: false,
    }
}

/// Lives one life, and lives it again. Errors: what was wrong, after which inputs.
pub fn live(seed: u64) -> Result<(), String> {
    let mut life = begin(seed, 1_000_000);
    let lived = catch_unwind(AssertUnwindSafe(|| life.whole(seed)));
    let lived = lived.unwrap_or_else(|panic| Err(format!("panic: {}", reason(&*panic))));
    lived.map_err(|why| {
        let from = life.inputs.len().saturating_sub(5);
        let last: Vec<String> = life.inputs[from..].iter().map(said).collect();
        let at = life.inputs.len();
        format!(
            "after {at} inputs, the last of them\n  {}\n{why}",
            last.join("\n  ")
        )
    })?;
    again(seed, &life)
}

/// The same inputs make the same world, also where they are taken in by small slices and nobody looks between them.
fn again(seed: u64, life: &Life) -> Result<(), String> {
    let mut second = World::new(seed, 7);
    for input in &life.inputs {
        second.take(input)?;
    }
    second.open.clear();
    let (first, second) = (life.world.cluster.picture(), second.cluster.picture());
    if first == second {
        return Ok(());
    }
    let differs = first.lines().zip(second.lines()).find(|(a, b)| a != b);
    Err(format!("the second life differs: {differs:#?}"))
}

/// Lives one life and tells each input, for whoever looks for a bug.
pub fn tell(seed: u64) {
    let mut life = begin(seed, 1_000_000);
    life.tells = true;
    let lived = life.whole(seed);
    if let Err(why) = lived.and_then(|()| again(seed, &life)) {
        panic!("seed {seed}: {why}");
    }
}

fn said(input: &Input) -> String {
    match input {
        Input::Request(r) => {
            let body = match &r.body {
                objects::Body::Object(object) => object.to_string(),
                objects::Body::Patch { text, .. } => text.clone(),
                objects::Body::None => String::new(),
            };
            let (verb, plural, sub) = (r.verb.as_str(), &r.resource, &r.subresource);
            format!(
                "{verb} {plural} {sub} {}/{} {body} {:?}",
                r.namespace, r.name, r.options.propagation
            )
        }
        other => format!("{other:?}"),
    }
}

fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "of an unknown kind".into())
}

//! Hostile loads: whatever a script does to the machine, its world goes on, its neighbours keep their time, and what it holds stays
//! within the ledgers. In simulated time; `podschool bench` measures the same loads on the clock.

mod world;

use machine::cri::ContainerState;
use machine::time::Duration;
use serde::Deserialize;
use world::World;

/// Bytes that files and processes of a world may hold (`kernel.rs`).
const FILES_MAX: u64 = 24 << 20;
const HELD_MAX: u64 = 16 << 20;
/// Polls that a second of simulated time may cost: two CPUs in slices of a millisecond, and what comes with them.
const POLLS_PER_SECOND: u64 = 40_000;
/// How long a load that goes on is looked at, and one that ends may take.
const ENDLESS: Duration = Duration::from_millis(200);
const ENDING: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(100);
/// The stack of a shard's thread (`host`), on which programs nest.
const STACK_BYTES: usize = 16 << 20;

#[derive(Deserialize)]
struct Load {
    name: String,
    script: String,
    /// None: it goes on, or how it ends is its own affair.
    exit: Option<i32>,
}

fn loads() -> Vec<Load> {
    serde_json::from_str(include_str!("fixtures/hostile.json")).expect("fixtures are JSON")
}

/// Runs the load beside a neighbour; what is wrong with how it went.
fn trouble(load: &Load) -> Vec<String> {
    let world = World::new();
    let bad = world.start(&["sh", "-c", &load.script]);
    let good = world.start(&["sh", "-c", "while :; do sleep 0.1; echo tick; done"]);
    let mut wrong = Vec::new();
    let begun = world.executor.now();
    let ended = || world.status(&bad).state == ContainerState::Exited;
    let limit = if load.exit.is_some() { ENDING } else { ENDLESS };
    while world.executor.now().since(begun) < limit && !ended() {
        let before = world.executor.polls();
        let end = world.executor.now() + STEP;
        if !world.executor.run_until(end, &mut 200_000) {
            return vec!["time stands still".into()];
        }
        let polls = world.executor.polls() - before;
        if polls * 10 > POLLS_PER_SECOND {
            wrong.push(format!("{polls} polls in a tenth of a second"));
        }
        let (held, files) = (world.kernel.held_bytes(), world.kernel.file_bytes());
        if held > HELD_MAX || files > FILES_MAX {
            wrong.push(format!("{held} bytes held, {files} of files"));
        }
    }
    let ticks = world.logs(&good).lines().count() as u128;
    let due = world.executor.now().since(begun).as_millis() / 100;
    if ticks + 2 < due {
        wrong.push(format!("the neighbour ticked {ticks} times, not {due}"));
    }
    let status = world.status(&bad);
    if load
        .exit
        .is_some_and(|code| !ended() || status.exit_code != code)
    {
        let (logs, want) = (world.logs(&bad), load.exit);
        let shown: String = logs.chars().take(300).collect();
        wrong.push(format!(
            "{:?} with {}, not {want:?}: {shown}",
            status.state, status.exit_code
        ));
    }
    world.stop(&bad, Duration::ZERO);
    let stats = world.node.container_stats(&bad).unwrap();
    let left = (
        stats.processes,
        stats.memory_working_set,
        world.kernel.held_bytes(),
    );
    if left != (0, 0, 0) {
        wrong.push(format!(
            "left behind: {left:?} processes, bytes, bytes held"
        ));
    }
    wrong
}

/// The loads whose number leaves `rest` when divided by `by`.
fn check(by: usize, rest: usize) {
    let run = move || {
        let mut all = String::new();
        for load in loads().iter().skip(rest).step_by(by) {
            for wrong in trouble(load) {
                all.push_str(&format!("{}: {wrong}\n    {}\n", load.name, load.script));
            }
        }
        all
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let wrong = thread.spawn(run).unwrap().join().unwrap();
    assert!(wrong.is_empty(), "{wrong}");
}

macro_rules! parts {
    ($($name:ident $rest:literal)*) => {
        $(#[test]
        fn $name() {
            check(4, $rest);
        })*
    };
}

parts! {
    hostile_loads_stay_within_bounds_first_part 0
    hostile_loads_stay_within_bounds_second_part 1
    hostile_loads_stay_within_bounds_third_part 2
    hostile_loads_stay_within_bounds_fourth_part 3
}

//! The same through the doors of `host`: a world on a shard thread, its journal written and read again, and the world that comes of it.

use cluster::{ClusterSpec, NodeSpec};
use host::{ClockCommand, Handle, Shards, StreamOut, WorldSpec};
use machine::{Chance, Duration};

use crate::acts::{self, Input, NODES};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;
const INPUTS: usize = 30;

/// A cluster beside the world, which only says what could be asked for next: commands are drawn from what it holds.
async fn live(handle: &Handle, seed: u64) {
    let chance = Chance::branch(seed, 0x6a6f_7572);
    let executor = machine::Executor::new(spec(seed).start);
    let twin = cluster::Cluster::new(spec(seed), executor.clone());
    let mut streams = Vec::new();
    for _ in 0..INPUTS {
        let input = acts::next(&twin, &chance);
        match input {
            Input::Request(request) => {
                drop(twin.request(&request));
                drop(handle.request(*request).await);
            }
            Input::Exec(query) => streams.extend(handle.exec(query).await),
            Input::Run(by) => {
                let by = by.min(Duration::from_secs(60));
                executor.run_until(executor.now() + by, &mut 1_000_000);
                handle.clock(ClockCommand::Step(by)).await.expect("a step");
            }
            Input::Fault(fault) => {
                drop(twin.fault(&fault));
                drop(handle.fault(fault).await);
            }
        }
        // What came out is read, so that its credit stands in the journal too.
        for stream in &mut streams {
            while let Some(Some(piece)) = futures::FutureExt::now_or_never(stream.output.recv()) {
                if matches!(piece, StreamOut::Exit(_)) {
                    break;
                }
            }
        }
    }
    twin.close();
}

fn spec(seed: u64) -> ClusterSpec {
    ClusterSpec {
        seed,
        nodes: (1..=NODES).map(NodeSpec::numbered).collect(),
        ..ClusterSpec::default()
    }
}

#[tokio::test]
async fn journals_make_the_same_worlds() {
    let shards = Shards::new(2);
    for seed in SEEDS {
        let world = WorldSpec {
            seed,
            start: Some(spec(seed).start),
            cluster: Some(spec(seed)),
            ..WorldSpec::default()
        };
        let first = shards.create(world).await.expect("a world");
        first.clock(ClockCommand::Pause).await.expect("paused");
        live(&first, seed).await;
        let journal = first.journal().await.expect("a journal");
        assert!(journal.complete, "seed {seed}");
        let picture = first.picture().await.expect("a picture");
        let text = serde_json::to_string(&journal).expect("journals can be written");
        let journal = serde_json::from_str(&text).expect("journals can be read");
        let second = shards.replay(journal, true).await.expect("a world");
        let again = second.picture().await.expect("a picture");
        let differs = picture.lines().zip(again.lines()).find(|(a, b)| a != b);
        assert!(picture == again, "seed {seed}: {differs:#?}");
    }
}

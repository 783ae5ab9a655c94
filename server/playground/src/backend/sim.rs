//! A simulated cluster and a workstation in one world, on one clock.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use course::{Lesson, Observation};
use host::{ClusterSpec, Handle, Journal, NodeSpec, Shards, WorkstationSpec, WorldSpec};

use super::{Grown, SERVER};
use crate::workstation::{COMPLETES, USER, home_files};

const NAMESPACE: &str = "default";

/// Makes a world for a session.
pub async fn grow(shards: &Shards, session: &str, lesson: &Lesson) -> Result<Grown, String> {
    let spec = spec(seed(session), lesson.nodes, &lesson.files);
    let world = shards
        .create(spec)
        .await
        .map_err(|error| error.to_string())?;
    Ok(grown(world))
}

/// What every session begins as, but for its seed, its number of nodes and the lesson's files.
pub fn spec(seed: u64, nodes: u8, files: &BTreeMap<String, String>) -> WorldSpec {
    WorldSpec {
        seed,
        cluster: Some(ClusterSpec {
            seed,
            nodes: (1..=nodes).map(NodeSpec::numbered).collect(),
            ..ClusterSpec::default()
        }),
        workstation: Some(WorkstationSpec {
            user: USER.into(),
            files: home_files(files, SERVER, NAMESPACE),
            ..WorkstationSpec::default()
        }),
        ..WorldSpec::default()
    }
}

/// Makes the world of a journal again, without the files that the workstation had.
pub async fn regrow(shards: &Shards, mut journal: Journal) -> Option<Grown> {
    if journal.rules != host::RULES || !journal.complete {
        return None;
    }
    if let Some(workstation) = &mut journal.spec.workstation {
        workstation.files = vec![(COMPLETES.into(), String::new())];
    }
    let world = shards.replay(journal, false).await.ok()?;
    // It answers when it has come to where it was; one that broke on the way does not.
    world.clock(host::ClockCommand::Read).await.ok()?;
    Some(grown(world))
}

/// All objects as they will be after `time`, if nobody does anything: a copy of the cluster is made from its journal and run ahead.
/// `None`: it cannot be made again.
pub async fn ahead(shards: &Shards, world: &Handle, time: Duration) -> Option<Vec<Observation>> {
    let mut journal = world.journal().await.ok().filter(|j| j.complete)?;
    journal.spec.workstation = None;
    let copy = shards.replay(journal, true).await.ok()?;
    copy.clock(host::ClockCommand::Step(time)).await.ok()?;
    let client = super::duplex::client(&copy, NAMESPACE);
    Some(course::list(&client, NAMESPACE).await)
}

fn grown(world: Handle) -> Grown {
    let client = super::duplex::client(&world, NAMESPACE);
    Grown {
        watcher: client.clone(),
        client,
        namespace: NAMESPACE.into(),
        server: SERVER.into(),
        simulated: true,
        dozing: AtomicBool::new(false),
        tenant: None,
        world,
    }
}

/// Sessions are named by chance, and so are their worlds.
fn seed(session: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(session.as_bytes());
    hash.iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

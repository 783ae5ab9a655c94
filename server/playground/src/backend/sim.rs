//! A simulated cluster and a workstation in one world, on one clock.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use host::{ClusterSpec, Shards, WorkstationSpec, WorldSpec};

use super::{Grown, SERVER};
use crate::workstation::{USER, home_files};

const NAMESPACE: &str = "default";

/// Makes a world for a session.
pub async fn grow(
    shards: &Shards,
    session: &str,
    files: &BTreeMap<String, String>,
) -> Result<Grown, String> {
    let seed = seed(session);
    let spec = WorldSpec {
        seed,
        cluster: Some(ClusterSpec {
            seed,
            ..ClusterSpec::default()
        }),
        workstation: Some(WorkstationSpec {
            user: USER.into(),
            files: home_files(files, SERVER, NAMESPACE),
            ..WorkstationSpec::default()
        }),
        ..WorldSpec::default()
    };
    let world = shards
        .create(spec)
        .await
        .map_err(|error| error.to_string())?;
    let client = super::duplex::client(&world, NAMESPACE);
    Ok(Grown {
        watcher: client.clone(),
        client,
        namespace: NAMESPACE.into(),
        server: SERVER.into(),
        simulated: true,
        dozing: AtomicBool::new(false),
        tenant: None,
        world,
    })
}

/// Sessions are named by chance, and so are their worlds.
fn seed(session: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(session.as_bytes());
    hash.iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

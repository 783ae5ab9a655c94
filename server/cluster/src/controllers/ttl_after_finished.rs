//! Jobs that ended go after `ttlSecondsAfterFinished`. Mirrors `pkg/controller/ttlafterfinished` of Kubernetes 1.36.

use std::time::Duration;

use objects::meta;

use super::owned::{self, condition};
use super::queue::{Again, Key, Queue, at_once};
use crate::cluster::{Cluster, resource};
use crate::store::Change;
use crate::view;

/// Starts the controller.
pub(crate) fn start(cluster: &Cluster) {
    let keys = |_: &Cluster, change: &Change| owned::own_key(change);
    Queue {
        follows: &[("batch", "jobs")],
        keys,
        delay: at_once,
        reconcile,
    }
    .start(cluster);
}

fn reconcile(cluster: &Cluster, key: &Key) -> Again {
    let job = cluster.get(resource("batch", "jobs"), &key.0, &key.1)?;
    let ttl = view::int(&job, &["spec", "ttlSecondsAfterFinished"])?;
    let ended = ["Complete", "Failed"]
        .iter()
        .find_map(|k| condition(&job, k).filter(|c| view::text(c, &["status"]) == "True"))?;
    let since = objects::time::parse_seconds(view::text(ended, &["lastTransitionTime"]))?;
    let left = since + ttl - cluster.seconds();
    if left > 0 {
        return u64::try_from(left).ok().map(Duration::from_secs);
    }
    if !meta::is_deleting(&job) {
        // a refusal means that it is gone already
        let _ = cluster.delete(
            "ttl-after-finished-controller",
            resource("batch", "jobs"),
            &job,
            None,
        );
    }
    None
}

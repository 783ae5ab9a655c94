//! Slow start: of many pods that are missing one is made first, then two, then four, so that what goes wrong goes wrong once.
//!
//! Mirrors `slowStartBatch` of kube-controller-manager. There one look makes batch after batch, and each takes as long as its requests; here
//! each batch is a look of its own, and those before it are known by the pods that they made.

use std::time::Duration;

use objects::{Object, meta};

use crate::view;

/// From one batch to the next.
pub(super) const NEXT: Duration = Duration::from_millis(8);

/// How many pods the next batch may make, by the pods that are there. `now`: seconds since the epoch.
pub(super) fn batch(there: &[Object], now: i64) -> usize {
    there.iter().filter(|pod| is_fresh(pod, now)).count() + 1
}

/// Made just now: no kubelet has seen it.
fn is_fresh(pod: &Object, now: i64) -> bool {
    let made = objects::time::parse_seconds(meta::creation_timestamp(pod));
    view::text(pod, &["status", "startTime"]).is_empty() && made.is_some_and(|at| now - at <= 1)
}

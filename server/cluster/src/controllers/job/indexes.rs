//! Indexed jobs: which indexes are done, and which want a pod. Mirrors `indexed_job_utils.go` of Kubernetes 1.36.

use std::collections::BTreeSet;

use objects::{Object, meta};

use crate::cluster::{Cluster, resource};
use crate::view;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Whether pods of the job are numbered.
fn is_indexed(job: &Object) -> bool {
    view::text(job, &["spec", "completionMode"]) == "Indexed"
}

/// The index that a pod is for.
pub(super) fn index_of(pod: &Object) -> Option<i64> {
    meta::annotation(pod, INDEX)?.parse().ok()
}

/// `0-2,4` as a set.
pub(super) fn parse(text: &str) -> BTreeSet<i64> {
    let mut all = BTreeSet::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
            all.extend(from..=to);
        }
    }
    all
}

/// A set as `0-2,4`: runs of three and more with a dash.
pub(super) fn print(all: &BTreeSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for &n in all {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == n => run.1 = n,
            _ => runs.push((n, n)),
        }
    }
    let say = |(a, b): &(i64, i64)| match b - a {
        0 => a.to_string(),
        1 => format!("{a},{b}"),
        _ => format!("{a}-{b}"),
    };
    runs.iter().map(say).collect::<Vec<_>>().join(",")
}

/// Notes that the pod of an index succeeded.
pub(super) fn note(cluster: &Cluster, job: &Object, pod: &Object, good: bool) {
    let Some(index) = index_of(pod).filter(|_| good && is_indexed(job)) else {
        return;
    };
    cluster.amend(resource("batch", "jobs"), job, |o| {
        let mut done = parse(view::text(o, &["status", "completedIndexes"]));
        done.insert(index);
        view::set(o, &["status", "completedIndexes"], print(&done));
    });
}

/// For up to `most` new pods: their indexes, or none each where pods are not numbered.
pub(super) fn missing(
    job: &Object,
    active: &[Object],
    failed: &BTreeSet<i64>,
    most: usize,
) -> Vec<Option<i64>> {
    if !is_indexed(job) {
        return vec![None; most];
    }
    let mut taken = parse(view::text(job, &["status", "completedIndexes"]));
    taken.extend(failed);
    taken.extend(active.iter().filter_map(index_of));
    let completions = view::int(job, &["spec", "completions"]).unwrap_or(0);
    (0..completions)
        .filter(|i| !taken.contains(i))
        .take(most)
        .map(Some)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_and_printed() {
        let check = |text: &str| assert_eq!(print(&parse(text)), text);
        check("");
        check("0-2,4");
        check("0,1,7");
        check("5");
    }
}

//! Volumes in scheduling: claims that are missing or unbound, volumes that belong to other nodes, claims that wait for their first pod.
//!
//! Mirrors the plugins VolumeBinding and VolumeRestrictions.

use objects::{Object, meta};
use serde_json::Value;

use super::affinity;
use super::filter::Rejection;
use crate::cluster::{Cluster, resource};
use crate::view;

/// The names of the claims that a pod uses.
pub(crate) fn claims_of(pod: &Value) -> Vec<String> {
    let volumes = view::list(pod, &["spec", "volumes"]).iter();
    volumes
        .filter_map(|v| {
            if v.get("ephemeral").is_some() {
                return Some(format!("{}-{}", meta::name(pod), view::text(v, &["name"])));
            }
            Some(view::text(v, &["persistentVolumeClaim", "claimName"]).to_string())
                .filter(|n| !n.is_empty())
        })
        .collect()
}

fn claim(cluster: &Cluster, pod: &Value, name: &str) -> Option<Object> {
    cluster.get(
        resource("", "persistentvolumeclaims"),
        meta::namespace(pod),
        name,
    )
}

/// Whether a claim waits until a pod that uses it is scheduled.
pub(crate) fn waits_for_consumer(cluster: &Cluster, claim: &Value) -> bool {
    let class = view::text(claim, &["spec", "storageClassName"]);
    let found = cluster.get(resource("storage.k8s.io", "storageclasses"), "", class);
    found.is_some_and(|c| view::text(&c, &["volumeBindingMode"]) == "WaitForFirstConsumer")
}

fn is_bound(claim: &Value) -> bool {
    view::text(claim, &["status", "phase"]) == "Bound"
}

/// The iSCSI targets that a pod wants, and whether only to read.
fn targets(pod: &Value) -> impl Iterator<Item = (&str, bool)> {
    let volumes = view::list(pod, &["spec", "volumes"]).iter();
    let disks = volumes.filter_map(|v| v.get("iscsi"));
    disks.map(|d| (view::text(d, &["iqn"]), view::flag(d, &["readOnly"])))
}

/// Whether a pod wants a disk.
pub(super) fn asks_disks(pod: &Value) -> bool {
    targets(pod).next().is_some()
}

/// Whether no pod of a node has a disk that this pod wants: an iSCSI target is used by one pod, or read by many.
pub(super) fn disks_free<'a>(pod: &Value, on_node: impl IntoIterator<Item = &'a Value>) -> bool {
    let wanted: Vec<(&str, bool)> = targets(pod).collect();
    let clash = |(taken, reads): (&str, bool)| {
        wanted
            .iter()
            .any(|(iqn, only)| *iqn == taken && !(reads && *only))
    };
    !on_node.into_iter().flat_map(targets).any(clash)
}

/// What rejects a pod whatever the node is.
pub(super) fn pre_filter(cluster: &Cluster, pod: &Value) -> Result<(), String> {
    let mut unbound = false;
    for name in claims_of(pod) {
        let Some(found) = claim(cluster, pod, &name) else {
            return Err(format!("persistentvolumeclaim {name:?} not found"));
        };
        if meta::is_deleting(&found) {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        let volume = view::text(&found, &["spec", "volumeName"]);
        if is_bound(&found)
            && cluster
                .get(resource("", "persistentvolumes"), "", volume)
                .is_none()
        {
            return Err(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
            ));
        }
        unbound |= !is_bound(&found) && !waits_for_consumer(cluster, &found);
    }
    if unbound {
        Err("pod has unbound immediate PersistentVolumeClaims".into())
    } else {
        Ok(())
    }
}

/// Whether a volume can be used on a node.
fn reachable(volume: &Value, node: &Value) -> bool {
    let required = view::at(volume, &["spec", "nodeAffinity", "required"]);
    required.is_null()
        || view::list(required, &["nodeSelectorTerms"])
            .iter()
            .any(|t| affinity::term_matches(t, node))
}

/// What rejects a node.
pub(super) fn reject(cluster: &Cluster, pod: &Value, node: &Value) -> Option<Rejection> {
    for name in claims_of(pod) {
        let found = claim(cluster, pod, &name)?;
        if is_bound(&found) {
            let volume = cluster.get(
                resource("", "persistentvolumes"),
                "",
                view::text(&found, &["spec", "volumeName"]),
            )?;
            if !reachable(&volume, node) {
                return Some(Rejection::never(
                    super::hints::Cause::Claims,
                    "node(s) didn't match PersistentVolume's node affinity",
                ));
            }
        } else if crate::controllers::persistentvolume::match_for(cluster, &found, Some(node))
            .is_none()
            && !provisioned(cluster, &found)
        {
            return Some(Rejection::never(
                super::hints::Cause::Claims,
                "node(s) didn't find available persistent volumes to bind",
            ));
        }
    }
    None
}

fn provisioned(cluster: &Cluster, claim: &Value) -> bool {
    let class = view::text(claim, &["spec", "storageClassName"]);
    let found = cluster.get(resource("storage.k8s.io", "storageclasses"), "", class);
    found.is_some_and(|c| view::text(&c, &["provisioner"]) != "kubernetes.io/no-provisioner")
}

/// Tells the volume controller which node the claims that waited now belong to.
pub(super) fn reserve(cluster: &Cluster, pod: &Value, node: &str) {
    for name in claims_of(pod) {
        let Some(found) = claim(cluster, pod, &name).filter(|c| !is_bound(c)) else {
            continue;
        };
        cluster.amend(resource("", "persistentvolumeclaims"), &found, |claim| {
            view::set(
                claim,
                &[
                    "metadata",
                    "annotations",
                    "volume.kubernetes.io/selected-node",
                ],
                node,
            );
        });
    }
}

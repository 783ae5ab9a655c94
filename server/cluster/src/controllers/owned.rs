//! Owners and what they own: references, adoption, pods from templates, hashes of templates, readiness.
//!
//! Mirrors `controller_ref_manager.go` and `controller_utils.go` of kube-controller-manager.

use objects::selector::LabelSelector;
use objects::{Object, Resource, Status, meta};
use serde_json::{Value, json};

use super::queue::Key;
use crate::cluster::{Cluster, pods};
use crate::events::{Kind, Source};
use crate::store::Change;
use crate::view;

/// Letters that names are made of: no vowels, so that no words come out.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The reference by which `owner` controls something.
pub(crate) fn reference(api_version: &str, kind: &str, owner: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "name": meta::name(owner), "uid": meta::uid(owner),
        "controller": true, "blockOwnerDeletion": true})
}

/// The keys that a change of an owned object touches: its controller of this kind, now and before.
pub(crate) fn controllers_of(change: &Change, kind: &str) -> Vec<Key> {
    let both = [Some(&change.object), change.old.as_ref()];
    let mut keys: Vec<Key> = both
        .into_iter()
        .flatten()
        .filter_map(|o| controller_key(o, kind))
        .collect();
    keys.dedup();
    keys
}

fn controller_key(object: &Value, kind: &str) -> Option<Key> {
    let owner = meta::controller(object)?;
    (view::text(owner, &["kind"]) == kind).then(|| {
        (
            meta::namespace(object).to_string(),
            view::text(owner, &["name"]).to_string(),
        )
    })
}

/// The key of the changed object itself.
pub(crate) fn own_key(change: &Change) -> Vec<Key> {
    vec![(
        meta::namespace(&change.object).to_string(),
        meta::name(&change.object).to_string(),
    )]
}

/// The objects of `resource` that `owner` controls; orphans that its selector matches are adopted, what no longer matches is released.
pub(crate) fn claim(
    cluster: &Cluster,
    resource: &'static Resource,
    owner: &Value,
    reference: &Value,
) -> Vec<Object> {
    claim_where(cluster, resource, owner, reference, |_| true)
}

/// As [`claim`], of the pods that are not over: those that are stay with whom they have. So does kube-controller-manager for ReplicaSets:
/// `syncReplicaSet` takes `FilterActivePods` before `claimPods`, so nobody adopts or releases a pod that succeeded or failed.
pub(crate) fn claim_standing(cluster: &Cluster, owner: &Value, reference: &Value) -> Vec<Object> {
    let standing = cluster.standing_pods(meta::namespace(owner));
    claim_of(cluster, pods(), standing, owner, reference, |_| true)
}

/// As [`claim`], where what is no `member` belongs to the owner as little as what its selector does not match.
pub(crate) fn claim_where(
    cluster: &Cluster,
    resource: &'static Resource,
    owner: &Value,
    reference: &Value,
    member: impl Fn(&Value) -> bool,
) -> Vec<Object> {
    let all = cluster.list(resource, meta::namespace(owner));
    claim_of(cluster, resource, all, owner, reference, member)
}

fn claim_of(
    cluster: &Cluster,
    resource: &'static Resource,
    all: Vec<Object>,
    owner: &Value,
    reference: &Value,
    member: impl Fn(&Value) -> bool,
) -> Vec<Object> {
    let selector = LabelSelector::from_object(view::at(owner, &["spec", "selector"]));
    let mut mine = Vec::new();
    for object in all {
        let matches = || selector.matches_object(&object) && member(&object);
        match meta::controller(&object).map(|c| view::text(c, &["uid"]) == meta::uid(owner)) {
            Some(true) if matches() => mine.push(object),
            Some(true) if !meta::is_deleting(owner) => release(cluster, resource, &object, owner),
            None if matches() && !meta::is_deleting(&object) && !meta::is_deleting(owner) => {
                mine.extend(adopt(cluster, resource, &object, reference));
            }
            _ => {}
        }
    }
    mine
}

/// The objects of `resource` that `owner` controls, without adopting any.
pub(crate) fn claim_by_owner(
    cluster: &Cluster,
    resource: &'static Resource,
    owner: &Value,
) -> Vec<Object> {
    let mine = |o: &Object| {
        meta::controller(o).is_some_and(|c| view::text(c, &["uid"]) == meta::uid(owner))
    };
    cluster
        .list(resource, meta::namespace(owner))
        .into_iter()
        .filter(mine)
        .collect()
}

fn adopt(
    cluster: &Cluster,
    resource: &'static Resource,
    object: &Object,
    reference: &Value,
) -> Option<Object> {
    cluster.amend(resource, object, |o| {
        view::list_mut(o, &["metadata", "ownerReferences"]).push(reference.clone())
    })
}

fn release(cluster: &Cluster, resource: &'static Resource, object: &Object, owner: &Value) {
    cluster.amend(resource, object, |o| {
        let references = view::list_mut(o, &["metadata", "ownerReferences"]);
        references.retain(|r| view::text(r, &["uid"]) != meta::uid(owner));
        if references.is_empty() {
            view::remove(o, &["metadata", "ownerReferences"]);
        }
    });
}

/// A pod as its template says, controlled by `owner`, in the owner's namespace. Its name is made from `base`.
pub(crate) fn pod_of(template: &Value, owner: &Value, reference: Value, base: &str) -> Value {
    let mut metadata = json!({"generateName": format!("{base}-"), "namespace": meta::namespace(owner), "ownerReferences": [reference]});
    for key in ["labels", "annotations", "finalizers"] {
        let given = view::at(template, &["metadata", key]);
        if !given.is_null() {
            metadata[key] = given.clone();
        }
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": view::at(template, &["spec"])})
}

/// Creates a pod for `owner` and tells so, or why it could not be.
pub(crate) fn create_pod(
    cluster: &Cluster,
    by: &'static str,
    owner: &Value,
    pod: Value,
) -> Result<Object, Status> {
    let source = source(by);
    match cluster.create(by, pods(), pod) {
        Ok(pod) => {
            cluster.event(
                &source,
                owner,
                Kind::Normal,
                "SuccessfulCreate",
                &format!("Created pod: {}", meta::name(&pod)),
            );
            Ok(pod)
        }
        Err(status) => {
            cluster.event(
                &source,
                owner,
                Kind::Warning,
                "FailedCreate",
                &format!("Error creating: {}", status.message),
            );
            Err(status)
        }
    }
}

/// Deletes a pod of `owner` and tells so.
pub(crate) fn delete_pod(cluster: &Cluster, by: &'static str, owner: &Value, pod: &Object) {
    if cluster.delete(by, pods(), pod, None).is_ok() {
        let text = format!("Deleted pod: {}", meta::name(pod));
        cluster.event(&source(by), owner, Kind::Normal, "SuccessfulDelete", &text);
    }
}

/// A component of the controller manager as the source of events.
pub(crate) fn source(component: &'static str) -> Source {
    Source {
        component,
        host: String::new(),
    }
}

/// Neither ended nor on its way out.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_ended(pod) && !meta::is_deleting(pod)
}

/// Succeeded or Failed.
pub(crate) fn is_ended(pod: &Value) -> bool {
    matches!(
        view::text(pod, &["status", "phase"]),
        "Succeeded" | "Failed"
    )
}

/// A condition of an object by its type.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    view::list(object, &["status", "conditions"])
        .iter()
        .find(|c| view::text(c, &["type"]) == kind)
}

/// Whether a pod's condition Ready is True.
pub(crate) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| view::text(c, &["status"]) == "True")
}

/// Since when a pod is ready, in seconds since the epoch.
pub(crate) fn ready_since(pod: &Value) -> Option<i64> {
    let condition = condition(pod, "Ready").filter(|c| view::text(c, &["status"]) == "True")?;
    objects::time::parse_seconds(view::text(condition, &["lastTransitionTime"]))
}

/// Whether a pod has been ready for `min_ready` seconds; if not yet, how many are missing.
pub(crate) fn is_available(pod: &Value, min_ready: i64, now: i64) -> Result<(), Option<i64>> {
    if min_ready == 0 {
        return if is_ready(pod) { Ok(()) } else { Err(None) };
    }
    let since = ready_since(pod).ok_or(None)?;
    let missing = since + min_ready - now;
    if missing <= 0 {
        Ok(())
    } else {
        Err(Some(missing))
    }
}

/// The hash of a template as names carry it: FNV-1a of its text, in digits that are no words.
pub(crate) fn template_hash(template: &Value, collisions: i64) -> String {
    let mut hash = 0x811c_9dc5_u32;
    let text = format!("{template}{collisions}");
    for byte in text.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let digits = (hash % 4_000_000_000).max(10_000_000).to_string();
    digits
        .bytes()
        .map(|d| char::from(LETTERS[usize::from(d) % LETTERS.len()]))
        .collect()
}

/// A template without the label that tells templates apart.
pub(crate) fn bare_template(template: &Value) -> Value {
    let mut bare = template.clone();
    view::remove(&mut bare, &["metadata", "labels", "pod-template-hash"]);
    bare
}

/// `5` or `25%` of `whole`, rounded up or down.
pub(crate) fn share(value: &Value, whole: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent = value
        .as_str()
        .and_then(|t| t.strip_suffix('%'))
        .and_then(|t| t.parse::<i64>().ok())
        .unwrap_or(0);
    let product = percent * whole;
    if up {
        (product + 99).div_euclid(100)
    } else {
        product.div_euclid(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_as_asked() {
        let check = |value: Value, whole, up, expect| {
            assert_eq!(share(&value, whole, up), expect, "{value} of {whole}")
        };
        check(json!("25%"), 3, true, 1);
        check(json!("25%"), 3, false, 0);
        check(json!("100%"), 3, false, 3);
        check(json!(2), 3, false, 2);
    }

    #[test]
    fn hashes_differ_and_are_no_words() {
        let (a, b) = (
            template_hash(&json!({"a": 1}), 0),
            template_hash(&json!({"a": 2}), 0),
        );
        assert_ne!(a, b);
        assert!(
            a.len() >= 8 && a.bytes().all(|c| LETTERS.contains(&c)),
            "{a}"
        );
    }

    #[test]
    fn availability_waits() {
        let pod = json!({"status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:01:40Z"}]}});
        assert_eq!(is_available(&pod, 0, 100), Ok(()));
        assert_eq!(is_available(&pod, 30, 110), Err(Some(20)));
        assert_eq!(is_available(&pod, 30, 130), Ok(()));
        assert_eq!(is_available(&json!({}), 0, 100), Err(None));
    }
}

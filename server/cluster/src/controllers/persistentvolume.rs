//! persistentvolume-binder and its neighbours: binds claims to volumes, provisions, reclaims, and protects what is in use.

use machine::Time;
use objects::selector::LabelSelector;
use objects::{Object, Quantity, meta};
use serde_json::{Value, json};

use super::{Controller, Resources};
use crate::cluster::{Cluster, pods, resource};
use crate::events::{Kind, Source};
use crate::scheduler::affinity;
use crate::store::Change;
use crate::view;

/// How often unbound claims are looked at again, in nanoseconds; each look tells their events again.
const RESYNC: i64 = 15_000_000_000;

#[derive(Default)]
pub(crate) struct PersistentVolumeController {
    again: Option<Time>,
}

fn volumes() -> &'static objects::Resource {
    resource("", "persistentvolumes")
}

fn claims() -> &'static objects::Resource {
    resource("", "persistentvolumeclaims")
}

impl Controller for PersistentVolumeController {
    fn follows(&self) -> Resources {
        &[
            ("", "persistentvolumes"),
            ("", "persistentvolumeclaims"),
            ("", "pods"),
            ("storage.k8s.io", "storageclasses"),
        ]
    }

    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]) {
        let due = self.again.is_some_and(|at| at <= cluster.now());
        let about = |plural: &str| changes.iter().any(|c| c.resource.plural == plural);
        let storage = about("persistentvolumes")
            || about("persistentvolumeclaims")
            || about("storageclasses");
        if !due
            && !storage
            && !changes
                .iter()
                .any(|c| c.resource.plural == "pods" && uses_claims(&c.object))
        {
            return;
        }
        for volume in cluster.list(volumes(), "") {
            sync_volume(cluster, &volume);
        }
        let mut unbound = false;
        for claim in cluster.list(claims(), "") {
            let fresh = changes.iter().any(|c| {
                c.resource.plural == "persistentvolumeclaims"
                    && c.old.is_none()
                    && meta::uid(&c.object) == meta::uid(&claim)
            });
            unbound |= !sync_claim(cluster, &claim, due || fresh);
        }
        for volume in cluster.list(volumes(), "") {
            sync_volume(cluster, &volume);
        }
        self.again = match (unbound, self.again) {
            (false, _) => None,
            (true, Some(at)) if at > cluster.now() => Some(at),
            // The controller looks at all of them together, at whole multiples of its period.
            (true, _) => Some(Time((cluster.now().0 / RESYNC + 1) * RESYNC)),
        };
    }

    fn wake(&self) -> Option<Time> {
        self.again
    }
}

fn uses_claims(pod: &Value) -> bool {
    view::list(pod, &["spec", "volumes"])
        .iter()
        .any(|v| v.get("persistentVolumeClaim").is_some() || v.get("ephemeral").is_some())
}

fn in_use(cluster: &Cluster, claim: &Value) -> bool {
    let all = cluster.list(pods(), meta::namespace(claim));
    let name = meta::name(claim);
    all.iter().any(|p| {
        crate::scheduler::resources::takes_room(p)
            && view::list(p, &["spec", "volumes"])
                .iter()
                .any(|v| view::text(v, &["persistentVolumeClaim", "claimName"]) == name)
    })
}

fn drop_finalizer(cluster: &Cluster, of: &'static objects::Resource, object: &Value, name: &str) {
    cluster.amend(of, object, |o| {
        let finalizers = view::list_mut(o, &["metadata", "finalizers"]);
        finalizers.retain(|f| f != name);
        if finalizers.is_empty() {
            meta::remove(o, "finalizers");
        }
    });
}

fn set_phase(cluster: &Cluster, volume: &Value, phase: &str) {
    if view::text(volume, &["status", "phase"]) == phase {
        return;
    }
    let now = cluster.now_text();
    cluster.amend(volumes(), volume, |v| {
        view::set(v, &["status", "phase"], phase);
        view::set(v, &["status", "lastPhaseTransitionTime"], now);
    });
}

fn sync_volume(cluster: &Cluster, volume: &Object) {
    let claim_ref = view::at(volume, &["spec", "claimRef"]);
    if claim_ref.is_null() {
        if meta::is_deleting(volume) {
            drop_finalizer(cluster, volumes(), volume, "kubernetes.io/pv-protection");
        } else {
            set_phase(cluster, volume, "Available");
        }
        return;
    }
    let claim = cluster.get(
        claims(),
        view::text(claim_ref, &["namespace"]),
        view::text(claim_ref, &["name"]),
    );
    let uid = view::text(claim_ref, &["uid"]);
    let claim = claim.filter(|c| uid.is_empty() || meta::uid(c) == uid);
    match claim {
        Some(claim)
            if !uid.is_empty()
                && view::text(&claim, &["spec", "volumeName"]) == meta::name(volume) =>
        {
            set_phase(cluster, volume, "Bound")
        }
        Some(_) => {
            if uid.is_empty() {
                set_phase(cluster, volume, "Available");
            }
        }
        None if uid.is_empty() => set_phase(cluster, volume, "Available"),
        None => release(cluster, volume),
    }
}

fn release(cluster: &Cluster, volume: &Object) {
    let is_first = view::text(volume, &["status", "phase"]) == "Bound";
    if view::text(volume, &["status", "phase"]) != "Failed" {
        set_phase(cluster, volume, "Released");
    }
    let dynamic = meta::annotation(volume, "pv.kubernetes.io/provisioned-by").is_some();
    if meta::is_deleting(volume) {
        drop_finalizer(cluster, volumes(), volume, "kubernetes.io/pv-protection");
        return;
    }
    if view::text(volume, &["spec", "persistentVolumeReclaimPolicy"]) != "Delete" {
        return;
    }
    if dynamic {
        reclaim(cluster, volume);
    } else if is_first {
        match refused_to_delete(volume) {
            None => reclaim(cluster, volume),
            Some(why) => fail(cluster, volume, &why),
        }
    }
}

fn reclaim(cluster: &Cluster, volume: &Object) {
    let _gone_already = cluster.delete("persistentvolume-controller", volumes(), volume, None);
    if let Some(live) = cluster.get(volumes(), "", meta::name(volume)) {
        drop_finalizer(cluster, volumes(), &live, "kubernetes.io/pv-protection");
    }
}

/// Why the controller does not delete what lies behind a volume that somebody made by hand: of hostPath it deletes below /tmp only.
fn refused_to_delete(volume: &Value) -> Option<String> {
    let Some(source) = volume["spec"].get("hostPath") else {
        return Some(format!(
            "error getting deleter volume plugin for volume {:?}: no deletable volume plugin matched",
            meta::name(volume)
        ));
    };
    let path = view::text(source, &["path"]);
    let below = path.split_once("/tmp/").map_or("", |(_, below)| below);
    below
        .is_empty()
        .then(|| format!("host_path deleter only supports /tmp/.+ but received provided {path}"))
}

fn fail(cluster: &Cluster, volume: &Object, why: &str) {
    let live = cluster.get(volumes(), "", meta::name(volume));
    let live = live.unwrap_or_else(|| volume.clone());
    set_phase(cluster, &live, "Failed");
    cluster.amend(volumes(), &live, |v| {
        view::set(v, &["status", "message"], why);
    });
    event(cluster, volume, Kind::Warning, "VolumeFailedDelete", why);
}

/// Brings one claim on. Answers whether it needs nothing more.
fn sync_claim(cluster: &Cluster, claim: &Object, tell: bool) -> bool {
    if meta::is_deleting(claim) {
        if !in_use(cluster, claim) {
            drop_finalizer(cluster, claims(), claim, "kubernetes.io/pvc-protection");
        }
        return true;
    }
    if view::text(claim, &["status", "phase"]) == "Bound" {
        return true;
    }
    let selected = meta::annotation(claim, "volume.kubernetes.io/selected-node").is_some();
    if crate::scheduler::volumes::waits_for_consumer(cluster, claim)
        && !selected
        && view::text(claim, &["spec", "volumeName"]).is_empty()
    {
        if tell {
            tell_of_consumers(cluster, claim);
        }
        return false;
    }
    if let Some(volume) = match_for(cluster, claim, None) {
        bind(cluster, claim, &volume);
        return true;
    }
    // A volume that was asked for by name, and is not there, may still come.
    if !view::text(claim, &["spec", "volumeName"]).is_empty() {
        return false;
    }
    provision_or_tell(cluster, claim, tell)
}

fn event(cluster: &Cluster, claim: &Value, kind: Kind, reason: &str, message: &str) {
    let source = Source {
        component: "persistentvolume-controller",
        host: String::new(),
    };
    cluster.event(&source, claim, kind, reason, message);
}

/// Tells for whom a claim waits: for a pod to be made, or for those that have no node yet.
fn tell_of_consumers(cluster: &Cluster, claim: &Object) {
    let all = cluster.list(pods(), meta::namespace(claim));
    let waits = |pod: &&Object| {
        view::text(pod, &["spec", "nodeName"]).is_empty()
            && crate::scheduler::volumes::claims_of(pod).contains(&meta::name(claim).to_string())
    };
    let names: Vec<&str> = all.iter().filter(waits).map(|p| meta::name(p)).collect();
    let (reason, text) = match names[..] {
        [] => (
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding".to_string(),
        ),
        [name] => (
            "WaitForPodScheduled",
            format!("waiting for pod {name} to be scheduled"),
        ),
        _ => (
            "WaitForPodScheduled",
            format!("waiting for pods {} to be scheduled", names.join(",")),
        ),
    };
    event(cluster, claim, Kind::Normal, reason, &text);
}

/// The volume for a claim: the one it names or that names it, else the smallest that suits (and can be reached from the node).
pub(crate) fn match_for(cluster: &Cluster, claim: &Value, node: Option<&Value>) -> Option<Object> {
    let named = view::text(claim, &["spec", "volumeName"]);
    let all = cluster.list(volumes(), "");
    let belongs = |v: &Object| {
        let r = view::at(v, &["spec", "claimRef"]);
        view::text(r, &["namespace"]) == meta::namespace(claim)
            && view::text(r, &["name"]) == meta::name(claim)
            && matches!(view::text(r, &["uid"]), uid if uid.is_empty() || uid == meta::uid(claim))
    };
    if !named.is_empty() {
        return all.into_iter().find(|v| {
            meta::name(v) == named && (view::at(v, &["spec", "claimRef"]).is_null() || belongs(v))
        });
    }
    if let Some(mine) = all.iter().find(|v| belongs(v)) {
        return Some(mine.clone());
    }
    let size = |v: &Object| {
        Quantity::of(view::at(v, &["spec", "capacity", "storage"])).unwrap_or_default()
    };
    let fitting = all.into_iter().filter(|v| suits(claim, v, node));
    fitting.min_by_key(|v| (size(v).units(), meta::name(v).to_string()))
}

fn suits(claim: &Value, volume: &Object, node: Option<&Value>) -> bool {
    let wanted = Quantity::of(view::at(
        claim,
        &["spec", "resources", "requests", "storage"],
    ))
    .unwrap_or_default();
    let has = Quantity::of(view::at(volume, &["spec", "capacity", "storage"])).unwrap_or_default();
    let modes = view::texts(volume, &["spec", "accessModes"]);
    let selector = view::at(claim, &["spec", "selector"]);
    let required = view::at(volume, &["spec", "nodeAffinity", "required"]);
    let reachable = required.is_null()
        || node.is_none_or(|n| {
            view::list(required, &["nodeSelectorTerms"])
                .iter()
                .any(|t| affinity::term_matches(t, n))
        });
    !meta::is_deleting(volume)
        && view::at(volume, &["spec", "claimRef"]).is_null()
        && view::text(volume, &["spec", "storageClassName"])
            == view::text(claim, &["spec", "storageClassName"])
        && view::text(volume, &["spec", "volumeMode"]) == view::text(claim, &["spec", "volumeMode"])
        && has >= wanted
        && view::texts(claim, &["spec", "accessModes"])
            .iter()
            .all(|m| modes.contains(m))
        && (selector.is_null() || LabelSelector::from_object(selector).matches_object(volume))
        && reachable
}

/// Ties claim and volume to each other, in the four writes that the real controller makes.
fn bind(cluster: &Cluster, claim: &Object, volume: &Object) {
    let user_bound = !view::text(claim, &["spec", "volumeName"]).is_empty();
    let named_claim = !view::at(volume, &["spec", "claimRef"]).is_null();
    cluster.amend(volumes(), volume, |v| {
        let reference = json!({"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta::namespace(claim), "name": meta::name(claim),
            "uid": meta::uid(claim), "resourceVersion": meta::resource_version(claim)});
        view::set(v, &["spec", "claimRef"], reference);
        if !named_claim {
            view::set(v, &["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"], "yes");
        }
    });
    let Some(volume) = cluster.get(volumes(), "", meta::name(volume)) else {
        return;
    };
    set_phase(cluster, &volume, "Bound");
    cluster.amend(claims(), claim, |c| {
        view::set(c, &["spec", "volumeName"], meta::name(&volume).to_string());
        view::set(
            c,
            &["metadata", "annotations", "pv.kubernetes.io/bind-completed"],
            "yes",
        );
        if !user_bound {
            view::set(
                c,
                &[
                    "metadata",
                    "annotations",
                    "pv.kubernetes.io/bound-by-controller",
                ],
                "yes",
            );
        }
    });
    cluster.amend(claims(), claim, |c| {
        view::set(c, &["status"], json!({"phase": "Bound", "accessModes": volume["spec"]["accessModes"], "capacity": volume["spec"]["capacity"]}));
    });
}

fn provision_or_tell(cluster: &Cluster, claim: &Object, tell: bool) -> bool {
    let class_name = view::text(claim, &["spec", "storageClassName"]);
    if class_name.is_empty() {
        if tell {
            event(
                cluster,
                claim,
                Kind::Normal,
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
            );
        }
        return false;
    }
    let Some(class) = cluster.get(resource("storage.k8s.io", "storageclasses"), "", class_name)
    else {
        if tell {
            let text = format!("storageclass.storage.k8s.io {class_name:?} not found");
            event(cluster, claim, Kind::Warning, "ProvisioningFailed", &text);
        }
        return false;
    };
    let provisioner = view::text(&class, &["provisioner"]);
    if provisioner != "podschool.dev/hostpath" {
        if tell {
            let text = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. \
                 If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            event(cluster, claim, Kind::Normal, "ExternalProvisioning", &text);
        }
        return false;
    }
    let name = format!("pvc-{}", meta::uid(claim));
    let volume = json!({
        "kind": "PersistentVolume", "apiVersion": "v1",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"], "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta::namespace(claim), "name": meta::name(claim),
                "uid": meta::uid(claim), "resourceVersion": meta::resource_version(claim)},
            "hostPath": {"path": format!("/var/lib/podschool/volumes/{name}"), "type": "DirectoryOrCreate"},
            "persistentVolumeReclaimPolicy": view::text(&class, &["reclaimPolicy"]), "storageClassName": class_name, "volumeMode": "Filesystem",
        },
    });
    if cluster
        .create("persistentvolume-controller", volumes(), volume)
        .is_err()
    {
        return false;
    }
    event(
        cluster,
        claim,
        Kind::Normal,
        "ProvisioningSucceeded",
        &format!("Successfully provisioned volume {name}"),
    );
    let Some(volume) = cluster.get(volumes(), "", &name) else {
        return false;
    };
    cluster.amend(claims(), claim, |c| {
        view::set(
            c,
            &[
                "metadata",
                "annotations",
                "volume.kubernetes.io/storage-provisioner",
            ],
            provisioner,
        )
    });
    bind(cluster, claim, &volume);
    true
}

//! At rest a workload whose pods come up has them all, unless one of them has no node to be on, or is a stranger that it adopted.

use objects::{Object, meta};
use serde_json::Value;

use crate::scene::{Scene, condition, list, title};
use crate::settled::{held_up, unmet};

fn excused(scene: &Scene, workload: &Object) -> bool {
    let mut owners = vec![workload];
    owners.extend(
        scene.of("replicasets").filter(|r| {
            meta::controller(r).is_some_and(|c| c["uid"] == workload["metadata"]["uid"])
        }),
    );
    owners.iter().any(|owner| {
        let mut pods = scene.pods_of(owner);
        pods.any(|p| condition(p, "PodScheduled").0 == "False" || is_stranger(owner, p))
    })
}

/// Whether a pod was made from another template than its controller's: by hand, or by a workload that is gone or let go of it.
fn is_stranger(owner: &Value, pod: &Value) -> bool {
    let runs = |spec: &Value| {
        let all = list(spec, "/containers").iter();
        all.map(|c| (c["image"].clone(), c["command"].clone()))
            .collect::<Vec<_>>()
    };
    runs(&pod["spec"]) != runs(&owner["spec"]["template"]["spec"])
}

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    if !scene.at_rest {
        return;
    }
    let steady =
        scene.objects.iter().map(|(_, _, o)| o).filter(|o| {
            meta::label(o, "steady") == Some("true") && meta::namespace(o) == "default"
        });
    for object in steady {
        let told = if object["kind"] == "Pod" {
            held_up(object).filter(|_| condition(object, "PodScheduled").0 == "True")
        } else {
            unmet(object).filter(|_| !excused(scene, object))
        };
        wrong.extend(told);
    }
    for object in scene.of("pods").filter(|p| meta::is_deleting(p)) {
        if meta::finalizers(object).next().is_none() {
            wrong.push(format!("{} should be gone", title(object)));
        }
    }
}

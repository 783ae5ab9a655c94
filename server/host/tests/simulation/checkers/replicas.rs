//! At rest a workload whose pods come up has them all, unless one of them has no node to be on, or is a stranger that it adopted.

use objects::{Object, meta};

use crate::scene::{Scene, condition, title};
use crate::settled::{held_up, unmet};

fn excused(scene: &Scene, workload: &Object) -> bool {
    let mut owners = vec![workload];
    owners.extend(
        scene.of("replicasets").filter(|r| {
            meta::controller(r).is_some_and(|c| c["uid"] == workload["metadata"]["uid"])
        }),
    );
    let mut pods = owners.iter().flat_map(|o| scene.pods_of(o));
    pods.any(|p| condition(p, "PodScheduled").0 == "False" || meta::label(p, "steady").is_some())
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

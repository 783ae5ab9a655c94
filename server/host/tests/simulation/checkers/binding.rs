//! A pod that has a node keeps it; what an object was when it was made it stays: uid and creation.

use crate::scene::{Scene, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    for change in &scene.changes {
        let Some(old) = &change.old else { continue };
        let (old, new) = (old, &change.object);
        for member in ["uid", "creationTimestamp", "name", "namespace"] {
            if old["metadata"][member] != new["metadata"][member] {
                let (was, is) = (&old["metadata"][member], &new["metadata"][member]);
                wrong.push(format!("{}: {member} was {was} and is {is}", title(new)));
            }
        }
        if !old["metadata"]["deletionTimestamp"].is_null()
            && new["metadata"]["deletionTimestamp"].is_null()
        {
            wrong.push(format!("{} was to be deleted and no longer is", title(new)));
        }
        let node = &old["spec"]["nodeName"];
        if change.resource.plural == "pods" && !node.is_null() && node != &new["spec"]["nodeName"] {
            let to = &new["spec"]["nodeName"];
            wrong.push(format!("{} moved from {node} to {to}", title(new)));
        }
    }
}

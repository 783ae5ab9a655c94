//! The generation of an object rises when what is wanted changes, never falls, and nobody has seen one that is not there.

use objects::meta;

use crate::scene::{Scene, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    for change in &scene.changes {
        let new = &change.object;
        if let Some(old) = &change.old
            && meta::generation(old) > meta::generation(new)
        {
            wrong.push(format!("{}: the generation fell", title(new)));
        }
        let seen = new["status"]["observedGeneration"].as_i64().unwrap_or(0);
        if seen > meta::generation(new) {
            let generation = meta::generation(new);
            wrong.push(format!(
                "{}: {seen} of {generation} generations seen",
                title(new)
            ));
        }
        if let Some(old) = &change.old
            && matches!(
                change.resource.plural,
                "deployments" | "replicasets" | "statefulsets" | "daemonsets"
            )
            && old["spec"] != new["spec"]
            && meta::generation(old) == meta::generation(new)
        {
            wrong.push(format!(
                "{}: another spec in the same generation",
                title(new)
            ));
        }
    }
}

//! At rest a cluster has what it cannot do without: its own service with the addresses of the API server, its namespaces, the leases of
//! its nodes.

use objects::meta;

use crate::scene::Scene;

const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    if !scene.at_rest {
        return;
    }
    let kubernetes =
        ["services", "endpoints", "endpointslices"].map(|p| (p, "default", "kubernetes"));
    let namespaces = NAMESPACES.map(|name| ("namespaces", "", name));
    let nodes = scene
        .of("nodes")
        .map(|n| ("leases", "kube-node-lease", meta::name(n)));
    for (plural, namespace, name) in kubernetes.into_iter().chain(namespaces).chain(nodes) {
        if scene.find(plural, namespace, name).is_none() {
            wrong.push(format!("{plural} {namespace}/{name} is missing"));
        }
    }
}

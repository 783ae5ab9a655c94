//! At rest the endpoints of a service are its ready pods, and its slices say the same.

use std::collections::BTreeSet;

use objects::selector::LabelSelector;
use objects::{Object, meta};
use serde_json::{Value, json};

use crate::scene::{Scene, is_over, is_ready, list, title};

type Addresses = BTreeSet<String>;

fn ips<'a>(all: impl Iterator<Item = &'a Value>) -> Addresses {
    all.filter_map(|a| a["ip"].as_str().map(String::from))
        .collect()
}

/// The addresses of pods that the service selects: ready ones, and the others.
fn expected(scene: &Scene, service: &Object) -> (Addresses, Addresses) {
    let selector = json!({"matchLabels": service["spec"]["selector"]});
    let selector = LabelSelector::from_object(&selector);
    let selected = scene.of("pods").filter(|p| {
        meta::namespace(p) == meta::namespace(service)
            && selector.matches_object(p)
            && !is_over(p)
            && !meta::is_deleting(p)
            && p["status"]["podIP"].is_string()
    });
    let (ready, other): (Vec<&Object>, Vec<&Object>) = selected.partition(|p| is_ready(p));
    let of = |pods: Vec<&Object>| {
        let all = pods.into_iter();
        all.filter_map(|p| p["status"]["podIP"].as_str().map(String::from))
            .collect()
    };
    (of(ready), of(other))
}

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    if !scene.at_rest {
        return;
    }
    let selecting = scene
        .of("services")
        .filter(|s| s["spec"]["selector"].is_object());
    for service in selecting.filter(|s| s["spec"]["type"] != "ExternalName") {
        let (ready, other) = expected(scene, service);
        let found = scene.find("endpoints", meta::namespace(service), meta::name(service));
        let Some(found) = found else {
            wrong.push(format!("{} has no endpoints", title(service)));
            continue;
        };
        let part = |member: &str| {
            let subsets = list(found, "/subsets").iter();
            ips(subsets.flat_map(|s| s[member].as_array().into_iter().flatten()))
        };
        if (part("addresses"), part("notReadyAddresses")) != (ready.clone(), other) {
            wrong.push(format!(
                "{}: {} for {ready:?}",
                title(service),
                found["subsets"]
            ));
        }
        let slices = scene.of("endpointslices").filter(|s| {
            meta::namespace(s) == meta::namespace(service)
                && meta::label(s, "kubernetes.io/service-name") == Some(meta::name(service))
        });
        let told: Addresses = slices
            .flat_map(|s| list(s, "/endpoints"))
            .filter(|e| e["conditions"]["ready"] == true)
            .flat_map(|e| list(e, "/addresses"))
            .filter_map(|a| a.as_str().map(String::from))
            .collect();
        if told != ready {
            wrong.push(format!(
                "{}: the slices say {told:?}, ready are {ready:?}",
                title(service)
            ));
        }
    }
}

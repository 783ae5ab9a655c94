//! No two living pods with one address, no two services with one cluster IP or node port.

use std::collections::BTreeMap;

use crate::scene::{Scene, is_over, list, title};

pub fn look(scene: &Scene, wrong: &mut Vec<String>) {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut take = |what: String, by: String, wrong: &mut Vec<String>| {
        if let Some(other) = taken.insert(what.clone(), by.clone()) {
            wrong.push(format!("{what} is of {other} and of {by}"));
        }
    };
    for pod in scene.of("pods") {
        let own = pod["spec"]["hostNetwork"] != true && !is_over(pod);
        if let Some(ip) = pod["status"]["podIP"].as_str().filter(|_| own) {
            take(ip.into(), title(pod), wrong);
        }
    }
    for service in scene.of("services") {
        let ip = service["spec"]["clusterIP"].as_str();
        if let Some(ip) = ip.filter(|ip| !matches!(*ip, "" | "None")) {
            take(ip.into(), title(service), wrong);
        }
        for port in list(service, "/spec/ports") {
            if let Some(number) = port["nodePort"].as_i64() {
                let protocol = port["protocol"].as_str().unwrap_or_default();
                take(format!("{number}/{protocol}"), title(service), wrong);
            }
        }
    }
}

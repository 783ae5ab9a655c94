//! What people who look on are told of decisions: how nodes were judged, and what probes were answered.

use serde_json::json;

use super::nodes::world;
use super::pod;
use crate::{Finding, What};

/// What was found out about a pod.
fn of(world: &super::World, name: &str) -> Vec<Finding> {
    let uid = objects::meta::uid(&world.pod(name)).to_string();
    let all = world.cluster.findings_after(0);
    all.into_iter().filter(|f| f.pod == uid).collect()
}

#[test]
fn each_node_is_judged_for_a_pod() {
    let world = world(2);
    let asks = |cpu: &str| json!({"image": "busybox:1.36", "command": ["sleep", "1000"], "resources": {"requests": {"cpu": cpu}}});
    world.create(pod("first", asks("1500m"))).expect("created");
    world.run_seconds(1);
    world.create(pod("second", asks("1"))).expect("created");
    world.run_seconds(1);
    world.create(pod("third", asks("5"))).expect("created");
    world.run_seconds(1);
    let verdicts = |name: &str| {
        let found = of(&world, name);
        let What::Placing { chosen, verdicts } = &found[0].what else {
            panic!("{found:?}");
        };
        let judged = verdicts.iter().map(|v| {
            assert_eq!(v.score.is_some(), v.reasons.is_empty());
            (v.node.clone(), v.reasons.join(", "))
        });
        (chosen.clone(), judged.collect::<Vec<_>>())
    };
    let no = "Insufficient cpu".to_string();
    let (one, two) = ("node-1".to_string(), "node-2".to_string());
    assert_eq!(
        verdicts("second"),
        (
            Some(two.clone()),
            vec![(two.clone(), String::new()), (one.clone(), no.clone())]
        )
    );
    assert_eq!(
        verdicts("third"),
        (None, vec![(one, no.clone()), (two, no)])
    );
}

#[test]
fn a_probe_is_remembered_with_its_answer() {
    let world = world(1);
    let probe = |path: &str| json!({"httpGet": {"path": path, "port": 8080}, "periodSeconds": 2});
    let kuard = json!({"image": "gcr.io/kuar-demo/kuard-amd64:blue", "livenessProbe": probe("/healthy"), "readinessProbe": probe("/nowhere")});
    world.create(pod("kuard", kuard)).expect("created");
    world.run_seconds(12);
    let answers = |wanted: &str| {
        let found = of(&world, "kuard").into_iter();
        let answers = found.filter_map(|f| match f.what {
            What::Probe {
                kind,
                passed,
                answer,
                ..
            } if kind == wanted => Some((passed, answer)),
            _ => None,
        });
        answers.collect::<Vec<_>>()
    };
    let well = answers("Liveness");
    assert!(well.len() >= 3, "{well:?}");
    assert!(
        well.iter()
            .all(|told| *told == (Some(true), "HTTP 200".into()))
    );
    let ill = answers("Readiness");
    let refused = "HTTP probe failed with statuscode: 404";
    assert!(
        !ill.is_empty()
            && ill
                .iter()
                .all(|told| *told == (Some(false), refused.into()))
    );
    let all = world.cluster.findings_after(0);
    let last = all.last().map_or(0, |f| f.number);
    assert_eq!(world.cluster.findings_after(last), []);
}

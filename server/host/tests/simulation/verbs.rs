//! What kubectl's rarer verbs ask for: `debug`, `cp`, `rollout undo`, `apply --server-side`, a resize in place.

use cluster::{Cluster, ExecQuery};
use machine::Chance;
use objects::{Body, Object, PatchKind, Request, Verb, meta};
use serde_json::{Value, json};

use crate::acts::{Held, Input, about, create, request};
use crate::recipes;
use crate::scene::{is_over, list, phase};

fn patched(mut made: Request, kind: PatchKind, change: &Value) -> Input {
    let text = change.to_string();
    made.body = Body::Patch { kind, text };
    Input::Request(Box::new(made))
}

/// What pods may name, before there are any.
pub fn priorities() -> Vec<Input> {
    let class = |name: &str, value: i64| json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value});
    recipes::PRIORITIES
        .iter()
        .map(|(name, value)| create("", class(name, *value)))
        .collect()
}

/// One of the verbs, about something that is there.
pub fn any(cluster: &Cluster, held: &Held, name: &str) -> Option<Input> {
    match held.chance.below(12) {
        0..=2 => debug(held),
        3..=4 => copy(held),
        5..=6 => undo(cluster, held),
        7..=8 => Some(apply(held.chance, name)),
        _ => resize(held),
    }
}

/// `kubectl debug`: one more container, which stays to the end.
fn debug(held: &Held) -> Option<Input> {
    let pod = held.any(&["pods"]).filter(|p| !is_over(p))?;
    let mut made = about(Verb::Patch, pod);
    made.subresource = "ephemeralcontainers".into();
    let script = ["sleep 30", "ps; exit 3", "trap '' TERM; sleep 86400"];
    let script = script[held.chance.below(3) as usize];
    let mut container = json!({"name": format!("debugger-{}", held.chance.suffix(5)), "image": "busybox:1.36", "command": ["sh", "-c", script]});
    if held.chance.below(2) == 0 {
        container["targetContainerName"] = "main".into();
    }
    let change = json!({"spec": {"ephemeralContainers": [container]}});
    Some(patched(made, PatchKind::Strategic, &change))
}

/// `kubectl cp` into a pod and out of it.
fn copy(held: &Held) -> Option<Input> {
    let pod = held.any(&["pods"]).filter(|p| phase(p) == "Running")?;
    let into = held.chance.below(2) == 0;
    let command: &[&str] = if into {
        &["tar", "-xmf", "-", "-C", "/tmp"]
    } else {
        &["tar", "cf", "-", "/etc", "/tmp"]
    };
    Some(Input::Exec(ExecQuery {
        namespace: meta::namespace(pod).into(),
        pod: meta::name(pod).into(),
        command: command.iter().map(ToString::to_string).collect(),
        stdin: into,
        stdout: true,
        stderr: true,
        ..ExecQuery::default()
    }))
}

/// The archive that `kubectl cp` sends: one file.
pub fn archive() -> Vec<u8> {
    const TEXT: &[u8] = b"copied\n";
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, b"copied");
    put(100, b"0000644");
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{:011o}", TEXT.len()).as_bytes());
    put(136, b"00000000000");
    put(148, b"        0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{:06o}\0", sum - u32::from(b'0')).as_bytes());
    header[156] = b'0';
    [&header[..], TEXT, &[0; 512 - TEXT.len()], &[0; 1024]].concat()
}

/// `kubectl rollout undo`: the template of one of its ReplicaSets, with whatever tempers that one had.
fn undo(cluster: &Cluster, held: &Held) -> Option<Input> {
    let deployment = held.any(&["deployments"])?;
    let all = cluster.everything();
    let own =
        |o: &Object| meta::controller(o).is_some_and(|c| c["uid"] == deployment["metadata"]["uid"]);
    let sets = all.iter().filter(|(_, p, o)| *p == "replicasets" && own(o));
    let sets: Vec<&Object> = sets.map(|(_, _, o)| o).collect();
    let set = sets.get(held.chance.below(sets.len() as u64) as usize)?;
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    let change = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "add", "path": "/metadata/labels/steady", "value": "false"},
    ]);
    Some(patched(
        about(Verb::Patch, deployment),
        PatchKind::Json,
        &change,
    ))
}

/// `kubectl apply --server-side`: what is there takes over what is asked for and keeps the rest, so nobody knows how steady it is.
fn apply(chance: &Chance, name: &str) -> Input {
    let mut wanted = recipes::workload(chance, name);
    wanted["metadata"]["labels"]["steady"] = "false".into();
    let of = objects::resource::of_object(&wanted).expect("recipes have kinds");
    let mut made = request(Verb::Patch, of, "default", name);
    made.options.field_manager = ["kubectl", "another"][chance.below(2) as usize].into();
    made.options.force = chance.below(3) > 0;
    patched(made, PatchKind::Apply, &wanted)
}

/// A resize in place: taken, put off or refused.
fn resize(held: &Held) -> Option<Input> {
    let pod = held.any(&["pods"]).filter(|p| !is_over(p))?;
    let mut made = about(Verb::Patch, pod);
    made.subresource = "resize".into();
    let cpu = ["20m", "300m", "1500m", "64"][held.chance.below(4) as usize];
    let mut resources = json!({"requests": {"cpu": cpu}});
    if list(pod, "/spec/containers")
        .iter()
        .any(|c| !c["resources"]["limits"].is_null())
    {
        resources["limits"] = json!({"memory": "48Mi"});
    }
    let change = json!({"spec": {"containers": [{"name": "main", "resources": resources}]}});
    Some(patched(made, PatchKind::Strategic, &change))
}

//! The status of a pod, from what the kubelet has seen of its containers. Pure.
//!
//! Mirrors the kubelet's `kubelet_pods.go` (phase, container statuses) and `status/generate.go` (conditions).

use std::collections::BTreeMap;

use machine::Time;
use machine::cri::ContainerState;
use objects::{Object, meta};
use serde_json::{Map, Value, json};

use super::resize::{self, Resize};
use super::restart::{restarts, should_restart};
use crate::scheduler::resources;
use crate::view;

/// One instance of a container as last seen.
#[derive(Clone, Debug)]
pub struct Seen {
    pub id: String,
    pub image: String,
    pub image_id: String,
    /// The `image` of the pod's spec from which it was made.
    pub made_from: String,
    pub state: ContainerState,
    pub attempt: u32,
    pub started_at: Time,
    pub finished_at: Time,
    pub exit_code: i32,
    pub reason: String,
    pub message: String,
}

/// Everything that a status is made of.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// Instances by container name, oldest first.
    pub containers: BTreeMap<String, Vec<Seen>>,
    /// Why a container could not be started: reason and message.
    pub reasons: BTreeMap<String, (String, String)>,
    /// Whether the sandbox runs.
    pub sandbox_ready: bool,
    /// Its address, once it has been seen.
    pub ip: String,
    pub host_ip: String,
    /// Containers that have passed their startup probe (or have none).
    pub started: BTreeMap<String, bool>,
    /// Containers whose readiness probe (if any) succeeds.
    pub ready: BTreeMap<String, bool>,
    /// The containers will not be started again.
    pub finishing: bool,
    pub start_time: String,
    pub now: String,
    /// `reason` and `message` of a pod that failed as a whole.
    pub verdict: Option<(String, String)>,
    /// The kubelet has ended the pod, for the reason that the verdict tells.
    pub disrupted: bool,
    /// What the containers were given.
    pub resize: Resize,
}

fn name_of(container: &Value) -> &str {
    view::text(container, &["name"])
}

/// A sidecar: an init container that goes on running.
pub fn is_sidecar(container: &Value) -> bool {
    view::text(container, &["restartPolicy"]) == "Always"
}

fn time(at: Time) -> String {
    objects::time::rfc3339(at.seconds())
}

impl Picture {
    pub fn last(&self, container: &str) -> Option<&Seen> {
        self.containers.get(container).and_then(|all| all.last())
    }

    /// When the newest dead instance of each container ended.
    pub fn died(&self) -> BTreeMap<String, Time> {
        let newest = |all: &[Seen]| {
            let dead = |s: &&Seen| s.state == ContainerState::Exited;
            all.iter().rev().find(dead).map(|s| s.finished_at)
        };
        let all = self.containers.iter();
        all.filter_map(|(name, all)| Some((name.clone(), newest(all)?)))
            .collect()
    }
}

fn terminated(seen: &Seen) -> Value {
    let mut state = json!({"exitCode": seen.exit_code, "reason": seen.reason, "containerID": format!("containerd://{}", seen.id),
        "startedAt": time(seen.started_at), "finishedAt": time(seen.finished_at)});
    if !seen.message.is_empty() {
        state["message"] = seen.message.clone().into();
    }
    json!({"terminated": state})
}

fn state_of(seen: &Seen) -> Value {
    match seen.state {
        ContainerState::Running => json!({"running": {"startedAt": time(seen.started_at)}}),
        ContainerState::Exited => terminated(seen),
        ContainerState::Created => json!({"waiting": {}}),
    }
}

fn mounts(container: &Value) -> Vec<Value> {
    let all = view::list(container, &["volumeMounts"]).iter();
    all.map(|m| {
        let mut mount = json!({"name": m["name"], "mountPath": m["mountPath"]});
        if view::flag(m, &["readOnly"]) {
            mount["readOnly"] = true.into();
            mount["recursiveReadOnly"] = "Disabled".into();
        }
        mount
    })
    .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Init,
    Regular,
    Ephemeral,
}

fn container_status(pod: &Value, container: &Value, part: Part, picture: &Picture) -> Value {
    let name = name_of(container);
    let has_init = !view::list(pod, &["spec", "initContainers"]).is_empty();
    let waiting = if has_init && part != Part::Ephemeral {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let mut status = json!({"name": name, "image": container["image"], "imageID": "", "lastState": {}, "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": waiting}}});
    let all = picture
        .containers
        .get(name)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if let Some(last) = all.last() {
        status["image"] = last.image.clone().into();
        status["imageID"] = last.image_id.clone().into();
        status["containerID"] = format!("containerd://{}", last.id).into();
        status["restartCount"] = last.attempt.into();
        status["state"] = state_of(last);
        if let [.., before, _] = all
            && before.state == ContainerState::Exited
        {
            status["lastState"] = terminated(before);
        }
        status["resources"] = container
            .get("resources")
            .cloned()
            .unwrap_or_else(|| json!({}));
        if let Some(requests) = container["resources"].get("requests") {
            status["allocatedResources"] = requests.clone();
        }
    }
    apply_reason(pod, container, part, picture, &mut status);
    let running = status["state"].get("running").is_some();
    let flag = |map: &BTreeMap<String, bool>| running && map.get(name).copied().unwrap_or(true);
    if part != Part::Ephemeral {
        let started = flag(&picture.started);
        status["started"] = started.into();
        let done = part == Part::Init
            && view::int(&status, &["state", "terminated", "exitCode"]) == Some(0);
        let ready =
            (started && flag(&picture.ready) && (part == Part::Regular || is_sidecar(container)))
                || (done && !is_sidecar(container));
        status["ready"] = ready.into();
    }
    let mounts = mounts(container);
    if !mounts.is_empty() {
        status["volumeMounts"] = mounts.into();
    }
    status
}

/// A container that will be started again is waiting, for the reason why it is not running.
fn apply_reason(pod: &Value, container: &Value, part: Part, picture: &Picture, status: &mut Value) {
    let name = name_of(container);
    let succeeded = view::int(status, &["state", "terminated", "exitCode"]) == Some(0);
    if part == Part::Init && succeeded && !is_sidecar(container) {
        return;
    }
    if part == Part::Ephemeral && picture.last(name).is_some() {
        return;
    }
    let Some((reason, message)) = picture.reasons.get(name) else {
        return;
    };
    if !should_restart(pod, container, picture) {
        return;
    }
    if status["state"].get("terminated").is_some() {
        status["lastState"] = status["state"].clone();
    }
    let mut waiting = json!({"reason": reason});
    if !message.is_empty() {
        waiting["message"] = message.clone().into();
    }
    status["state"] = json!({"waiting": waiting});
}

fn statuses(pod: &Value, member: &str, part: Part, picture: &Picture) -> Vec<Value> {
    let mut all: Vec<Value> = view::list(pod, &["spec", member])
        .iter()
        .map(|c| container_status(pod, c, part, picture))
        .collect();
    if part != Part::Init {
        all.sort_by_key(|s| view::text(s, &["name"]).to_string());
    }
    all
}

/// The phase of a pod.
pub fn phase(pod: &Value, init: &[Value], regular: &[Value], picture: &Picture) -> &'static str {
    if picture.verdict.is_some() {
        return "Failed";
    }
    let (mut pending_init, mut failed_init) = (0, 0);
    let mut is_given_up = false;
    for (container, status) in view::list(pod, &["spec", "initContainers"])
        .iter()
        .zip(init)
    {
        let state = &status["state"];
        let last_failed = view::int(status, &["lastState", "terminated", "exitCode"]);
        if is_sidecar(container) {
            let ever_ran = regular.iter().any(|s| {
                s["state"].get("waiting").is_none() || s["lastState"].get("terminated").is_some()
            });
            if !view::flag(status, &["started"]) && !ever_ran {
                pending_init += 1;
            }
        } else if let Some(code) = view::int(state, &["terminated", "exitCode"]) {
            failed_init += usize::from(code != 0);
            is_given_up |= code != 0 && !restarts(pod, container, code as i32);
        } else if state.get("waiting").is_some() && last_failed.is_some_and(|code| code != 0) {
            failed_init += 1;
        } else {
            pending_init += 1;
        }
    }
    let regular = counts(pod, regular);
    if is_given_up {
        return "Failed";
    }
    let finishing = picture.finishing;
    if failed_init > 0 && finishing && regular.running == 0 {
        return "Failed";
    }
    if pending_init > 0 || failed_init > 0 || regular.waiting > 0 {
        return "Pending";
    }
    if regular.running > 0 {
        return "Running";
    }
    if regular.stopped == 0 {
        return "Pending";
    }
    match regular.succeeded == regular.stopped {
        _ if regular.goes_on && !finishing => "Running",
        true => "Succeeded",
        false => "Failed",
    }
}

/// How the regular containers of a pod stand.
#[derive(Default)]
struct Counts {
    waiting: usize,
    running: usize,
    stopped: usize,
    succeeded: usize,
    /// One that ended starts again.
    goes_on: bool,
}

fn counts(pod: &Value, regular: &[Value]) -> Counts {
    let mut counts = Counts::default();
    let containers = view::list(pod, &["spec", "containers"]);
    for status in regular {
        let ended = ["state", "lastState"]
            .iter()
            .find_map(|s| view::int(status, &[s, "terminated", "exitCode"]));
        let container = view::named(containers, name_of(status));
        counts.goes_on |= ended
            .zip(container)
            .is_some_and(|(code, c)| restarts(pod, c, code as i32));
        if status["state"].get("running").is_some() {
            counts.running += 1;
        } else if let Some(code) = view::int(status, &["state", "terminated", "exitCode"]) {
            counts.stopped += 1;
            counts.succeeded += usize::from(code == 0);
        } else if status["lastState"].get("terminated").is_some() {
            counts.stopped += 1;
        } else {
            counts.waiting += 1;
        }
    }
    counts
}

/// A condition without its times: type, status, reason, message.
type Condition = (&'static str, bool, String, String);

fn conditions(
    pod: &Value,
    phase: &str,
    init: &[Value],
    regular: &[Value],
    picture: &Picture,
) -> Vec<Condition> {
    let plain = String::new;
    let sandbox = (
        "PodReadyToStartContainers",
        picture.sandbox_ready,
        plain(),
        plain(),
    );
    let initialized = initialized(pod, phase, init, regular);
    let containers_ready = containers_ready(pod, phase, init, regular);
    let ready = pod_ready(pod, &containers_ready);
    vec![
        sandbox,
        initialized,
        ready,
        containers_ready,
        ("PodScheduled", true, plain(), plain()),
    ]
}

fn initialized(pod: &Value, phase: &str, init: &[Value], regular: &[Value]) -> Condition {
    const KIND: &str = "Initialized";
    if phase == "Succeeded" {
        return (KIND, true, "PodCompleted".into(), String::new());
    }
    let begun = regular
        .iter()
        .any(|s| s["state"].get("waiting").is_none() || s["lastState"].get("terminated").is_some());
    let mut missing = Vec::new();
    for (container, status) in view::list(pod, &["spec", "initContainers"])
        .iter()
        .zip(init)
    {
        let done = if is_sidecar(container) {
            view::flag(status, &["started"])
        } else {
            view::flag(status, &["ready"])
        };
        if !done && !begun {
            missing.push(name_of(container));
        }
    }
    if missing.is_empty() {
        return (KIND, true, String::new(), String::new());
    }
    (
        KIND,
        false,
        "ContainersNotInitialized".into(),
        format!("containers with incomplete status: [{}]", missing.join(" ")),
    )
}

fn containers_ready(pod: &Value, phase: &str, init: &[Value], regular: &[Value]) -> Condition {
    const KIND: &str = "ContainersReady";
    match phase {
        "Succeeded" => return (KIND, false, "PodCompleted".into(), String::new()),
        "Failed" => return (KIND, false, "PodFailed".into(), String::new()),
        _ => {}
    }
    let sidecars = view::list(pod, &["spec", "initContainers"])
        .iter()
        .filter(|c| is_sidecar(c));
    let counted = sidecars.chain(view::list(pod, &["spec", "containers"]));
    let of = |name: &str| view::named(init, name).or_else(|| view::named(regular, name));
    let unready: Vec<&str> = counted
        .map(name_of)
        .filter(|n| !of(n).is_some_and(|s| view::flag(s, &["ready"])))
        .collect();
    if unready.is_empty() {
        return (KIND, true, String::new(), String::new());
    }
    (
        KIND,
        false,
        "ContainersNotReady".into(),
        format!("containers with unready status: [{}]", unready.join(" ")),
    )
}

fn pod_ready(pod: &Value, containers: &Condition) -> Condition {
    const KIND: &str = "Ready";
    if !containers.1 {
        return (KIND, false, containers.2.clone(), containers.3.clone());
    }
    let mut texts = Vec::new();
    for gate in view::list(pod, &["spec", "readinessGates"]) {
        let kind = view::text(gate, &["conditionType"]);
        let found = view::list(pod, &["status", "conditions"])
            .iter()
            .find(|c| c["type"] == kind);
        match found.map(|c| view::text(c, &["status"])) {
            Some("True") => {}
            Some(status) => texts.push(format!(
                "the status of pod readiness gate {kind:?} is not \"True\", but {status}"
            )),
            None => texts.push(format!(
                "corresponding condition of pod readiness gate {kind:?} does not exist."
            )),
        }
    }
    if texts.is_empty() {
        return (KIND, true, String::new(), String::new());
    }
    (
        KIND,
        false,
        "ReadinessGatesNotReady".into(),
        texts.join(", "),
    )
}

/// Conditions with their times: a time changes only with the status; conditions of others stay, in front.
fn merge_conditions(pod: &Value, wanted: Vec<Condition>, resize: &Resize, now: &str) -> Vec<Value> {
    let old = view::list(pod, &["status", "conditions"]);
    let own = |c: &Value| {
        let kind = view::text(c, &["type"]);
        wanted.iter().any(|w| w.0 == kind) || resize::CONDITIONS.contains(&kind)
    };
    let mut out: Vec<Value> = old.iter().filter(|c| !own(c)).cloned().collect();
    out.extend(resize.conditions());
    for (kind, status, reason, message) in wanted {
        let status = if status { "True" } else { "False" };
        let since = old
            .iter()
            .find(|c| c["type"] == kind && c["status"] == status)
            .map(|c| c["lastTransitionTime"].clone());
        let mut condition = json!({"type": kind, "status": status, "lastProbeTime": null,
            "lastTransitionTime": since.unwrap_or_else(|| now.into()), "observedGeneration": meta::generation(pod)});
        for (member, text) in [("reason", reason), ("message", message)] {
            if !text.is_empty() {
                condition[member] = text.into();
            }
        }
        out.push(condition);
    }
    out
}

/// Requests and limits of the whole pod, as its status tells them.
fn pod_resources(pod: &Value, status: &mut Map<String, Value>) {
    let amounts = |kind: &str| -> Map<String, Value> {
        resources::pod_amounts(pod, kind)
            .into_iter()
            .filter(|(_, q)| !q.is_zero())
            .map(|(k, q)| (k, q.to_string().into()))
            .collect()
    };
    let (requests, limits) = (amounts("requests"), amounts("limits"));
    let mut both = Map::new();
    if !limits.is_empty() {
        both.insert("limits".into(), limits.into());
    }
    if !requests.is_empty() {
        both.insert("requests".into(), requests.clone().into());
        status.insert("allocatedResources".into(), requests.into());
    }
    status.insert("resources".into(), both.into());
}

/// A status and the phase that follows from the containers, which the status only tells when all of them have ended.
pub struct Generated {
    pub status: Value,
    pub phase: &'static str,
}

/// The whole status. `ended`: the containers are known to be stopped, so the phase may be a final one.
pub fn generate(pod: &Object, picture: &Picture, ended: bool) -> Generated {
    let pod = &picture.resize.given(pod);
    let init = statuses(pod, "initContainers", Part::Init, picture);
    let regular = statuses(pod, "containers", Part::Regular, picture);
    let ephemeral = statuses(pod, "ephemeralContainers", Part::Ephemeral, picture);
    let phase = phase(pod, &init, &regular, picture);
    let old_phase = view::text(pod, &["status", "phase"]);
    let is_final = matches!(phase, "Succeeded" | "Failed");
    let told = if is_final && !ended {
        if old_phase.is_empty() {
            "Pending"
        } else {
            old_phase
        }
    } else {
        phase
    };
    let mut conditions = merge_conditions(
        pod,
        conditions(pod, phase, &init, &regular, picture),
        &picture.resize,
        &picture.now,
    );
    // Why a pod failed as a whole is told when it has ended.
    let verdict = picture.verdict.as_ref().filter(|_| told == "Failed");
    if let Some((_, message)) = verdict.filter(|_| picture.disrupted) {
        conditions.retain(|c| c["type"] != "DisruptionTarget");
        conditions.push(json!({"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": message,
            "lastProbeTime": null, "lastTransitionTime": picture.now, "observedGeneration": meta::generation(pod)}));
    }
    let mut status = Map::new();
    status.insert("phase".into(), told.into());
    status.insert("conditions".into(), conditions.into());
    status.insert("observedGeneration".into(), meta::generation(pod).into());
    status.insert("hostIP".into(), picture.host_ip.clone().into());
    status.insert("hostIPs".into(), json!([{"ip": picture.host_ip}]));
    if !picture.ip.is_empty() {
        status.insert("podIP".into(), picture.ip.clone().into());
        status.insert("podIPs".into(), json!([{"ip": picture.ip}]));
    }
    status.insert("startTime".into(), picture.start_time.clone().into());
    status.insert(
        "qosClass".into(),
        view::at(pod, &["status", "qosClass"]).clone(),
    );
    for (member, list) in [
        ("initContainerStatuses", init),
        ("containerStatuses", regular),
        ("ephemeralContainerStatuses", ephemeral),
    ] {
        if !list.is_empty() {
            status.insert(member.into(), list.into());
        }
    }
    if let Some((reason, message)) = verdict {
        status.insert("reason".into(), reason.clone().into());
        status.insert("message".into(), message.clone().into());
    }
    for kept in ["nominatedNodeName", "resize"] {
        if let Some(value) = pod["status"].get(kept) {
            status.insert(kept.into(), value.clone());
        }
    }
    pod_resources(pod, &mut status);
    Generated {
        status: Value::Object(status),
        phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: ContainerState, exit_code: i32) -> Seen {
        let reason = if exit_code == 0 { "Completed" } else { "Error" };
        Seen {
            id: "c1".into(),
            image: "docker.io/library/busybox:latest".into(),
            image_id: "sha256:1".into(),
            made_from: "busybox".into(),
            state,
            attempt: 0,
            started_at: Time(0),
            finished_at: Time(0),
            exit_code,
            reason: reason.into(),
            message: String::new(),
        }
    }

    fn pod(policy: &str) -> Object {
        Object::new(
            json!({"metadata": {"name": "p", "generation": 1}, "spec": {"restartPolicy": policy, "containers": [{"name": "c", "image": "busybox"}]},
            "status": {"phase": "Running"}}),
        )
    }

    fn picture(state: ContainerState, code: i32) -> Picture {
        Picture {
            containers: BTreeMap::from([("c".into(), vec![seen(state, code)])]),
            sandbox_ready: true,
            ..Picture::default()
        }
    }

    #[test]
    fn phases() {
        for (policy, state, code, finishing, expect) in [
            ("Always", ContainerState::Running, 0, false, "Running"),
            ("Always", ContainerState::Exited, 1, false, "Running"),
            ("Never", ContainerState::Exited, 1, false, "Failed"),
            ("Never", ContainerState::Exited, 0, false, "Succeeded"),
            ("OnFailure", ContainerState::Exited, 7, false, "Running"),
            ("OnFailure", ContainerState::Exited, 0, false, "Succeeded"),
            ("Always", ContainerState::Exited, 137, true, "Failed"),
        ] {
            let mut picture = picture(state, code);
            picture.finishing = finishing;
            assert_eq!(
                generate(&pod(policy), &picture, true).phase,
                expect,
                "{policy} {state:?} {code}"
            );
        }
    }

    #[test]
    fn a_final_phase_waits_for_the_end() {
        let generated = generate(&pod("Never"), &picture(ContainerState::Exited, 2), false);
        assert_eq!(
            (view::text(&generated.status, &["phase"]), generated.phase),
            ("Running", "Failed")
        );
        let ready = view::list(&generated.status, &["conditions"])
            .iter()
            .find(|c| c["type"] == "Ready")
            .cloned()
            .expect("Ready");
        assert_eq!(
            (ready["status"].clone(), ready["reason"].clone()),
            (json!("False"), json!("PodFailed"))
        );
    }

    #[test]
    fn a_container_in_back_off_is_waiting() {
        let mut picture = picture(ContainerState::Exited, 1);
        picture.reasons.insert(
            "c".into(),
            ("CrashLoopBackOff".into(), "back-off 10s".into()),
        );
        let status = generate(&pod("Always"), &picture, false).status;
        let container = &status["containerStatuses"][0];
        assert_eq!(container["state"]["waiting"]["reason"], "CrashLoopBackOff");
        assert_eq!(container["lastState"]["terminated"]["exitCode"], 1);
    }

    #[test]
    fn a_fresh_pod_waits() {
        let generated = generate(
            &pod("Always"),
            &Picture {
                sandbox_ready: false,
                ..Picture::default()
            },
            false,
        );
        assert_eq!(generated.phase, "Pending");
        assert_eq!(
            generated.status["containerStatuses"][0]["state"]["waiting"]["reason"],
            "ContainerCreating"
        );
    }
}

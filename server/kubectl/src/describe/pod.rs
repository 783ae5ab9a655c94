//! `describe pod`, and the pod template of workloads.

use serde_json::Value;

use super::{Writer, items, map_lines, plain, text, volumes};
use crate::printing::time::date;

/// The description of a pod.
pub(crate) fn describe(w: &mut Writer, pod: &Value, events: &[Value]) {
    let (meta, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    w.field(0, "Name", text(&meta["name"]));
    w.field(0, "Namespace", text(&meta["namespace"]));
    if spec["priority"].is_number() {
        w.field(0, "Priority", &plain(&spec["priority"]));
    }
    if !text(&spec["priorityClassName"]).is_empty() {
        w.field(0, "Priority Class Name", text(&spec["priorityClassName"]));
    }
    if !text(&spec["runtimeClassName"]).is_empty() {
        w.field(0, "Runtime Class Name", text(&spec["runtimeClassName"]));
    }
    if !text(&spec["serviceAccountName"]).is_empty() {
        w.field(0, "Service Account", text(&spec["serviceAccountName"]));
    }
    match text(&spec["nodeName"]) {
        "" => w.field(0, "Node", "<none>"),
        node => w.field(0, "Node", &format!("{node}/{}", text(&status["hostIP"]))),
    }
    if status["startTime"].is_string() {
        w.field(0, "Start Time", &date(&status["startTime"]));
    }
    super::labels_and_annotations(w, meta);
    if meta["deletionTimestamp"].is_string()
        && !matches!(text(&status["phase"]), "Failed" | "Succeeded")
    {
        let since = super::time::age(&meta["deletionTimestamp"], w.now);
        let lasts = if since == "<invalid>" {
            "<invalid>".to_string()
        } else {
            since
        };
        w.field(0, "Status", &format!("Terminating (lasts {lasts})"));
        if meta["deletionGracePeriodSeconds"].is_number() {
            w.field(
                0,
                "Termination Grace Period",
                &format!("{}s", plain(&meta["deletionGracePeriodSeconds"])),
            );
        }
    } else {
        w.field(0, "Status", text(&status["phase"]));
    }
    for (key, title) in [("reason", "Reason"), ("message", "Message")] {
        if !text(&status[key]).is_empty() {
            w.field(0, title, text(&status[key]));
        }
    }
    let profile = &spec["securityContext"]["seccompProfile"];
    if profile.is_object() {
        w.field(0, "SeccompProfile", text(&profile["type"]));
        if profile["type"] == "Localhost" {
            w.field(0, "LocalhostProfile", text(&profile["localhostProfile"]));
        }
    }
    w.field(0, "IP", text(&status["podIP"]));
    addresses(w, status);
    super::controlled_by(w, meta);
    if !text(&status["nominatedNodeName"]).is_empty() {
        w.field(0, "NominatedNodeName", text(&status["nominatedNodeName"]));
    }
    containers(
        w,
        "Init Containers",
        &spec["initContainers"],
        &status["initContainerStatuses"],
        Some(pod),
        "",
    );
    containers(
        w,
        "Containers",
        &spec["containers"],
        &status["containerStatuses"],
        Some(pod),
        "",
    );
    containers(
        w,
        "Ephemeral Containers",
        &spec["ephemeralContainers"],
        &status["ephemeralContainerStatuses"],
        Some(pod),
        "",
    );
    conditions(w, status, &spec["readinessGates"]);
    volumes::describe(w, &spec["volumes"], "");
    w.field(
        0,
        "QoS Class",
        if text(&status["qosClass"]).is_empty() {
            "BestEffort"
        } else {
            text(&status["qosClass"])
        },
    );
    map_lines(w, 0, "Node-Selectors", &spec["nodeSelector"], "=", &[]);
    tolerations(w, "", &spec["tolerations"]);
    spread(w, &spec["topologySpreadConstraints"]);
    super::events(w, events);
}

fn addresses(w: &mut Writer, status: &Value) {
    if items(&status["podIPs"]).next().is_none() {
        w.field(0, "IPs", "<none>");
        return;
    }
    w.put(0, "IPs:\n");
    for ip in items(&status["podIPs"]) {
        w.field(1, "IP", text(&ip["ip"]));
    }
}

fn conditions(w: &mut Writer, status: &Value, gates: &Value) {
    if items(gates).next().is_some() {
        w.put(0, "Readiness Gates:\n  Type\tStatus\n");
        for gate in items(gates) {
            let kind = text(&gate["conditionType"]);
            let status = items(&status["conditions"])
                .find(|c| c["type"] == kind)
                .map_or("<none>", |c| text(&c["status"]));
            w.put(1, &format!("{kind} \t{status} \n"));
        }
    }
    if items(&status["conditions"]).next().is_some() {
        w.put(0, "Conditions:\n  Type\tStatus\n");
        for condition in items(&status["conditions"]) {
            w.put(
                1,
                &format!(
                    "{} \t{} \n",
                    text(&condition["type"]),
                    text(&condition["status"])
                ),
            );
        }
    }
}

fn spread(w: &mut Writer, list: &Value) {
    let mut lines = items(list)
        .map(|c| {
            let selector = crate::selection::selector_of(
                &serde_json::json!({"spec": {"selector": c["labelSelector"]}}),
            );
            format!(
                "{}:{} when max skew {} is exceeded for selector {}",
                text(&c["topologyKey"]),
                text(&c["whenUnsatisfiable"]),
                plain(&c["maxSkew"]),
                selector.unwrap_or("<none>".into())
            )
        })
        .peekable();
    if lines.peek().is_none() {
        return;
    }
    w.put(0, "Topology Spread Constraints:\t");
    for (i, line) in lines.enumerate() {
        w.put(0, &format!("{}{line}\n", if i > 0 { "\t" } else { "" }));
    }
}

/// Tolerations, one a line.
pub(crate) fn tolerations(w: &mut Writer, indent: &str, list: &Value) {
    w.put(0, &format!("{indent}Tolerations:\t"));
    let mut any = false;
    let mut sorted: Vec<&Value> = items(list).collect();
    sorted.sort_by_key(|t| text(&t["key"]));
    for (i, t) in sorted.into_iter().enumerate() {
        any = true;
        if i > 0 {
            w.put(0, &format!("{indent}\t"));
        }
        let mut line = text(&t["key"]).to_string();
        if !text(&t["value"]).is_empty() {
            line.push_str(&format!("={}", text(&t["value"])));
        }
        if !text(&t["effect"]).is_empty() {
            line.push_str(&format!(":{}", text(&t["effect"])));
        }
        if t["operator"] == "Exists" && text(&t["value"]).is_empty() {
            line.push_str(
                if text(&t["key"]).is_empty() && text(&t["effect"]).is_empty() {
                    "op=Exists"
                } else {
                    " op=Exists"
                },
            );
        }
        if t["tolerationSeconds"].is_number() {
            line.push_str(&format!(" for {}s", plain(&t["tolerationSeconds"])));
        }
        w.put(0, &format!("{line}\n"));
    }
    if !any {
        w.put(0, "<none>\n");
    }
}

/// Containers under a title; `statuses` is null for templates.
pub(crate) fn containers(
    w: &mut Writer,
    title: &str,
    list: &Value,
    statuses: &Value,
    pod: Option<&Value>,
    indent: &str,
) {
    if items(list).next().is_none() {
        return;
    }
    w.put(0, &format!("{indent}{title}:\n"));
    for container in items(list) {
        let status = items(statuses).find(|s| s["name"] == container["name"]);
        basics(w, container, status, indent);
        command(w, container);
        if let Some(status) = status {
            state(w, status);
        }
        resources(w, container);
        probes(w, container);
        environment(w, container, pod);
        mounts(w, container);
    }
}

fn basics(w: &mut Writer, container: &Value, status: Option<&Value>, indent: &str) {
    let space = if indent.is_empty() { "" } else { " " };
    // Names of templates stand one blank deeper than their title.
    w.put(
        usize::from(indent.is_empty()),
        &format!(
            "{}{}:\n",
            if indent.is_empty() { "" } else { "   " },
            text(&container["name"])
        ),
    );
    let _ = space;
    if let Some(status) = status {
        w.field(2, "Container ID", text(&status["containerID"]));
    }
    w.field(2, "Image", text(&container["image"]));
    if let Some(status) = status {
        w.field(2, "Image ID", text(&status["imageID"]));
    }
    let named = |p: &Value| {
        if text(&p["name"]).is_empty() {
            String::new()
        } else {
            format!(" ({})", text(&p["name"]))
        }
    };
    let protocol = |p: &Value| {
        if text(&p["protocol"]).is_empty() {
            "TCP".to_string()
        } else {
            text(&p["protocol"]).to_string()
        }
    };
    let ports: Vec<String> = items(&container["ports"])
        .map(|p| format!("{}/{}{}", plain(&p["containerPort"]), protocol(p), named(p)))
        .collect();
    let hosts: Vec<String> = items(&container["ports"])
        .map(|p| {
            format!(
                "{}/{}{}",
                p["hostPort"].as_i64().unwrap_or(0),
                protocol(p),
                named(p)
            )
        })
        .collect();
    let shown = |list: &[String]| {
        if list.is_empty() {
            "<none>".to_string()
        } else {
            list.join(", ")
        }
    };
    w.field(
        2,
        if ports.len() > 1 { "Ports" } else { "Port" },
        &shown(&ports),
    );
    w.field(
        2,
        if hosts.len() > 1 {
            "Host Ports"
        } else {
            "Host Port"
        },
        &shown(&hosts),
    );
    let profile = &container["securityContext"]["seccompProfile"];
    if profile.is_object() {
        w.field(2, "SeccompProfile", text(&profile["type"]));
    }
}

fn command(w: &mut Writer, container: &Value) {
    for (key, title) in [("command", "Command"), ("args", "Args")] {
        if items(&container[key]).next().is_none() {
            continue;
        }
        w.put(2, &format!("{title}:\n"));
        for word in items(&container[key]) {
            for line in text(word).split('\n') {
                w.put(3, &format!("{line}\n"));
            }
        }
    }
}

fn state(w: &mut Writer, status: &Value) {
    one_state(w, "State", &status["state"]);
    if status["lastState"]["terminated"].is_object() {
        one_state(w, "Last State", &status["lastState"]);
    }
    w.field(
        2,
        "Ready",
        if status["ready"] == true {
            "True"
        } else {
            "False"
        },
    );
    w.field(2, "Restart Count", &plain(&status["restartCount"]));
}

fn one_state(w: &mut Writer, title: &str, state: &Value) {
    if state["running"].is_object() {
        w.field(2, title, "Running");
        w.field(3, "Started", &date(&state["running"]["startedAt"]));
    } else if state["terminated"].is_object() {
        let ended = &state["terminated"];
        w.field(2, title, "Terminated");
        for (key, title) in [("reason", "Reason"), ("message", "Message")] {
            if !text(&ended[key]).is_empty() {
                w.field(3, title, text(&ended[key]));
            }
        }
        w.field(3, "Exit Code", &plain(&ended["exitCode"]));
        if ended["signal"].as_i64().unwrap_or(0) > 0 {
            w.field(3, "Signal", &plain(&ended["signal"]));
        }
        w.field(3, "Started", &date(&ended["startedAt"]));
        w.field(3, "Finished", &date(&ended["finishedAt"]));
    } else {
        w.field(2, title, "Waiting");
        if !text(&state["waiting"]["reason"]).is_empty() {
            w.field(3, "Reason", text(&state["waiting"]["reason"]));
        }
    }
}

fn resources(w: &mut Writer, container: &Value) {
    for (key, title) in [("limits", "Limits"), ("requests", "Requests")] {
        let Some(map) = container["resources"][key]
            .as_object()
            .filter(|m| !m.is_empty())
        else {
            continue;
        };
        w.put(2, &format!("{title}:\n"));
        for (name, quantity) in map {
            w.field(3, name, &plain(quantity));
        }
    }
}

fn probes(w: &mut Writer, container: &Value) {
    for (key, title) in [
        ("livenessProbe", "Liveness"),
        ("readinessProbe", "Readiness"),
        ("startupProbe", "Startup"),
    ] {
        if container[key].is_object() {
            w.field(2, title, &probe(&container[key]));
        }
    }
}

/// A probe on one line.
pub(crate) fn probe(probe: &Value) -> String {
    let number = |key: &str| probe[key].as_i64().unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    if probe["exec"].is_object() {
        let words: Vec<&str> = items(&probe["exec"]["command"]).map(text).collect();
        return format!("exec [{}] {attributes}", words.join(" "));
    }
    let http = &probe["httpGet"];
    if http.is_object() {
        let scheme = if text(&http["scheme"]).is_empty() {
            "http".into()
        } else {
            text(&http["scheme"]).to_lowercase()
        };
        let path = text(&http["path"]);
        let slash = if path.starts_with('/') || path.is_empty() {
            ""
        } else {
            "/"
        };
        return format!(
            "http-get {scheme}://{}:{}{slash}{path} {attributes}",
            text(&http["host"]),
            plain(&http["port"])
        );
    }
    if probe["tcpSocket"].is_object() {
        return format!(
            "tcp-socket {}:{} {attributes}",
            text(&probe["tcpSocket"]["host"]),
            plain(&probe["tcpSocket"]["port"])
        );
    }
    if probe["grpc"].is_object() {
        return format!(
            "grpc <pod>:{} {} {attributes}",
            plain(&probe["grpc"]["port"]),
            text(&probe["grpc"]["service"])
        );
    }
    format!("unknown {attributes}")
}

fn environment(w: &mut Writer, container: &Value, pod: Option<&Value>) {
    if items(&container["envFrom"]).next().is_some() {
        w.put(2, "Environment Variables from:\n");
        for source in items(&container["envFrom"]) {
            let (from, kind) = if source["secretRef"].is_object() {
                (&source["secretRef"], "Secret")
            } else {
                (&source["configMapRef"], "ConfigMap")
            };
            let prefix = if text(&source["prefix"]).is_empty() {
                String::new()
            } else {
                format!(" with prefix '{}'", text(&source["prefix"]))
            };
            w.put(
                3,
                &format!(
                    "{}\t{kind}{prefix}\tOptional: {}\n",
                    text(&from["name"]),
                    from["optional"] == true
                ),
            );
        }
    }
    if items(&container["env"]).next().is_none() {
        w.field(2, "Environment", "<none>");
        return;
    }
    w.put(2, "Environment:\n");
    for variable in items(&container["env"]) {
        let name = text(&variable["name"]);
        let from = &variable["valueFrom"];
        if from["fieldRef"].is_object() {
            let path = text(&from["fieldRef"]["fieldPath"]);
            let value = pod.map_or(String::new(), |pod| field(pod, path));
            let api = text(&from["fieldRef"]["apiVersion"]);
            w.put(3, &format!("{name}:\t{value} ({api}:{path})\n"));
        } else if from["resourceFieldRef"].is_object() {
            let r = &from["resourceFieldRef"];
            let value = resource(container, text(&r["resource"]));
            w.put(3, &format!("{name}:\t{value} ({})\n", text(&r["resource"])));
        } else if from["secretKeyRef"].is_object() {
            let r = &from["secretKeyRef"];
            w.put(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {}\n",
                    text(&r["key"]),
                    text(&r["name"]),
                    r["optional"] == true
                ),
            );
        } else if from["configMapKeyRef"].is_object() {
            let r = &from["configMapKeyRef"];
            w.put(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {}\n",
                    text(&r["key"]),
                    text(&r["name"]),
                    r["optional"] == true
                ),
            );
        } else {
            let mut lines = text(&variable["value"]).split('\n');
            w.field(3, name, lines.next().unwrap_or(""));
            for line in lines {
                w.put(3, &format!("\t{line}\n"));
            }
        }
    }
}

fn field(pod: &Value, path: &str) -> String {
    match path {
        "metadata.name" => text(&pod["metadata"]["name"]).into(),
        "metadata.namespace" => text(&pod["metadata"]["namespace"]).into(),
        "metadata.uid" => text(&pod["metadata"]["uid"]).into(),
        _ => String::new(),
    }
}

fn resource(container: &Value, name: &str) -> String {
    let (part, name) = name.split_once('.').unwrap_or(("limits", name));
    match plain(&container["resources"][part][name]) {
        value if value.is_empty() => "0".into(),
        value => value,
    }
}

fn mounts(w: &mut Writer, container: &Value) {
    let mut list: Vec<&Value> = items(&container["volumeMounts"]).collect();
    list.sort_by_key(|m| text(&m["mountPath"]));
    w.put(
        2,
        &format!("Mounts:{}\n", if list.is_empty() { "\t<none>" } else { "" }),
    );
    for mount in list {
        let mut flags = vec![if mount["readOnly"] == true {
            "ro".to_string()
        } else {
            "rw".to_string()
        }];
        if !text(&mount["subPath"]).is_empty() {
            flags.push(format!("path={:?}", text(&mount["subPath"])));
        }
        w.put(
            3,
            &format!(
                "{} from {} ({})\n",
                text(&mount["mountPath"]),
                text(&mount["name"]),
                flags.join(",")
            ),
        );
    }
    if items(&container["volumeDevices"]).next().is_some() {
        w.put(2, "Devices:\n");
        for device in items(&container["volumeDevices"]) {
            w.put(
                3,
                &format!(
                    "{} from {}\n",
                    text(&device["devicePath"]),
                    text(&device["name"])
                ),
            );
        }
    }
}

/// The template of a workload.
pub(crate) fn template(w: &mut Writer, template: &Value) {
    w.put(0, "Pod Template:\n");
    map_lines(w, 1, "Labels", &template["metadata"]["labels"], "=", &[]);
    if template["metadata"]["annotations"]
        .as_object()
        .is_some_and(|a| !a.is_empty())
    {
        map_lines(
            w,
            1,
            "Annotations",
            &template["metadata"]["annotations"],
            ": ",
            &[],
        );
    }
    let spec = &template["spec"];
    if !text(&spec["serviceAccountName"]).is_empty() {
        w.field(1, "Service Account", text(&spec["serviceAccountName"]));
    }
    containers(
        w,
        "Init Containers",
        &spec["initContainers"],
        &Value::Null,
        None,
        "  ",
    );
    containers(
        w,
        "Containers",
        &spec["containers"],
        &Value::Null,
        None,
        "  ",
    );
    volumes::describe(w, &spec["volumes"], "  ");
    if !text(&spec["priorityClassName"]).is_empty() {
        w.field(1, "Priority Class Name", text(&spec["priorityClassName"]));
    }
    map_lines(w, 1, "Node-Selectors", &spec["nodeSelector"], "=", &[]);
    tolerations(w, "  ", &spec["tolerations"]);
}

//! `kubectl debug`: an ephemeral container in a running pod, or a copy of the pod.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::run::Run;
use crate::streams::{self, Through};
use crate::verb::Verb;

pub(crate) static DEBUG: Verb = Verb {
    name: "debug",
    about: "Create debugging sessions for troubleshooting workloads and nodes",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    examples: "# A shell beside the pod's containers\nkubectl debug -it kuard --image=busybox\n# One that sees the processes of a container\nkubectl debug -it kuard --image=busybox --target=kuard\n# A copy of the pod with another container\nkubectl debug kuard -it --image=busybox --copy-to=copy --share-processes",
    flags: &["
--arguments-only=false  What follows -- are arguments, not the command
--attach=false  Attach once the container runs
-c --container=''  Name of the new container
--copy-to=''  Make a copy of the pod with this name
--custom=''  Not part of this kubectl
--env={}  Environment variables: NAME=value
-f --filename=[]  Not used
--image=''  Image of the new container
--image-pull-policy=''  Always, IfNotPresent or Never
--keep-annotations=false  With --copy-to: keep annotations
--keep-init-containers=true  With --copy-to: keep init containers
--keep-labels=false  With --copy-to: keep labels
--keep-liveness=false  With --copy-to: keep liveness probes
--keep-readiness=false  With --copy-to: keep readiness probes
--keep-startup=false  With --copy-to: keep startup probes
--profile='general'  general, baseline, restricted, netadmin or sysadmin
-q --quiet=false  Print less
--replace=false  With --copy-to: delete the pod
--same-node=false  With --copy-to: on the same node
--set-image=[]  With --copy-to: container=image
--share-processes=true  With --copy-to: containers see each other's processes
-i --stdin=false  Keep standard input open
--target=''  Container whose processes to see
-t --tty=false  Give the container a terminal
"],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    let flags = &run.flags;
    let words = &run.words[..run.dash.unwrap_or(run.words.len()).min(run.words.len())];
    if !flags.changed("image") && flags.some("copy-to").is_none() {
        return Err(fail!("you must specify --image when not using --copy-to."));
    }
    let [word] = words else {
        return Err(fail!("NAME or TYPE/NAME is required for debug"));
    };
    const PROFILES: [&str; 6] = [
        "general",
        "baseline",
        "restricted",
        "netadmin",
        "sysadmin",
        "legacy",
    ];
    if !PROFILES.contains(&flags.text("profile")) {
        return Err(fail!("unknown profile: {}", flags.text("profile")));
    }
    if flags.some("copy-to").is_some() && !flags.changed("image") {
        let has_args = run.words.len() > 1;
        if !has_args && flags.list("set-image").is_empty() {
            return Err(fail!(
                "you must specify --image, --set-image or command arguments."
            ));
        }
        if has_args && flags.some("container").is_none() {
            return Err(fail!(
                "you must specify an existing container or a new image when specifying args."
            ));
        }
    }
    if flags.bool("tty") && !flags.bool("stdin") {
        return Err(fail!(
            "-i/--stdin is required for containers with -t/--tty=true"
        ));
    }
    if flags.some("target").is_some() && flags.some("copy-to").is_some() {
        return Err(fail!(
            "--target is incompatible with --copy-to. Use --share-processes instead."
        ));
    }
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let namespace = run.namespace().await?;
    let kind = run.kind(kind).await?;
    match kind.plural.as_str() {
        "pods" => {}
        "nodes" => return node(run, &namespace, &kind.path("", name)).await,
        _ => {
            run.get(&kind.path(&namespace, name), Vec::new()).await?;
            return Err(fail!(
                "\"{}, Kind={}\" not supported by debug",
                kind.api_version(),
                kind.kind
            ));
        }
    }
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let pod = run.get(&path, Vec::new()).await?;
    let container = name_of(run, &pod);
    if flags.some("container").is_none() && !flags.bool("quiet") {
        run.out(&format!(
            "Defaulting debug container name to {container}.\n"
        ))
        .await?;
    }
    if flags.some("copy-to").is_some() {
        return copy(run, &namespace, &pod, &container).await;
    }
    if flags.some("target").is_some() && !flags.bool("quiet") {
        run.out(&format!("Targeting container {:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n", flags.text("target"))).await?;
    }
    let mut entry = spec(run, &container)?;
    if let Some(target) = flags.some("target") {
        entry["targetContainerName"] = target.into();
    }
    let patch = json!({"spec": {"ephemeralContainers": [entry]}});
    run.patch(
        &format!("{path}/ephemeralcontainers"),
        Vec::new(),
        "strategic",
        &patch,
    )
    .await?;
    finish(run, &namespace, name, &container).await
}

/// The new container's name: as asked, or `debugger-xxxxx`.
fn name_of(run: &Run, pod: &Value) -> String {
    if let Some(name) = run.flags.some("container") {
        return name.to_string();
    }
    format!("debugger-{}", suffix(run, pod))
}

/// Five letters and digits as the API server would choose them.
fn suffix(run: &Run, of: &Value) -> String {
    let letters: Vec<char> = "bcdfghjklmnpqrstvwxz2456789".chars().collect();
    let uid = of["metadata"]["uid"].as_str().unwrap_or("");
    let hash = uid
        .bytes()
        .fold(7_u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut seed = run.computer.now().as_nanosecond() as u64 ^ hash;
    let mut suffix = String::new();
    for _ in 0..5 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        suffix.push(letters[(seed >> 33) as usize % letters.len()]);
    }
    suffix
}

/// A pod on the node that sees the node's processes, network and files (below `/host`).
async fn node(run: &Run, namespace: &str, path: &str) -> Outcome {
    let flags = &run.flags;
    let live = run.get(path, Vec::new()).await?;
    let node = live["metadata"]["name"].as_str().unwrap_or("");
    let container = flags.some("container").unwrap_or("debugger");
    let name = format!("node-debugger-{node}-{}", suffix(run, &live));
    let mut entry = spec(run, container)?;
    entry["terminationMessagePath"] = "/dev/termination-log".into();
    entry["volumeMounts"] = json!([{"mountPath": "/host", "name": "host-root"}]);
    if flags.text("profile") != "sysadmin"
        && let Some(map) = entry.as_object_mut()
    {
        map.remove("securityContext");
    }
    let alone = matches!(flags.text("profile"), "baseline" | "restricted");
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}},
        "spec": {"containers": [entry], "nodeName": node, "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
            "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}]}});
    for key in ["hostIPC", "hostNetwork", "hostPID"] {
        pod["spec"][key] = (!alone).into();
    }
    if !flags.bool("quiet") {
        run.out(&format!(
            "Creating debugging pod {name} with container {container} on node {node}.\n"
        ))
        .await?;
    }
    let collection = format!("/api/v1/namespaces/{namespace}/pods");
    run.send(Method::POST, &collection, Vec::new(), &pod)
        .await?;
    finish(run, namespace, &name, container).await
}

fn spec(run: &Run, name: &str) -> Outcome<Value> {
    let flags = &run.flags;
    let mut entry = json!({"name": name, "image": flags.text("image"), "resources": {}, "terminationMessagePolicy": "File", "imagePullPolicy": flags.text("image-pull-policy")});
    if flags.text("image-pull-policy").is_empty()
        && let Some(map) = entry.as_object_mut()
    {
        map.remove("imagePullPolicy");
    }
    let rest = run.words.get(1..).unwrap_or_default();
    if !rest.is_empty() {
        entry[if flags.bool("arguments-only") {
            "args"
        } else {
            "command"
        }] = json!(rest);
    }
    let env = super::run_pod::environment(flags.list("env"))?;
    if !env.is_empty() {
        entry["env"] = env.into();
    }
    for flag in ["stdin", "tty"] {
        if flags.bool(flag) {
            entry[flag] = true.into();
        }
    }
    match flags.text("profile") {
        "general" => entry["securityContext"] = json!({"capabilities": {"add": ["SYS_PTRACE"]}}),
        "netadmin" => {
            entry["securityContext"] = json!({"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}})
        }
        "restricted" => {
            entry["securityContext"] = json!({"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}})
        }
        "sysadmin" => entry["securityContext"] = json!({"privileged": true}),
        "baseline" | "legacy" => {}
        other => return Err(fail!("unknown profile: {other}")),
    }
    Ok(entry)
}

/// Changes the container that is named, or adds a new one; with new images alone there may be nothing more to do. Answers whether there was.
fn put_container(run: &Run, list: &mut Vec<Value>, name: &str, has_images: bool) -> Outcome<bool> {
    let known = list.iter_mut().find(|c| c["name"] == name);
    let has_image = run.flags.changed("image");
    if known.is_none() && !has_image {
        return match has_images {
            true => Ok(false),
            false => Err(fail!("you must specify image when creating new container")),
        };
    }
    let mut entry = spec(run, name)?;
    let Some(known) = known else {
        list.push(entry);
        return Ok(true);
    };
    if let Some(map) = entry.as_object_mut().filter(|_| !has_image) {
        map.remove("image");
    }
    // A new command stands without the old one's arguments.
    if !entry["command"].is_null() {
        entry["args"] = Value::Null;
    }
    crate::patch::merge(known, &entry);
    Ok(true)
}

/// The copy: new images, and where a container is added or changed, without what would get in the way of looking at it.
fn copy_of(run: &Run, namespace: &str, pod: &Value, container: &str) -> Outcome<Value> {
    let flags = &run.flags;
    let mut spec = pod["spec"].clone();
    if let Some(map) = spec.as_object_mut() {
        map.remove("ephemeralContainers");
        if !flags.bool("same-node") {
            map.remove("nodeName");
        }
        if flags.changed("share-processes") {
            map.insert(
                "shareProcessNamespace".into(),
                flags.bool("share-processes").into(),
            );
        }
    }
    let mut meta = json!({"name": flags.text("copy-to"), "namespace": namespace});
    for key in ["labels", "annotations"] {
        meta[key] = pod["metadata"][key].clone();
    }
    let pairs = flags.list("set-image").iter();
    let pairs: Vec<(&str, &str)> = pairs.filter_map(|p| p.split_once('=')).collect();
    for entry in spec["containers"].as_array_mut().into_iter().flatten() {
        let own = pairs.iter().find(|(name, _)| entry["name"] == *name);
        if let Some((_, image)) = own.or(pairs.iter().find(|(name, _)| *name == "*")) {
            entry["image"] = (*image).into();
        }
    }
    let changed = match spec["containers"].as_array_mut() {
        Some(list) => put_container(run, list, container, !pairs.is_empty())?,
        None => false,
    };
    let mut made = json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec});
    if changed {
        lay_open(run, &mut made);
    }
    Ok(made)
}

/// What a profile does to a copy: nobody selects or probes it, and its containers see each other.
fn lay_open(run: &Run, pod: &mut Value) {
    let flags = &run.flags;
    let drop = |of: &mut Value, flag: &str, member: &str| {
        if let (false, Some(map)) = (flags.bool(flag), of.as_object_mut()) {
            map.remove(member);
        }
    };
    drop(&mut pod["metadata"], "keep-labels", "labels");
    drop(&mut pod["metadata"], "keep-annotations", "annotations");
    drop(&mut pod["spec"], "keep-init-containers", "initContainers");
    for entry in pod["spec"]["containers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        drop(entry, "keep-liveness", "livenessProbe");
        drop(entry, "keep-readiness", "readinessProbe");
        drop(entry, "keep-startup", "startupProbe");
    }
    if pod["spec"]["shareProcessNamespace"].is_null() {
        pod["spec"]["shareProcessNamespace"] = true.into();
    }
}

async fn copy(run: &Run, namespace: &str, pod: &Value, container: &str) -> Outcome {
    let flags = &run.flags;
    let name = flags.text("copy-to");
    let made = copy_of(run, namespace, pod, container)?;
    let collection = format!("/api/v1/namespaces/{namespace}/pods");
    if flags.bool("replace") {
        let old = pod["metadata"]["name"].as_str().unwrap_or("");
        run.send(
            Method::DELETE,
            &format!("{collection}/{old}"),
            Vec::new(),
            &json!({}),
        )
        .await?;
    }
    run.send(Method::POST, &collection, Vec::new(), &made)
        .await?;
    finish(run, namespace, name, container).await
}

async fn finish(run: &Run, namespace: &str, name: &str, container: &str) -> Outcome {
    let flags = &run.flags;
    if !(flags.bool("attach") || (flags.bool("stdin") && !flags.changed("attach"))) {
        return Ok(());
    }
    let state = |pod: &Value| {
        let all = ["containerStatuses", "ephemeralContainerStatuses"];
        all.iter()
            .flat_map(|part| pod["status"][*part].as_array().into_iter().flatten())
            .find(|s| s["name"] == container)
            .map(|s| s["state"].clone())
    };
    let pod = streams::wait_for_pod(run, namespace, name, None, |pod| {
        state(pod).is_some_and(|s| s["running"].is_object() || s["terminated"].is_object())
    })
    .await?;
    if state(&pod).is_some_and(|s| s["terminated"].is_object()) {
        return log(run, namespace, name, container).await;
    }
    let through = Through {
        stdin: flags.bool("stdin"),
        tty: flags.bool("tty"),
        quiet: flags.bool("quiet"),
    };
    match streams::attach(run, namespace, name, container, through).await {
        // It may have ended meanwhile.
        Err(failure @ (Failure::Text(_) | Failure::Status(_))) => {
            let why = failure.sentence();
            let warning = format!(
                "warning: couldn't attach to pod/{name}, falling back to streaming logs: {why}\n"
            );
            run.err(&warning).await?;
            log(run, namespace, name, container).await
        }
        done => done,
    }
}

/// What a container has said.
async fn log(run: &Run, namespace: &str, name: &str, container: &str) -> Outcome {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
    let query = vec![("container", container.into())];
    let mut lines = run.lines(&path, query, "application/json, */*").await?;
    while let Some(data) = lines.chunk().await {
        run.out_bytes(&data).await?;
    }
    Ok(())
}

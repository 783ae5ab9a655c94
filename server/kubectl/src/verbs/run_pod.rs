//! `kubectl run`: one pod from an image, perhaps attached to, perhaps removed afterwards.

use futures::FutureExt;
use http::Method;
use serde_json::{Map, Value, json};

use crate::discovery::Kind;
use crate::failure::{Failure, Outcome, fail, usage};
use crate::patch;
use crate::printing;
use crate::run::Run;
use crate::streams;
use crate::verb::Verb;

pub(crate) static RUN: Verb = Verb {
    name: "run",
    about: "Run a particular image on the cluster",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    examples: "# A pod named kuard\nkubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue\n# Its manifest only\nkubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue --dry-run=client -o yaml\n# A shell that is gone when you leave it\nkubectl run -it box --image=busybox --rm --restart=Never -- sh",
    flags: &[
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--annotations={}  Annotations of the pod: key=value
--attach=false  Attach to the pod once it runs
--cascade='background'?background  How owned objects go with --rm: background, orphan, foreground
--command=false  What follows -- is the command, not its arguments
--env={}  Environment variables: NAME=value
--expose=false  Make a service for the port too
-f --filename=[]  Not used
--force=false  With --rm: delete at once
--grace-period=-1  With --rm: seconds to end in
--image=''  Image of the container
--image-pull-policy=''  Always, IfNotPresent or Never
-l --labels=[]  Labels of the pod: key=value,key=value
--leave-stdin-open=false  Keep standard input open after the first attach ends
--override-type='merge'  How --overrides merges: json, merge, strategic
--overrides=''  JSON to lay over the generated object
--pod-running-timeout=60s  How long to wait until the pod runs
--port=''  Port that the container listens on
--privileged=false  Run the container privileged
-q --quiet=false  Print less
--restart='Always'  Restart policy: Always, OnFailure or Never
--rm=false  Delete the pod when it has ended
--save-config=false  Keep the manifest in an annotation
-i --stdin=false  Keep standard input of the container open
-t --tty=false  Give the container a terminal
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

fn pairs(list: &[String], sign: char) -> Outcome<Map<String, Value>> {
    let mut map = Map::new();
    for entry in list {
        let Some((key, value)) = entry.split_once(sign) else {
            return Err(fail!("unexpected label spec: {entry}"));
        };
        map.insert(key.into(), value.into());
    }
    Ok(map)
}

/// Environment variables of `--env`.
pub(crate) fn environment(list: &[String]) -> Outcome<Vec<Value>> {
    list.iter()
        .map(|entry| match entry.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(json!({"name": name, "value": value})),
            _ => Err(fail!("invalid env: {entry}")),
        })
        .collect()
}

fn pod(run: &Run) -> Outcome<Value> {
    let flags = &run.flags;
    let name = &run.words[0];
    let env = environment(flags.list("env"))?;
    let labels = if flags.changed("labels") {
        pairs(flags.list("labels"), '=')?
    } else {
        Map::from_iter([("run".to_string(), json!(name))])
    };
    let mut container = json!({"name": name, "image": flags.text("image"), "resources": {}});
    let rest = &run.words[1..];
    if !rest.is_empty() {
        container[if flags.bool("command") {
            "command"
        } else {
            "args"
        }] = json!(rest);
    }
    if !env.is_empty() {
        container["env"] = env.into();
    }
    if let Some(port) = flags.some("port") {
        let port: i32 = port
            .parse()
            .map_err(|_| fail!("strconv.Atoi: parsing {port:?}: invalid syntax"))?;
        container["ports"] = json!([{"containerPort": port}]);
    }
    if let Some(policy) = flags.some("image-pull-policy") {
        container["imagePullPolicy"] = policy.into();
    }
    if flags.bool("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    if flags.bool("stdin") {
        container["stdin"] = true.into();
        if !flags.bool("leave-stdin-open") {
            container["stdinOnce"] = true.into();
        }
    }
    if flags.bool("tty") {
        container["tty"] = true.into();
    }
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": flags.text("restart")}, "status": {}});
    let annotations = pairs(flags.list("annotations"), '=')?;
    if !annotations.is_empty() {
        pod["metadata"]["annotations"] = annotations.into();
    }
    if let Some(text) = flags.some("overrides") {
        overridden(&mut pod, text, flags.text("override-type"))?;
    }
    Ok(pod)
}

/// Lays `--overrides` over the pod, in the way of `--override-type`.
fn overridden(pod: &mut Value, text: &str, way: &str) -> Outcome {
    let read = objects::json::parse_value(text.as_bytes());
    match way {
        "json" => {
            let over = read.map_err(|why| fail!("{why}"))?;
            return patch::operations(pod, over);
        }
        "strategic" => {
            let over = read.map_err(|_| fail!("invalid JSON document"))?;
            patch::strategic(pod, &over);
        }
        "merge" => {
            let over = read.map_err(|_| fail!("Invalid JSON Patch"))?;
            patch::merge(pod, &over);
        }
        other => return Err(fail!("invalid override type: {other}")),
    }
    Ok(())
}

fn validate(run: &Run) -> Outcome {
    let flags = &run.flags;
    if !flags.changed("image") {
        return Err(Failure::Text("required flag(s) \"image\" not set".into()));
    }
    if run.words.is_empty() || run.dash == Some(0) {
        return Err(usage!("NAME is required for run"));
    }
    let attach = flags.bool("attach") || flags.bool("stdin") || flags.bool("tty");
    if flags.bool("tty") && !flags.bool("stdin") {
        return Err(usage!(
            "-i/--stdin is required for containers with -t/--tty=true"
        ));
    }
    if flags.bool("rm") && !attach {
        return Err(usage!("--rm should only be used for attached containers"));
    }
    if flags.text("image").is_empty()
        || flags.text("image").contains(char::is_whitespace)
        || flags
            .text("image")
            .chars()
            .any(|c| c.is_ascii_uppercase() && !flags.text("image").contains([':', '/']))
    {
        return Err(fail!(
            "Invalid image name {:?}: invalid reference format",
            flags.text("image")
        ));
    }
    if !["Always", "OnFailure", "Never"].contains(&flags.text("restart")) {
        return Err(usage!("invalid restart policy: {}", flags.text("restart")));
    }
    let dry = super::dry_run(run)?;
    if attach && dry != "none" {
        return Err(usage!(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"
        ));
    }
    if flags.bool("expose") && !flags.changed("port") {
        return Err(usage!("--port must be set when exposing a service"));
    }
    Ok(())
}

async fn go(run: &Run) -> Outcome {
    validate(run)?;
    let flags = &run.flags;
    let attach = if flags.changed("attach") {
        flags.bool("attach")
    } else {
        flags.bool("stdin") || flags.bool("tty")
    };
    let pod = pod(run)?;
    let kind = run.kind_or_pod().await;
    if flags.text("dry-run") == "client" {
        if flags.bool("expose") {
            expose(run, "", &pod).await?;
            if flags.text("output") == "yaml" {
                run.out("---\n---\n").await?;
            }
        }
        return printing::report(run, &kind, pod, "created").await;
    }
    let namespace = run.namespace().await?;
    let made = run
        .send(
            Method::POST,
            &kind.path(&namespace, ""),
            super::change(run, "kubectl-run"),
            &pod,
        )
        .await?;
    let made_name = made["metadata"]["name"].as_str().unwrap_or("").to_string();
    if flags.bool("expose") {
        expose(run, &namespace, &made).await?;
    }
    if !attach || flags.text("dry-run") == "server" {
        return printing::report(run, &kind, made, "created").await;
    }
    let outcome = streams::attach_or_log(
        run,
        &namespace,
        &made_name,
        flags.bool("stdin"),
        flags.bool("tty"),
    )
    .await;
    let outcome = match outcome {
        Ok(()) if flags.text("restart") != "Always" || flags.bool("rm") => {
            exit_code(run, &namespace, &made_name).await
        }
        other => other,
    };
    if flags.bool("rm") {
        let body = json!({"propagationPolicy": "Background"});
        let path = kind.path(&namespace, &made_name);
        run.send(Method::DELETE, &path, Vec::new(), &body).await?;
        run.out(&format!(
            "pod {made_name:?} deleted from {namespace} namespace\n"
        ))
        .await?;
    }
    outcome
}

/// The service of `--expose`; with `--dry-run=client` it is only shown.
async fn expose(run: &Run, namespace: &str, pod: &Value) -> Outcome {
    let Ok(port) = run.flags.text("port").parse::<u16>() else {
        return Err(usage!("--port must be set when exposing a service"));
    };
    let labels = &pod["metadata"]["labels"];
    let mut meta = json!({"name": pod["metadata"]["name"]});
    if run.flags.changed("labels") {
        meta["labels"] = labels.clone();
    }
    let mut service = json!({"apiVersion": "v1", "kind": "Service", "metadata": meta,
        "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels},
        "status": {"loadBalancer": {}}});
    if run.flags.text("dry-run") != "client" {
        let path = format!("/api/v1/namespaces/{namespace}/services");
        let query = super::change(run, "kubectl-run");
        service = run.send(Method::POST, &path, query, &service).await?;
    }
    let kind = Kind {
        version: "v1".into(),
        plural: "services".into(),
        singular: "service".into(),
        kind: "Service".into(),
        namespaced: true,
        ..Kind::default()
    };
    printing::report(run, &kind, service, "created").await
}

async fn exit_code(run: &Run, namespace: &str, name: &str) -> Outcome {
    let pod = streams::wait_for_pod(run, namespace, name, None, |pod| {
        matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        )
    })
    .await?;
    if pod["status"]["phase"] == "Succeeded" {
        return Ok(());
    }
    let code = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
        .as_i64()
        .unwrap_or(1);
    if code == 0 {
        return Err(fail!(
            "pod {namespace}/{name} failed with unknown exit code"
        ));
    }
    run.err(&format!(
        "pod {namespace}/{name} terminated ({})\n",
        pod["status"]["containerStatuses"][0]["state"]["terminated"]["reason"]
            .as_str()
            .unwrap_or("Error")
    ))
    .await?;
    Err(Failure::Exit(code as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_laid_over_in_three_ways() {
        let check = |way: &str, over: &str, want: Result<Value, &str>| {
            let mut pod = json!({"spec": {"containers": [{"name": "p", "image": "i"}]}});
            let done = overridden(&mut pod, over, way).map(|()| pod);
            assert_eq!(
                done.map_err(|failure| failure.sentence()),
                want.map_err(str::to_string),
                "{way} {over}"
            );
        };
        let tty = r#"{"spec": {"containers": [{"name": "p", "tty": true}]}}"#;
        check(
            "merge",
            tty,
            Ok(json!({"spec": {"containers": [{"name": "p", "tty": true}]}})),
        );
        check(
            "strategic",
            tty,
            Ok(json!({"spec": {"containers": [{"name": "p", "image": "i", "tty": true}]}})),
        );
        check(
            "json",
            r#"[{"op": "replace", "path": "/spec/containers/0/image", "value": "j"}]"#,
            Ok(json!({"spec": {"containers": [{"name": "p", "image": "j"}]}})),
        );
        check("merge", "{bad", Err("Invalid JSON Patch"));
        check("merge", "spec: {}", Err("Invalid JSON Patch"));
        check("strategic", "{bad", Err("invalid JSON document"));
        check(
            "json",
            "{bad",
            Err("invalid character 'b' looking for beginning of object key string"),
        );
        check(
            "json",
            "{}",
            Err("json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        );
        check("bogus", "{}", Err("invalid override type: bogus"));
    }
}

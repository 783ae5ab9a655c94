//! `kubectl set image|env|resources|serviceaccount` and `kubectl expose`.

use futures::FutureExt;
use http::Method;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::selection::{self, Item};
use crate::verb::Verb;

macro_rules! verbs {
    ($($name:ident $word:literal $aliases:expr, $about:literal $usage:literal $flags:literal $body:ident;)*) => {
        $(static $name: Verb = Verb {
            name: $word, aliases: &$aliases, about: $about, usage: $usage, examples: "",
            flags: &[super::FILES, super::PRINT_OBJECTS, super::CHANGE, "\n-l --selector=''  Label selector\n--all=false  All objects of the kind\n--local=false  Do not ask the server\n", $flags],
            verbs: &[], run: Some(|run| each(run, $body).boxed()),
        };)*
        static VERBS: &[&Verb] = &[$(&$name,)* &super::set_others::SELECTOR, &super::set_others::SUBJECT];
    };
}

verbs! {
    ENV "env" [], "Update environment variables on a pod template" "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N" "\n-c --containers='*'  Containers to change\n-e --env={}  NAME=value\n--list=false  Show the present ones\n--overwrite=true  Change existing values\n" env;
    IMAGE "image" [], "Update the image of a pod template" "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N" "" image;
    RESOURCES "resources" [], "Update resource requests/limits on objects with pod templates" "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]" "\n-c --containers='*'  Containers to change\n--limits=''  cpu=1,memory=1Gi\n--requests=''  cpu=1,memory=1Gi\n" resources;
    ACCOUNT "serviceaccount" ["sa"], "Update the service account of a resource" "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT" "" account;
}

pub(crate) static SET: Verb = Verb {
    name: "set",
    about: "Set specific features on objects",
    usage: "SUBCOMMAND",
    verbs: VERBS,
    ..Verb::NONE
};

/// What a `set` makes of a pod spec; answers with the patch of the spec, or nothing where nothing changes.
type Change = fn(&Run, &Value, &[String]) -> Outcome<(Value, &'static str)>;

async fn each(run: &Run, change: Change) -> Outcome {
    super::dry_run(run)?;
    let own = |w: &String| w.contains('=') || (w.ends_with('-') && !w.contains('/'));
    let is_account = run.command.ends_with("serviceaccount");
    if is_account && run.words.is_empty() {
        return Err(fail!("serviceaccount is required"));
    }
    let first = if is_account {
        run.words.len().saturating_sub(1)
    } else {
        run.words.iter().position(own).unwrap_or(run.words.len())
    };
    let (objects, changes) = run.words.split_at(first);
    // Only this one asks before the objects are looked for.
    let is_env = run.command.ends_with("env");
    if is_env && objects.is_empty() && run.flags.list("filename").is_empty() {
        return Err(fail!(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>"
        ));
    }
    let (items, mut failures) = selection::items_of(run, objects).await?;
    for item in items {
        failures.extend(one(run, &item, change, changes).await.err());
    }
    Failure::of(failures)
}

async fn one(run: &Run, item: &Item, change: Change, words: &[String]) -> Outcome {
    let live = if run.flags.bool("local") {
        item.value.clone().unwrap_or_default()
    } else {
        item.fetch(run).await?
    };
    let place: &[&str] = match item.kind.plural.as_str() {
        "pods" => &["spec"],
        "cronjobs" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    };
    let spec = place.iter().fold(&live, |value, key| &value[*key]);
    if run.flags.bool("list") {
        return list(run, item, spec).await;
    }
    let (patch, done) = change(run, spec, words)?;
    let before = place.iter().fold(&live, |value, key| &value[*key]).clone();
    let patch = place
        .iter()
        .rev()
        .fold(patch, |inner, key| json!({*key: inner}));
    let mut merged = live.clone();
    crate::patch::strategic(&mut merged, &patch);
    if place.iter().fold(&merged, |value, key| &value[*key]) == &before {
        return Ok(());
    }
    let value = if run.flags.text("dry-run") == "client" || run.flags.bool("local") {
        merged
    } else {
        run.patch(
            &item.path(),
            super::change(run, "kubectl-set"),
            "strategic",
            &patch,
        )
        .await?
    };
    printing::report(run, &item.kind, value, done).await
}

fn names(spec: &Value, part: &str) -> Vec<String> {
    crate::streams::names(&spec[part])
}

fn image(_run: &Run, spec: &Value, words: &[String]) -> Outcome<(Value, &'static str)> {
    let mut patch = json!({});
    if words.is_empty() {
        return Err(fail!("at least one image update is required"));
    }
    for word in words {
        let (name, image) = word.split_once('=').unwrap_or((word, ""));
        let mut found = false;
        for part in ["initContainers", "containers"] {
            for known in names(spec, part)
                .into_iter()
                .filter(|known| name == "*" || known == name)
            {
                let entry = json!({"name": known, "image": image});
                match patch[part].as_array_mut() {
                    Some(list) => list.push(entry),
                    None => patch[part] = json!([entry]),
                }
                found = true;
            }
        }
        if !found {
            return Err(fail!("unable to find container named {name:?}"));
        }
    }
    Ok((patch, "image updated"))
}

fn chosen(run: &Run, spec: &Value) -> Vec<String> {
    let wanted = run.flags.text("containers").to_string();
    names(spec, "containers")
        .into_iter()
        .filter(|n| wanted == "*" || wanted.split(',').any(|w| w == n))
        .collect()
}

fn env(run: &Run, spec: &Value, words: &[String]) -> Outcome<(Value, &'static str)> {
    let mut entries = Vec::new();
    for word in words.iter().chain(run.flags.list("env")) {
        entries.push(match word.split_once('=') {
            Some((name, value)) => json!({"name": name, "value": value}),
            None => json!({"name": word.trim_end_matches('-'), "$patch": "delete"}),
        });
    }
    if entries.is_empty() {
        return Ok((json!({}), "env updated"));
    }
    let containers: Vec<Value> = chosen(run, spec)
        .into_iter()
        .map(|name| json!({"name": name, "env": entries}))
        .collect();
    Ok((json!({"containers": containers}), "env updated"))
}

async fn list(run: &Run, item: &Item, spec: &Value) -> Outcome {
    for container in spec["containers"].as_array().into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or("");
        run.out(&format!(
            "# {} {}, container {name}\n",
            item.kind.kind, item.name
        ))
        .await?;
        for variable in container["env"].as_array().into_iter().flatten() {
            run.out(&format!(
                "{}={}\n",
                variable["name"].as_str().unwrap_or(""),
                variable["value"].as_str().unwrap_or("")
            ))
            .await?;
        }
    }
    Ok(())
}

fn resources(run: &Run, spec: &Value, _words: &[String]) -> Outcome<(Value, &'static str)> {
    let map = |flag: &str| -> Map<String, Value> {
        run.flags
            .text(flag)
            .split(',')
            .filter_map(|p| p.split_once('='))
            .map(|(k, v)| (k.to_string(), v.into()))
            .collect()
    };
    let (limits, requests) = (map("limits"), map("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(fail!(
            "you must specify an update to requests or limits (in the form of --requests/--limits)"
        ));
    }
    let mut both = json!({});
    for (key, value) in [("limits", limits), ("requests", requests)] {
        if !value.is_empty() {
            both[key] = value.into();
        }
    }
    let containers: Vec<Value> = chosen(run, spec)
        .into_iter()
        .map(|name| json!({"name": name, "resources": both}))
        .collect();
    Ok((
        json!({"containers": containers}),
        "resource requirements updated",
    ))
}

fn account(_run: &Run, _spec: &Value, words: &[String]) -> Outcome<(Value, &'static str)> {
    let name = words
        .first()
        .ok_or_else(|| fail!("serviceaccount is required"))?;
    Ok((
        json!({"serviceAccountName": name}),
        "serviceaccount updated",
    ))
}

pub(crate) static EXPOSE: Verb = Verb {
    name: "expose",
    about: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    examples: "# A service for the pods of a deployment\nkubectl expose deployment web --port=80",
    flags: &[
        super::FILES,
        super::PRINT_OBJECTS,
        super::CHANGE,
        "
--cluster-ip=''  Address, or None
--external-ip=''  Another address
-l --labels=''  Labels of the service
--load-balancer-ip=''  Address of the load balancer
--name=''  Name of the service
--overrides=''  JSON to lay over the service
--port=''  Port of the service
--protocol=''  TCP, UDP or SCTP
--save-config=false  Keep the manifest in an annotation
--selector=''  Label selector of the service
--session-affinity=''  None or ClientIP
--target-port=''  Port of the pods
--type=''  ClusterIP, NodePort, LoadBalancer or ExternalName
",
    ],
    run: Some(|run| expose(run).boxed()),
    ..Verb::NONE
};

async fn expose(run: &Run) -> Outcome {
    super::dry_run(run)?;
    let (items, failures) = {
        let words = run.words.clone();
        // The selector flag is the service's, not a choice of objects.
        let mut items = Vec::new();
        for (kind, names) in selection::wanted(run, &words).await? {
            let namespace = run.namespace().await?;
            items.extend(names.into_iter().map(|name| Item {
                kind: kind.clone(),
                namespace: namespace.clone(),
                name,
                value: None,
                source: String::new(),
            }));
        }
        (items, Vec::new())
    };
    Failure::of(failures)?;
    if items.is_empty() {
        return Err(selection::nothing_named());
    }
    for item in items {
        let live = item.fetch(run).await?;
        let service = service(run, &item, &live)?;
        let kind = run.kind("services").await?;
        let made = if run.flags.text("dry-run") == "client" {
            service
        } else {
            run.send(
                Method::POST,
                &kind.path(&item.namespace, ""),
                super::change(run, "kubectl-expose"),
                &service,
            )
            .await?
        };
        printing::report(run, &kind, made, "exposed").await?;
    }
    Ok(())
}

fn service(run: &Run, item: &Item, live: &Value) -> Outcome<Value> {
    let flags = &run.flags;
    let pairs = |text: &str| -> Value {
        text.split(',')
            .filter_map(|p| p.split_once('='))
            .map(|(k, v)| (k.to_string(), json!(v)))
            .collect::<Map<_, _>>()
            .into()
    };
    let selector = match flags.some("selector") {
        Some(text) => pairs(text),
        None => match item.kind.plural.as_str() {
            "pods" => live["metadata"]["labels"].clone(),
            "services" | "replicationcontrollers" => live["spec"]["selector"].clone(),
            "deployments" | "replicasets" => live["spec"]["selector"]["matchLabels"].clone(),
            _ => return Err(fail!("cannot expose a {}", item.kind.kind)),
        },
    };
    if selector.as_object().is_none_or(Map::is_empty) {
        return Err(fail!(
            "couldn't retrieve selectors via --selector flag or introspection: the {} has no labels and cannot be exposed",
            item.kind.singular
        ));
    }
    let number = |text: &str| text.parse::<i64>().map_or(json!(text), |n| json!(n));
    let spec = if item.kind.plural == "pods" {
        &live["spec"]
    } else {
        &live["spec"]["template"]["spec"]
    };
    let declared: Vec<&Value> = spec["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|c| c["ports"].as_array().into_iter().flatten())
        .collect();
    let mut ports = Vec::new();
    let protocol = flags.some("protocol").unwrap_or("TCP");
    match flags.some("port") {
        Some(list) => {
            let many = list.contains(',');
            for (i, port) in list.split(',').enumerate() {
                let number_of: u16 = port
                    .parse()
                    .map_err(|_| fail!("strconv.Atoi: parsing {port:?}: invalid syntax"))?;
                let target = flags.some("target-port").map_or(json!(number_of), number);
                let mut entry =
                    json!({"port": number_of, "protocol": protocol, "targetPort": target});
                if many {
                    entry["name"] = format!("port-{}", i + 1).into();
                }
                ports.push(entry);
            }
        }
        None if declared.is_empty() => {
            return Err(fail!("couldn't find port via --port flag or introspection"));
        }
        None => {
            for (i, port) in declared.iter().enumerate() {
                let mut entry = json!({"port": port["containerPort"], "protocol": port["protocol"].as_str().unwrap_or("TCP"), "targetPort": flags.some("target-port").map_or(port["containerPort"].clone(), number)});
                if declared.len() > 1 {
                    entry["name"] = format!("port-{}", i + 1).into();
                }
                ports.push(entry);
            }
        }
    }
    let name = flags.some("name").unwrap_or(&item.name);
    let labels = flags
        .some("labels")
        .map_or(live["metadata"]["labels"].clone(), pairs);
    let mut service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports, "selector": selector}, "status": {"loadBalancer": {}}});
    if labels.is_object() {
        service["metadata"]["labels"] = labels;
    }
    for (flag, key) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        if let Some(text) = flags.some(flag) {
            service["spec"][key] = text.into();
        }
    }
    if let Some(ip) = flags.some("external-ip") {
        service["spec"]["externalIPs"] = json!([ip]);
    }
    if let Some(text) = flags.some("overrides") {
        let over = crate::manifest::yaml(text).map_err(|why| fail!("{why}"))?;
        crate::patch::merge(&mut service, &over);
    }
    Ok(service)
}

//! `kubectl describe`: fetches an object with what belongs to it and hands it to [`crate::describe`].

use futures::FutureExt;
use serde_json::Value;

use crate::describe::{
    self, Writer, access, general, network, node, pod, policy, service, storage, workload,
};
use crate::failure::{Failure, Outcome, fail};
use crate::run::{Query, Run};
use crate::selection::{self, Item};
use crate::verb::Verb;

pub(crate) static DESCRIBE: Verb = Verb {
    name: "describe",
    about: "Show details of a specific resource or group of resources",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    examples: "# A pod\nkubectl describe pod kuard\n# All pods with a label\nkubectl describe pods -l app=web",
    flags: &[
        super::FILES,
        "
-l --selector=''  Label selector
-A --all-namespaces=false  Objects of all namespaces
--chunk-size=500  How many objects to ask for at once
--show-events=true  Show events
",
    ],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    if run.words.is_empty() && run.flags.list("filename").is_empty() {
        return Err(fail!(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources."
        ));
    }
    let (items, mut failures) = selection::items_or_all(run).await?;
    let mut first = true;
    for item in &items {
        match one(run, item).await {
            Ok(text) => {
                let gap = if first { "" } else { "\n\n" };
                first = false;
                run.out(&format!("{gap}{text}")).await?;
            }
            Err(failure) if failure.is_not_found() && !item.name.is_empty() => {
                match by_prefix(run, item).await? {
                    texts if texts.is_empty() => failures.push(failure),
                    texts => {
                        let gap = if first { "" } else { "\n\n" };
                        first = false;
                        run.out(&format!("{gap}{}", texts.join("\n\n"))).await?;
                    }
                }
            }
            Err(failure) => failures.push(failure),
        }
    }
    if items.is_empty() && failures.is_empty() {
        let text = if run.flags.bool("all-namespaces") {
            "No resources found\n".into()
        } else {
            format!(
                "No resources found in {} namespace.\n",
                run.namespace().await?
            )
        };
        run.err(&text).await?;
    }
    Failure::of(failures)
}

async fn by_prefix(run: &Run, item: &Item) -> Outcome<Vec<String>> {
    let mut texts = Vec::new();
    for value in run.list(&item.kind, &item.namespace, Vec::new()).await? {
        let found = selection::item(item.kind.clone(), value);
        if found.name.starts_with(&item.name) {
            texts.push(one(run, &found).await?);
        }
    }
    Ok(texts)
}

async fn events(run: &Run, item: &Item, object: &Value, uid: &str) -> Outcome<Vec<Value>> {
    if !run.flags.bool("show-events") {
        return Ok(Vec::new());
    }
    let mut fields = vec![
        format!("involvedObject.name={}", item.name),
        format!("involvedObject.namespace={}", item.namespace),
    ];
    if item.kind.plural != "pods" {
        fields.push(format!("involvedObject.kind={}", item.kind.kind));
    }
    if !uid.is_empty() {
        fields.push(format!("involvedObject.uid={uid}"));
    }
    let _ = object;
    let path = if item.namespace.is_empty() {
        "/api/v1/events".to_string()
    } else {
        format!("/api/v1/namespaces/{}/events", item.namespace)
    };
    let list = run
        .get(
            &path,
            vec![("fieldSelector", fields.join(",")), ("limit", "500".into())],
        )
        .await?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

async fn related(run: &Run, path: &str, query: Query) -> Vec<Value> {
    let list = run.get(path, query).await.unwrap_or_default();
    list["items"].as_array().cloned().unwrap_or_default()
}

/// Where the services of an ingress lead: (name, port as JSON) to `10.244.0.4:80`, or why nowhere.
async fn backends(run: &Run, space: &str, ingress: &Value) -> Vec<((String, String), String)> {
    let spec = &ingress["spec"];
    let paths = describe::items(&spec["rules"]).flat_map(|r| describe::items(&r["http"]["paths"]));
    let services = paths
        .map(|path| &path["backend"]["service"])
        .chain([&spec["defaultBackend"]["service"]])
        .filter(|service| service.is_object());
    let mut found = Vec::new();
    for service in services {
        let name = describe::text(&service["name"]);
        let path = format!("/api/v1/namespaces/{space}/services/{name}");
        let shown = match run.get(&path, Vec::new()).await {
            Err(failure) => format!("<error: {}>", failure.sentence()),
            Ok(live) => {
                let path = format!("/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices");
                let of = format!("kubernetes.io/service-name={name}");
                let slices = related(run, &path, vec![("labelSelector", of)]).await;
                service::ends_of_port(&live, &service["port"], &slices)
            }
        };
        found.push(((name.to_string(), service["port"].to_string()), shown));
    }
    found
}

async fn one(run: &Run, item: &Item) -> Outcome<String> {
    let object = item.fetch(run).await?;
    let uid = describe::text(&object["metadata"]["uid"]).to_string();
    let mut found = events(run, item, &object, &uid).await.unwrap_or_default();
    let w = &mut Writer::new(run.computer.now());
    let space = &item.namespace;
    let pods_path = format!("/api/v1/namespaces/{space}/pods");
    let labels = || {
        selection::selector_of(&object)
            .map(|s| vec![("labelSelector", s)])
            .unwrap_or_default()
    };
    match (item.kind.group.as_str(), item.kind.plural.as_str()) {
        ("", "pods") => pod::describe(w, &object, &found),
        ("", "nodes") => {
            let name = &item.name;
            found.extend(events(run, item, &object, name).await.unwrap_or_default());
            let lease = run
                .get(
                    &format!(
                        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"
                    ),
                    Vec::new(),
                )
                .await
                .unwrap_or_default();
            let fields =
                format!("spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed");
            let pods = related(
                run,
                "/api/v1/pods",
                vec![("fieldSelector", fields), ("limit", "500".into())],
            )
            .await;
            node::describe(w, &object, &lease, &pods, &found);
        }
        ("", "services") => {
            let path = format!("/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices");
            let slices = related(
                run,
                &path,
                vec![(
                    "labelSelector",
                    format!("kubernetes.io/service-name={}", item.name),
                )],
            )
            .await;
            service::describe(w, &object, &slices, &found);
        }
        ("apps", "deployments") => {
            let mut query = labels();
            query.push(("limit", "500".into()));
            let sets = related(
                run,
                &format!("/apis/apps/v1/namespaces/{space}/replicasets"),
                query,
            )
            .await;
            workload::deployment(w, &object, &sets, &found);
        }
        ("apps", "replicasets") | ("", "replicationcontrollers") => workload::replica_set(
            w,
            &object,
            &related(run, &pods_path, labels()).await,
            &found,
        ),
        ("apps", "statefulsets") => workload::stateful_set(
            w,
            &object,
            &related(run, &pods_path, labels()).await,
            &found,
        ),
        ("apps", "daemonsets") => workload::daemon_set(
            w,
            &object,
            &related(run, &pods_path, labels()).await,
            &found,
        ),
        ("batch", "jobs") => workload::job(w, &object, &found),
        ("batch", "cronjobs") => workload::cron_job(w, &object, &found),
        ("", "persistentvolumes") => storage::volume(w, &object, &found),
        ("", "persistentvolumeclaims") => storage::claim(
            w,
            &object,
            &related(run, &pods_path, Vec::new()).await,
            &found,
        ),
        ("storage.k8s.io", "storageclasses") => storage::class(w, &object, &found),
        ("", "serviceaccounts") => general::service_account(w, &object, &found),
        ("", "namespaces") => {
            let quotas = related(
                run,
                &format!("/api/v1/namespaces/{}/resourcequotas", item.name),
                Vec::new(),
            )
            .await;
            let limits = related(
                run,
                &format!("/api/v1/namespaces/{}/limitranges", item.name),
                Vec::new(),
            )
            .await;
            general::namespace(w, &object, &quotas, &limits);
        }
        ("", "resourcequotas") => policy::quota(w, &object),
        ("", "limitranges") => policy::limit_range(w, &object),
        ("policy", "poddisruptionbudgets") => policy::budget(w, &object, &found),
        ("scheduling.k8s.io", "priorityclasses") => policy::priority_class(w, &object, &found),
        ("autoscaling", "horizontalpodautoscalers") => policy::autoscaler(w, &object, &found),
        ("rbac.authorization.k8s.io", "roles" | "clusterroles") => access::role(w, &object),
        ("rbac.authorization.k8s.io", _) => access::binding(w, &object),
        ("", "endpoints") => network::endpoints(w, &object, &found),
        ("discovery.k8s.io", "endpointslices") => network::slice(w, &object, &found),
        ("networking.k8s.io", "ingressclasses") => network::ingress_class(w, &object, &found),
        ("networking.k8s.io", "ingresses") => {
            let ends = backends(run, space, &object).await;
            let end = |service: &Value| {
                let key = (
                    describe::text(&service["name"]),
                    service["port"].to_string(),
                );
                ends.iter()
                    .find(|((name, port), _)| (name.as_str(), port) == (key.0, &key.1))
                    .map_or_else(String::new, |(_, shown)| shown.clone())
            };
            network::ingress(w, &object, &end, &found);
        }
        ("", "configmaps") => general::config_map(w, &object, &found),
        ("", "secrets") => general::secret(w, &object),
        _ => general::generic(w, &object, &found),
    }
    Ok(w.finish())
}

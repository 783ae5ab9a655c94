//! ResourceQuota: the sums that a namespace may reach. Last of all plugins.

use std::collections::BTreeMap;

use objects::{Quantity, Resource, Status, meta};
use serde_json::Value;

use crate::api::Call;
use crate::cluster::Cluster;
use crate::scheduler::resources;
use crate::view;

type Amounts = BTreeMap<String, Quantity>;

pub(super) fn check(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let Some(resource) = objects::by_path("", "v1", "resourcequotas") else {
        return Ok(());
    };
    if !call.stored.namespaced || call.stored.plural == "events" {
        return Ok(());
    }
    for quota in call.cluster.list(resource, &call.request.namespace) {
        let hard = amounts(view::at(&quota, &["spec", "hard"]));
        if !in_scope(&quota, object) {
            continue;
        }
        let missing = unspecified(call.stored, object, &hard);
        if !missing.is_empty() {
            let why = format!(
                "failed quota: {}: must specify {missing}",
                meta::name(&quota)
            );
            return Err(Status::forbidden(call.resource, meta::name(object), &why));
        }
        let wanted: Amounts = usage_of(call.stored, object)
            .into_iter()
            .filter(|(k, _)| hard.contains_key(k))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let used = used(call.cluster, &quota);
        let mut over: Vec<&String> = Vec::new();
        for (name, amount) in &wanted {
            let total = used.get(name).map_or_else(|| *amount, |u| u.plus(amount));
            if hard.get(name).is_some_and(|h| total > *h) {
                over.push(name);
            }
        }
        if over.is_empty() {
            continue;
        }
        over.retain(|n| !wanted[*n].is_zero());
        if over.is_empty() {
            continue;
        }
        let render = |of: &Amounts| {
            let each = over.iter().map(|n| {
                format!(
                    "{n}={}",
                    of.get(*n)
                        .map_or_else(|| "0".to_string(), ToString::to_string)
                )
            });
            each.collect::<Vec<_>>().join(",")
        };
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            meta::name(&quota),
            render(&wanted),
            render(&used),
            render(&hard)
        );
        return Err(Status::forbidden(call.resource, meta::name(object), &why));
    }
    Ok(())
}

fn amounts(map: &Value) -> Amounts {
    view::members(map, &[])
        .filter_map(|(k, v)| Some((k.to_string(), Quantity::of(v)?)))
        .collect()
}

fn in_scope(quota: &Value, object: &Value) -> bool {
    let best_effort = view::text(object, &["status", "qosClass"]) == "BestEffort";
    let terminating = view::int(object, &["spec", "activeDeadlineSeconds"]).is_some();
    view::texts(quota, &["spec", "scopes"])
        .iter()
        .all(|scope| match scope.as_str() {
            "BestEffort" => best_effort,
            "NotBestEffort" => !best_effort,
            "Terminating" => terminating,
            "NotTerminating" => !terminating,
            _ => true,
        })
}

/// What one object counts, by quota name.
fn usage_of(stored: &Resource, object: &Value) -> Amounts {
    let mut out = Amounts::new();
    let one = Quantity::from_units(1, objects::quantity::Format::DecimalSi);
    out.insert(format!("count/{}", stored.group_resource()), one);
    match (stored.group, stored.plural) {
        ("", "pods") => {
            out.insert("pods".into(), one);
            for (kind, prefix) in [("requests", "requests."), ("limits", "limits.")] {
                for (name, amount) in resources::pod_amounts(object, kind) {
                    if kind == "requests" {
                        out.insert(name.clone(), amount);
                    }
                    out.insert(format!("{prefix}{name}"), amount);
                }
            }
        }
        ("", "persistentvolumeclaims") => {
            out.insert("persistentvolumeclaims".into(), one);
            if let Some(storage) = Quantity::of(view::at(
                object,
                &["spec", "resources", "requests", "storage"],
            )) {
                out.insert("requests.storage".into(), storage);
            }
        }
        ("", "services") => {
            out.insert("services".into(), one);
            let ports = view::list(object, &["spec", "ports"])
                .iter()
                .filter(|p| view::int(p, &["nodePort"]).unwrap_or(0) > 0)
                .count();
            out.insert(
                "services.nodeports".into(),
                Quantity::from_units(ports as i64, objects::quantity::Format::DecimalSi),
            );
        }
        ("", plural @ ("configmaps" | "secrets" | "replicationcontrollers" | "resourcequotas")) => {
            out.insert(plural.into(), one);
        }
        _ => {}
    }
    out
}

/// What the containers of a pod leave out though the quota counts it: `limits.cpu for: a,b; memory for: a`.
fn unspecified(stored: &Resource, object: &Value, hard: &Amounts) -> String {
    if !stored.group.is_empty() || stored.plural != "pods" {
        return String::new();
    }
    let mut parts = Vec::new();
    for name in hard.keys() {
        let (kind, resource) = match name.as_str() {
            "cpu" | "memory" => ("requests", name.as_str()),
            other => match other.split_once('.') {
                Some((kind @ ("requests" | "limits"), r @ ("cpu" | "memory"))) => (kind, r),
                _ => continue,
            },
        };
        let all = ["containers", "initContainers"];
        let lacking: Vec<&str> = all
            .iter()
            .flat_map(|part| view::list(object, &["spec", part]))
            .filter(|c| view::at(c, &["resources", kind, resource]).is_null())
            .map(|c| view::text(c, &["name"]))
            .collect();
        if !lacking.is_empty() {
            parts.push(format!("{name} for: {}", lacking.join(",")));
        }
    }
    parts.join("; ")
}

/// How much of a quota is used by what there is.
pub(crate) fn used(cluster: &Cluster, quota: &Value) -> Amounts {
    let hard = amounts(view::at(quota, &["spec", "hard"]));
    let zero = Quantity::from_units(0, objects::quantity::Format::DecimalSi);
    let mut used: Amounts = hard.keys().map(|k| (k.clone(), zero)).collect();
    for resource in objects::resources() {
        let counted = resource.namespaced
            && resource.plural != "events"
            && crate::api::storage_of(resource) == resource
            && counts(resource, &hard);
        if !counted {
            continue;
        }
        for object in cluster.list(resource, meta::namespace(quota)) {
            let finished = resource.plural == "pods"
                && matches!(
                    view::text(&object, &["status", "phase"]),
                    "Succeeded" | "Failed"
                );
            if finished || !in_scope(quota, &object) {
                continue;
            }
            for (name, amount) in usage_of(resource, &object) {
                if let Some(sum) = used.get_mut(&name) {
                    *sum = sum.plus(&amount);
                }
            }
        }
    }
    used
}

/// Whether a quota says anything about a resource.
fn counts(resource: &Resource, hard: &Amounts) -> bool {
    hard.keys().any(|name| {
        *name == format!("count/{}", resource.group_resource())
            || resource.group.is_empty()
                && match resource.plural {
                    "pods" => {
                        name == "pods"
                            || name.starts_with("limits.")
                            || name.starts_with("requests.")
                            || matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage")
                    }
                    "persistentvolumeclaims" => {
                        name == "persistentvolumeclaims" || name == "requests.storage"
                    }
                    "services" => name.starts_with("services"),
                    plural => name == plural,
                }
    })
}

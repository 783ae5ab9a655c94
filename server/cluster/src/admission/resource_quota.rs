//! ResourceQuota: the sums that a namespace may reach. Last of all plugins.

use std::collections::BTreeMap;

use objects::{Quantity, Status, meta};
use serde_json::Value;

use crate::api::Call;
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
        let wanted: Amounts = usage_of(call, object)
            .into_iter()
            .filter(|(k, _)| hard.contains_key(k))
            .collect();
        if wanted.is_empty() || !in_scope(&quota, object) {
            continue;
        }
        let used = used_now(call, &quota, &hard);
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
fn usage_of(call: &Call<'_>, object: &Value) -> Amounts {
    let mut out = Amounts::new();
    let one = Quantity::from_units(1, objects::quantity::Format::DecimalSi);
    out.insert(format!("count/{}", call.stored.group_resource()), one);
    match (call.stored.group, call.stored.plural) {
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

fn used_now(call: &Call<'_>, quota: &Value, hard: &Amounts) -> Amounts {
    let mut used: Amounts = hard
        .keys()
        .map(|k| {
            (
                k.clone(),
                Quantity::from_units(0, objects::quantity::Format::DecimalSi),
            )
        })
        .collect();
    for object in call.cluster.list(call.stored, &call.request.namespace) {
        let finished = call.stored.plural == "pods"
            && matches!(
                view::text(&object, &["status", "phase"]),
                "Succeeded" | "Failed"
            );
        if finished || !in_scope(quota, &object) {
            continue;
        }
        for (name, amount) in usage_of(call, &object) {
            if let Some(sum) = used.get_mut(&name) {
                *sum = sum.plus(&amount);
            }
        }
    }
    used
}

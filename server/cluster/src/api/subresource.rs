//! Subresources of objects: status, scale, binding, eviction, ephemeral containers, resize, finalize, tokens. Streams are elsewhere.

use objects::{Answer, Body, Object, Request, Status, Verb, meta};
use serde_json::{Value, json};

use super::{Call, scale, update};
use crate::view;

pub(super) fn serve(call: Call<'_>) -> Result<Answer, Status> {
    match (call.stored.plural, call.request.subresource.as_str()) {
        (_, "scale") => scale::serve(call),
        ("pods", "binding") => bind(call),
        ("pods", "eviction") => evict(call),
        ("serviceaccounts", "token") => super::review::token(call),
        ("namespaces", "finalize") => finalize(call),
        (_, "status") => read_or_write(call, "status"),
        ("pods", "ephemeralcontainers" | "resize") => {
            let name = call.request.subresource.clone();
            read_or_write(call, &name)
        }
        _ => Err(Status::method_not_allowed()),
    }
}

fn read_or_write(call: Call<'_>, subresource: &str) -> Result<Answer, Status> {
    match call.request.verb {
        Verb::Get => {
            let object = call.live()?;
            Ok(call.answer(200, object))
        }
        Verb::Patch if subresource != "status" => narrow_patch(call, subresource),
        Verb::Patch => update::patch(call, subresource),
        Verb::Update => update::put(call, subresource),
        _ => Err(Status::method_not_allowed()),
    }
}

/// Ephemeral containers and resize: only their part of the spec is taken from the patch.
fn narrow_patch(call: Call<'_>, subresource: &str) -> Result<Answer, Status> {
    update::patch(call, subresource)
}

fn success(code: u16) -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code});
    Answer {
        code,
        object: status.into(),
        warnings: Vec::new(),
    }
}

/// Gives a pod its node: what the scheduler does. The condition PodScheduled comes with it.
fn bind(call: Call<'_>) -> Result<Answer, Status> {
    let Body::Object(binding) = &call.request.body else {
        return Err(Status::bad_request("the request has no binding"));
    };
    let live = call
        .cluster
        .get(call.stored, &call.request.namespace, &call.request.name);
    let live = live.ok_or_else(|| Status::not_found("pods", &call.request.name))?;
    let node = view::text(binding, &["target", "name"]);
    let bound = view::text(&live, &["spec", "nodeName"]);
    if !bound.is_empty() {
        let why = format!(
            "pod {} is already assigned to node {bound:?}",
            meta::name(&live)
        );
        return Err(Status::conflict("pods/binding", meta::name(&live), &why));
    }
    let mut pod: Value = (*live).clone();
    view::set(&mut pod, &["spec", "nodeName"], node);
    for (key, value) in view::members(binding, &["metadata", "annotations"]) {
        view::set(&mut pod, &["metadata", "annotations", key], value.clone());
    }
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": call.now_text()});
    let conditions = view::list_mut(&mut pod, &["status", "conditions"]);
    conditions.retain(|c| c["type"] != "PodScheduled");
    conditions.push(condition);
    call.store(pod);
    Ok(success(201))
}

/// Deletes a pod if its disruption budgets allow it.
fn evict(call: Call<'_>) -> Result<Answer, Status> {
    let live = call
        .cluster
        .get(call.stored, &call.request.namespace, &call.request.name);
    let live = live.ok_or_else(|| Status::not_found("pods", &call.request.name))?;
    if let Some(refusal) = refused_by_budget(&call, &live) {
        return Err(refusal);
    }
    let mut delete = Request::new(Verb::Delete, "", "v1", "pods");
    delete.namespace = call.request.namespace.clone();
    delete.name = call.request.name.clone();
    delete.user = call.request.user.clone();
    delete.options.dry_run = call.request.options.dry_run;
    if let Body::Object(eviction) = &call.request.body {
        delete.options.grace_period_seconds =
            view::int(eviction, &["deleteOptions", "gracePeriodSeconds"]);
    }
    call.cluster.request(&delete)?;
    Ok(success(201))
}

fn refused_by_budget(call: &Call<'_>, pod: &Object) -> Option<Status> {
    let resource = objects::by_path("policy", "v1", "poddisruptionbudgets")?;
    let finished = matches!(
        view::text(pod, &["status", "phase"]),
        "Succeeded" | "Failed" | "Pending"
    );
    if finished {
        return None;
    }
    let budgets = call.cluster.list(resource, &call.request.namespace);
    let mut matching = budgets.iter().filter(|b| {
        objects::selector::LabelSelector::from_object(view::at(b, &["spec", "selector"]))
            .matches_object(pod)
    });
    let budget =
        matching.find(|b| view::int(b, &["status", "disruptionsAllowed"]).unwrap_or(0) <= 0)?;
    let text = "Cannot evict pod as it would violate the pod's disruption budget.";
    let (desired, current) = (
        view::int(budget, &["status", "desiredHealthy"]).unwrap_or(0),
        view::int(budget, &["status", "currentHealthy"]).unwrap_or(0),
    );
    let name = meta::name(budget);
    let cause = format!(
        "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
    );
    Some(Status::too_many_requests(text, 0).cause("DisruptionBudget", cause, ""))
}

/// Takes finalizers from a namespace's spec; without any the namespace goes.
fn finalize(call: Call<'_>) -> Result<Answer, Status> {
    let Body::Object(wanted) = &call.request.body else {
        return Err(Status::bad_request("the request has no namespace"));
    };
    let live = call.live()?;
    let mut new: Value = (*live).clone();
    match view::at(wanted, &["spec", "finalizers"]) {
        Value::Null => drop(view::remove(&mut new, &["spec", "finalizers"])),
        finalizers => view::set(&mut new, &["spec", "finalizers"], finalizers.clone()),
    }
    let done = meta::is_deleting(&new) && view::list(&new, &["spec", "finalizers"]).is_empty();
    if done && meta::finalizers(&new).next().is_none() {
        call.cluster.delete_now(call.stored, "", meta::name(&live));
        return Ok(call.answer(200, new));
    }
    let stored = call.store(new);
    Ok(call.answer(200, stored))
}

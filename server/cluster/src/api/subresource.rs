//! Subresources of objects: status, scale, binding, eviction, ephemeral containers, resize, finalize, tokens. Streams are elsewhere.

use objects::{Answer, Body, FieldError, Object, Request, Status, Verb, meta};
use serde_json::{Value, json};

use super::{Call, scale, update};
use crate::controllers::tainteviction::disrupt;
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
    check_name(&call, binding, "Binding")?;
    let (kind, node) = (
        view::text(binding, &["target", "kind"]),
        view::text(binding, &["target", "name"]),
    );
    let mut errors = Vec::new();
    if !matches!(kind, "" | "Node") {
        let kinds = &["Node", "<empty>"];
        errors.push(FieldError::not_supported("target.kind", kind, kinds));
    }
    if node.is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    if !errors.is_empty() {
        return Err(Status::invalid("", &call.request.name, errors));
    }
    let live = call
        .cluster
        .get(call.stored, &call.request.namespace, &call.request.name);
    let live = live.ok_or_else(|| Status::not_found("pods", &call.request.name))?;
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
    // The expectation is fulfilled.
    if let Some(status) = pod["status"].as_object_mut() {
        status.remove("nominatedNodeName");
    }
    call.store(pod);
    Ok(success(201))
}

/// The name in the body is the name in the path.
fn check_name(call: &Call<'_>, body: &Value, kind: &str) -> Result<(), Status> {
    if meta::name(body) == call.request.name {
        return Ok(());
    }
    let text = format!("name in URL does not match name in {kind} object");
    Err(Status::bad_request(text))
}

/// The delete that an eviction becomes: its options stand in the body.
fn delete_of(call: &Call<'_>, eviction: &Value) -> Result<Request, Status> {
    let mut delete = Request::new(Verb::Delete, "", "v1", "pods");
    delete.namespace = call.request.namespace.clone();
    delete.name = call.request.name.clone();
    delete.user = call.request.user.clone();
    let options = view::at(eviction, &["deleteOptions"]);
    let text = |path: &[&str]| {
        let text = view::text(options, path);
        (!text.is_empty()).then(|| text.to_string())
    };
    let (asked, body) = (
        call.request.options.dry_run,
        view::texts(options, &["dryRun"]),
    );
    if body.iter().any(|part| part != "All") {
        let mut error = FieldError::not_supported("dryRun", body[0].as_str(), &["All"]);
        error.value = Some(objects::quote::go_json(&json!(body)));
        let kind = "DeleteOptions.meta.k8s.io";
        return Err(Status::invalid(kind, "", vec![error]));
    }
    delete.options.dry_run = asked || !body.is_empty();
    delete.options.grace_period_seconds = view::int(options, &["gracePeriodSeconds"]);
    delete.options.precondition_uid = text(&["preconditions", "uid"]);
    delete.options.precondition_resource_version = text(&["preconditions", "resourceVersion"]);
    Ok(delete)
}

/// Deletes a pod if its disruption budgets allow it.
fn evict(call: Call<'_>) -> Result<Answer, Status> {
    let Body::Object(eviction) = &call.request.body else {
        return Err(Status::bad_request("the request has no eviction"));
    };
    check_name(&call, eviction, "Eviction")?;
    let delete = delete_of(&call, eviction)?;
    let live = call
        .cluster
        .get(call.stored, &call.request.namespace, &call.request.name);
    let live = live.ok_or_else(|| Status::not_found("pods", &call.request.name))?;
    let budget = budget_of(&call, &live)?;
    if !delete.options.dry_run {
        // what the delete will refuse uses up no budget
        let mut trial = delete.clone();
        trial.options.dry_run = true;
        call.cluster.request(&trial)?;
        if let Some((resource, budget)) = budget {
            call.cluster.amend(resource, &budget, |b| {
                let left = view::int(b, &["status", "disruptionsAllowed"]).unwrap_or(1) - 1;
                view::set(b, &["status", "disruptionsAllowed"], left);
            });
        }
        let message = "Eviction API: evicting";
        disrupt(call.cluster, &live, "EvictionByEvictionAPI", message);
    }
    call.cluster.request(&delete)?;
    Ok(success(201))
}

type Budget = (&'static objects::Resource, Object);

/// The budget that an eviction uses up, if there is one. Errors: 429 when it is used up, 500 when several claim the pod.
fn budget_of(call: &Call<'_>, pod: &Object) -> Result<Option<Budget>, Status> {
    let resource = crate::cluster::resource("policy", "poddisruptionbudgets");
    let phase = view::text(pod, &["status", "phase"]);
    if matches!(phase, "Succeeded" | "Failed" | "Pending") || meta::is_deleting(pod) {
        return Ok(None);
    }
    let mut matching = call.cluster.list(resource, &call.request.namespace);
    matching.retain(|b| {
        objects::selector::LabelSelector::from_object(view::at(b, &["spec", "selector"]))
            .matches_object(pod)
    });
    if matching.len() > 1 {
        let text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(Status::failure(500, "", text));
    }
    let Some(budget) = matching.pop() else {
        return Ok(None);
    };
    let number = |member: &str| view::int(&budget, &["status", member]).unwrap_or(0);
    let (desired, current) = (number("desiredHealthy"), number("currentHealthy"));
    let always = view::text(&budget, &["spec", "unhealthyPodEvictionPolicy"]) == "AlwaysAllow";
    let unhealthy = !crate::controllers::owned::is_ready(pod);
    if unhealthy && (always || current >= desired && desired > 0) {
        return Ok(None);
    }
    if number("disruptionsAllowed") > 0 {
        return Ok(Some((resource, budget)));
    }
    let text = "Cannot evict pod as it would violate the pod's disruption budget.";
    let name = meta::name(&budget);
    let cause = format!(
        "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
    );
    Err(Status::too_many_requests(text, 0).cause("DisruptionBudget", cause, ""))
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

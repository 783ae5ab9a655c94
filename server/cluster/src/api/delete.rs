//! Delete: preconditions, grace, finalizers, propagation; one object or a collection.

use objects::{Answer, Object, Propagation, Resource, Status, meta};
use serde_json::{Value, json};

use super::{Call, strategy};
use crate::view;

pub(super) fn serve(call: Call<'_>) -> Result<Answer, Status> {
    check_protected(&call)?;
    let live = call.live()?;
    let (object, gone) = delete_one(&call, &live)?;
    let plain = gone
        && !strategy::answers_deleted_object(call.resource)
        && call.resource.plural != "namespaces";
    if plain {
        let status = Status::success(call.resource.into(), meta::name(&live), meta::uid(&live));
        return Ok(Answer {
            code: 200,
            object: status.to_value().into(),
            warnings: call.warnings,
        });
    }
    Ok(call.answer(200, object))
}

fn check_protected(call: &Call<'_>) -> Result<(), Status> {
    let kept = call.resource.plural == "namespaces"
        && matches!(
            call.request.name.as_str(),
            "default" | "kube-system" | "kube-public"
        );
    if kept {
        return Err(Status::forbidden(
            call.resource,
            &call.request.name,
            "this namespace may not be deleted",
        ));
    }
    Ok(())
}

/// Deletes the objects of a collection that the selectors choose; answers their list.
pub(super) fn collection(call: Call<'_>) -> Result<Answer, Status> {
    let matches = super::matcher(call.resource, &call.request.options)?;
    let chosen: Vec<Object> = call
        .cluster
        .list(call.stored, &call.request.namespace)
        .into_iter()
        .filter(|o| matches(o))
        .collect();
    let mut items = Vec::new();
    for object in chosen {
        let (deleted, _) = delete_one(&call, &object)?;
        items.push((*super::present(call.resource, &deleted)).clone());
    }
    let list = json!({
        "kind": call.resource.list_kind,
        "apiVersion": call.resource.api_version(),
        "metadata": {"resourceVersion": call.cluster.revision().to_string()},
        "items": items,
    });
    Ok(Answer {
        code: 200,
        object: list.into(),
        warnings: call.warnings,
    })
}

/// Begins or ends the delete of a live object. Answers the object and whether it is gone.
fn delete_one(call: &Call<'_>, live: &Object) -> Result<(Object, bool), Status> {
    let options = &call.request.options;
    // A precondition names the kind, not the resource.
    if let Some(uid) = options
        .precondition_uid
        .as_deref()
        .filter(|u| *u != meta::uid(live))
    {
        return Err(Status::uid_precondition(
            call.resource.kind,
            meta::name(live),
            uid,
            meta::uid(live),
        ));
    }
    if let Some(rv) = options
        .precondition_resource_version
        .as_deref()
        .filter(|v| *v != meta::resource_version(live))
    {
        return Err(Status::version_precondition(
            call.resource.kind,
            meta::name(live),
            rv,
            meta::resource_version(live),
        ));
    }
    let mut object = (**live).clone();
    let finalizers = add_finalizers(call, &mut object);
    let grace = grace_period(call, live);
    let counted = view::int(live, &["metadata", "deletionGracePeriodSeconds"]);
    if meta::is_deleting(live)
        && counted.is_some_and(|left| grace >= left)
        && (grace > 0 || finalizers)
    {
        return Ok((live.clone(), false));
    }
    if call.resource.plural == "namespaces" {
        return Ok(terminate_namespace(call, live, object));
    }
    mark(call, live, &mut object, grace);
    if grace > 0 || finalizers {
        return Ok((call.store(object), false));
    }
    if !strategy::deletes_gracefully(call.stored) {
        if !options.dry_run {
            call.cluster
                .delete_now(call.stored, meta::namespace(live), meta::name(live));
        }
        return Ok((live.clone(), true));
    }
    // The last step of a graceful delete is told before the object goes.
    let last = call.store(object);
    if options.dry_run {
        return Ok((last, true));
    }
    call.cluster
        .delete_now(call.stored, meta::namespace(live), meta::name(live));
    Ok((last, true))
}

/// Sets the deletion time; the first graceful delete counts as a change of the object.
fn mark(call: &Call<'_>, live: &Value, object: &mut Value, grace: i64) {
    let at = call.now.0.div_euclid(1_000_000_000) + grace;
    meta::set(object, "deletionTimestamp", objects::time::rfc3339(at));
    meta::set(object, "deletionGracePeriodSeconds", grace);
    let generation = meta::generation(live);
    if !meta::is_deleting(live) && generation > 0 {
        meta::set(object, "generation", generation + 1);
    }
}

fn grace_period(call: &Call<'_>, live: &Value) -> i64 {
    if !strategy::deletes_gracefully(call.stored) {
        return 0;
    }
    let asked = call.request.options.grace_period_seconds;
    let own = view::int(live, &["spec", "terminationGracePeriodSeconds"]);
    let grace = match asked.or(own).unwrap_or(30) {
        n if n < 0 => 1,
        n => n,
    };
    let unbound = view::text(live, &["spec", "nodeName"]).is_empty();
    let finished = matches!(
        view::text(live, &["status", "phase"]),
        "Succeeded" | "Failed"
    );
    if unbound || finished { 0 } else { grace }
}

/// Adds the finalizers of the propagation policy. Answers whether any finalizer holds the object.
fn add_finalizers(call: &Call<'_>, object: &mut Value) -> bool {
    let wanted = match call.request.options.propagation {
        Some(Propagation::Foreground) => Some("foregroundDeletion"),
        Some(Propagation::Orphan) => Some("orphan"),
        _ => None,
    };
    if let Some(name) = wanted.filter(|_| has_dependents_policy(call.stored)) {
        let finalizers = view::list_mut(object, &["metadata", "finalizers"]);
        finalizers.retain(|f| f != "foregroundDeletion" && f != "orphan");
        finalizers.push(name.into());
    }
    meta::finalizers(object).next().is_some()
}

fn has_dependents_policy(resource: &Resource) -> bool {
    !(resource.group.is_empty() && resource.plural == "namespaces")
}

fn terminate_namespace(call: &Call<'_>, live: &Object, mut object: Value) -> (Object, bool) {
    if meta::is_deleting(live) {
        return (live.clone(), false);
    }
    meta::set(&mut object, "deletionTimestamp", call.now_text());
    view::set(&mut object, &["status", "phase"], "Terminating");
    (call.store(object), false)
}

//! Update and patch: what may change, optimistic concurrency, validation, and the delete that a last finalizer held up.

use objects::{Answer, Body, Object, PatchKind, Status, meta};
use serde_json::Value;

use super::{Call, create, services, strategy};
use crate::admission;
use crate::view;

pub(super) fn put(call: Call<'_>, subresource: &str) -> Result<Answer, Status> {
    let Body::Object(object) = &call.request.body else {
        return Err(Status::bad_request("the request has no object"));
    };
    let mut new = object.clone();
    if call.resource.group == "events.k8s.io" {
        new = super::events_v1::to_core(&new);
    }
    if meta::name(&new).is_empty() {
        let text = format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            call.request.name
        );
        return Err(Status::bad_request(text));
    }
    check_name(&call, &new)?;
    let live = match call.live() {
        Ok(live) => live,
        Err(_) if allows_create_on_update(&call) => return create::create(call, new),
        Err(missing) => return Err(missing),
    };
    objects::apply_defaults(&call.stored.gvk(), &mut new);
    let mut call = call;
    write(&mut call, live, new, subresource)
}

fn allows_create_on_update(call: &Call<'_>) -> bool {
    matches!(
        call.stored.plural,
        "endpoints" | "events" | "leases" | "limitranges"
    ) && call.request.subresource.is_empty()
}

/// The name and the namespace in the body are those in the path.
pub(super) fn check_name(call: &Call<'_>, new: &Value) -> Result<(), Status> {
    let (own, asked) = (meta::name(new), &call.request.name);
    if !own.is_empty() && own != asked {
        let text =
            format!("the name of the object ({own}) does not match the name on the URL ({asked})");
        return Err(Status::bad_request(text));
    }
    let own = meta::namespace(new);
    if call.resource.namespaced && !own.is_empty() && own != call.request.namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

pub(super) fn patch(mut call: Call<'_>, subresource: &str) -> Result<Answer, Status> {
    let Body::Patch { kind, text } = &call.request.body else {
        return Err(Status::bad_request("the request has no patch"));
    };
    let gvk = call.stored.gvk();
    let options = &call.request.options;
    if *kind == PatchKind::Apply {
        let live = call
            .cluster
            .get(call.stored, &call.request.namespace, &call.request.name);
        let now = call.now.0.div_euclid(1_000_000_000);
        let (new, warnings) =
            objects::patch::apply(&gvk, subresource, live.as_deref(), text, options, now)?;
        call.warnings.extend(warnings);
        check_name(&call, &new)?;
        return match live {
            Some(live) => finish_patch(call, live, new, subresource),
            None if subresource.is_empty() => create::create(call, new),
            None => Err(Status::not_found(call.resource, &call.request.name)),
        };
    }
    let live = call.live()?;
    let base = super::present(call.resource, &live);
    let (mut new, warnings) =
        objects::patch::patch(&call.resource.gvk(), &base, *kind, text, options)?;
    call.warnings.extend(warnings);
    if call.resource.group == "events.k8s.io" {
        new = super::events_v1::to_core(&new);
    }
    check_name(&call, &new)?;
    finish_patch(call, live, new, subresource)
}

fn finish_patch(
    mut call: Call<'_>,
    live: Object,
    mut new: Value,
    subresource: &str,
) -> Result<Answer, Status> {
    objects::apply_defaults(&call.stored.gvk(), &mut new);
    write(&mut call, live, new, subresource)
}

/// Writes the new state of a live object: the common end of PUT, PATCH and of the subresources.
pub(super) fn write(
    call: &mut Call<'_>,
    live: Object,
    mut new: Value,
    subresource: &str,
) -> Result<Answer, Status> {
    check_preconditions(call, &live, &new)?;
    let patched = matches!(call.request.body, Body::Patch { .. });
    restore_system_metadata(&mut new, &live, patched);
    match subresource {
        "status" => strategy::keep_only_status(call.stored, &mut new, &live),
        "" => strategy::prepare_update(call.stored, &mut new, &live),
        _ => {}
    }
    let gvk = call.stored.gvk();
    if !call.applies() {
        let (manager, now) = (call.request.manager(), call.now.seconds());
        objects::patch::track(&gvk, subresource, Some(&live), &mut new, manager, now);
    }
    if subresource.is_empty() {
        admission::mutate_update(call, &mut new, &live);
    }
    if subresource != "status" {
        strategy::bump_generation(call.stored, &mut new, &live);
    }
    services::allocate_on_update(call, &mut new, &live)?;
    let errors = objects::validate(&gvk, subresource, &new, Some(&live));
    if !errors.is_empty() {
        return Err(Status::invalid(
            &call.stored.group_kind(),
            meta::name(&new),
            errors,
        ));
    }
    if subresource.is_empty() {
        let warnings = objects::validate::warnings(&gvk, &new, Some(&live));
        call.warnings.extend(warnings);
    }
    let stored = if ready_to_go(&new) && !call.request.options.dry_run {
        let gone = call
            .cluster
            .delete_now(call.stored, meta::namespace(&new), meta::name(&new));
        gone.unwrap_or_else(|| live.clone())
    } else if unchanged(&new, &live) {
        live
    } else {
        call.check_room(&new, Some(&live))?;
        call.store(new)
    };
    let object = super::present(call.resource, &stored);
    Ok(Answer {
        code: 200,
        object,
        warnings: std::mem::take(&mut call.warnings),
    })
}

fn check_preconditions(call: &Call<'_>, live: &Value, new: &Value) -> Result<(), Status> {
    let asked = meta::resource_version(new);
    if !asked.is_empty() && asked != "0" && asked != meta::resource_version(live) {
        return Err(Status::stale(call.resource, &call.request.name));
    }
    let uid = meta::uid(new);
    let patched = matches!(call.request.body, Body::Patch { .. });
    if !patched && !uid.is_empty() && uid != meta::uid(live) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            meta::uid(live)
        );
        return Err(Status::conflict(call.resource, &call.request.name, &why));
    }
    Ok(())
}

/// What no client sets.
fn restore_system_metadata(new: &mut Value, live: &Value, patched: bool) {
    const SYSTEM: [&str; 5] = [
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
    ];
    for member in SYSTEM {
        match view::at(live, &["metadata", member]) {
            Value::Null => drop(meta::remove(new, member)),
            was => meta::set(new, member, was.clone()),
        }
    }
    if !patched || meta::uid(new).is_empty() {
        meta::set(new, "uid", meta::uid(live).to_string());
    }
    if meta::namespace(new).is_empty() && !meta::namespace(live).is_empty() {
        meta::set(new, "namespace", meta::namespace(live).to_string());
    }
    for member in ["kind", "apiVersion"] {
        new[member] = live[member].clone();
    }
}

/// Whether nothing holds a deleted object any longer.
pub(super) fn ready_to_go(object: &Value) -> bool {
    let spec_finalizers = match object["kind"].as_str() {
        Some("Namespace") => view::list(object, &["spec", "finalizers"]).len(),
        _ => 0,
    };
    meta::is_deleting(object)
        && meta::finalizers(object).next().is_none()
        && spec_finalizers == 0
        && view::int(object, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0) == 0
}

/// Whether a write changes nothing but the times of managed fields.
fn unchanged(new: &Value, live: &Value) -> bool {
    let part = |o: &Value| {
        let mut o = o.clone();
        meta::remove(&mut o, "managedFields");
        o
    };
    new == live || part(new) == part(live) && managed_alike(new, live)
}

fn managed_alike(new: &Value, live: &Value) -> bool {
    let without_times = |o: &Value| {
        let mut entries = view::list(o, &["metadata", "managedFields"]).to_vec();
        entries
            .iter_mut()
            .for_each(|e| drop(view::remove(e, &["time"])));
        entries
    };
    without_times(new) == without_times(live)
}

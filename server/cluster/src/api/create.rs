//! Create: namespace, admission, metadata, name, validation, quota, store.

use objects::{Answer, Body, Status, meta};
use serde_json::Value;

use super::{Call, services, strategy, unsimulated};
use crate::admission;

pub(super) fn serve(call: Call<'_>) -> Result<Answer, Status> {
    let Body::Object(object) = &call.request.body else {
        return Err(Status::bad_request("the request has no object"));
    };
    let object = object.clone();
    create(call, object)
}

/// Creates an object (the body of a request, or what an apply patch made).
pub(super) fn create(mut call: Call<'_>, mut object: Value) -> Result<Answer, Status> {
    if call.resource.group == "events.k8s.io" {
        object = super::events_v1::to_core(&object);
    }
    check_namespace(&call, &mut object)?;
    if !matches!(meta::resource_version(&object), "" | "0") {
        let text = "resourceVersion should not be set on objects to be created";
        return Err(Status::failure(500, "", text));
    }
    let gvk = call.stored.gvk();
    objects::apply_defaults(&gvk, &mut object);
    if !call.applies() {
        meta::remove(&mut object, "managedFields");
        let (manager, now) = (call.request.manager(), call.now.seconds());
        objects::patch::track(&gvk, "", None, &mut object, manager, now);
    }
    admission::mutate_create(&mut call, &mut object)?;
    fill_metadata(&mut call, &mut object);
    let generated = choose_name(&mut call, &mut object)?;
    strategy::prepare_create(call.stored, &mut object, call.now);
    services::allocate_on_create(&mut call, &mut object)?;
    let errors = objects::validate(&gvk, "", &object, None);
    if !errors.is_empty() {
        return Err(Status::invalid(
            &call.stored.group_kind(),
            meta::name(&object),
            errors,
        ));
    }
    let warnings = objects::validate::warnings(&gvk, &object, None);
    call.warnings.extend(warnings);
    unsimulated::warn(&mut call, &object);
    admission::validate_create(&mut call, &mut object)?;
    let name = meta::name(&object).to_string();
    if call
        .cluster
        .get(call.stored, meta::namespace(&object), &name)
        .is_some()
    {
        return Err(if generated {
            Status::generate_name_conflict(call.resource, &name)
        } else {
            Status::already_exists(call.resource, &name)
        });
    }
    call.check_room(&object, None)?;
    let stored = call.store(object);
    Ok(call.answer(201, stored))
}

fn check_namespace(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    if !call.resource.namespaced {
        meta::remove(object, "namespace");
        return Ok(());
    }
    let own = meta::namespace(object);
    if own.is_empty() {
        meta::set(object, "namespace", call.request.namespace.clone());
    } else if own != call.request.namespace {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

fn fill_metadata(call: &mut Call<'_>, object: &mut Value) {
    for gone in [
        "resourceVersion",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        meta::remove(object, gone);
    }
    let uid = uid(&call.chance);
    meta::set(object, "uid", uid);
    meta::set(object, "creationTimestamp", call.now_text());
    object["kind"] = call.stored.kind.into();
    object["apiVersion"] = call.stored.api_version().into();
}

/// A random uid, version 4.
pub(crate) fn uid(chance: &machine::Chance) -> String {
    let (high, low) = (chance.next_u64(), chance.next_u64());
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Five letters for generated names.
pub(crate) fn suffix(chance: &machine::Chance) -> String {
    chance.suffix(5)
}

/// Makes a name from `generateName` where there is none: up to 8 tries. Answers whether it did.
fn choose_name(call: &mut Call<'_>, object: &mut Value) -> Result<bool, Status> {
    if !meta::name(object).is_empty() || meta::generate_name(object).is_empty() {
        return Ok(false);
    }
    let base: String = meta::generate_name(object).chars().take(58).collect();
    let namespace = meta::namespace(object).to_string();
    for _ in 0..8 {
        let name = format!("{base}{}", suffix(&call.chance));
        let taken = call.cluster.get(call.stored, &namespace, &name).is_some();
        meta::set(object, "name", name);
        if !taken {
            break;
        }
    }
    Ok(true)
}

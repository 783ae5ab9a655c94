//! The life of a request inside the API server: look up, admit, default, reset, validate, store, answer. HTTP is in the room `apiserver`.
//!
//! Mirrors apiserver's `registry/rest` and `endpoints/handlers`, and the strategies of kube-apiserver's registries.

pub(crate) mod continue_token;
pub(crate) mod create;
mod delete;
mod events_v1;
mod fields;
mod heartbeat;
mod list;
pub(crate) mod review;
mod scale;
pub(crate) mod services;
mod strategy;
mod subresource;
mod unsimulated;
mod update;

use std::sync::Arc;

use machine::{Chance, Time};
use objects::{Answer, ListAnswer, Object, Request, Resource, Status, Verb};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::store::{OBJECTS_BYTES, weight};

/// Bytes of one object as text: etcd takes no larger request (`--max-request-bytes`).
const OBJECT_BYTES: usize = 1_572_864;

/// One request being served: what it is about and the time and chance that it may use.
pub(crate) struct Call<'a> {
    pub cluster: &'a Cluster,
    pub request: &'a Request,
    /// The resource as asked for.
    pub resource: &'static Resource,
    /// The resource under which the objects are stored.
    pub stored: &'static Resource,
    pub now: Time,
    pub chance: Chance,
    pub warnings: Vec<String>,
}

/// The resource under which objects of a resource are stored: events have two faces and one store.
pub fn storage_of(resource: &'static Resource) -> &'static Resource {
    match (resource.group, resource.plural) {
        ("events.k8s.io", "events") => objects::by_path("", "v1", "events").unwrap_or(resource),
        ("autoscaling", "horizontalpodautoscalers") => {
            objects::by_path("autoscaling", "v2", "horizontalpodautoscalers").unwrap_or(resource)
        }
        _ => resource,
    }
}

/// A stored object as a resource shows it.
pub fn present(resource: &Resource, object: &Object) -> Object {
    match (resource.group, resource.plural) {
        ("events.k8s.io", "events") => Arc::new(events_v1::from_core(object)),
        _ => object.clone(),
    }
}

impl<'a> Call<'a> {
    fn new(cluster: &'a Cluster, request: &'a Request) -> Result<Self, Status> {
        let resource = objects::by_path(&request.group, &request.version, &request.resource)
            .ok_or_else(Status::unknown_path)?;
        let stored = storage_of(resource);
        let now = cluster.now();
        let chance = cluster.chance_for_next_write();
        Ok(Call {
            cluster,
            request,
            resource,
            stored,
            now,
            chance,
            warnings: Vec::new(),
        })
    }

    /// The live object, or 404.
    pub(crate) fn live(&self) -> Result<Object, Status> {
        let found = self
            .cluster
            .get(self.stored, &self.request.namespace, &self.request.name);
        found.ok_or_else(|| Status::not_found(self.resource, &self.request.name))
    }

    pub(crate) fn answer(self, code: u16, object: impl Into<Object>) -> Answer {
        let object = heartbeat::shown(self.cluster, self.stored, &object.into());
        let object = present(self.resource, &object);
        Answer {
            code,
            object,
            warnings: self.warnings,
        }
    }

    /// Whether the request is a server-side apply, which keeps the managed fields itself.
    pub(crate) fn applies(&self) -> bool {
        let kind = objects::PatchKind::Apply;
        matches!(&self.request.body, objects::Body::Patch { kind: k, .. } if *k == kind)
    }

    pub(crate) fn now_text(&self) -> String {
        objects::time::rfc3339(self.now.0.div_euclid(1_000_000_000))
    }

    /// Refuses what would make too much of everything; what makes an object smaller may always be written. `live`: what is there now.
    pub(crate) fn check_room(&self, new: &Value, live: Option<&Value>) -> Result<(), Status> {
        // what is small in memory is small as text
        let size = weight(new);
        if size > OBJECT_BYTES && new.to_string().len() > OBJECT_BYTES {
            return Err(Status::failure(500, "", "etcdserver: request is too large"));
        }
        let grows = size.saturating_sub(live.map_or(0, weight));
        if grows == 0 || self.cluster.stored_bytes() + grows <= OBJECTS_BYTES {
            return Ok(());
        }
        let held = OBJECTS_BYTES >> 20;
        let text = format!(
            "etcdserver: mvcc: database space exceeded (this cluster holds {held} MiB of objects: delete some first)"
        );
        Err(Status::failure(500, "", text))
    }

    /// Stores an object, or for a dry run only answers what would be stored.
    pub(crate) fn store(&self, object: Value) -> Object {
        if self.request.options.dry_run {
            Arc::new(object)
        } else {
            self.cluster.put(self.stored, object)
        }
    }
}

/// Serves a request for one object, or a deletecollection.
pub(crate) fn serve(cluster: &Cluster, request: &Request) -> Result<Answer, Status> {
    let call = Call::new(cluster, request)?;
    if review::is_virtual(call.resource) {
        return review::serve(call);
    }
    if !request.subresource.is_empty() {
        if call.resource.subresource(&request.subresource).is_none() {
            return Err(Status::unknown_path());
        }
        return subresource::serve(call);
    }
    match request.verb {
        Verb::Get => {
            list::check_version(&call)?;
            let object = call.live()?;
            Ok(call.answer(200, object))
        }
        Verb::Create => create::serve(call),
        Verb::Update => update::put(call, ""),
        Verb::Patch => update::patch(call, ""),
        Verb::Delete => delete::serve(call),
        Verb::DeleteCollection => delete::collection(call),
        Verb::List => Err(Status::method_not_allowed()),
    }
}

/// Serves a list.
pub(crate) fn serve_list(cluster: &Cluster, request: &Request) -> Result<ListAnswer, Status> {
    list::serve(Call::new(cluster, request)?)
}

pub(crate) use fields::matcher;

/// Writes what a component of the control plane made of a live object; a last finalizer taken away ends the object.
pub(crate) fn after_component_change(
    cluster: &Cluster,
    resource: &'static Resource,
    live: Object,
    mut new: Value,
) -> Option<Object> {
    strategy::bump_generation(resource, &mut new, &live);
    if update::ready_to_go(&new) && objects::meta::finalizers(&live).next().is_some() {
        return cluster.delete_now(
            resource,
            objects::meta::namespace(&new),
            objects::meta::name(&new),
        );
    }
    Some(cluster.put(resource, new))
}

//! RuntimeClass: a pod's class must exist, and what the class says of overhead and of nodes goes into the pod.

use objects::{Status, meta};
use serde_json::Value;

use crate::api::Call;
use crate::cluster::resource;
use crate::view;

pub(super) fn admit(call: &Call<'_>, pod: &mut Value) -> Result<(), Status> {
    let refuse = |pod: &Value, why: &str| {
        let why = format!("pod rejected: {why}");
        Err(Status::forbidden(call.resource, meta::name(pod), &why))
    };
    let name = view::text(pod, &["spec", "runtimeClassName"]);
    let class = match name {
        "" => None,
        name => match call
            .cluster
            .get(resource("node.k8s.io", "runtimeclasses"), "", name)
        {
            None => return refuse(pod, &format!("RuntimeClass \"{name}\" not found")),
            found => found,
        },
    };
    let own = view::at(pod, &["spec", "overhead"]);
    let fixed = class
        .as_ref()
        .map(|c| view::at(c, &["overhead", "podFixed"]).clone())
        .filter(|o| !o.is_null());
    match fixed {
        None if view::members(pod, &["spec", "overhead"]).next().is_some() => {
            let why = "Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return refuse(pod, why);
        }
        Some(fixed) if !own.is_null() && *own != fixed => {
            let why = "Pod's Overhead doesn't match RuntimeClass's defined Overhead";
            return refuse(pod, why);
        }
        Some(fixed) => view::set(pod, &["spec", "overhead"], fixed),
        None => {}
    }
    let Some(class) = class else { return Ok(()) };
    for (key, value) in view::members(&class, &["scheduling", "nodeSelector"]) {
        let asked = view::text(pod, &["spec", "nodeSelector", key]);
        let value = value.as_str().unwrap_or_default();
        if !asked.is_empty() && asked != value {
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {asked}"
            );
            return refuse(pod, &why);
        }
        view::map_mut(pod, &["spec", "nodeSelector"]).insert(key.into(), value.into());
    }
    for toleration in view::list(&class, &["scheduling", "tolerations"]) {
        let all = view::list_mut(pod, &["spec", "tolerations"]);
        if !all.contains(toleration) {
            all.push(toleration.clone());
        }
    }
    Ok(())
}

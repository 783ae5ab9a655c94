//! StorageObjectInUseProtection and DefaultStorageClass: finalizers on volumes and claims, and the default class for claims without one.

use objects::meta;
use serde_json::Value;

use crate::api::Call;
use crate::view;

pub(super) fn admit(call: &Call<'_>, object: &mut Value) {
    let finalizer = match (call.stored.group, call.stored.plural) {
        ("", "persistentvolumes") => "kubernetes.io/pv-protection",
        ("", "persistentvolumeclaims") => "kubernetes.io/pvc-protection",
        _ => return,
    };
    let finalizers = view::list_mut(object, &["metadata", "finalizers"]);
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(finalizer.into());
    }
    if call.stored.plural == "persistentvolumeclaims"
        && view::at(object, &["spec", "storageClassName"]).is_null()
    {
        let classes = objects::by_path("storage.k8s.io", "v1", "storageclasses");
        let all = classes
            .map(|r| call.cluster.list(r, ""))
            .unwrap_or_default();
        let is_default = |c: &objects::Object| {
            meta::annotation(c, "storageclass.kubernetes.io/is-default-class") == Some("true")
        };
        let newest = all
            .iter()
            .filter(|c| is_default(c))
            .max_by_key(|c| meta::creation_timestamp(c).to_string());
        if let Some(class) = newest {
            view::set(
                object,
                &["spec", "storageClassName"],
                meta::name(class).to_string(),
            );
        }
    }
}

//! Which fields of manifests hold the name of another object, and the names that the cluster has for them.

use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use objects::Resource;

/// Most names that are told.
const MOST: u32 = 100;

/// Ends of paths, and the kind whose names belong there.
const FIELDS: &[(&str, &str)] = &[
    ("claimName", "PersistentVolumeClaim"),
    ("configMap.name", "ConfigMap"),
    ("configMapKeyRef.name", "ConfigMap"),
    ("configMapRef.name", "ConfigMap"),
    ("imagePullSecrets.name", "Secret"),
    ("metadata.namespace", "Namespace"),
    ("nodeName", "Node"),
    ("priorityClassName", "PriorityClass"),
    ("secretKeyRef.name", "Secret"),
    ("secretName", "Secret"),
    ("secretRef.name", "Secret"),
    ("serviceAccountName", "ServiceAccount"),
    ("spec.serviceName", "Service"),
    ("storageClassName", "StorageClass"),
    ("volumeName", "PersistentVolume"),
];

/// The resource whose names may be the value of a field, by the field's path (`spec.volumes.configMap.name`).
pub fn wanted(path: &str) -> Option<&'static Resource> {
    let ends = |end: &str| {
        path.strip_suffix(end)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let (_, kind) = FIELDS.iter().find(|(end, _)| ends(end))?;
    objects::resources().iter().find(|each| each.kind == *kind)
}

/// The names that there are; none where the cluster does not answer or does not say.
pub async fn list(client: &kube::Client, namespace: &str, resource: &Resource) -> Vec<String> {
    let gvk = GroupVersionKind::gvk(resource.group, resource.version, resource.kind);
    let kind = ApiResource::from_gvk_with_plural(&gvk, resource.plural);
    let api: Api<DynamicObject> = if resource.namespaced {
        Api::namespaced_with(client.clone(), namespace, &kind)
    } else {
        Api::all_with(client.clone(), &kind)
    };
    let found = api.list_metadata(&ListParams::default().limit(MOST)).await;
    let names = found.into_iter().flat_map(|list| list.items);
    names.filter_map(|item| item.metadata.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_hold_names_are_known_by_their_ends() {
        let kind = |path| wanted(path).map(|resource| resource.kind);
        assert_eq!(kind("spec.volumes.configMap.name"), Some("ConfigMap"));
        assert_eq!(kind("spec.template.spec.nodeName"), Some("Node"));
        assert_eq!(kind("metadata.namespace"), Some("Namespace"));
        assert_eq!(kind("metadata.name"), None);
        assert_eq!(kind("spec.containers.name"), None);
        for (_, kind) in FIELDS {
            assert!(
                objects::resources().iter().any(|each| each.kind == *kind),
                "{kind}"
            );
        }
    }
}

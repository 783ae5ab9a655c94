//! What validation says, case by case.

use serde_json::json;

use super::*;
use crate::apply_defaults;

fn texts(kind: &str, new: &Value, old: Option<&Value>) -> Vec<String> {
    let (version, kind) = kind.rsplit_once(' ').expect("version kind");
    let gvk = Gvk::from_api_version(version, kind);
    let mut new = new.clone();
    apply_defaults(&gvk, &mut new);
    let old = old.map(|old| {
        let mut old = old.clone();
        apply_defaults(&gvk, &mut old);
        old
    });
    validate(&gvk, "", &new, old.as_ref())
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn merged(base: Value, change: Value) -> Value {
    let mut out = base;
    json_patch::merge(&mut out, &change);
    out
}

fn pod(change: Value) -> Value {
    merged(
        json!({"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
        change,
    )
}

fn container(change: Value) -> Value {
    pod(json!({"spec": {"containers": [merged(json!({"name": "c", "image": "i"}), change)]}}))
}

fn check(object: Value, expect: &[&str]) {
    assert_eq!(texts("v1 Pod", &object, None), expect, "{object}");
}

#[test]
fn pods() {
    check(pod(json!({})), &[]);
    check(
        json!({}),
        &[
            "metadata.name: Required value: name or generateName is required",
            "spec.containers: Required value",
        ],
    );
    check(
        container(json!({"image": ""})),
        &["spec.containers[0].image: Required value"],
    );
    check(
        pod(json!({"spec": {"activeDeadlineSeconds": 0, "nodeName": "n"}})),
        &[
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        ],
    );
    check(
        pod(json!({"spec": {"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]}})),
        &[
            r#"spec.tolerations[0].operator: Invalid value: {"Effect":"","Key":"a","Operator":"Exists","TolerationSeconds":null,"Value":"x"}: value must be empty when `operator` is 'Exists'"#,
        ],
    );
    check(
        pod(json!({"spec": {"initContainers": [{"name": "c", "image": "i"}]}})),
        &[r#"spec.initContainers[0].name: Duplicate value: "c""#],
    );
}

#[test]
fn containers() {
    check(
        container(
            json!({"ports": [{"containerPort": 80, "name": "A"}, {"containerPort": 0, "protocol": "X"}]}),
        ),
        &[
            r#"spec.containers[0].ports[0].name: Invalid value: "A": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"#,
            r#"spec.containers[0].ports[0].name: Invalid value: "A": must contain at least one letter (a-z)"#,
            "spec.containers[0].ports[1].containerPort: Required value",
            r#"spec.containers[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP""#,
        ],
    );
    check(
        container(json!({"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1500m"}}})),
        &[
            r#"spec.containers[0].resources.requests: Invalid value: "1500m": must be less than or equal to cpu limit of 1"#,
        ],
    );
    check(
        container(json!({"lifecycle": {"preStop": {}}})),
        &["spec.containers[0].lifecycle.preStop: Required value: must specify a handler type"],
    );
    check(
        container(json!({"env": [{"name": "a=b"}, {"name": "B", "valueFrom": {}}]})),
        &[
            r#"spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '=' (regex used for validation is '^[ -<>-~]+$')"#,
            "spec.containers[0].env[1].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        ],
    );
}

#[test]
fn pod_updates() {
    let old = pod(json!({}));
    let image = pod(json!({"spec": {"containers": [{"name": "c", "image": "other"}]}}));
    assert_eq!(texts("v1 Pod", &image, Some(&old)), Vec::<String>::new());
    let two = pod(
        json!({"spec": {"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "i"}]}}),
    );
    assert_eq!(
        texts("v1 Pod", &two, Some(&old)),
        ["spec.containers: Forbidden: pod updates may not add or remove containers"]
    );
    let node = pod(json!({"spec": {"hostname": "x"}}));
    let errors = texts("v1 Pod", &node, Some(&old));
    assert!(errors[0].ends_with("- \"Hostname\": \"\",\n+ \"Hostname\": \"x\",\n  \"Subdomain\": \"\",\n  \"SetHostnameAsFQDN\": null,\n  \"Affinity\": null,\n"), "{errors:?}");
}

#[test]
fn workloads() {
    let deployment = json!({"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    assert_eq!(
        texts("apps/v1 Deployment", &deployment, None),
        Vec::<String>::new()
    );
    let other = merged(
        deployment.clone(),
        json!({"spec": {"selector": {"matchLabels": {"a": "c"}}}}),
    );
    assert_eq!(
        texts("apps/v1 Deployment", &other, Some(&deployment)),
        [
            "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match template `labels`",
            "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"c\"}}: field is immutable",
        ]
    );
    let job = json!({"metadata": {"name": "j"}, "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    assert_eq!(
        texts("batch/v1 Job", &job, None),
        [r#"spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never""#]
    );
}

#[test]
fn others() {
    let map = json!({"metadata": {"name": "m"}, "data": {"": "x", "a": "b"}, "immutable": true});
    assert!(
        texts("v1 ConfigMap", &map, None)[0]
            .starts_with(r#"data[]: Invalid value: "": a valid config key"#)
    );
    let (old, new) = (
        json!({"metadata": {"name": "m"}, "immutable": true}),
        json!({"metadata": {"name": "m"}, "immutable": true, "data": {"a": "b"}}),
    );
    assert_eq!(
        texts("v1 ConfigMap", &new, Some(&old)),
        ["data: Forbidden: field is immutable when `immutable` is set"]
    );
    let service =
        json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "nodePort": 30000}]}});
    assert_eq!(
        texts("v1 Service", &service, None),
        ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]
    );
    let claim = json!({"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]}});
    assert_eq!(
        texts("v1 PersistentVolumeClaim", &claim, None),
        ["spec.resources.requests[storage]: Required value"]
    );
}

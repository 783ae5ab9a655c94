//! What defaulting makes of objects.

use serde_json::json;

use super::*;

fn check(kind: &str, mut object: Value, path: &str, expect: Value) {
    let (version, kind) = kind.rsplit_once(' ').expect("version kind");
    let gvk = Gvk::from_api_version(version, kind);
    apply_defaults(&gvk, &mut object);
    assert_eq!(object.pointer(path), Some(&expect), "{path}");
    let once = object.clone();
    apply_defaults(&gvk, &mut object);
    assert_eq!(object, once, "a second time changes nothing");
}

fn pod(container: Value) -> Value {
    json!({"spec": {"containers": [container]}})
}

#[test]
fn pull_policy() {
    for (image, policy) in [
        ("a", "Always"),
        ("a:latest", "Always"),
        ("a:1", "IfNotPresent"),
        ("r:5000/a", "Always"),
        ("r:5000/a:1", "IfNotPresent"),
        ("a@sha256:abc", "IfNotPresent"),
        ("a:latest@sha256:abc", "Always"),
        ("", "IfNotPresent"),
    ] {
        check(
            "v1 Pod",
            pod(json!({"image": image})),
            "/spec/containers/0/imagePullPolicy",
            json!(policy),
        );
    }
}

#[test]
fn pods() {
    let expect = json!({"httpGet": {"path": "/", "port": 1, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
    check(
        "v1 Pod",
        pod(json!({"livenessProbe": {"httpGet": {"port": 1}}})),
        "/spec/containers/0/livenessProbe",
        expect,
    );
    let limits = json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}});
    check(
        "v1 Pod",
        pod(limits),
        "/spec/containers/0/resources/requests",
        json!({"cpu": "500m", "memory": "1Gi"}),
    );
    check(
        "v1 Pod",
        json!({"spec": {"volumes": [{"name": "v"}]}}),
        "/spec/volumes/0",
        json!({"name": "v", "emptyDir": {}}),
    );
    check(
        "v1 Pod",
        json!({"spec": {"terminationGracePeriodSeconds": -3}}),
        "/spec/terminationGracePeriodSeconds",
        json!(1),
    );
    check(
        "v1 Pod",
        json!({"spec": {"serviceAccount": "a"}}),
        "/spec/serviceAccountName",
        json!("a"),
    );
}

#[test]
fn workloads() {
    let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
    check("apps/v1 Deployment", json!({}), "/spec/strategy", rolling);
    check(
        "apps/v1 Deployment",
        json!({"spec": {"strategy": {"type": "Recreate"}}}),
        "/spec/strategy",
        json!({"type": "Recreate"}),
    );
    check(
        "apps/v1 Deployment",
        json!({"spec": {"replicas": 0}}),
        "/spec/replicas",
        json!(0),
    );
    check(
        "batch/v1 Job",
        json!({"spec": {"parallelism": 2}}),
        "/spec/parallelism",
        json!(2),
    );
    check(
        "batch/v1 Job",
        json!({"spec": {"backoffLimitPerIndex": 1}}),
        "/spec/backoffLimit",
        json!(2147483647),
    );
}

#[test]
fn services() {
    let ports = json!([{"protocol": "TCP", "port": 80, "targetPort": 80}]);
    check(
        "v1 Service",
        json!({"spec": {"ports": [{"port": 80}]}}),
        "/spec/ports",
        ports,
    );
    check(
        "v1 Service",
        json!({"spec": {"type": "NodePort"}}),
        "/spec/externalTrafficPolicy",
        json!("Cluster"),
    );
    check(
        "v1 Secret",
        json!({"stringData": {"a": "b"}, "data": {"c": "ZA=="}}),
        "/data",
        json!({"a": "Yg==", "c": "ZA=="}),
    );
    check(
        "v1 Namespace",
        json!({"metadata": {"name": "n"}}),
        "/metadata/labels",
        json!({"kubernetes.io/metadata.name": "n"}),
    );
}

//! What validation says of kinds other than pods, case by case. The texts are those of Kubernetes' own validation.

use serde_json::json;

use super::*;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

fn check(kind: &str, object: Value, expect: &[&str]) {
    let object = merged(json!({"metadata": {"name": "x", "namespace": "n"}}), object);
    assert_eq!(texts(kind, &object, None), expect, "{object}");
}

fn update(kind: &str, old: Value, new: Value, expect: &[&str]) {
    let whole = |object| merged(json!({"metadata": {"name": "x", "namespace": "n"}}), object);
    let (old, new) = (whole(old), whole(new));
    assert_eq!(texts(kind, &new, Some(&old)), expect, "{new}");
}

fn job(spec: Value) -> Value {
    let template =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}});
    merged(
        json!({"spec": {"template": template}}),
        json!({"spec": spec}),
    )
}

#[test]
fn selectors_nobody_can_read() {
    let template = json!({"spec": {"containers": []}});
    let selector =
        json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Foo"}]});
    let spec = json!({"spec": {"selector": selector, "template": template}});
    let operator = r#"spec.selector.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator"#;
    let shown = r#"spec.selector: Invalid value: {"matchLabels":{"a":"b"},"matchExpressions":[{"key":"a","operator":"Foo"}]}"#;
    let whole = format!("{shown}: invalid label selector");
    check("apps/v1 ReplicaSet", spec.clone(), &[operator, &whole]);
    check("apps/v1 Deployment", spec.clone(), &[operator, &whole]);
    check("apps/v1 StatefulSet", spec, &[operator, shown]);
    let empty = json!({"spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}});
    check(
        "apps/v1 ReplicaSet",
        empty,
        &["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
    );
}

#[test]
fn jobs() {
    let foo = json!({"managedBy": "foo"});
    check(
        "batch/v1 Job",
        job(foo),
        &[
            r#"spec.managedBy: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")"#,
        ],
    );
    let rules = json!([{"succeededIndexes": "x"}, {"succeededIndexes": "1,0"}, {"succeededIndexes": "0-9"}, {"succeededIndexes": "0-1", "succeededCount": 3}]);
    let indexed =
        json!({"completionMode": "Indexed", "completions": 3, "successPolicy": {"rules": rules}});
    check(
        "batch/v1 Job",
        job(indexed),
        &[
            r#"spec.successPolicy.rules[0].succeededIndexes: Invalid value: "x": error parsing succeededIndexes: cannot convert string to integer for index: "x""#,
            r#"spec.successPolicy.rules[1].succeededIndexes: Invalid value: "1,0": error parsing succeededIndexes: non-increasing order, previous: 1, current: 0"#,
            r#"spec.successPolicy.rules[2].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9""#,
            "spec.successPolicy.rules[3].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
        ],
    );
    let many = json!({"completionMode": "Indexed", "completions": 100001, "parallelism": 10001, "backoffLimitPerIndex": 1});
    check(
        "batch/v1 Job",
        job(many),
        &[
            "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
            "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
        ],
    );
}

#[test]
fn suspended_jobs_may_still_be_sent_elsewhere() {
    let old = job(json!({"suspend": true}));
    let selector = json!({"template": {"spec": {"nodeSelector": {"a": "b"}}}});
    let moved = merged(old.clone(), json!({"spec": selector}));
    update("batch/v1 Job", old.clone(), moved.clone(), &[]);
    let started = merged(
        moved,
        json!({"status": {"startTime": "2026-01-01T00:00:00Z"}}),
    );
    let object = merged(json!({"metadata": {"name": "x"}}), started);
    let was = merged(json!({"metadata": {"name": "x"}}), old.clone());
    let errors = texts("batch/v1 Job", &object, Some(&was));
    assert!(
        errors.len() == 1 && errors[0].ends_with(": field is immutable"),
        "{errors:?}"
    );
    let other = json!({"template": {"spec": {"hostname": "h"}}});
    let other = merged(
        json!({"metadata": {"name": "x"}}),
        merged(old, json!({"spec": other})),
    );
    assert_eq!(texts("batch/v1 Job", &other, Some(&was)).len(), 1);
}

#[test]
fn time_zones() {
    for (zone, expect) in [
        ("Europe/Berlin", None),
        ("Nope/Zone", Some("unknown time zone Nope/Zone")),
        (
            "Local",
            Some(
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
            ),
        ),
    ] {
        let template = json!({"spec": job(json!({}))["spec"]});
        let spec = json!({"schedule": "* * * * *", "timeZone": zone, "jobTemplate": template});
        let expect = expect.map(|e| format!("spec.timeZone: Invalid value: \"{zone}\": {e}"));
        let expect: Vec<&str> = expect.iter().map(String::as_str).collect();
        check("batch/v1 CronJob", json!({"spec": spec}), &expect);
    }
}

#[test]
fn services() {
    let port = json!([{"port": 80}]);
    let service = |spec: Value| merged(json!({"spec": {"ports": port}}), json!({"spec": spec}));
    for (spec, expect) in [
        (
            json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.2"]}),
            vec![
                r#"spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`"#,
            ],
        ),
        (
            json!({"clusterIPs": ["10.0.0.2"]}),
            vec![
                r#"spec.clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified"#,
            ],
        ),
        (
            json!({"clusterIP": "010.0.0.1"}),
            vec![r#"spec.clusterIPs[0]: Invalid value: "010.0.0.1": must not have leading 0s"#],
        ),
        (
            json!({"ipFamilies": ["Foo", "Foo"], "ipFamilyPolicy": "Bar"}),
            vec![
                r#"spec.ipFamilies[0]: Unsupported value: "Foo": supported values: "IPv4", "IPv6""#,
                r#"spec.ipFamilies[1]: Unsupported value: "Foo": supported values: "IPv4", "IPv6""#,
                r#"spec.ipFamilies[1]: Duplicate value: "Foo""#,
                r#"spec.ipFamilyPolicy: Unsupported value: "Bar": supported values: "PreferDualStack", "RequireDualStack", "SingleStack""#,
            ],
        ),
        (
            json!({"type": "ExternalName", "externalName": "a.b.", "clusterIP": "None", "ipFamilies": ["IPv4"]}),
            vec![
                "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
                "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
            ],
        ),
        (
            json!({"loadBalancerSourceRanges": ["10.0.0.1/8"], "loadBalancerClass": "a/b"}),
            vec![
                "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
                r#"spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length"#,
                "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
            ],
        ),
    ] {
        check("v1 Service", service(spec), &expect);
    }
}

#[test]
fn where_services_lead() {
    let slice = |endpoint: Value| json!({"addressType": "IPv4", "endpoints": [endpoint]});
    check(
        "discovery.k8s.io/v1 EndpointSlice",
        json!({}),
        &["addressType: Required value"],
    );
    check(
        "discovery.k8s.io/v1 EndpointSlice",
        slice(json!({"addresses": []})),
        &["endpoints[0].addresses: Required value: must contain at least 1 address"],
    );
    let bad = merged(
        slice(json!({"addresses": ["fd00::1"], "hostname": "A"})),
        json!({"ports": [{"protocol": "X"}, {}]}),
    );
    check(
        "discovery.k8s.io/v1 EndpointSlice",
        bad,
        &[
            r#"endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address"#,
            &format!(r#"endpoints[0].hostname: Invalid value: "A": {LABEL}"#),
            r#"ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP""#,
            r#"ports[1].name: Duplicate value: """#,
        ],
    );
}

#[test]
fn roles_and_bindings() {
    let rules = json!([{"verbs": []}, {"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["pods"]}]);
    check(
        "rbac.authorization.k8s.io/v1 Role",
        json!({"rules": rules}),
        &[
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
            r#"rules[1].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs"#,
            r#"rules[1].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs"#,
        ],
    );
    let role =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"});
    let subjects = json!([{"kind": "X", "name": "a"}, {"kind": "User", "apiGroup": "z"}, {"kind": "ServiceAccount", "name": "a"}]);
    check(
        "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
        json!({"metadata": {"namespace": null}, "roleRef": role, "subjects": subjects}),
        &[
            r#"subjects[0].kind: Unsupported value: "X": supported values: "ServiceAccount", "User", "Group""#,
            "subjects[1].name: Required value",
            r#"subjects[1].apiGroup: Unsupported value: "z": supported values: "rbac.authorization.k8s.io""#,
            "subjects[2].namespace: Required value",
        ],
    );
    update(
        "rbac.authorization.k8s.io/v1 RoleBinding",
        json!({"roleRef": role}),
        json!({"roleRef": merged(role.clone(), json!({"name": "edit"}))}),
        &[
            r#"roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef"#,
        ],
    );
}

#[test]
fn ingresses() {
    let paths = json!([
        {"backend": {}},
        {"pathType": "Prefix", "path": "/a//b/..", "backend": {}},
        {"pathType": "Exact", "path": "/", "backend": {"service": {"name": "s", "port": {}}}},
    ]);
    let spec = json!({"rules": [{"host": "1.2.3.4", "http": {"paths": paths}}], "tls": [{"hosts": ["*.a.*"]}]});
    check(
        "networking.k8s.io/v1 Ingress",
        json!({"spec": spec}),
        &[
            r#"spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address"#,
            "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
            r#"spec.rules[0].http.paths[1].path: Invalid value: "/a//b/..": must not contain '//'"#,
            r#"spec.rules[0].http.paths[1].path: Invalid value: "/a//b/..": cannot end with '/..'"#,
            r#"spec.rules[0].http.paths[1].backend: Invalid value: "": resource or service backend is required"#,
            "spec.rules[0].http.paths[2].backend: Required value: port name or number is required",
            r#"spec.tls[0].hosts[0]: Invalid value: "*.a.*": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#,
        ],
    );
}

#[test]
fn autoscalers() {
    let target = json!({"kind": "Deployment", "name": "x"});
    let metrics = json!([
        {"type": "Pods", "resource": {"name": "cpu", "target": {"type": "Utilization"}}},
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Foo", "averageUtilization": 0}}},
    ]);
    let behavior =
        json!({"scaleDown": {"stabilizationWindowSeconds": 4000, "policies": [{"type": "Foo"}]}});
    let spec = json!({"scaleTargetRef": target, "maxReplicas": 2, "metrics": metrics, "behavior": behavior});
    check(
        "autoscaling/v2 HorizontalPodAutoscaler",
        json!({"spec": spec}),
        &[
            "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
            "spec.metrics[0].pods: Required value: must populate information for the given metric source",
            r#"spec.metrics[1].resource.target.type: Invalid value: "Foo": must be either Utilization, Value, or AverageValue"#,
            "spec.metrics[1].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
            "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 4000: must be less than or equal to 3600",
            r#"spec.behavior.scaleDown.policies[0].type: Unsupported value: "Foo": supported values: "Percent", "Pods""#,
            "spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero",
            "spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 0: must be greater than zero",
        ],
    );
}

#[test]
fn events_and_leases() {
    check(
        "v1 Event",
        json!({"involvedObject": {"namespace": "other"}}),
        &[r#"involvedObject.namespace: Invalid value: "other": does not match event.namespace"#],
    );
    let new = json!({"involvedObject": {"namespace": "n"}, "eventTime": "2026-01-01T00:00:00.000000Z", "reportingComponent": "c", "reportingInstance": "i"});
    check(
        "v1 Event",
        new,
        &["action: Required value", "reason: Required value"],
    );
    check(
        "coordination.k8s.io/v1 Lease",
        json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}),
        &[
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ],
    );
}

#[test]
fn nodes_and_namespaces() {
    update(
        "v1 Node",
        json!({"metadata": {"namespace": null}, "spec": {"podCIDRs": ["10.0.0.0/24"], "providerID": "a"}}),
        json!({"metadata": {"namespace": null}, "spec": {"podCIDRs": ["10.0.1.0/24"], "providerID": "b", "externalID": "e"}}),
        &[
            r#"spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid"#,
            r#"spec.providerID: Forbidden: node updates may not change providerID except from "" to valid"#,
            "spec.externalID: Forbidden: may not be updated",
        ],
    );
    check(
        "v1 Namespace",
        json!({"metadata": {"namespace": null}, "spec": {"finalizers": ["x"]}}),
        &[
            r#"spec.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified"#,
        ],
    );
}

#[test]
fn volumes_classes_and_budgets() {
    let iscsi = json!({"targetPortal": "p", "iqn": "foo", "lun": 300});
    let volume =
        json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "iscsi": iscsi});
    let namespace = json!({"metadata": {"namespace": null}});
    check(
        "v1 PersistentVolume",
        merged(namespace.clone(), json!({"spec": volume})),
        &[
            r#"spec.iscsi.iqn: Invalid value: "foo": must be valid format starting with iqn, eui, or naa"#,
            "spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive",
        ],
    );
    let good = json!({"iscsi": {"iqn": "iqn.2015-02.example.com:test", "lun": 0}});
    check(
        "v1 PersistentVolume",
        merged(
            namespace.clone(),
            json!({"spec": merged(volume.clone(), good)}),
        ),
        &[],
    );
    check(
        "storage.k8s.io/v1 StorageClass",
        merged(
            namespace.clone(),
            json!({"provisioner": "a/b", "parameters": {"": "x"}}),
        ),
        &[r#"parameters: Invalid value: "": field can not be empty."#],
    );
    check(
        "policy/v1 PodDisruptionBudget",
        json!({"spec": {"unhealthyPodEvictionPolicy": "Foo"}}),
        &[
            r#"spec.unhealthyPodEvictionPolicy: Unsupported value: "Foo": supported values: "AlwaysAllow", "IfHealthyBudget""#,
        ],
    );
    let class = merged(namespace, json!({"value": 1}));
    update(
        "scheduling.k8s.io/v1 PriorityClass",
        class.clone(),
        merged(class, json!({"preemptionPolicy": "Never"})),
        &[r#"preemptionPolicy: Invalid value: "Never": field is immutable"#],
    );
}

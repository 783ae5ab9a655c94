//! What validation says, case by case.

use serde_json::json;

mod kinds;

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
            r#"spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is 'Exists'"#,
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
        ["spec.resources[storage]: Required value"]
    );
}

#[test]
fn environment() {
    check(
        container(json!({"env": [
            {"name": "A", "valueFrom": {"configMapKeyRef": {"key": "a"}}},
            {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['x y']"}}},
            {"name": "C", "valueFrom": {"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}}},
            {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}},
            {"name": "E", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "3"}}},
        ], "envFrom": [{}, {"configMapRef": {}}, {"secretRef": {"name": "ends-"}}]})),
        &[
            r#"spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#,
            r#"spec.containers[0].env[1].valueFrom.fieldRef: Invalid value: "x y": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"#,
            r#"spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2"#,
            r#"spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name['a']": error converting fieldPath: field label does not support subscript: metadata.name['a']"#,
            r#"spec.containers[0].env[4].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource"#,
            r#"spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`"#,
            "spec.containers[0].envFrom[1].configMapRef.name: Required value",
        ],
    );
}

#[test]
fn mounts() {
    let volumes = json!([{"name": "v", "emptyDir": {}}]);
    let with = |change: Value| {
        let mut pod = container(change);
        pod["spec"]["volumes"] = volumes.clone();
        pod
    };
    check(
        with(json!({"volumeMounts": [
            {"name": "v", "mountPath": "/a", "subPath": "a", "subPathExpr": "../b"},
            {"name": "v", "mountPath": "/a", "mountPropagation": "Bidirectional", "recursiveReadOnly": "Enabled"},
        ]})),
        &[
            r#"spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "../b": subPathExpr and subPath are mutually exclusive"#,
            r#"spec.containers[0].volumeMounts.subPathExpr: Invalid value: "../b": must not contain '..'"#,
            r#"spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique"#,
            "spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
            "spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
            "spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified",
        ],
    );
    check(
        with(json!({"volumeDevices": [{"name": "v", "devicePath": "/dev/a"}, {"name": "w"}]})),
        &[
            r#"spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"#,
            r#"spec.containers[0].volumeDevices[1].name: Not found: "w""#,
            "spec.containers[0].volumeDevices[1].devicePath: Required value",
        ],
    );
}

#[test]
fn options_of_containers() {
    check(
        container(json!({
            "resources": {"limits": {"hugepages-2Mi": "3Mi", "example.com/a_": "1"}},
            "resizePolicy": [{"resourceName": "gpu", "restartPolicy": "Sometimes"}],
            "restartPolicy": "Seldom",
        })),
        &[
            "spec.containers[0].resources.limits[example.com/a_]: Invalid value: \"example.com/a_\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            r#"spec.containers[0].resources.limits[example.com/a_]: Invalid value: "example.com/a_": doesn't follow extended resource name standard"#,
            r#"spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi"#,
            "spec.containers[0].resources.requests[example.com/a_]: Invalid value: \"example.com/a_\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            r#"spec.containers[0].resources.requests[example.com/a_]: Invalid value: "example.com/a_": doesn't follow extended resource name standard"#,
            r#"spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi"#,
            "spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
            r#"spec.containers[0].resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory""#,
            r#"spec.containers[0].resizePolicy: Unsupported value: "Sometimes": supported values: "NotRequired", "RestartContainer""#,
            r#"spec.containers[0].restartPolicy: Unsupported value: "Seldom": supported values: "Always", "Never", "OnFailure""#,
        ],
    );
    check(
        container(json!({
            "terminationMessagePolicy": "Log",
            "lifecycle": {"preStop": {"sleep": {"seconds": 100}}, "stopSignal": "SIGTERM"},
            "securityContext": {"privileged": true, "allowPrivilegeEscalation": false, "procMount": "All", "appArmorProfile": {"type": "On"}},
        })),
        &[
            r#"spec.containers[0].terminationMessagePolicy: Unsupported value: "Log": supported values: "File", "FallbackToLogsOnError""#,
            r#"spec.containers[0].securityContext.procMount: Unsupported value: "All": supported values: "Default", "Unmasked""#,
            r#"spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":"All","SeccompProfile":null,"AppArmorProfile":{"Type":"On","LocalhostProfile":null}}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true"#,
            r#"spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "On": supported values: "Localhost", "RuntimeDefault", "Unconfined""#,
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 100: must be non-negative and less than terminationGracePeriodSeconds (30)",
            "spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`",
        ],
    );
}

#[test]
fn scheduling_of_pods() {
    check(
        pod(json!({"spec": {
            "topologySpreadConstraints": [
                {"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 1, "labelSelector": {}},
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}},
            ],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}], "matchFields": [{"key": "spec.x", "operator": "Exists"}]},
            ]}}},
            "hostAliases": [{"ip": "x", "hostnames": ["A"]}],
        }})),
        &[
            r#"spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"#,
            r#"spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator"#,
            r#"spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "spec.x": not a valid field selector key"#,
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than 0",
            r#"spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, ScheduleAnyway}""#,
            "spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
            r#"spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
            r#"spec.hostAliases[0].hostnames[0]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"#,
        ],
    );
    check(
        pod(json!({"spec": {"nodeName": "n", "schedulingGates": [{"name": "a"}]}})),
        &["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
    );
    let node = json!({"metadata": {"name": "n"}, "spec": {"taints": [{"key": "a", "effect": "Never"}, {"key": "a", "effect": "Never", "value": "b"}]}});
    assert_eq!(
        texts("v1 Node", &node, None),
        [
            r#"metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute""#,
            r#"metadata.taints[1].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute""#,
            r#"metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"Never","TimeAdded":null}: taints must be unique by key and effect pair"#,
        ]
    );
}

fn job(change: Value) -> Value {
    let template =
        json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}});
    merged(
        json!({"metadata": {"name": "j"}, "spec": {"template": template}}),
        json!({"spec": change}),
    )
}

#[test]
fn jobs() {
    let says = |change: Value, expect: &[&str]| {
        assert_eq!(
            texts("batch/v1 Job", &job(change.clone()), None),
            expect,
            "{change}"
        );
    };
    says(json!({}), &[]);
    says(
        json!({"backoffLimitPerIndex": 1, "completionMode": "Some"}),
        &[
            r#"spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed""#,
        ],
    );
    says(
        json!({"backoffLimitPerIndex": 1, "maxFailedIndexes": 1}),
        &[
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
            "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode",
        ],
    );
    says(
        json!({"podFailurePolicy": {"rules": [
            {"action": "FailIndex", "onExitCodes": {"containerName": "x", "operator": "In", "values": [2, 0, 2]}},
            {"action": "Count"},
        ]}}),
        &[
            r#"spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set"#,
            r#"spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template"#,
            "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
            "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2",
            "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered",
            "spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
        ],
    );
    let spec = json!({"schedule": "TZ=UTC 0 * * *", "timeZone": "Not Here", "jobTemplate": {"spec": job(json!({}))["spec"]}});
    assert_eq!(
        texts(
            "batch/v1 CronJob",
            &json!({"metadata": {"name": "c"}, "spec": spec}),
            None
        ),
        [
            r#"spec.schedule: Invalid value: "TZ=UTC 0 * * *": expected exactly 5 fields, found 4: [0 * * *]"#,
            r#"spec.schedule: Invalid value: "TZ=UTC 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead"#,
            r#"spec.timeZone: Invalid value: "Not Here": unknown time zone Not Here"#,
        ]
    );
}

#[test]
fn services_and_limits() {
    let service = json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "externalIPs": ["127.0.0.1"], "ports": [
        {"name": "a", "port": 80, "nodePort": 30000}, {"name": "b", "port": 80, "nodePort": 30000},
    ]}});
    assert_eq!(
        texts("v1 Service", &service, None),
        [
            r#"spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)"#,
            "spec.ports[1].nodePort: Duplicate value: 30000",
            r#"spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}"#,
        ]
    );
    let limits = json!({"metadata": {"name": "l"}, "spec": {"limits": [
        {"type": "Pod", "default": {"cpu": "1"}, "max": {"foo": "1"}},
        {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}},
    ]}});
    assert_eq!(
        texts("v1 LimitRange", &limits, None),
        [
            r#"spec.limits[0].max[foo]: Invalid value: "foo": must be a standard resource type or fully qualified"#,
            r#"spec.limits[0].max[foo]: Invalid value: "foo": must be a standard resource for containers"#,
            "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
            r#"spec.limits[1].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1"#,
            r#"spec.limits[1].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1"#,
            r#"spec.limits[1].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1"#,
        ]
    );
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"gpus": "1", "services": "1"}, "scopes": ["BestEffort", "NotBestEffort"]}});
    let said = texts("v1 ResourceQuota", &quota, None);
    assert_eq!(
        said,
        [
            r#"spec.hard[gpus]: Invalid value: "gpus": must be a standard resource type or fully qualified"#,
            r#"spec.hard[gpus]: Invalid value: "gpus": must be a standard resource for quota"#,
            r#"spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource"#,
            r#"spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource"#,
            r#"spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes"#,
        ]
    );
}

#[test]
fn surprising_but_allowed() {
    let says = |kind: &str, object: Value, expect: &[&str]| {
        let (version, kind) = kind.rsplit_once(' ').expect("version kind");
        let gvk = Gvk::from_api_version(version, kind);
        let mut new = object;
        apply_defaults(&gvk, &mut new);
        assert_eq!(warnings(&gvk, &new, None), expect, "{new}");
        assert_eq!(warnings(&gvk, &new, Some(&new)), Vec::<String>::new());
    };
    says(
        "v1 Pod",
        merged(
            container(json!({
                "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}],
                "ports": [{"containerPort": 80}, {"containerPort": 80}, {"containerPort": 80, "hostPort": 80}],
                "resources": {"limits": {"memory": "100m"}},
            })),
            json!({"spec": {"nodeSelector": {"beta.kubernetes.io/os": "linux"}, "imagePullSecrets": [{"name": "a"}, {"name": "a"}]}}),
        ),
        &[
            r#"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#,
            r#"spec.imagePullSecrets[1].name: duplicate name "a""#,
            r#"spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer"#,
            r#"spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer"#,
            r#"spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply"#,
            "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
            "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
            "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
        ],
    );
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {
        "terminationGracePeriodSeconds": -1,
        "containers": [{"name": "c", "image": "i"}],
        "volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "a", "path": "p"}, {"key": "b", "path": "p/q"}]}}],
    }});
    says(
        "apps/v1 Deployment",
        json!({"metadata": {"name": "a.b"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}),
        &[
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
            r#"volume "v" (ConfigMap "m"): overlapping paths: "p/q" with "p""#,
            "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
        ],
    );
}

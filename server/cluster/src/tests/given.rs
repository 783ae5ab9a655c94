//! What the API server gives out, and what it refuses before it validates: families, addresses and ports of services, priorities and
//! runtime classes of pods.

use objects::{Body, Verb, meta};
use serde_json::{Value, json};

use super::{World, pod};
use crate::view;

fn service(name: &str, spec: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        object["spec"][key] = value.clone();
    }
    object
}

#[test]
fn services_get_the_family_that_there_is() {
    let world = World::control_plane(1);
    for (spec, expect) in [
        (
            json!({"ipFamilies": ["IPv6"]}),
            r#"spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster"#,
        ),
        (
            json!({"ipFamilyPolicy": "RequireDualStack"}),
            r#"spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services"#,
        ),
        (
            json!({"ipFamilies": ["IPv4", "IPv6"]}),
            r#"spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"#,
        ),
    ] {
        let refused = world.create(service("x", spec)).expect_err("refused");
        let text = format!("Service \"x\" is invalid: {expect}");
        assert_eq!(refused.message, text);
    }
    // nobody gives these addresses, so they may be of both
    let loose = world.create(service("loose", json!({"clusterIP": "None"})));
    let loose = loose.expect("created");
    assert_eq!(
        view::texts(&loose, &["spec", "ipFamilies"]),
        ["IPv4", "IPv6"]
    );
    let selects = json!({"clusterIP": "None", "selector": {"a": "b"}});
    let selects = world.create(service("selects", selects)).expect("created");
    assert_eq!(view::texts(&selects, &["spec", "ipFamilies"]), ["IPv4"]);
}

#[test]
fn ports_of_one_number_share_a_node_port() {
    let world = World::control_plane(1);
    let ports = json!([
        {"name": "a", "port": 53, "protocol": "UDP"},
        {"name": "b", "port": 53, "nodePort": 30053},
        {"name": "c", "port": 54},
    ]);
    let made = world
        .create(service("dns", json!({"type": "NodePort", "ports": ports})))
        .expect("created");
    let node = |i: usize| view::list(&made, &["spec", "ports"])[i]["nodePort"].clone();
    assert_eq!((node(0), node(1)), (json!(30053), json!(30053)));
    assert_ne!(node(2), json!(30053));
    let none = json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false});
    let made = world.create(service("bare", none)).expect("created");
    assert!(view::list(&made, &["spec", "ports"])[0]["nodePort"].is_null());
}

#[test]
fn one_class_is_the_default() {
    let world = World::control_plane(1);
    let class = |name: &str| json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1, "globalDefault": true});
    assert_eq!(meta::name(&world.create(class("a")).expect("created")), "a");
    let refused = world.create(class("b")).expect_err("refused");
    assert_eq!(
        refused.message,
        "priorityclasses.scheduling.k8s.io \"b\" is forbidden: PriorityClass a is already marked as default. Only one default can exist"
    );
}

#[test]
fn what_admission_computes_pods_may_not_say_otherwise() {
    let world = World::control_plane(1);
    let class = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "small"}, "handler": "h",
        "overhead": {"podFixed": {"cpu": "10m"}}, "scheduling": {"nodeSelector": {"a": "b"}}});
    world.create(class).expect("created");
    let with = |spec: Value| {
        let mut object = pod("p", json!({"image": "i"}));
        for (key, value) in spec.as_object().into_iter().flatten() {
            object["spec"][key] = value.clone();
        }
        object
    };
    for (spec, why) in [
        (
            json!({"priority": 5}),
            "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name",
        ),
        (
            json!({"preemptionPolicy": "Never"}),
            "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name",
        ),
        (
            json!({"runtimeClassName": "nope"}),
            "pod rejected: RuntimeClass \"nope\" not found",
        ),
        (
            json!({"overhead": {"cpu": "1"}}),
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
        ),
        (
            json!({"runtimeClassName": "small", "nodeSelector": {"a": "c"}}),
            "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c",
        ),
    ] {
        let refused = world.create(with(spec)).expect_err("refused");
        assert_eq!(refused.message, format!("pods \"p\" is forbidden: {why}"));
    }
    let small = world
        .create(with(json!({"runtimeClassName": "small"})))
        .expect("created");
    assert_eq!(view::text(&small, &["spec", "overhead", "cpu"]), "10m");
    assert_eq!(view::text(&small, &["spec", "nodeSelector", "a"]), "b");
}

fn refusal(world: &World, request: &objects::Request) -> String {
    let status = world.cluster.request(request).expect_err("refused");
    format!("{} {}", status.code(), status.message)
}

#[test]
fn names_and_options_in_bodies_count() {
    let world = World::control_plane(1);
    world
        .create(pod("p", json!({"image": "i"})))
        .expect("created");
    let pods = crate::cluster::resource("", "pods");
    let post = |subresource: &str, body: Value| {
        let mut request = world.request(Verb::Create, pods, "default", "p");
        request.subresource = subresource.into();
        request.body = Body::Object(body);
        request
    };
    let name = |name: &str| json!({"name": name});
    for (request, expect) in [
        (
            post("eviction", json!({"metadata": name("q")})),
            "400 name in URL does not match name in Eviction object",
        ),
        (
            post(
                "binding",
                json!({"metadata": name("q"), "target": name("node-1")}),
            ),
            "400 name in URL does not match name in Binding object",
        ),
        (
            post(
                "binding",
                json!({"metadata": name("p"), "target": {"kind": "Foo"}}),
            ),
            "422  \"p\" is invalid: [target.kind: Unsupported value: \"Foo\": supported values: \"Node\", \"<empty>\", target.name: Required value]",
        ),
    ] {
        assert_eq!(refusal(&world, &request), expect);
    }
    let unlike = json!({"metadata": name("p"), "deleteOptions": {"preconditions": {"uid": "x"}}});
    let text = refusal(&world, &post("eviction", unlike));
    assert!(
        text.contains("the UID in the precondition (x) does not match"),
        "{text}"
    );
    let dry = json!({"metadata": name("p"), "deleteOptions": {"dryRun": ["All"]}});
    world
        .cluster
        .request(&post("eviction", dry))
        .expect("evicted");
    assert!(!meta::is_deleting(&world.pod("p")));
    let mut read = world.request(Verb::Get, pods, "default", "p");
    read.options.resource_version = "999999".into();
    assert!(refusal(&world, &read).starts_with("504 Timeout: Too large resource version: 999999"));
}

#[test]
fn fields_that_a_kind_does_not_offer() {
    let world = World::control_plane(1);
    for (group, plural, expect) in [
        ("", "pods", "field label not supported: spec.foo"),
        (
            "batch",
            "jobs",
            "field label \"spec.foo\" not supported for Job",
        ),
        (
            "",
            "configmaps",
            "\"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
    ] {
        let of = crate::cluster::resource(group, plural);
        let mut request = world.request(Verb::DeleteCollection, of, "default", "");
        request.options.field_selector = "spec.foo=a".into();
        assert_eq!(refusal(&world, &request), format!("400 {expect}"));
    }
}

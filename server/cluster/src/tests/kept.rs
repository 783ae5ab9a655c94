//! What the control plane keeps there, whatever is deleted or altered: the service `kubernetes`, system namespaces, leases of nodes.

use objects::{Object, Resource, Verb, meta};
use serde_json::{Value, json};

use super::World;
use crate::cluster::resource;
use crate::{ClusterSpec, view};

fn endpoints() -> &'static Resource {
    resource("", "endpoints")
}

fn slices() -> &'static Resource {
    resource("discovery.k8s.io", "endpointslices")
}

fn services() -> &'static Resource {
    resource("", "services")
}

/// What somebody wrote, without what each writing makes new.
fn written(object: &Object) -> Value {
    let mut bare = (**object).clone();
    for volatile in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
    ] {
        meta::remove(&mut bare, volatile);
    }
    bare
}

fn all_three(world: &World) -> [Option<Value>; 3] {
    [services(), endpoints(), slices()].map(|of| world.get(of, "kubernetes").as_ref().map(written))
}

#[test]
fn the_service_kubernetes_is_made_again_at_the_next_round() {
    let world = World::control_plane(1);
    let before = all_three(&world);
    let service = before[0].as_ref().expect("the service");
    assert_eq!(view::text(service, &["spec", "clusterIP"]), "10.96.0.1");
    let https = json!([{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]);
    assert_eq!(service["spec"]["ports"], https);

    world.delete(services(), "kubernetes").expect("deleted");
    world.delete(slices(), "kubernetes").expect("deleted");
    world.run_ms(9_980);
    assert_eq!(
        all_three(&world),
        [None, None, None],
        "the round is not yet"
    );
    world.run_ms(20);
    assert_eq!(all_three(&world), before);
}

#[test]
fn addresses_of_the_api_server_are_put_back_and_its_service_stays_as_edited() {
    let world = World::control_plane(1);
    let [_, addresses, slice] = all_three(&world);
    let edit = |of, change: &dyn Fn(&mut Value)| {
        let live = world.get(of, "kubernetes").expect("there");
        world.cluster.amend(of, &live, change);
    };
    edit(services(), &|s| s["spec"]["ports"][0]["port"] = 8443.into());
    edit(endpoints(), &|e| {
        e["subsets"][0]["addresses"][0]["ip"] = "10.0.0.9".into();
        meta::set(e, "labels", json!({"mine": "yes"}));
    });
    edit(slices(), &|s| s["endpoints"] = json!([]));
    let stray = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": [],
        "metadata": {"name": "stray", "labels": {"kubernetes.io/service-name": "kubernetes"}}});
    world.create(stray).expect("created");
    world.run_ms(10_000);
    let [service, new_addresses, new_slice] = all_three(&world);
    let port = service.expect("the service")["spec"]["ports"][0]["port"].clone();
    assert_eq!(port, 8443, "only a new service is made as it should be");
    assert_eq!(new_addresses, addresses);
    let told =
        |s: Option<Value>| s.map(|s| (s["endpoints"].clone(), s["metadata"]["labels"].clone()));
    assert_eq!(told(new_slice), told(slice));
    assert!(world.get(slices(), "stray").is_none());
}

#[test]
fn the_service_kubernetes_waits_for_its_address() {
    let world = World::control_plane(1);
    world.delete(services(), "kubernetes").expect("deleted");
    let thief = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "thief"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]}});
    world.create(thief).expect("the address is free");
    world.run_ms(60_000);
    assert!(world.get(services(), "kubernetes").is_none());
    assert!(world.get(endpoints(), "kubernetes").is_some());
    world.delete(services(), "thief").expect("deleted");
    world.run_ms(10_000);
    assert!(world.get(services(), "kubernetes").is_some());
}

#[test]
fn node_leases_come_back_with_their_namespace() {
    let world = World::whole(ClusterSpec::default());
    let namespaces = resource("", "namespaces");
    let leases = resource("coordination.k8s.io", "leases");
    let renewed = || {
        let request = world.request(Verb::Get, leases, "kube-node-lease", "node-1");
        let lease = world.cluster.request(&request).ok()?.object;
        Some(view::text(&lease, &["spec", "renewTime"]).to_string())
    };
    world.delete(namespaces, "kube-system").expect_err("kept");
    world
        .delete(namespaces, "kube-node-lease")
        .expect("deleted");
    world.run_ms(50_000);
    assert!(world.get(namespaces, "kube-node-lease").is_none());
    assert_eq!(renewed(), None);
    world.run_ms(20_000);
    assert!(world.get(namespaces, "kube-node-lease").is_some());
    let first = renewed().expect("the lease is made at the next heartbeat");
    world.run_ms(20_000);
    assert!(renewed().expect("a lease") > first);
}

#[test]
fn a_cluster_that_is_whole_again_sleeps() {
    let world = World::whole(ClusterSpec::default());
    world.run_ms(120_000);
    world.delete(services(), "kubernetes").expect("deleted");
    world
        .delete(resource("", "namespaces"), "kube-node-lease")
        .expect("deleted");
    world.run_ms(120_000);
    let polls = world.executor.polls();
    world.run_ms(3_600_000);
    assert_eq!(world.executor.polls(), polls);
}

/// The API server deletes them with the service, whoever made them.
#[test]
fn endpoints_made_by_hand_go_with_their_service() {
    let world = World::control_plane(1);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "outside"}, "spec": {"ports": [{"port": 80}]}});
    world.create(service).expect("created");
    let by_hand = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "outside"},
        "subsets": [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80}]}]});
    world.create(by_hand).expect("created");
    world.run_ms(1_000);
    assert!(world.get(endpoints(), "outside").is_some());
    world.delete(services(), "outside").expect("deleted");
    world.run_ms(10);
    assert!(world.get(endpoints(), "outside").is_none());
}

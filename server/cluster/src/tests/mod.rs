//! The room from its doors, in virtual time.

mod containers;
mod control_plane;
mod corners;
mod eviction;
mod faults;
mod findings;
mod found;
mod given;
mod jobs;
mod kept;
mod limits;
mod nodes;
mod pods;
mod slow_start;

use machine::{Duration, Executor};
use objects::{Body, Object, Request, Resource, Status, Verb, meta};
use serde_json::{Value, json};

use crate::cluster::resource;
use crate::{Cluster, ClusterSpec};

/// A cluster and its clock.
struct World {
    cluster: Cluster,
    executor: Executor,
}

impl Drop for World {
    fn drop(&mut self) {
        self.cluster.close();
        self.executor.end();
    }
}

impl World {
    /// Without anybody who runs pods.
    fn control_plane(seed: u64) -> World {
        let spec = ClusterSpec {
            seed,
            ..ClusterSpec::default()
        };
        let executor = Executor::new(spec.start);
        let cluster = Cluster::control_plane(spec, executor.clone(), None);
        let world = World { cluster, executor };
        world.run_ms(10);
        world
    }

    /// The whole thing.
    fn whole(spec: ClusterSpec) -> World {
        let executor = Executor::new(spec.start);
        let cluster = Cluster::new(spec, executor.clone());
        let world = World { cluster, executor };
        world.run_ms(10);
        world
    }

    fn run_ms(&self, ms: u64) {
        let to = self.executor.now() + Duration::from_millis(ms);
        let mut budget = 2_000_000;
        while !self.executor.run_until(to, &mut budget) {
            assert!(budget > 0, "the world does not come to rest");
        }
    }

    fn request(&self, verb: Verb, of: &Resource, namespace: &str, name: &str) -> Request {
        let _ = self;
        let mut request = Request::new(verb, of.group, of.version, of.plural);
        request.namespace = namespace.into();
        request.name = name.into();
        request.user_agent = "test/1".into();
        request
    }

    fn create(&self, object: Value) -> Result<Object, Status> {
        let of = objects::resource::of_object(&object).expect("a known kind");
        let namespace = if !of.namespaced {
            ""
        } else if meta::namespace(&object).is_empty() {
            "default"
        } else {
            meta::namespace(&object)
        };
        let mut request = self.request(Verb::Create, of, namespace, "");
        request.body = Body::Object(object.clone());
        self.cluster.request(&request).map(|a| a.object)
    }

    fn delete(&self, of: &Resource, name: &str) -> Result<Object, Status> {
        let namespace = if of.namespaced { "default" } else { "" };
        self.cluster
            .request(&self.request(Verb::Delete, of, namespace, name))
            .map(|a| a.object)
    }

    fn get(&self, of: &Resource, name: &str) -> Option<Object> {
        let namespace = if of.namespaced { "default" } else { "" };
        self.cluster
            .request(&self.request(Verb::Get, of, namespace, name))
            .ok()
            .map(|a| a.object)
    }

    fn pod(&self, name: &str) -> Object {
        self.get(resource("", "pods"), name)
            .unwrap_or_else(|| panic!("no pod {name}"))
    }

    /// Reason and message of the events of an object, in the order in which they were first told.
    fn events(&self, name: &str) -> Vec<String> {
        let all = self.cluster.list(resource("", "events"), "default");
        let mut about: Vec<&Object> = all
            .iter()
            .filter(|e| e["involvedObject"]["name"] == name)
            .collect();
        about.sort_by_key(|e| meta::name(e).to_string());
        about
            .iter()
            .map(|e| {
                format!(
                    "{} {}",
                    e["reason"].as_str().unwrap_or_default(),
                    e["message"].as_str().unwrap_or_default()
                )
            })
            .collect()
    }
}

fn pod(name: &str, container: Value) -> Value {
    let mut container = container;
    container["name"] = "c".into();
    json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}, "spec": {"containers": [container]}})
}

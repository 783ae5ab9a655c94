//! Observations of a cluster: the kinds that checks speak of, listed and watched in one namespace through any client
//! of the Kubernetes API.

use crate::history::Observation;
use futures::{StreamExt, TryStreamExt, pin_mut};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher;
use serde_json::Value;
use tokio::sync::mpsc::Sender;

/// A kind that is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// as checks name it: lower case, singular
    pub kind: &'static str,
    group: &'static str,
    version: &'static str,
    title: &'static str,
    plural: &'static str,
    namespaced: bool,
}

const fn kind(
    kind: &'static str,
    group: &'static str,
    title: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> Watched {
    Watched {
        kind,
        group,
        version: "v1",
        title,
        plural,
        namespaced,
    }
}

/// Everything that checks can name.
pub const WATCHED: &[Watched] = &[
    kind("pod", "", "Pod", "pods", true),
    kind("event", "", "Event", "events", true),
    kind("service", "", "Service", "services", true),
    kind("endpoints", "", "Endpoints", "endpoints", true),
    kind("configmap", "", "ConfigMap", "configmaps", true),
    kind(
        "persistentvolumeclaim",
        "",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        true,
    ),
    kind(
        "persistentvolume",
        "",
        "PersistentVolume",
        "persistentvolumes",
        false,
    ),
    kind("node", "", "Node", "nodes", false),
    kind("deployment", "apps", "Deployment", "deployments", true),
    kind("replicaset", "apps", "ReplicaSet", "replicasets", true),
    kind("daemonset", "apps", "DaemonSet", "daemonsets", true),
    kind("job", "batch", "Job", "jobs", true),
];

impl Watched {
    /// Says in an object what it is: items of lists leave that out.
    pub fn name(&self, object: &mut Value) {
        let api_version = match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        };
        object["apiVersion"] = api_version.into();
        object["kind"] = self.title.into();
    }

    fn api(&self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        let gvk = GroupVersionKind::gvk(self.group, self.version, self.title);
        let resource = ApiResource::from_gvk_with_plural(&gvk, self.plural);
        if self.namespaced {
            Api::namespaced_with(client.clone(), namespace, &resource)
        } else {
            Api::all_with(client.clone(), &resource)
        }
    }
}

fn json(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// All objects of all kinds, once. A kind that the cluster does not serve is left out.
pub async fn list(client: &Client, namespace: &str) -> Vec<Observation> {
    let mut found = Vec::new();
    for watched in WATCHED {
        if let Ok(all) = watched
            .api(client, namespace)
            .list(&ListParams::default())
            .await
        {
            let objects = all.items.iter().map(json).collect();
            found.push(Observation::Listed {
                kind: watched.kind.to_owned(),
                objects,
            });
        }
    }
    found
}

/// Watches all kinds until the receiver is gone. An interrupted watch is told as a gap and taken up again.
pub async fn watch(client: Client, namespace: String, out: Sender<Observation>) {
    let all = WATCHED
        .iter()
        .map(|w| one(*w, client.clone(), namespace.clone(), out.clone()));
    futures::future::join_all(all).await;
}

async fn one(watched: Watched, client: Client, namespace: String, out: Sender<Observation>) {
    let stream = watcher(watched.api(&client, &namespace), watcher::Config::default());
    let stream = kube::runtime::WatchStreamExt::default_backoff(stream).into_stream();
    pin_mut!(stream);
    let mut initial: Option<Vec<Value>> = None;
    let mut began = false;
    while let Some(event) = stream.next().await {
        let kind = watched.kind.to_owned();
        let observation = match event {
            Ok(watcher::Event::Apply(object)) => Observation::Applied {
                kind,
                object: json(&object),
            },
            Ok(watcher::Event::Delete(object)) => Observation::Deleted {
                kind,
                object: json(&object),
            },
            Ok(watcher::Event::Init) => {
                initial = Some(Vec::new());
                if !began {
                    began = true;
                    continue;
                }
                Observation::Gap { kind }
            }
            Ok(watcher::Event::InitApply(object)) => {
                initial.get_or_insert_default().push(json(&object));
                continue;
            }
            Ok(watcher::Event::InitDone) => Observation::Listed {
                kind,
                objects: initial.take().unwrap_or_default(),
            },
            Err(_) => continue,
        };
        if out.send(observation).await.is_err() {
            return;
        }
    }
}

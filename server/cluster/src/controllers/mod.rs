//! The controllers: each brings what is towards what should be, one kind of thing a file, named as in kube-controller-manager.

mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
pub(crate) mod endpoints;
mod endpointslice;
mod garbagecollector;
mod job;
pub(crate) mod kubernetesservice;
mod namespace;
mod nodelifecycle;
pub(crate) mod owned;
pub(crate) mod persistentvolume;
mod podgc;
pub(crate) mod queue;
mod replicaset;
mod resourcequota;
mod revisions;
pub(crate) mod root_ca_publisher;
pub(crate) mod serviceaccount;
mod slow_start;
mod statefulset;
pub(crate) mod systemnamespaces;
pub(crate) mod tainteviction;
mod ttl_after_finished;

use machine::sync::{Either, select};
use machine::{Duration, Time};

use crate::cluster::Cluster;
use crate::feed::Feed;
pub(crate) use crate::feed::Resources;
use crate::store::Change;

/// One controller, called by its task. Those that look at one object at a time are a [`queue::Queue`]. It keeps no copy of objects: the
/// store is at hand.
pub(crate) trait Controller: 'static {
    /// Group and plural name of the resources whose changes concern it.
    fn follows(&self) -> Resources;

    /// Called with what has changed (at first: everything), and with nothing when its time has come.
    fn reconcile(&mut self, cluster: &Cluster, changes: &[Change]);

    /// When it wants to be called again though nothing has changed.
    fn wake(&self) -> Option<Time> {
        None
    }
}

fn run(cluster: &Cluster, mut controller: impl Controller) {
    let mut feed = Feed::new(cluster, controller.follows());
    let owned = cluster.clone();
    cluster.spawn(async move {
        loop {
            let changes = match controller.wake() {
                None => feed.next().await,
                Some(at) => match select(feed.next(), owned.executor().sleep_until(at)).await {
                    Either::Left(changes) => changes,
                    Either::Right(()) => Vec::new(),
                },
            };
            controller.reconcile(&owned, &changes);
        }
    });
}

/// When the next round begins of a controller that goes over everything once in a `period`, counted from the beginning of the world.
fn next_round(cluster: &Cluster, period: Duration) -> Time {
    let start = cluster.spec().start;
    let gone = cluster.now().since(start).as_nanos() / period.as_nanos();
    start + period * u32::try_from(gone + 1).unwrap_or(u32::MAX)
}

/// Starts all controllers.
pub(crate) fn start(cluster: &Cluster) {
    run(
        cluster,
        kubernetesservice::KubernetesServiceController::default(),
    );
    run(
        cluster,
        systemnamespaces::SystemNamespacesController::default(),
    );
    run(cluster, namespace::NamespaceController::default());
    run(cluster, serviceaccount::ServiceAccountController);
    run(cluster, root_ca_publisher::RootCaPublisher);
    run(cluster, garbagecollector::GarbageCollector::default());
    run(cluster, endpoints::EndpointsController);
    run(cluster, endpointslice::EndpointSliceController);
    run(
        cluster,
        persistentvolume::PersistentVolumeController::default(),
    );
    run(cluster, nodelifecycle::NodeLifecycleController::default());
    run(cluster, tainteviction::TaintEvictionController::default());
    run(cluster, podgc::PodGarbageCollector::default());
    run(cluster, crate::kubelet::lease::LeaseController::default());
    disruption::start(cluster);
    resourcequota::start(cluster);
    replicaset::start(cluster);
    deployment::start(cluster);
    daemonset::start(cluster);
    statefulset::start(cluster);
    job::start(cluster);
    cronjob::start(cluster);
    ttl_after_finished::start(cluster);
}

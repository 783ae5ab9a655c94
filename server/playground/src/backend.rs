//! What sessions run on: a simulated cluster each, or a namespace each of a real one. Above this file nobody knows the difference.

pub mod duplex;
pub mod fence;
pub mod real;
pub mod sim;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use course::{Lesson, Observation};
use host::{Handle, Shards};

use crate::wire::Backend;

/// The server's name in the workstation's kubeconfig; nobody outside ever asks for it.
pub const SERVER: &str = "https://cluster.podschool:6443";

/// Where sessions can be made. Cheap to clone.
#[derive(Clone)]
pub enum Ground {
    Sim(Shards),
    Real(Arc<real::RealGround>),
}

/// What a life stands on.
pub struct Grown {
    /// The world of the workstation, and of the cluster where that is simulated.
    pub world: Handle,
    /// The cluster, as whom may see all that checks speak of: for grading.
    pub watcher: kube::Client,
    /// The cluster, as the learner.
    pub client: kube::Client,
    pub namespace: String,
    /// As the workstation's kubeconfig names it.
    pub server: String,
    pub simulated: bool,
    dozing: AtomicBool,
    tenant: Option<real::Tenant>,
}

impl Ground {
    pub fn backend(&self) -> Backend {
        match self {
            Ground::Sim(_) => Backend::Sim,
            Ground::Real(_) => Backend::Real,
        }
    }

    /// Makes a simulated world again from its journal, with an empty home. `None`: it cannot be made again, or breaks on the way.
    pub async fn regrow(&self, journal: host::Journal) -> Option<Grown> {
        match self {
            Ground::Sim(shards) => sim::regrow(shards, journal).await,
            Ground::Real(_) => None,
        }
    }

    /// All objects of a world's cluster as they will be after `time`, if nobody does anything. `None`: nobody can tell.
    pub async fn ahead(&self, world: &Handle, time: Duration) -> Option<Vec<Observation>> {
        match self {
            Ground::Sim(shards) => sim::ahead(shards, world, time).await,
            Ground::Real(_) => None,
        }
    }

    /// Whether the cluster answers, where it is one that can go away.
    pub fn answers(&self) -> Option<tokio::sync::watch::Receiver<bool>> {
        match self {
            Ground::Sim(_) => None,
            Ground::Real(ground) => Some(ground.answers()),
        }
    }

    /// Makes the lesson's cluster (or a namespace) and the workstation with its files. The error is a sentence.
    pub async fn grow(&self, session: &str, lesson: &Lesson) -> Result<Grown, String> {
        match self {
            Ground::Sim(shards) => sim::grow(shards, session, lesson).await,
            Ground::Real(ground) => real::grow(ground, session, &lesson.files).await,
        }
    }
}

impl Grown {
    /// Time goes on, if it was this side that stopped it.
    pub async fn wake(&self) {
        if self.simulated && self.dozing.swap(false, Ordering::AcqRel) {
            // A world that has ended says so elsewhere.
            let _ = self.world.clock(host::ClockCommand::Resume).await;
        }
    }

    /// Time stands still, unless the learner has stopped it already.
    pub async fn doze(&self) {
        if self.simulated
            && !self.world.clock_state().paused
            && !self.dozing.swap(true, Ordering::AcqRel)
        {
            let _ = self.world.clock(host::ClockCommand::Pause).await;
        }
    }

    /// A real cluster that was away is back: true when the namespace had to be made anew.
    pub async fn renew(&self) -> Result<bool, kube::Error> {
        match &self.tenant {
            Some(tenant) => tenant.renew().await,
            None => Ok(false),
        }
    }

    /// The way of a program outside to the cluster, as the learner: it lives in wall time.
    pub fn outside(&self) -> impl FnOnce() -> kube::Client + Send + use<> {
        let (world, namespace) = (self.world.clone(), self.namespace.clone());
        let (simulated, client) = (self.simulated, self.client.clone());
        move || match simulated {
            true => duplex::outside(&world, &namespace),
            false => client,
        }
    }

    /// Takes away what was made on a real cluster.
    pub async fn clear(&self) {
        if let Some(tenant) = &self.tenant {
            tenant.remove().await;
        }
    }
}

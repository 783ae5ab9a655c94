//! A kubelet's connection to the API server: what it does while there is none, and when there is one again.
//!
//! Without it the containers go on, and the kubelet with them; what it would tell it keeps, and what it is told it does not hear. Events
//! are lost, as client-go's recorder loses them when it cannot tell them for long.

use std::cell::Cell;

use machine::sync::Notify;
use machine::{Duration, Health, Time};
use objects::Object;
use serde_json::Value;

use super::{Agent, Kubelet};
use crate::cluster::pods;
use crate::view;

/// How late a kubelet hears of a change over a slow network.
const SLOW: Duration = Duration::from_secs(3);

/// How a node is connected.
#[derive(Default)]
pub(super) struct Connection {
    network: Cell<Health>,
    no_power: Cell<bool>,
    /// The last heartbeat that came through, of a node that is silent.
    silent_since: Cell<Option<Time>>,
    /// It has its power back, and found no network.
    boots: Cell<bool>,
    back: Notify,
}

impl Connection {
    pub fn silent_since(&self) -> Option<Time> {
        self.silent_since.get()
    }

    pub fn has_power(&self) -> bool {
        !self.no_power.get()
    }
}

impl Agent {
    fn is_connected(&self) -> bool {
        self.connection.network.get() != Health::Gone
    }

    /// Waits until the API server can be reached.
    pub(super) async fn connected(&self) {
        let back = &self.connection.back;
        back.until(|| self.is_connected().then_some(())).await;
    }

    /// Whether events come through.
    pub(super) fn is_heard(&self) -> bool {
        self.is_connected()
    }

    /// Writes a pod; without a connection only the kubelet's own idea of it changes.
    pub(super) fn amend(&self, pod: &Object, change: impl FnOnce(&mut Value)) -> Option<Object> {
        if self.is_connected() {
            return self.cluster.amend(pods(), pod, change);
        }
        let mut own = (**pod).clone();
        change(&mut own);
        Some(Object::new(own))
    }

    /// As `amend`, of the status alone, from the one before.
    pub(super) fn amend_status(
        &self,
        pod: &Object,
        status: impl FnOnce(&Value) -> Value,
    ) -> Option<Object> {
        if self.is_connected() {
            return self.cluster.amend_status(pods(), pod, status);
        }
        let own = view::with_status(pod, status(&pod["status"]));
        Some(Object::new(own))
    }
}

impl Kubelet {
    /// When the kubelet of a silent node beat last.
    pub(crate) fn silent_since(&self) -> Option<Time> {
        self.0.connection.silent_since()
    }

    /// The network of the node is as it should be, slow, or gone.
    pub(crate) fn set_network(&self, state: Health) {
        let connection = &self.0.connection;
        let before = connection.network.replace(state);
        self.0.computer.set_network(state);
        match (before, state) {
            (Health::Gone, Health::Gone) => {}
            (_, Health::Gone) => self.fall_silent(),
            (Health::Gone, _) if connection.has_power() => self.come_back(),
            _ => {}
        }
        connection.back.notify();
    }

    fn come_back(&self) {
        if self.0.connection.boots.take() {
            self.come_up();
            return;
        }
        self.speak_again();
        let workers: Vec<_> = self.0.workers.borrow().values().cloned().collect();
        for worker in workers {
            let own = worker.latest();
            let status = own["status"].clone();
            self.0.amend(&own, |live| live["status"] = status);
        }
        self.post_conditions();
    }

    /// The node has power again: it comes up now, or when it finds a network.
    pub(super) fn boot(&self) {
        let connection = &self.0.connection;
        connection.no_power.set(false);
        if self.0.is_connected() {
            self.come_up();
        } else {
            connection.boots.set(true);
        }
    }

    pub(super) fn lose_power(&self) {
        self.0.connection.no_power.set(true);
        self.0.connection.boots.set(false);
        self.fall_silent();
    }

    /// The last heartbeat becomes a fact, and whoever watches leases hears of it.
    fn fall_silent(&self) {
        if self.silent_since().is_none() {
            let last = self.heartbeat();
            self.0.connection.silent_since.set(Some(last));
            self.0.stopped_at.set(self.0.cluster.revision());
            self.renew_lease(last);
        }
    }

    pub(super) fn speak_again(&self) {
        self.0.connection.silent_since.set(None);
        self.renew_lease(self.0.now());
    }

    /// Whether changes were told that the kubelet could not hear; waits until it can. Over a slow network it hears them late.
    pub(super) async fn missed_changes(&self) -> bool {
        match self.0.connection.network.get() {
            Health::There => false,
            Health::Slow => {
                self.0.cluster.executor().sleep(SLOW).await;
                !self.0.is_connected() && self.missed_until_back().await
            }
            Health::Gone => self.missed_until_back().await,
        }
    }

    async fn missed_until_back(&self) -> bool {
        self.0.connected().await;
        true
    }
}

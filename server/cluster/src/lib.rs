//! A simulated Kubernetes: store, admission, controllers, scheduler, kubelets. Containers run on the room `machine`; the HTTP API stands
//! in the room `apiserver`; time and chance come from outside, through the executor and the spec.
//!
//! Mirrors kube-apiserver, kube-controller-manager, kube-scheduler and kubelet of Kubernetes 1.36. They speak through the store only.

mod admission;
mod api;
mod bootstrap;
mod cluster;
mod controllers;
mod events;
mod faults;
mod feed;
mod findings;
mod kubelet;
mod metrics;
mod network;
mod picture;
mod scheduler;
mod spec;
mod store;
mod streams;
mod turns;
mod view;

pub use api::{present, storage_of};
pub use cluster::{Cluster, Matcher};
pub use faults::{Fault, FaultKind, Parameter, Values, catalogue};
pub use findings::{Finding, Verdict, What};
pub use machine::Health;
pub use spec::{ClusterSpec, Facts, NodeSpec, Present, PresentFact, TestProgram, UserFact};
pub use store::{Change, ChangeKind, Expired, HISTORY};
pub use streams::{ExecQuery, Forward, LogQuery, LogStreams};

#[cfg(test)]
mod tests;

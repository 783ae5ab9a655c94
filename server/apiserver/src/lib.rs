//! The Kubernetes HTTP API over a hosted cluster: a router, no listener. Discovery, tables, CRUD, watches, logs, exec,
//! attach, port-forward, OpenAPI.
//!
//! What a request does is decided in `cluster`; here it is only read from HTTP and its answer written to HTTP. Who asks is told
//! by [`Identity`]; TLS and sockets are the caller's. Mirrors k8s.io/apiserver of Kubernetes 1.36.

mod audit;
mod body;
mod discovery;
pub mod duplex;
mod health;
mod identity;
mod log;
mod negotiate;
mod openapi;
mod path;
mod query;
mod respond;
mod rest;
mod route;
pub mod spdy;
mod stream;
pub mod tables;
mod upkeep;
mod version;
mod watch;

pub use audit::{AuditEntry, AuditHook};
pub use identity::Identity;
pub use route::{Options, router, router_with};

#[cfg(test)]
mod tests;

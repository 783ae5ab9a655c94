//! Room `playground`: the binary `podschool`. It listens, reads settings and the disk, keeps sessions, and joins the other rooms.
//!
//! It decides nothing about Kubernetes: that is `cluster` and `kubectl`; nor about lessons: that is `course`.

pub mod authority;
pub mod backend;
pub mod bench_command;
pub mod cluster_command;
pub mod http;
pub mod k8s;
pub mod kubeconfig;
pub mod kubectl_command;
pub mod language;
pub mod lessons;
pub mod lessons_command;
pub mod manifest;
pub mod play;
pub mod pod_sockets;
pub mod serve;
pub mod session;
pub mod settings;
pub mod shelf;
pub mod socket;
pub mod stage;
pub mod storage;
pub mod wire;
pub mod workstation;

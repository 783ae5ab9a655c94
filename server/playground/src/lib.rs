//! Room `playground`: the binary `podschool`. It listens, reads settings and the disk, keeps sessions, and joins the other rooms.
//!
//! It decides nothing about Kubernetes: that is `cluster` and `kubectl`; nor about lessons: that is `course`.

pub mod cluster_command;
pub mod kubectl_command;
pub mod wire;

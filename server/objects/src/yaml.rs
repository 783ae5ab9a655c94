//! YAML as Kubernetes' tools read it (YAML 1.1) and print it (sigs.k8s.io/yaml).

mod read;
mod write;

pub use read::{Document, read, read_all};
pub use write::encode_yaml;

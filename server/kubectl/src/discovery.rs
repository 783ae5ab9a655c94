//! What the cluster serves: its kinds, their names and verbs (aggregated discovery, apidiscovery.k8s.io/v2).

/// The kinds a cluster serves.
#[derive(Clone, Debug, Default)]
pub struct Discovery {}

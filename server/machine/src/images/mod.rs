//! Container images by reference: what a registry has, and what is inside.

/// The part of an image's config that the runtime reads (OCI image spec, config).
#[derive(Clone, Debug, Default)]
pub struct ImageConfig {
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub env: Vec<(String, String)>,
    pub working_dir: String,
    /// Empty: root. `name`, `uid`, `uid:gid`.
    pub user: String,
    pub exposed_ports: Vec<u16>,
    /// Empty: SIGTERM.
    pub stop_signal: String,
}

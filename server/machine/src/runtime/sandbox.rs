//! Sandboxes: what the containers of a pod share.

use std::cell::Cell;
use std::rc::Rc;

use super::Inner;
use crate::cri::{DnsConfig, RuntimeError, SandboxConfig, SandboxId};
use crate::errno::Errno;
use crate::net::Stack;
use crate::process::PidSpace;
use crate::rootfs::text_volume;
use crate::vfs::Volume;

pub(crate) struct Sandbox {
    pub id: SandboxId,
    pub config: SandboxConfig,
    pub net: Rc<Stack>,
    /// Shared process namespace.
    pub pids: Option<Rc<PidSpace>>,
    pub hosts: Volume,
    pub hostname: Volume,
    pub resolv: Option<Volume>,
    /// /dev/shm and /dev/mqueue: of the IPC namespace, which its containers share.
    pub shm: Volume,
    pub mqueue: Volume,
    pub stopped: Cell<bool>,
}

impl Sandbox {
    pub fn new(node: &Inner, config: SandboxConfig) -> Result<Sandbox, RuntimeError> {
        Sandbox::make(node, config).map_err(|e| {
            RuntimeError::Unknown(format!(
                "failed to create containerd task: failed to create shim task: {}",
                e.text().to_lowercase()
            ))
        })
    }

    fn make(node: &Inner, config: SandboxConfig) -> Result<Sandbox, Errno> {
        let net = if config.host_network {
            node.net.clone()
        } else {
            Stack::new(node.kernel.network(), config.ip.into_iter().collect())
        };
        let pids = if config.host_pid {
            Some(node.pids.clone())
        } else {
            config.share_processes.then(Rc::default)
        };
        let hosts = if config.hosts.is_empty() {
            default_hosts(&config)
        } else {
            config.hosts.clone()
        };
        let resolv = config
            .dns
            .as_ref()
            .map(|dns| text_volume(&node.fs, &resolv_conf(dns), 0o644));
        Ok(Sandbox {
            id: SandboxId(node.kernel.chance().hex(64)),
            hosts: text_volume(&node.fs, &hosts, 0o644)?,
            hostname: text_volume(&node.fs, &format!("{}\n", config.hostname), 0o644)?,
            resolv: resolv.transpose()?,
            shm: Volume::tmpfs(&node.kernel, Some(64 << 20)),
            mqueue: Volume::tmpfs(&node.kernel, Some(64 << 20)),
            net,
            pids,
            config,
            stopped: Cell::new(false),
        })
    }
}

fn default_hosts(config: &SandboxConfig) -> String {
    let own = config
        .ip
        .map_or(String::new(), |ip| format!("{ip}\t{}\n", config.hostname));
    format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{own}")
}

fn resolv_conf(dns: &DnsConfig) -> String {
    let mut out = String::new();
    if !dns.searches.is_empty() {
        out.push_str(&format!("search {}\n", dns.searches.join(" ")));
    }
    for server in &dns.servers {
        out.push_str(&format!("nameserver {server}\n"));
    }
    if !dns.options.is_empty() {
        out.push_str(&format!("options {}\n", dns.options.join(" ")));
    }
    out
}

//! Volumes that lie on servers of their own: NFS exports and iSCSI disks. A server may be there, slow, or gone.
//!
//! Mirrors the kubelet's plugins nfs and iscsi, with the words of `mount.nfs` and `iscsiadm`.

use machine::Duration;
use machine::Health;
use machine::vfs::Volume;
use objects::{Object, meta};
use serde_json::Value;

use super::volumes::Failure;
use crate::cluster::Cluster;
use crate::view;

/// A mount from a slow server.
const SLOW: Duration = Duration::from_secs(8);
/// How long a server is tried that does not answer.
const LOST_NFS: Duration = Duration::from_secs(110);
const LOST_ISCSI: Duration = Duration::from_secs(18);
/// How often iscsiadm says that it could not connect: once, and at each of its tries again.
const ISCSI_TRIES: usize = 6;

/// Where a volume lies. Read from a volume of a pod or from the spec of a PersistentVolume: they have the same members.
pub(super) enum Server<'a> {
    Nfs {
        server: &'a str,
        path: &'a str,
    },
    Iscsi {
        /// With its port.
        portal: String,
        iqn: &'a str,
        lun: i64,
    },
}

impl<'a> Server<'a> {
    pub fn of(volume: &'a Value) -> Option<Server<'a>> {
        if let Some(nfs) = volume.get("nfs") {
            return Some(Server::Nfs {
                server: view::text(nfs, &["server"]),
                path: view::text(nfs, &["path"]),
            });
        }
        let iscsi = volume.get("iscsi")?;
        let portal = view::text(iscsi, &["targetPortal"]);
        Some(Server::Iscsi {
            portal: match portal.contains(':') {
                true => portal.to_string(),
                false => format!("{portal}:3260"),
            },
            iqn: view::text(iscsi, &["iqn"]),
            lun: view::int(iscsi, &["lun"]).unwrap_or(0),
        })
    }

    fn health(&self, cluster: &Cluster) -> Health {
        match self {
            Server::Nfs { server, .. } => cluster.file_server(server),
            Server::Iscsi { portal, .. } => cluster.disk_server(portal),
        }
    }

    /// What lies there: the same for all nodes.
    fn content(&self, cluster: &Cluster) -> Option<Volume> {
        cluster.export(&match self {
            Server::Nfs { server, path } => format!("{server}:{path}"),
            Server::Iscsi { portal, iqn, lun } => format!("{portal}-{iqn}-lun-{lun}"),
        })
    }

    /// How long it takes until it is mounted, or is known not to be.
    pub fn patience(&self, cluster: &Cluster) -> Duration {
        match (self.health(cluster), self) {
            (Health::There, _) => Duration::ZERO,
            (Health::Slow, _) => SLOW,
            (Health::Gone, Server::Nfs { .. }) => LOST_NFS,
            (Health::Gone, Server::Iscsi { .. }) => LOST_ISCSI,
        }
    }

    /// Mounts it for a pod, under the name of the volume.
    pub fn mount(&self, cluster: &Cluster, pod: &Object, name: &str) -> Result<Volume, Failure> {
        let there = self.health(cluster) != Health::Gone;
        let content = self.content(cluster).filter(|_| there);
        content.ok_or_else(|| match self {
            Server::Nfs { server, path } => Failure::from(format!(
                "mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t nfs {server}:{path} \
                 /var/lib/kubelet/pods/{}/volumes/kubernetes.io~nfs/{name}\nOutput: mount.nfs: Connection timed out\n",
                meta::uid(pod)
            )),
            Server::Iscsi { portal, .. } => lost_disk(portal),
        })
    }
}

fn lost_disk(portal: &str) -> Failure {
    let host = portal.split(':').next().unwrap_or(portal);
    let tries = format!("iscsiadm: connect to {host} timed out\n").repeat(ISCSI_TRIES);
    Failure {
        stage: "MountVolume.WaitForAttach",
        text: format!(
            "failed to get any path for iscsi disk, last err seen:\niscsi: failed to sendtargets to portal {portal} output: {tries}iscsiadm: \
             connection login retries (reopen_max) 5 exceeded\niscsiadm: Could not perform SendTargets discovery: encountered connection \
             failure\n, err exit status 4"
        ),
    }
}

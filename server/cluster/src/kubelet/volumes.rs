//! Volumes of a pod: what stands behind each, made ready on the node, or the error that the event FailedMount tells.
//!
//! Mirrors the kubelet's volume manager with the plugins emptyDir, hostPath, configMap, secret, projected, downwardAPI and the claims.

use std::collections::BTreeMap;

use machine::runtime::NodeRuntime;
use machine::vfs::{Files, Volume};
use machine::{Duration, Kernel};
use objects::{Object, meta};
use serde_json::{Value, json};

use super::servers::Server;
use super::{Agent, env, ownership};
use crate::cluster::{Cluster, resource};
use crate::view;

/// Why a volume is not ready: what the event FailedMount tells, and of which step.
pub(super) struct Failure {
    /// `MountVolume.SetUp`, `MountVolume.WaitForAttach`.
    pub stage: &'static str,
    pub text: String,
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        let stage = "MountVolume.SetUp";
        Failure { stage, text }
    }
}

/// Whether files of a volume hold the address of the pod's node.
pub(super) fn asks_for_host_ip(volume: &Value) -> bool {
    let projected = view::list(volume, &["projected", "sources"]).iter();
    let sources = projected.chain([volume]);
    let mut items = sources.flat_map(|s| view::list(s, &["downwardAPI", "items"]));
    items.any(|item| view::text(item, &["fieldRef", "fieldPath"]).starts_with("status.hostIP"))
}

/// What a volume is made with.
pub(super) struct Maker<'a> {
    cluster: &'a Cluster,
    kernel: &'a Kernel,
    /// The node, which has the disk.
    computer: &'a NodeRuntime,
    /// The node's own files.
    host: &'a Files,
    allocatable: &'a Value,
}

/// A file that a projection makes.
struct File {
    path: String,
    content: Vec<u8>,
    mode: u32,
    /// Whom it belongs to, if not to root.
    owner: Option<u32>,
}

impl File {
    fn new(path: &str, content: Vec<u8>, mode: u32) -> File {
        let path = path.to_string();
        let owner = None;
        File {
            path,
            content,
            mode,
            owner,
        }
    }
}

/// Whether containers can only read a volume, whatever their mounts say.
pub(super) fn is_read_only(volume: &Value) -> bool {
    let projections = ["configMap", "secret", "downwardAPI", "projected"];
    let claim = ["persistentVolumeClaim", "readOnly"];
    projections.iter().any(|kind| volume.get(kind).is_some()) || view::flag(volume, &claim)
}

impl<'a> Maker<'a> {
    pub fn new(agent: &'a Agent, allocatable: &'a Value) -> Maker<'a> {
        Maker {
            cluster: &agent.cluster,
            kernel: &agent.kernel,
            computer: &agent.computer,
            host: &agent.host,
            allocatable,
        }
    }
}

impl Maker<'_> {
    /// Makes one volume ready.
    pub fn make(&self, pod: &Object, volume: &Value) -> Result<Volume, Failure> {
        let kernel = self.kernel;
        if let Some(source) = volume.get("hostPath") {
            let (path, kind) = (view::text(source, &["path"]), view::text(source, &["type"]));
            return Ok(self.host_path(path, kind)?);
        }
        if let Some(source) = volume.get("persistentVolumeClaim") {
            return self.claim(pod, view::text(source, &["claimName"]));
        }
        if volume.get("ephemeral").is_some() {
            return self.claim(
                pod,
                &format!("{}-{}", meta::name(pod), view::text(volume, &["name"])),
            );
        }
        if let Some(server) = Server::of(volume) {
            return self.mount(&server, pod, view::text(volume, &["name"]));
        }
        if let Some(files) = self.files_of(pod, volume)? {
            let made = Volume::tmpfs(kernel, None);
            if volume.get("configMap").is_some() {
                // It is on the disk, and no file system of its own.
                let _ = made.files().chmod("/", 0o777);
            }
            project(&made, &files, &self.stamp());
            ownership::give(pod, &made, true);
            return Ok(made);
        }
        let limit = objects::Quantity::of(view::at(volume, &["emptyDir", "sizeLimit"]))
            .map(|q| q.units().max(0) as u64);
        let made = match view::text(volume, &["emptyDir", "medium"]) {
            "Memory" => Volume::tmpfs(kernel, limit),
            _ => self.computer.volume(),
        };
        ownership::give(pod, &made, false);
        Ok(made)
    }

    /// Mounts from a server; a disk is the pod's own, the files of a file server are not.
    fn mount(&self, server: &Server, pod: &Object, name: &str) -> Result<Volume, Failure> {
        let mounted = server.mount(self.cluster, pod, name)?;
        if matches!(server, Server::Iscsi { .. }) {
            ownership::give_disk(pod, &mounted);
        }
        Ok(mounted)
    }

    /// Brings the files of a projection up to date. Answers whether the volume is one.
    pub fn refresh(&self, pod: &Object, volume: &Value, made: &Volume) -> bool {
        match self.files_of(pod, volume) {
            Ok(Some(files)) => {
                project(made, &files, &self.stamp());
                ownership::give(pod, made, true);
                true
            }
            _ => false,
        }
    }

    /// The name of a version's directory.
    fn stamp(&self) -> String {
        let time = objects::time::rfc3339(self.cluster.seconds());
        let stamp = time.trim_end_matches('Z').replace(['-', 'T', ':'], "_");
        format!(
            "..{stamp}.{}",
            self.cluster.draw().below(9_000_000_000) + 1_000_000_000
        )
    }

    /// The files of configMap, secret, downwardAPI and projected volumes; `None` for other kinds.
    fn files_of(&self, pod: &Object, volume: &Value) -> Result<Option<Vec<File>>, String> {
        let mode = |source: &Value| view::int(source, &["defaultMode"]).unwrap_or(0o644) as u32;
        if let Some(source) = volume.get("configMap") {
            return self
                .config_map(pod, source, view::text(source, &["name"]), mode(source))
                .map(Some);
        }
        if let Some(source) = volume.get("secret") {
            return self
                .secret(
                    pod,
                    source,
                    view::text(source, &["secretName"]),
                    mode(source),
                )
                .map(Some);
        }
        if let Some(source) = volume.get("downwardAPI") {
            return self.downward(pod, source, mode(source)).map(Some);
        }
        let Some(projected) = volume.get("projected") else {
            return Ok(None);
        };
        let mode = mode(projected);
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for source in view::list(projected, &["sources"]) {
            match self.projection(pod, source, mode) {
                Ok(more) => files.extend(more),
                Err(error) => errors.push(error),
            }
        }
        match errors.len() {
            0 => Ok(Some(files)),
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    fn projection(&self, pod: &Object, source: &Value, mode: u32) -> Result<Vec<File>, String> {
        if let Some(part) = source.get("configMap") {
            return self.config_map(pod, part, view::text(part, &["name"]), mode);
        }
        if let Some(part) = source.get("secret") {
            return self.secret(pod, part, view::text(part, &["name"]), mode);
        }
        if let Some(part) = source.get("downwardAPI") {
            return self.downward(pod, part, mode);
        }
        match source.get("serviceAccountToken") {
            Some(part) => {
                let content = self.token(pod, part).into_bytes();
                let mut file = File::new(view::text(part, &["path"]), content, mode);
                file.owner = ownership::user(pod);
                if file.owner.is_some() || ownership::group(pod).is_some() {
                    file.mode = 0o600;
                }
                Ok(vec![file])
            }
            None => Ok(Vec::new()),
        }
    }

    fn token(&self, pod: &Object, part: &Value) -> String {
        let name = view::text(pod, &["spec", "serviceAccountName"]);
        let account = self
            .cluster
            .get(resource("", "serviceaccounts"), meta::namespace(pod), name);
        let account = account.unwrap_or_else(|| {
            Object::new(json!({"metadata": {"name": name, "namespace": meta::namespace(pod)}}))
        });
        let node = view::text(pod, &["spec", "nodeName"]);
        let bound = json!({"pod": {"name": meta::name(pod), "uid": meta::uid(pod)}, "node": {"name": node}, "warnafter": self.cluster.seconds() + 3607});
        let audience = Some(view::text(part, &["audience"]))
            .filter(|a| !a.is_empty())
            .unwrap_or(crate::api::review::ISSUER);
        let seconds = view::int(part, &["expirationSeconds"]).unwrap_or(3600);
        let chance = self.cluster.draw();
        crate::api::review::signed(
            &account,
            &bound,
            &[audience.to_string()],
            self.cluster.seconds(),
            seconds,
            &chance,
        )
    }

    /// The object that a volume takes its files from; none where it may be absent and is.
    fn source_object(
        &self,
        pod: &Object,
        source: &Value,
        kind: &str,
        name: &str,
    ) -> Result<Option<Object>, String> {
        let plural = format!("{kind}s");
        let found = self
            .cluster
            .get(resource("", &plural), meta::namespace(pod), name);
        match found {
            None if !view::flag(source, &["optional"]) => Err(format!("{kind} {name:?} not found")),
            found => Ok(found),
        }
    }

    fn config_map(
        &self,
        pod: &Object,
        source: &Value,
        name: &str,
        mode: u32,
    ) -> Result<Vec<File>, String> {
        let Some(found) = self.source_object(pod, source, "configmap", name)? else {
            return Ok(Vec::new());
        };
        let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (key, value) in view::members(&found, &["data"]) {
            data.insert(
                key.into(),
                value.as_str().unwrap_or_default().as_bytes().to_vec(),
            );
        }
        for (key, value) in view::members(&found, &["binaryData"]) {
            data.insert(key.into(), decoded(value));
        }
        choose(
            source,
            &data,
            mode,
            "configmap references non-existent config key",
        )
    }

    fn secret(
        &self,
        pod: &Object,
        source: &Value,
        name: &str,
        mode: u32,
    ) -> Result<Vec<File>, String> {
        let Some(found) = self.source_object(pod, source, "secret", name)? else {
            return Ok(Vec::new());
        };
        let data = view::members(&found, &["data"])
            .map(|(k, v)| (k.to_string(), decoded(v)))
            .collect();
        choose(source, &data, mode, "references non-existent secret key")
    }

    fn downward(&self, pod: &Object, source: &Value, mode: u32) -> Result<Vec<File>, String> {
        let mut files = Vec::new();
        for item in view::list(source, &["items"]) {
            let text = match item.get("fieldRef") {
                Some(reference) => env::field(pod, view::text(reference, &["fieldPath"]))?,
                None => {
                    let reference = view::at(item, &["resourceFieldRef"]);
                    let name = view::text(reference, &["containerName"]);
                    let container =
                        super::qos::all_containers(pod).find(|c| view::text(c, &["name"]) == name);
                    let container =
                        container.ok_or_else(|| format!("container {name} not found"))?;
                    env::resource(
                        container,
                        view::text(reference, &["resource"]),
                        view::at(reference, &["divisor"]),
                        self.allocatable,
                    )?
                }
            };
            let own = view::int(item, &["mode"]).map_or(mode, |m| m as u32);
            let path = view::text(item, &["path"]);
            files.push(File::new(path, text.into_bytes(), own));
        }
        Ok(files)
    }

    fn claim(&self, pod: &Object, name: &str) -> Result<Volume, Failure> {
        let found = self.cluster.get(
            resource("", "persistentvolumeclaims"),
            meta::namespace(pod),
            name,
        );
        let claim = found.ok_or_else(|| format!("persistentvolumeclaim {name:?} not found"))?;
        let volume_name = view::text(&claim, &["spec", "volumeName"]);
        let volume = self
            .cluster
            .get(resource("", "persistentvolumes"), "", volume_name);
        let volume = volume.ok_or_else(|| format!("persistentvolume {volume_name:?} not found"))?;
        if let Some(source) = volume["spec"].get("hostPath") {
            let (path, kind) = (view::text(source, &["path"]), view::text(source, &["type"]));
            return Ok(self.host_path(path, kind)?);
        }
        if let Some(source) = volume["spec"].get("local") {
            let path = view::text(source, &["path"]);
            let found = self.host.volume(path);
            let found = found.map_err(|_| format!("stat {path}: no such file or directory"))?;
            ownership::give_disk(pod, &found);
            return Ok(found);
        }
        if let Some(server) = Server::of(&volume["spec"]) {
            return self.mount(&server, pod, volume_name);
        }
        let path = format!("/var/lib/podschool/volumes/{volume_name}");
        Ok(self.host_path(&path, "DirectoryOrCreate")?)
    }

    /// How long it takes until a volume is mounted, or is known not to be: file servers may be slow.
    pub fn patience(&self, pod: &Object, volume: &Value) -> Duration {
        let claim = view::text(volume, &["persistentVolumeClaim", "claimName"]);
        let claims = resource("", "persistentvolumeclaims");
        let bound = self.cluster.get(claims, meta::namespace(pod), claim);
        let name = bound.map_or_else(String::new, |c| {
            view::text(&c, &["spec", "volumeName"]).to_string()
        });
        let stored = self
            .cluster
            .get(resource("", "persistentvolumes"), "", &name);
        let holder = stored.as_ref().map_or(volume, |s| &s["spec"]);
        Server::of(holder).map_or(Duration::ZERO, |s| s.patience(self.cluster))
    }

    fn host_path(&self, path: &str, kind: &str) -> Result<Volume, String> {
        let stat = self.host.stat(path).ok();
        let (is_dir, is_file) = (
            stat.as_ref().is_some_and(|s| s.is_dir()),
            stat.as_ref().is_some_and(|s| s.is_file()),
        );
        let failed = |what: &str| Err(format!("hostPath type check failed: {path} is not {what}"));
        match kind {
            "Directory" if !is_dir => return failed("a directory"),
            "File" if !is_file => return failed("a file"),
            "DirectoryOrCreate" if stat.is_some() && !is_dir => return failed("a directory"),
            "FileOrCreate" if stat.is_some() && !is_file => return failed("a file"),
            "Socket" if stat.is_none() || is_dir || is_file => return failed("a socket file"),
            "CharDevice" if stat.is_none() || is_dir || is_file => {
                return failed("a character device");
            }
            "BlockDevice" if stat.is_none() || is_dir || is_file => {
                return failed("a block device");
            }
            "FileOrCreate" if stat.is_none() => {
                let made = self.host.write(path, b"", 0o644);
                made.map_err(|e| format!("open {path}: {}", in_go(e)))?;
            }
            _ if stat.is_none() => {
                let made = self.host.mkdir_all(path, 0o755);
                made.map_err(|e| format!("mkdir {path}: {}", in_go(e)))?;
            }
            _ => {}
        }
        self.host
            .volume(path)
            .map_err(|e| format!("{path}: {}", in_go(e)))
    }
}

/// An error as Go's programs tell it.
fn in_go(error: machine::Errno) -> String {
    error.text().to_lowercase()
}

fn decoded(value: &Value) -> Vec<u8> {
    use base64::Engine;
    let text = value.as_str().unwrap_or_default();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap_or_default()
}

/// All keys, or the items asked for under their paths.
fn choose(
    source: &Value,
    data: &BTreeMap<String, Vec<u8>>,
    mode: u32,
    missing: &str,
) -> Result<Vec<File>, String> {
    let items = view::list(source, &["items"]);
    if items.is_empty() {
        return Ok(data
            .iter()
            .map(|(k, v)| File::new(k, v.clone(), mode))
            .collect());
    }
    let mut files = Vec::new();
    for item in items {
        let key = view::text(item, &["key"]);
        match data.get(key) {
            Some(bytes) => {
                let own = view::int(item, &["mode"]).map_or(mode, |m| m as u32);
                files.push(File::new(view::text(item, &["path"]), bytes.clone(), own));
            }
            None if view::flag(source, &["optional"]) => {}
            None => return Err(format!("{missing}: {key}")),
        }
    }
    Ok(files)
}

/// Writes files behind `..data`, which changes at once from one version to the next. Nothing is written when nothing differs.
fn project(volume: &Volume, files: &[File], stamp: &str) {
    let root = volume.files();
    let same = files.iter().all(|file| {
        root.read(&format!("/..data/{}", file.path))
            .is_ok_and(|b| b == file.content)
    });
    let before = root.readlink("/..data").ok();
    let known = before
        .as_ref()
        .and_then(|b| root.list(&format!("/{b}")).ok())
        .map_or(0, |l| l.len());
    if before.is_some() && same && known == top_names(files).len() {
        return;
    }
    // A tmpfs of this size cannot be full; what fails here shows as a missing file.
    let _ = root.mkdir_all(&format!("/{stamp}"), 0o755);
    for file in files {
        let path = &file.path;
        if let Some((parent, _)) = path.rsplit_once('/') {
            let _ = root.mkdir_all(&format!("/{stamp}/{parent}"), 0o755);
        }
        let path = format!("/{stamp}/{path}");
        let _ = root.write(&path, &file.content, file.mode);
        if let Some(uid) = file.owner {
            let _ = root.chown(&path, uid, 0);
        }
    }
    let _ = root.symlink(stamp, "/..data_tmp");
    let _ = root.rename("/..data_tmp", "/..data");
    let names = top_names(files);
    for name in &names {
        if root.lstat(&format!("/{name}")).is_err() {
            let _ = root.symlink(&format!("..data/{name}"), &format!("/{name}"));
        }
    }
    for entry in root.list("/").unwrap_or_default() {
        if !entry.name.starts_with("..") && !names.contains(&entry.name) {
            let _ = root.remove_all(&format!("/{}", entry.name));
        }
    }
    if let Some(before) = before.filter(|b| b != stamp) {
        let _ = root.remove_all(&format!("/{before}"));
    }
}

fn top_names(files: &[File]) -> Vec<String> {
    let mut names: Vec<String> = files
        .iter()
        .map(|f| f.path.split('/').next().unwrap_or_default().to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}

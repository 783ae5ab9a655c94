//! Kubeconfig files: where they are, how several merge, what a context means (client-go's clientcmd).
//!
//! Not here: certificates and tokens in use; the host's [`crate::Clients`] reads them from the reduced kubeconfig.

use serde_json::{Map, Value, json};

use crate::clients::Target;
use crate::computer::Computer;
use crate::failure::{Outcome, fail};
use crate::flags::Flags;
use crate::manifest;

/// All kubeconfig files of this run as one, and where changes are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kubeconfig {
    pub value: Value,
    /// The first file, which `config` writes to.
    pub path: String,
    pub found: bool,
}

/// Loads the files of `--kubeconfig`, `$KUBECONFIG`, or `~/.kube/config`.
pub(crate) async fn load(computer: &dyn Computer, flags: &Flags) -> Outcome<Kubeconfig> {
    let explicit = flags.some("kubeconfig").map(str::to_string);
    let home = computer.env("HOME").unwrap_or_default();
    let paths: Vec<String> = match (
        &explicit,
        computer.env("KUBECONFIG").filter(|p| !p.is_empty()),
    ) {
        (Some(path), _) => vec![path.clone()],
        (None, Some(list)) => list
            .split(':')
            .filter(|p| !p.is_empty())
            .map(str::to_string)
            .collect(),
        (None, None) => vec![format!("{home}/.kube/config")],
    };
    let mut config = Kubeconfig {
        path: paths.first().cloned().unwrap_or_default(),
        ..Kubeconfig::default()
    };
    config.value = json!({"apiVersion": "v1", "kind": "Config", "preferences": {}, "clusters": [], "users": [], "contexts": [], "current-context": ""});
    for path in &paths {
        match computer.read_file(path).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let file = manifest::yaml(&text)
                    .map_err(|why| fail!("error loading config file \"{path}\": {why}"))?;
                merge(&mut config.value, file, path);
                config.found = true;
            }
            Err(_) if explicit.is_some() => {
                return Err(fail!("stat {path}: no such file or directory"));
            }
            Err(_) => {}
        }
    }
    Ok(config)
}

fn merge(into: &mut Value, mut file: Value, path: &str) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for list in ["clusters", "users", "contexts"] {
        for entry in file[list]
            .as_array_mut()
            .map(std::mem::take)
            .unwrap_or_default()
        {
            let entry = absolute(entry, folder);
            let known = into[list]
                .as_array()
                .is_some_and(|all| all.iter().any(|e| e["name"] == entry["name"]));
            if let (false, Some(all)) = (known, into[list].as_array_mut()) {
                all.push(entry);
            }
        }
    }
    if into["current-context"] == "" && file["current-context"].is_string() {
        into["current-context"] = file["current-context"].take();
    }
}

fn absolute(mut entry: Value, folder: &str) -> Value {
    for (part, keys) in [
        ("cluster", &["certificate-authority"][..]),
        (
            "user",
            &["client-certificate", "client-key", "tokenFile"][..],
        ),
    ] {
        for key in keys {
            let Some(path) = entry[part][*key].as_str() else {
                continue;
            };
            if !path.starts_with('/') && !path.is_empty() && !folder.is_empty() {
                entry[part][*key] = format!("{folder}/{path}").into();
            }
        }
    }
    entry
}

fn named<'a>(config: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    config[list]
        .as_array()?
        .iter()
        .find(|entry| entry["name"] == name)
}

/// What the kubeconfig and the flags choose.
pub(crate) fn target(config: &Kubeconfig, flags: &Flags) -> Outcome<Target> {
    let value = &config.value;
    let context_name = flags
        .some("context")
        .or(value["current-context"].as_str())
        .unwrap_or("")
        .to_string();
    let context = named(value, "contexts", &context_name).map(|c| c["context"].clone());
    if context.is_none() && flags.changed("context") {
        return Err(fail!("context {context_name:?} does not exist"));
    }
    let context = context.unwrap_or_else(|| json!({}));
    let part = |list: &str, key: &str, flag: &str| -> Outcome<Map<String, Value>> {
        let name = flags.some(flag).or(context[key].as_str()).unwrap_or("");
        match named(value, list, name) {
            Some(entry) => Ok(entry[key].as_object().cloned().unwrap_or_default()),
            None if flags.some(flag).is_some() && flag == "cluster" => {
                Err(fail!("no server found for cluster {name:?}"))
            }
            None if flags.some(flag).is_some() => Err(fail!("auth info {name:?} does not exist")),
            None => Ok(Map::new()),
        }
    };
    let (mut cluster, mut user) = (
        part("clusters", "cluster", "cluster")?,
        part("users", "user", "user")?,
    );
    for flag in ["server", "certificate-authority", "tls-server-name"] {
        if let Some(text) = flags.some(flag) {
            cluster.insert(flag.into(), text.into());
        }
    }
    if flags.bool("insecure-skip-tls-verify") {
        cluster.insert("insecure-skip-tls-verify".into(), true.into());
    }
    for flag in [
        "token",
        "client-certificate",
        "client-key",
        "username",
        "password",
    ] {
        if let Some(text) = flags.some(flag) {
            user.insert(flag.into(), text.into());
        }
    }
    let namespace = flags
        .some("namespace")
        .or(context["namespace"].as_str())
        .filter(|n| !n.is_empty())
        .unwrap_or("default");
    let server = cluster
        .get("server")
        .and_then(Value::as_str)
        .unwrap_or("http://localhost:8080")
        .to_string();
    cluster
        .entry("server")
        .or_insert_with(|| server.clone().into());
    let impersonate = flags
        .some("as")
        .map(|user| (user.to_string(), flags.list("as-group").to_vec()));
    Ok(Target {
        kubeconfig: json!({"apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}], "users": [{"name": "it", "user": user}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": namespace}}]}),
        context: context_name,
        namespace: namespace.to_string(),
        found: config.found,
        server,
        impersonate,
    })
}

//! `kubectl create configmap` and `secret`: objects that carry data, from literals and files.

use base64::Engine;
use futures::FutureExt;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::create_kinds::{COMMON, make, name};
use crate::failure::{Outcome, fail};
use crate::manifest::words;
use crate::run::Run;
use crate::verb::Verb;

macro_rules! secrets {
    ($($name:ident $word:literal $about:literal $flags:literal $body:ident;)*) => {
        $(static $name: Verb = Verb {
            name: $word, aliases: &[], about: $about, usage: "NAME [flags]", examples: "",
            flags: &[super::PRINT_OBJECTS, super::CHANGE, COMMON, $flags],
            verbs: &[], run: Some(|run| $body(run).boxed()),
        };)*
        static SECRETS: &[&Verb] = &[$(&$name),*];
    };
}

secrets! {
    GENERIC "generic" "Create a secret from a local file, directory, or literal value" "\n--append-hash=false  Add a hash to the name\n--type=''  Type of the secret\n--from-env-file={}  File of NAME=value lines\n--from-file={}  File, folder, or key=file\n--from-literal={}  key=value\n" secret;
    REGISTRY "docker-registry" "Create a secret for use with a Docker registry" "\n--append-hash=false  Add a hash to the name\n--docker-server='https://index.docker.io/v1/'  Registry\n--docker-username=''  User\n--docker-password=''  Password\n--docker-email=''  Mail\n" registry_secret;
    TLS "tls" "Create a TLS secret" "\n--append-hash=false  Add a hash to the name\n--cert=''  Certificate file\n--key=''  Key file\n" tls_secret;
}

pub(super) static SECRET: Verb = Verb {
    name: "secret",
    about: "Create a secret using a specified subcommand",
    verbs: SECRETS,
    ..Verb::NONE
};

/// Keys and contents of `--from-literal`, `--from-file`, `--from-env-file`.
async fn contents(run: &Run) -> Outcome<Vec<(String, Vec<u8>)>> {
    let computer = &run.computer;
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    for source in run.flags.list("from-file") {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (key, path),
            None => (source.rsplit('/').next().unwrap_or(source), source.as_str()),
        };
        let info = computer
            .metadata(path)
            .await
            .map_err(|why| fail!("error reading {path}: {}", words(&why)))?;
        let read = |path: String| async move {
            computer
                .read_file(&path)
                .await
                .map_err(|why| fail!("open {path}: {}", words(&why)))
        };
        if info.is_dir {
            for entry in computer
                .read_dir(path)
                .await
                .map_err(|why| fail!("open {path}: {}", words(&why)))?
            {
                let file = format!("{path}/{entry}");
                if computer.metadata(&file).await.is_ok_and(|i| !i.is_dir) {
                    found.push((entry, read(file).await?));
                }
            }
        } else {
            found.push((key.to_string(), read(path.to_string()).await?));
        }
    }
    for path in run.flags.list("from-env-file") {
        found.extend(environment_file(run, path).await?);
    }
    for literal in run.flags.list("from-literal") {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(fail!(
                "invalid literal source {literal}, expected key=value"
            ));
        };
        let value = value.trim_matches(|c| c == '"' || c == '\'');
        found.push((key.to_string(), value.as_bytes().to_vec()));
    }
    let mut seen = Vec::new();
    for (key, _) in &found {
        if seen.contains(&key) {
            return Err(fail!(
                "cannot add key {key:?}, another key by that name already exists"
            ));
        }
        seen.push(key);
    }
    Ok(found)
}

/// The NAME=value lines of a file; a NAME alone takes its value from the environment.
async fn environment_file(run: &Run, path: &str) -> Outcome<Vec<(String, Vec<u8>)>> {
    let computer = &run.computer;
    let info = computer.metadata(path).await;
    if info
        .map_err(|why| fail!("error reading {path}: {}", words(&why)))?
        .is_dir
    {
        return Err(fail!("env config file {path} cannot be a directory"));
    }
    let read = computer.read_file(path).await;
    let bytes = read.map_err(|why| fail!("open {path}: {}", words(&why)))?;
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| match line.split_once('=') {
            Some((key, value)) => (key.to_string(), value.into()),
            None => (
                line.to_string(),
                computer.env(line).unwrap_or_default().into(),
            ),
        })
        .collect())
}

fn encoded(bytes: &[u8]) -> Value {
    base64::engine::general_purpose::STANDARD
        .encode(bytes)
        .into()
}

fn valid_key(key: &str, kind: &str) -> Outcome {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !key.is_empty() && key.chars().all(fits) {
        return Ok(());
    }
    Err(fail!(
        "{key:?} is not a valid key name for a {kind}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    ))
}

pub(super) async fn config_map(run: &Run) -> Outcome {
    let mut value =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name(run)?}});
    for (key, bytes) in contents(run).await? {
        valid_key(&key, "ConfigMap")?;
        match String::from_utf8(bytes) {
            Ok(text) => value["data"][key] = text.into(),
            Err(why) => value["binaryData"][key] = encoded(why.as_bytes()),
        }
    }
    make(run, hashed(run, value)).await
}

async fn secret(run: &Run) -> Outcome {
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name(run)?}});
    for (key, bytes) in contents(run).await? {
        valid_key(&key, "Secret")?;
        value["data"][key] = encoded(&bytes);
    }
    if let Some(kind) = run.flags.some("type") {
        value["type"] = kind.into();
    }
    make(run, hashed(run, value)).await
}

/// One registry of a Docker configuration, in the order of its fields.
#[derive(Serialize)]
struct RegistryEntry<'a> {
    username: &'a str,
    password: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    email: &'a str,
    auth: &'a str,
}

async fn registry_secret(run: &Run) -> Outcome {
    if run.flags.text("docker-username").is_empty() || run.flags.text("docker-password").is_empty()
    {
        return Err(fail!(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"
        ));
    }
    let text = |flag| run.flags.text(flag);
    let auth = base64::engine::general_purpose::STANDARD.encode(format!(
        "{}:{}",
        text("docker-username"),
        text("docker-password")
    ));
    let entry = RegistryEntry {
        username: text("docker-username"),
        password: text("docker-password"),
        email: text("docker-email"),
        auth: &auth,
    };
    let entry = serde_json::to_string(&entry).map_err(|why| fail!("{why}"))?;
    let server = Value::from(text("docker-server"));
    let config = objects::quote::go_escape(&format!("{{\"auths\":{{{server}:{entry}}}}}"));
    let value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name(run)?}, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": encoded(config.as_bytes())}});
    make(run, hashed(run, value)).await
}

async fn tls_secret(run: &Run) -> Outcome {
    if run.flags.text("cert").is_empty() || run.flags.text("key").is_empty() {
        return Err(fail!("key and cert must be specified"));
    }
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name(run)?}, "type": "kubernetes.io/tls"});
    let mut files = Vec::new();
    for (flag, key) in [("cert", "tls.crt"), ("key", "tls.key")] {
        let path = run.flags.text(flag);
        let bytes = run
            .computer
            .read_file(path)
            .await
            .map_err(|why| fail!("Cannot read file {path}, open {path}: {}", words(&why)))?;
        value["data"][key] = encoded(&bytes);
        files.push(bytes);
    }
    pair(&files[0], &files[1]).map_err(|why| fail!("tls: {why}"))?;
    make(run, hashed(run, value)).await
}

/// The kinds of the PEM blocks of a file, as they come.
fn pem_blocks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let begins = text.lines().filter_map(|line| {
        line.trim_end()
            .strip_prefix("-----BEGIN ")?
            .strip_suffix("-----")
    });
    begins
        .filter(|kind| text.contains(&format!("-----END {kind}-----")))
        .map(str::to_string)
        .collect()
}

/// Checks that one file holds a certificate and the other a private key, in the words of Go's crypto/tls.
fn pair(certificate: &[u8], key: &[u8]) -> Result<(), String> {
    let (certificates, keys) = (pem_blocks(certificate), pem_blocks(key));
    let is_key = |kind: &String| kind == "PRIVATE KEY" || kind.ends_with(" PRIVATE KEY");
    if !certificates.iter().any(|kind| kind == "CERTIFICATE") {
        return Err(match certificates.as_slice() {
            [] => "failed to find any PEM data in certificate input".into(),
            [one] if one.ends_with("PRIVATE KEY") => "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".into(),
            others => format!("failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{}]", others.join(" ")),
        });
    }
    if !keys.iter().any(is_key) {
        return Err(match keys.as_slice() {
            [] => "failed to find any PEM data in key input".into(),
            [one] if one == "CERTIFICATE" => {
                "found a certificate rather than a key in the PEM for the private key".into()
            }
            others => format!(
                "failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [{}]",
                others.join(" ")
            ),
        });
    }
    Ok(())
}

/// With `--append-hash`, the object under a name that ends in the hash of what it holds (kubectl's `util/hash`).
fn hashed(run: &Run, mut value: Value) -> Value {
    if run.flags.bool("append-hash") {
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        value["metadata"]["name"] = format!("{name}-{}", hash(&value)).into();
    }
    value
}

fn hash(object: &Value) -> String {
    let or_empty = |part: &Value| {
        if part.is_null() {
            json!({})
        } else {
            part.clone()
        }
    };
    let mut content = json!({"kind": object["kind"], "name": object["metadata"]["name"], "data": or_empty(&object["data"])});
    if object["kind"] == "Secret" {
        content["type"] = object["type"].as_str().unwrap_or_default().into();
    } else if object["binaryData"].is_object() {
        content["binaryData"] = object["binaryData"].clone();
    }
    // Letters that spell words, and digits that look like letters, are traded for others.
    let traded = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    let sum = Sha256::digest(objects::quote::go_json(&content));
    format!("{sum:x}").chars().take(10).map(traded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_kubectl_does() {
        let config_map =
            json!({"kind": "ConfigMap", "metadata": {"name": "c1"}, "data": {"a": "b"}});
        assert_eq!(hash(&config_map), "522f9g5kh5");
        let secret = json!({"kind": "Secret", "metadata": {"name": "s1"}, "data": {"a": "Yg=="}});
        assert_eq!(hash(&secret), "6c2f4hf6dh");
    }

    #[test]
    fn certificates_and_keys_are_told_apart() {
        let pem = |kind: &str| format!("-----BEGIN {kind}-----\nAA==\n-----END {kind}-----\n");
        let (certificate, key) = (pem("CERTIFICATE"), pem("EC PRIVATE KEY"));
        let check = |certificate: &str, key: &str, want: Result<(), &str>| {
            let found = pair(certificate.as_bytes(), key.as_bytes());
            assert_eq!(found, want.map_err(str::to_string));
        };
        check(&certificate, &key, Ok(()));
        check(
            "x",
            &key,
            Err("failed to find any PEM data in certificate input"),
        );
        check(
            &certificate,
            "x",
            Err("failed to find any PEM data in key input"),
        );
        check(
            &key,
            &certificate,
            Err(
                "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
            ),
        );
        check(
            &certificate,
            &certificate,
            Err("found a certificate rather than a key in the PEM for the private key"),
        );
        check(
            &pem("X509 CRL"),
            &key,
            Err(
                "failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [X509 CRL]",
            ),
        );
    }
}

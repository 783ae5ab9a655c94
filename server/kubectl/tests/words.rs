//! What kubectl says where a command line is wrong, and what it makes of one: a computer with a few files, a server with a few answers.
//! The words are those of kubectl 1.33.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use kube::client::Body;
use kubectl::{Clients, Computer, FileInfo, Listener, Stdio, Target};
use serde_json::{Value, json};

/// A computer with files, whose output is kept.
struct Desk {
    files: BTreeMap<&'static str, &'static str>,
    said: Mutex<String>,
}

fn absent<T: Send + 'static>() -> BoxFuture<'static, io::Result<T>> {
    async { Err(io::ErrorKind::NotFound.into()) }.boxed()
}

impl Computer for Desk {
    fn read(&self, _max: usize) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        async { Ok(Vec::new()) }.boxed()
    }
    fn write<'a>(&'a self, _to: Stdio, bytes: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        let text = String::from_utf8_lossy(bytes);
        self.said.lock().expect("whole").push_str(&text);
        async { Ok(()) }.boxed()
    }
    fn is_terminal(&self, _stream: Stdio) -> bool {
        false
    }
    fn terminal_size(&self) -> Option<(u16, u16)> {
        None
    }
    fn resized(&self) -> BoxFuture<'_, ()> {
        std::future::pending().boxed()
    }
    fn set_raw(&self, _raw: bool) -> BoxFuture<'_, io::Result<()>> {
        absent()
    }
    fn read_file<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        match self.files.get(path) {
            Some(text) => async { Ok(text.as_bytes().to_vec()) }.boxed(),
            None => absent(),
        }
    }
    fn write_file<'a>(
        &'a self,
        _path: &'a str,
        _bytes: &'a [u8],
        _mode: u32,
    ) -> BoxFuture<'a, io::Result<()>> {
        absent()
    }
    fn create_dir<'a>(&'a self, _path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        absent()
    }
    fn metadata<'a>(&'a self, path: &'a str) -> BoxFuture<'a, io::Result<FileInfo>> {
        let Some(text) = self.files.get(path) else {
            return absent();
        };
        let info = FileInfo {
            is_dir: false,
            size: text.len() as u64,
            mode: 0o644,
            modified_s: 0,
        };
        async move { Ok(info) }.boxed()
    }
    fn read_dir<'a>(&'a self, _path: &'a str) -> BoxFuture<'a, io::Result<Vec<String>>> {
        absent()
    }
    fn remove_file<'a>(&'a self, _path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        absent()
    }
    fn env(&self, _name: &str) -> Option<String> {
        None
    }
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
    /// All time is up at once.
    fn sleep(&self, _time: Duration) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
    fn listen<'a>(
        &'a self,
        _address: &'a str,
        _port: u16,
    ) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        absent()
    }
    fn edit<'a>(&'a self, _path: &'a str) -> BoxFuture<'a, io::Result<()>> {
        absent()
    }
}

fn served(group: &str, version: &str, kinds: &[(&str, &str, bool)]) -> Value {
    let resources: Vec<Value> = kinds
        .iter()
        .map(|(plural, kind, namespaced)| {
            json!({"resource": plural, "responseKind": {"kind": kind}, "verbs": ["get", "list", "watch"],
                "scope": if *namespaced { "Namespaced" } else { "Cluster" }, "singularResource": kind.to_lowercase()})
        })
        .collect();
    json!({"metadata": {"name": group}, "versions": [{"version": version, "resources": resources}]})
}

/// What the server answers: discovery, two objects without pods behind them, empty lists.
fn answer(path: &str) -> Option<Value> {
    let groups = |items: Vec<Value>| json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items});
    Some(match path {
        "/api" => groups(vec![served(
            "",
            "v1",
            &[
                ("pods", "Pod", true),
                ("configmaps", "ConfigMap", true),
                ("secrets", "Secret", true),
                ("services", "Service", true),
                ("persistentvolumes", "PersistentVolume", false),
            ],
        )]),
        "/apis" => groups(vec![
            served("apps", "v1", &[("deployments", "Deployment", true)]),
            served("batch", "v1", &[("cronjobs", "CronJob", true)]),
        ]),
        "/apis/batch/v1/namespaces/default/cronjobs/cj" => {
            json!({"kind": "CronJob", "metadata": {"name": "cj"}, "spec": {}})
        }
        "/api/v1/namespaces/default/services/kubernetes" => {
            json!({"kind": "Service", "metadata": {"name": "kubernetes"}, "spec": {}})
        }
        "/api/v1/namespaces/default/pods/there" => {
            json!({"kind": "Pod", "metadata": {"name": "there", "managedFields": []}})
        }
        "/api/v1/persistentvolumes" => {
            let row = json!({"cells": ["v"], "object": {"metadata": {"name": "v"}}});
            json!({"kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": [row]})
        }
        "/api/v1/namespaces/default/configmaps" | "/api/v1/namespaces/default/secrets" => {
            json!({"kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": []})
        }
        _ => return None,
    })
}

struct Server;

impl Clients for Server {
    fn connect<'a>(&'a self, _target: &'a Target) -> BoxFuture<'a, Result<kube::Client, String>> {
        let service = tower::service_fn(|request: Request<Body>| async move {
            let path = request.uri().path();
            let (code, body) = match answer(path) {
                Some(body) => (200, body),
                None => {
                    let (rest, name) = path.rsplit_once('/').unwrap_or_default();
                    let kind = rest.rsplit('/').next().unwrap_or_default();
                    let message = format!("{kind} {name:?} not found");
                    (
                        404,
                        json!({"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound", "message": message}),
                    )
                }
            };
            let bytes = body.to_string().into_bytes();
            let answer = Response::builder().status(code).body(Body::from(bytes));
            Ok::<_, io::Error>(answer.expect("an answer"))
        });
        async move { Ok(kube::Client::new(service, "default")) }.boxed()
    }
}

/// Runs one command line, cut at spaces; answers with the exit code and all that was said.
async fn say(line: &str) -> (i32, String) {
    let desk = Arc::new(Desk {
        files: BTreeMap::from([("text", "no PEM\n"), ("vars", "A=1\n#\nB=x=y\n")]),
        said: Mutex::default(),
    });
    let args = line.split(' ').map(str::to_string).collect();
    let code = kubectl::run(args, desk.clone(), Arc::new(Server)).await;
    let said = desk.said.lock().expect("whole").clone();
    (code, said)
}

async fn refused(line: &str, want: &str) {
    let (code, said) = say(line).await;
    assert_eq!(
        (code, said.as_str()),
        (1, &*format!("error: {want}\n")),
        "{line}"
    );
}

const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";
const SLASHES: &str = "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

#[tokio::test]
async fn what_names_no_object_is_refused() {
    for line in [
        "scale --replicas=2",
        "set image",
        "set image a=b",
        "set resources",
        "set serviceaccount x",
        "delete --force --grace-period=5",
        "patch -p {}",
    ] {
        refused(line, NOTHING_NAMED).await;
    }
    let env = "one or more resources must be specified as <resource> <name> or <resource>/<name>";
    refused("set env A=b", env).await;
    refused("set serviceaccount", "serviceaccount is required").await;
    refused("get pod/a b", SLASHES).await;
    refused("delete pod pod/a", SLASHES).await;
}

#[tokio::test]
async fn flags_that_do_not_go_together_are_refused() {
    for (line, want) in [
        (
            "delete pod nope --grace-period=5 --force",
            "--force and --grace-period greater than 0 cannot be specified together",
        ),
        (
            "delete pod nope --cascade=bogus",
            "invalid cascade value (bogus). Must be \"background\", \"foreground\", or \"orphan\"",
        ),
        (
            "create deployment d --image=a --image=b -- sleep",
            "cannot specify multiple --image options and command",
        ),
        (
            "run p --image=b --port=abc",
            "strconv.Atoi: parsing \"abc\": invalid syntax",
        ),
        (
            "run p --image=b --dry-run=client --overrides={bad",
            "Invalid JSON Patch",
        ),
        (
            "top pod --sort-by=bogus",
            "--sort-by accepts only cpu or memory",
        ),
        (
            "get --raw bogus",
            "--raw must be a valid URL path: parse \"bogus\": invalid URI for request",
        ),
        (
            "create configmap c --from-env-file=nofile",
            "error reading nofile: no such file or directory",
        ),
        ("create secret tls t", "key and cert must be specified"),
        (
            "create secret tls t --cert=text --key=text",
            "tls: failed to find any PEM data in certificate input",
        ),
        (
            "wait --for=create pod/nope --timeout=1s",
            "timed out waiting for the condition",
        ),
        (
            "logs cronjob/cj",
            "cannot get the logs from *v1.CronJob: selector for *v1.CronJob not implemented",
        ),
        (
            "logs service/kubernetes",
            "cannot get the logs from *v1.Service: invalid service 'kubernetes': Service is defined without a selector",
        ),
        (
            "exec cronjob/cj -- ls",
            "cannot attach to *v1.CronJob: selector for *v1.CronJob not implemented",
        ),
    ] {
        refused(line, want).await;
    }
}

#[tokio::test]
async fn the_server_is_asked_before_a_patch_is_read() {
    let of = |name: &'static str| async move { say(&format!("patch pod {name} -p {{bad")).await };
    let (code, said) = of("nope").await;
    assert_eq!(code, 1);
    assert_eq!(
        said,
        "Error from server (NotFound): pods \"nope\" not found\n"
    );
    let bad = "Error from server (BadRequest): invalid character 'b' looking for beginning of object key string\n";
    assert_eq!(of("there").await, (1, bad.into()));
}

#[tokio::test]
async fn makes_what_kubectl_makes() {
    let check = |line: &'static str, want: &'static str| async move {
        let (code, said) = say(line).await;
        assert_eq!((code, said.as_str()), (0, want), "{line}");
    };
    check(
        "create deployment d --image=nginx --image=busybox --port=80 --dry-run=client -o jsonpath={.spec.template.spec.containers[*].ports}",
        "[{\"containerPort\":80}]",
    )
    .await;
    check(
        "create configmap c1 --append-hash --from-literal=a=b --dry-run=client -o name",
        "configmap/c1-522f9g5kh5\n",
    )
    .await;
    check(
        "create secret generic s1 --append-hash --from-literal=a=b --dry-run=client -o name",
        "secret/s1-6c2f4hf6dh\n",
    )
    .await;
    check(
        "create configmap c --from-env-file=vars --dry-run=client -o jsonpath={.data}",
        "{\"A\":\"1\",\"B\":\"x=y\"}",
    )
    .await;
    check(
        "create secret docker-registry r1 --docker-username=u --docker-password=p --docker-email=e@x --dry-run=client -o jsonpath={.data}",
        "{\".dockerconfigjson\":\"eyJhdXRocyI6eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJ1IiwicGFzc3dvcmQiOiJwIiwiZW1haWwiOiJlQHgiLCJhdXRoIjoiZFRwdyJ9fX0=\"}",
    )
    .await;
    check(
        "run p --image=b --dry-run",
        "W0101 00:00:00.000000       1 helpers.go:703] --dry-run is deprecated and can be replaced with --dry-run=client.\npod/p created (dry run)\n",
    )
    .await;
    check(
        "run p --image=b --dry-run=client --override-type=json --overrides=[{\"op\":\"add\",\"path\":\"/spec/hostNetwork\",\"value\":true}] -o jsonpath={.spec.hostNetwork}",
        "true",
    )
    .await;
}

#[tokio::test]
async fn where_nothing_is_found_the_namespace_is_named_if_all_kinds_have_one() {
    let empty = |text: &str| (0, format!("No resources found{text}\n"));
    assert_eq!(
        say("get configmaps,secrets").await,
        empty(" in default namespace.")
    );
    assert_eq!(
        say("get persistentvolumes --sort-by=bogus").await,
        empty("")
    );
    let (code, said) = say("get persistentvolumes").await;
    assert_eq!((code, said.as_str()), (0, "NAME\nv\n"));
}

#[tokio::test]
async fn a_watch_says_that_it_does_not_sort() {
    for (flags, want) in [
        (
            "--watch",
            "warning: --watch requested, --sort-by will be ignored for watch events received\n",
        ),
        (
            "--watch-only",
            "warning: --watch-only requested, --sort-by will be ignored\n",
        ),
    ] {
        let (_, said) = say(&format!("get configmaps {flags} --sort-by=x")).await;
        assert_eq!(said, want);
    }
}

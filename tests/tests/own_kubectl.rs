//! A learner's own kubectl on the cluster of their session: the real kubectl with the kubeconfig that the page hands out, on a simulated
//! cluster and on a real one (played by `podschool cluster`). The oldest and the newest kubectl at hand speak SPDY and WebSockets.

use http::{Request, StatusCode};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use playground::wire::{ClientFrame, ClockCommand, ServerFrame};
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::page::{Page, Site};
use tests::{Cluster, Said, Talk, Tunnel, kubectls, run};

/// What a learner has on their own computer.
struct Own {
    folder: tempfile::TempDir,
    kubectl: PathBuf,
    version: String,
}

impl Own {
    /// Downloads the kubeconfig of the page's session.
    async fn download(site: &Site, page: &Page, kubectl: &Path, version: &str) -> Own {
        let path = format!("/api/sessions/{}/kubeconfig", page.session);
        let answer = site.post(&path, page).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let own = Own {
            folder: tempfile::tempdir().expect("a temporary folder"),
            kubectl: kubectl.to_owned(),
            version: version.to_owned(),
        };
        std::fs::write(own.config(), answer.body).expect("the kubeconfig is written");
        own
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("podschool.kubeconfig")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .args(args)
            .env("KUBECONFIG", self.config())
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, args: &[&str], input: &str) -> Said {
        run(self.command(args), input)
    }

    fn ok(&self, args: &[&str], input: &str) -> String {
        let said = self.run(args, input);
        let (version, status) = (&self.version, said.status);
        assert!(
            status.success(),
            "{version} {args:?}: {}\n{}",
            said.stdout,
            said.stderr
        );
        said.stdout
    }

    /// A client that sends requests as they are given to it.
    async fn client(&self) -> kube::Client {
        let config = Kubeconfig::read_from(self.config()).expect("the kubeconfig reads");
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(config, &options).await;
        kube::Client::try_from(config.expect("the kubeconfig is whole")).expect("a client")
    }

    /// Changes the kubeconfig as a learner with a text editor can.
    fn edit(&self, change: impl Fn(&str) -> String) {
        let text = std::fs::read_to_string(self.config()).expect("the kubeconfig");
        std::fs::write(self.config(), change(&text)).expect("the kubeconfig is written");
    }
}

/// The oldest and the newest kubectl.
fn two() -> Vec<(String, PathBuf)> {
    let all = kubectls();
    let ends = [all.first(), all.last()];
    ends.into_iter()
        .flatten()
        .take(all.len())
        .cloned()
        .collect()
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: kuard}\nspec:\n  containers:\n  - name: kuard\n    \
                   image: gcr.io/kuar-demo/kuard-amd64:blue\n";

/// Get, apply, wait, logs -f, exec, port-forward.
fn an_afternoon(own: &Own) {
    let version = &own.version;
    assert_eq!(own.ok(&["apply", "-f", "-"], POD), "pod/kuard created\n");
    own.ok(
        &[
            "wait",
            "--for=condition=Ready",
            "pod/kuard",
            "--timeout=50s",
        ],
        "",
    );
    let mut logs = Talk::start(own.command(&["logs", "-f", "kuard"]), version);
    logs.hear("Serving on HTTP on :8080");
    let many = "x".repeat(200_000);
    let exec = ["exec", "-i", "kuard", "--", "sh", "-c", "wc -c; exit 3"];
    let said = own.run(&exec, &many);
    assert_eq!(
        (said.stdout.trim(), said.status.code()),
        ("200000", Some(3)),
        "{version}: {}",
        said.stderr
    );
    let mut forward = Talk::start(own.command(&["port-forward", "kuard", ":8080"]), version);
    forward.hear("Forwarding from 127.0.0.1:");
    let port: u16 = forward.hear(" -> 8080").parse().expect("a port");
    let mut client = Tunnel::to(port);
    client.ask();
    client.is_well(version);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_on_the_sessions_cluster_and_counts_in_the_lesson() {
    let site = Site::start(&[]);
    for (version, kubectl) in two() {
        let page = site.open(None).await;
        let own = Own::download(&site, &page, &kubectl, &version).await;
        let mut socket = site.connect(&page).await;
        let welcome = |frame: &ServerFrame| matches!(frame, ServerFrame::Welcome { .. });
        socket.until(welcome).await;
        assert_eq!(own.ok(&["get", "pods"], ""), "");
        socket.ticked("look").await;
        an_afternoon(&own);
        // The terminal's kubectl and the learner's own see one cluster.
        socket.terminal().await;
        socket.run("kubectl get pods", "kuard   1/1").await;
        socket
            .run("kubectl run web --image=nginx:alpine", "pod/web created")
            .await;
        let pods = own.ok(&["get", "pods", "-o", "name"], "");
        assert_eq!(pods, "pod/kuard\npod/web\n", "{version}");

        let mut watch = Talk::start(own.command(&["get", "pods", "-w", "-o", "name"]), &version);
        watch.hear("pod/web\n");
        own.ok(&["run", "late", "--image=busybox"], "");
        watch.hear("pod/late\n");

        let other = site.open(None).await;
        own.edit(|text| text.replace(&page.session, &other.session));
        let refused = own.run(&["get", "pods"], "");
        let why = "this kubeconfig is not valid any more: it works for an hour, while the lesson is there; get a new one from its page";
        assert!(
            !refused.status.success() && refused.stderr.contains(why),
            "{version}: {}",
            refused.stderr
        );
    }
    site.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_real_cluster_it_stays_within_the_learners_namespace() {
    let Some((version, kubectl)) = kubectls().into_iter().next() else {
        return;
    };
    let real = Cluster::start(&[]);
    let config = real.kubeconfig();
    let site = Site::start(&["--kubeconfig", config.to_str().expect("UTF-8")]);
    let page = site.open(None).await;
    let own = Own::download(&site, &page, &kubectl, &version).await;
    an_afternoon(&own);
    let pods = ["get", "pods", "-n", &page.namespace, "-o", "name"];
    assert_eq!(real.ok(&kubectl, &pods), "pod/kuard\n");
    // A raw path is one of the server, not of the cluster.
    let raw = |path: &str| format!("/k8s/{}/api/v1/{path}", page.session);
    let up = raw("namespaces/default/../kube-system/pods");
    let proxy = raw("nodes/node-1/proxy/pods");
    for args in [
        &["get", "pods", "-n", "kube-system"][..],
        &["delete", "node", "node-1"],
        &["get", "secrets"],
        &["get", "pods", "-n", "kube-system", "--as=system:admin"],
        &["get", "--raw", &up],
        &["get", "--raw", &proxy],
    ] {
        let refused = own.run(args, "");
        assert!(
            !refused.status.success() && refused.stderr.contains("forbidden"),
            "{args:?}: {}{}",
            refused.stdout,
            refused.stderr
        );
    }
    site.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_is_refused_whatever_it_knows() {
    let site = Site::start(&[]);
    let page = site.open(None).await;
    let own = Own::download(&site, &page, Path::new("none"), "no kubectl").await;
    let client = own.client().await;
    let ask = |headers: &[(&str, &str)]| {
        let mut request = Request::get("/api/v1/namespaces/default/pods");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        client.send(request.body(Body::empty()).expect("a request"))
    };
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(ask(&[]).await.expect("an answer").status(), StatusCode::OK);
    // Not even the pages of this server are let in.
    for origin in [&*site.origin, "https://elsewhere.example", "null"] {
        for more in [&[][..], &upgrade[..]] {
            let headers = [more, &[("origin", origin)][..]].concat();
            let refused = ask(&headers).await.expect("an answer");
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{headers:?}");
            assert!(
                !refused
                    .headers()
                    .contains_key("access-control-allow-origin"),
                "{headers:?}"
            );
        }
    }
    site.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_warned_of_time_that_was_moved() {
    let Some((version, kubectl)) = kubectls().into_iter().next() else {
        return;
    };
    let site = Site::start(&[]);
    let page = site.open(None).await;
    let own = Own::download(&site, &page, &kubectl, &version).await;
    let mut socket = site.connect(&page).await;
    let welcome = |frame: &ServerFrame| matches!(frame, ServerFrame::Welcome { .. });
    socket.until(welcome).await;
    let warned = || own.run(&["get", "pods"], "").stderr;
    assert_eq!(warned(), "No resources found in default namespace.\n");
    let hour = ClockCommand::Skip { seconds: 3600.0 };
    socket.say(&ClientFrame::Clock { command: hour }).await;
    let moved = |frame: &ServerFrame| matches!(frame, ServerFrame::Clock { .. });
    socket.until(moved).await;
    assert_eq!(
        warned(),
        "Warning: the clock of this simulated cluster was moved or runs at 1x: times differ from yours\n\
         No resources found in default namespace.\n"
    );
    site.stop();
}

/// A container listens on all its addresses, and is reached by the name in its public URL.
#[tokio::test(flavor = "multi_thread")]
async fn the_kubeconfig_names_the_host_of_the_public_url_and_the_port_that_is_listened_on() {
    let Some((version, kubectl)) = kubectls().into_iter().next() else {
        return;
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let url = format!("http://localhost:{port}");
    let args = ["--public-url", &url, "--k8s-listen", "127.0.0.1:0"];
    let site = Site::start_at(&format!("127.0.0.1:{port}"), &args);
    let page = site.open(None).await;
    let own = Own::download(&site, &page, &kubectl, &version).await;
    let server = own.ok(
        &[
            "config",
            "view",
            "-o",
            "jsonpath={.clusters[*].cluster.server}",
        ],
        "",
    );
    assert!(server.starts_with("https://localhost:"), "{server}");
    assert_eq!(own.ok(&["get", "nodes", "-o", "name"], ""), "node/node-1\n");
    site.stop();
}

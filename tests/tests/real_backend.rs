//! The playground on a real cluster, played by `podschool cluster`: the same page, terminal and sockets, in a namespace that is made
//! for the learner and removed afterwards; and a cluster that goes away and comes back.

use playground::wire::{Backend, ServerFrame, SessionState};
use std::path::{Path, PathBuf};
use tests::page::{Page, Site, Socket};
use tests::{Podschool, run};

const V4: &str = "v4.channel.k8s.io";

/// A cluster that can be stopped and started again: its address and its certificates stay.
struct Real {
    folder: tempfile::TempDir,
    address: String,
    process: Option<Podschool>,
}

impl Real {
    fn start() -> Real {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut real = Real {
            folder,
            address: "127.0.0.1:0".into(),
            process: None,
        };
        real.begin();
        let config = std::fs::read_to_string(real.kubeconfig()).expect("the kubeconfig");
        let address = config
            .split("https://")
            .nth(1)
            .and_then(|r| r.lines().next());
        real.address = address.expect("an address").to_owned();
        real
    }

    fn begin(&mut self) {
        let (config, pki) = (self.kubeconfig(), self.folder.path().join("pki"));
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let (config, pki) = (text(&config), text(&pki));
        let args = [
            "cluster",
            "--listen",
            &self.address,
            "--kubeconfig-out",
            &config,
            "--pki",
            &pki,
        ];
        self.process = Some(Podschool::start(&args, "ready"));
    }

    fn end(&mut self) {
        self.process.take().expect("the cluster runs").kill();
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A playground on it.
    fn site(&self, address: &str) -> Site {
        let config = self.kubeconfig();
        Site::start_at(address, &["--kubeconfig", config.to_str().expect("UTF-8")])
    }

    /// `podschool kubectl ARGS…` as the cluster's administrator, beside the playground.
    fn kubectl(&self, args: &[&str]) -> tests::Said {
        let mut command = std::process::Command::new(tests::podschool());
        command
            .arg("kubectl")
            .args(args)
            .env("KUBECONFIG", self.kubeconfig())
            .current_dir(self.folder.path());
        run(command, "")
    }

    /// Namespaces of learners.
    fn namespaces(&self) -> String {
        let ours = "app.kubernetes.io/managed-by=podschool";
        let said = self.kubectl(&["get", "namespaces", "-l", ours, "-o", "name"]);
        assert!(said.status.success(), "{}", said.stderr);
        said.stdout
    }

    /// Waits until the cluster has removed a namespace.
    fn gone(&self, namespace: &str) {
        let name = format!("namespace/{namespace}");
        let said = self.kubectl(&["wait", "--for=delete", &name, "--timeout=50s"]);
        assert!(
            said.status.success() || said.stderr.contains("NotFound"),
            "{}",
            said.stderr
        );
    }
}

async fn at_the_prompt(site: &Site) -> (Page, Socket) {
    let page = site.open(None).await;
    let mut socket = site.connect(&page).await;
    let welcome = socket
        .until(|frame| matches!(frame, ServerFrame::Welcome { .. }))
        .await;
    assert!(
        matches!(&welcome, ServerFrame::Welcome { backend: Backend::Real, state: SessionState::Ready, namespace, .. } if *namespace == page.namespace),
        "{welcome:?}"
    );
    socket.terminal().await;
    (page, socket)
}

fn state(frame: &ServerFrame, wanted: SessionState) -> bool {
    matches!(frame, ServerFrame::Session { state, .. } if *state == wanted)
}

#[tokio::test]
async fn the_lesson_runs_in_a_namespace_of_its_own() {
    let real = Real::start();
    let site = real.site("127.0.0.1:0");
    let (page, mut socket) = at_the_prompt(&site).await;
    assert!(
        page.namespace.starts_with("podschool-"),
        "{}",
        page.namespace
    );
    assert_eq!(real.namespaces(), format!("namespace/{}\n", page.namespace));
    let empty = format!("No resources found in {} namespace.", page.namespace);
    socket.run("kubectl get pods", &empty).await;
    socket.ticked("look").await;

    let run = "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue";
    socket.run(run, "pod/kuard created").await;
    let wait = "kubectl wait --for=condition=Ready pod/kuard --timeout=50s";
    socket.run(wait, "pod/kuard condition met").await;
    socket
        .run("kubectl get pods", "kuard   1/1     Running")
        .await;
    socket
        .run("kubectl describe pod kuard", "Successfully assigned")
        .await;
    socket
        .run("kubectl logs kuard", "Serving on HTTP on :8080")
        .await;
    let healthy = "kubectl exec kuard -- wget -qO- localhost:8080/healthy";
    socket.run(healthy, "ok").await;
    let from = socket.screen.len();
    socket.keys("kubectl exec -it kuard -- ash\r").await;
    socket.shows(from, "/ $ ").await;
    socket
        .run("echo in-$((1+1)) $(hostname)", "in-2 kuard")
        .await;
    socket.run("exit", "").await;
    socket.keys("kubectl port-forward kuard 8080:8080\r").await;
    socket
        .until(|frame| matches!(frame, ServerFrame::Preview { preview, open: true } if preview.port == 8080))
        .await;
    let from = socket.screen.len();
    socket.keys("\u{3}").await;
    socket.shows(from, "^C").await;

    // The same pod, seen by the administrator, and by the sockets for other programs.
    let seen = real.kubectl(&["get", "pods", "-n", &page.namespace, "-o", "name"]);
    assert_eq!(seen.stdout, "pod/kuard\n", "{}", seen.stderr);
    let rest = "exec?stdout=true&stderr=true&command=hostname";
    let mut exec = site.pod(&page, "kuard", rest, V4).await;
    exec.end().await;
    assert_eq!(exec.text(1), "kuard\n");
    let mut forward = site.pod(&page, "kuard", "portforward?ports=8080", V4).await;
    forward.send(0, b"GET /healthy HTTP/1.0\r\n\r\n").await;
    forward.hears(0, "200 OK").await;
    let mut attach = site
        .pod(&page, "kuard", "attach?stdout=true&stderr=true", V4)
        .await;
    let log = site.pod_path(&page, "kuard", "log");
    let asked = site.get(&log, &[("cookie", &page.cookie)]).await;
    assert!(
        asked.body.contains("Serving on HTTP on :8080"),
        "{}",
        asked.body
    );
    let mut ask = site
        .pod(
            &page,
            "kuard",
            "exec?stdout=true&command=wget&command=-qO-&command=localhost:8080/ready",
            V4,
        )
        .await;
    ask.end().await;
    while !(attach.text(1) + &attach.text(2)).contains("/ready") {
        assert!(attach.read().await, "{:?}", attach.got);
    }
    // Other people's things are out of reach, in words.
    let no = "pods is forbidden: User \"learner\" cannot list resource \"pods\"";
    socket.run("kubectl get pods -n kube-system", no).await;

    // A second learner has another namespace; both are removed when the server stops.
    let (other, _socket) = at_the_prompt(&site).await;
    assert_ne!(other.namespace, page.namespace);
    assert_eq!(real.namespaces().lines().count(), 2);
    site.stop();
    real.gone(&page.namespace);
    real.gone(&other.namespace);
    assert_eq!(real.namespaces(), "");
}

#[tokio::test]
async fn what_a_killed_server_left_is_removed_at_the_next_start() {
    let real = Real::start();
    let foreign = real.kubectl(&["create", "namespace", "not-ours"]);
    assert!(foreign.status.success(), "{}", foreign.stderr);
    let site = real.site("127.0.0.1:0");
    let (page, mut socket) = at_the_prompt(&site).await;
    let run = "kubectl run left --image=nginx";
    socket.run(run, "pod/left created").await;
    let address = site.host.clone();
    site.kill();
    assert_eq!(real.namespaces(), format!("namespace/{}\n", page.namespace));

    let site = real.site(&address);
    real.gone(&page.namespace);
    assert_eq!(real.namespaces(), "");
    let foreign = real.kubectl(&["get", "namespace", "not-ours", "-o", "name"]);
    assert_eq!(foreign.stdout, "namespace/not-ours\n", "{}", foreign.stderr);
    // The browser that was open gets a new place.
    let again = site.open(Some(&page.cookie)).await;
    assert_ne!(again.namespace, page.namespace);
    site.stop();
}

#[tokio::test]
async fn a_cluster_goes_away_and_comes_back() {
    let mut real = Real::start();
    let site = real.site("127.0.0.1:0");
    let (page, mut socket) = at_the_prompt(&site).await;
    socket.run("kubectl get pods", "No resources found").await;
    socket.ticked("look").await;
    let run = "kubectl run early --image=nginx";
    socket.run(run, "pod/early created").await;
    let wait = "kubectl wait --for=condition=Ready pod/early --timeout=50s";
    socket.run(wait, "pod/early condition met").await;
    socket.run("echo kept > note", "").await;
    let rest = "exec?stdin=true&stdout=true&command=cat";
    let mut exec = site.pod(&page, "early", rest, V4).await;
    exec.send(0, b"there\n").await;
    exec.hears(1, "there\n").await;

    real.end();
    let said = socket
        .until(|frame| state(frame, SessionState::Unreachable))
        .await;
    assert!(
        matches!(&said, ServerFrame::Session { message: Some(text), .. } if text.contains("does not answer")),
        "{said:?}"
    );
    // Open streams end; the terminal works; what needs the cluster says so; a page that is loaded now is told as well.
    exec.end().await;
    socket.run("cat note", "kept").await;
    socket.run("kubectl get pods", "was refused").await;
    let headers = [
        ("origin", site.origin.as_str()),
        ("cookie", page.cookie.as_str()),
        ("sec-websocket-protocol", V4),
    ];
    let path = site.pod_path(&page, "early", rest);
    let answer = site.upgrade(&path, &headers).await.err();
    assert_eq!(answer.map(|status| status.as_u16()), Some(502));
    let mut late = site.connect(&page).await;
    late.until(|frame| {
        matches!(
            frame,
            ServerFrame::Welcome {
                state: SessionState::Unreachable,
                ..
            }
        )
    })
    .await;

    real.begin();
    let said = socket
        .until(|frame| state(frame, SessionState::Ready))
        .await;
    // This cluster keeps nothing over a restart: the namespace is made anew, and that is said.
    assert!(
        matches!(&said, ServerFrame::Session { message: Some(text), .. } if text.contains("answers again") && text.contains("lost")),
        "{said:?}"
    );
    late.until(|frame| state(frame, SessionState::Ready)).await;
    assert_eq!(real.namespaces(), format!("namespace/{}\n", page.namespace));
    // The same shell, the same files, and the lesson goes on ticking.
    socket.run("cat note", "kept").await;
    socket.run("kubectl get pods", "No resources found").await;
    let run = "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue";
    socket.run(run, "pod/kuard created").await;
    let wait = "kubectl wait --for=condition=Ready pod/kuard --timeout=50s";
    socket.run(wait, "pod/kuard condition met").await;
    socket.ticked("run").await;
    let mut exec = site.pod(&page, "kuard", rest, V4).await;
    exec.send(0, b"again\n").await;
    exec.hears(1, "again\n").await;
    site.stop();
    real.gone(&page.namespace);
}

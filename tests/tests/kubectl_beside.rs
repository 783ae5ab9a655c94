//! Our own kubectl beside the real one, each on a cluster of its own: the same command lines, the same words, the same objects.

use std::path::{Path, PathBuf};

use tests::{Cluster, Said, kubectls, podschool};

/// The version of kubectl whose words are compared; of others some words differ.
const VERSION: &str = "1.33";

/// A cluster, and the kubectl that works on it.
struct Desk {
    cluster: Cluster,
    /// Our own; else the real one.
    is_own: bool,
    real: PathBuf,
}

impl Desk {
    fn start(is_own: bool, real: &Path) -> Desk {
        Desk {
            cluster: Cluster::start(&[]),
            is_own,
            real: real.to_path_buf(),
        }
    }

    fn say(&self, args: &[&str], input: &str) -> Said {
        if self.is_own {
            let args = [&["kubectl"], args].concat();
            self.cluster.kubectl(&podschool(), &args, input)
        } else {
            self.cluster.kubectl(&self.real, args, input)
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.cluster.folder().join(name), text).expect("a file of the test");
    }

    /// What the real kubectl sees here.
    fn see(&self, args: &[&str]) -> String {
        self.cluster.ok(&self.real, args)
    }
}

/// Plays on both and compares what `play` answers, line by line.
fn alike(play: fn(&Desk) -> Vec<String>) {
    let Some((_, real)) = kubectls().into_iter().find(|(v, _)| v == VERSION) else {
        println!("skipped: there is no kubectl {VERSION} beside the one on PATH");
        return;
    };
    let (own, real) = std::thread::scope(|scope| {
        let start = |is_own| {
            let real = &real;
            scope.spawn(move || play(&Desk::start(is_own, real)))
        };
        let (own, real) = (start(true), start(false));
        (
            own.join().expect("ours"),
            real.join().expect("the real one"),
        )
    });
    assert_eq!(own, real, "ours, and the real one's");
    assert!(!own.is_empty());
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n---\n")
}

#[test]
fn what_comes_before_a_bad_document_is_made() {
    alike(|desk| {
        let unknown = "apiVersion: v1\nkind: Pood\nmetadata: {name: x}\n---\n";
        let refused = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Upper}\n---\n";
        let unread = "a: b: c\n---\n";
        let kindless = "metadata: {name: x}\n---\n";
        let wrong_name = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 7}\n---\n";
        let [a, b, c, d] = ["a", "b", "c", "d"].map(config_map);
        for (name, text) in [
            ("unknown.yaml", [&a, unknown, &b].concat()),
            ("refused.yaml", [&a, refused, &b].concat()),
            ("unread.yaml", [&a, unread, &b].concat()),
            ("kindless.yaml", [&a, kindless, &b].concat()),
            ("name.yaml", [&a, wrong_name, &b].concat()),
            ("all.yaml", [&a, unknown, refused, &b, unread, &c].concat()),
            ("other.yaml", d),
        ] {
            desk.write(name, &text);
        }
        let mut told = Vec::new();
        for verb in ["create", "apply", "replace"] {
            for files in [
                &["unknown.yaml"][..],
                &["refused.yaml"],
                &["unread.yaml"],
                &["kindless.yaml"],
                &["name.yaml"],
                &["all.yaml", "other.yaml"],
                &["other.yaml", "missing.yaml"],
            ] {
                let mut args = vec![verb];
                files.iter().for_each(|file| args.extend(["-f", file]));
                let said = desk.say(&args, "");
                told.push(format!("{args:?}: {}", said.status));
                told.extend([said.stdout, said.stderr]);
                told.push(desk.see(&["get", "configmaps", "-o", "name"]));
                if verb != "replace" {
                    desk.see(&[
                        "delete",
                        "configmap",
                        "a",
                        "b",
                        "c",
                        "d",
                        "--ignore-not-found",
                    ]);
                }
            }
            // What is replaced has to be there.
            for name in ["a", "b", "d"].iter().filter(|_| verb == "apply") {
                desk.see(&["create", "configmap", name]);
            }
        }
        told
    });
}

/// A pod with all that a copy may lose.
const WEB: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations: {note: kept}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - {name: first, image: busybox, command: ["true"]}
  containers:
  - name: main
    image: busybox
    command: [sh, -c, "sleep 3600"]
    args: [none]
    readinessProbe: {exec: {command: ["true"]}}
    livenessProbe: {exec: {command: ["true"]}}
    startupProbe: {exec: {command: ["true"]}}
  - {name: beside, image: busybox, command: [sleep, "7200"]}
"#;

/// What a copy was made of.
const MADE_OF: &str = "jsonpath={.metadata.labels} {.metadata.annotations} {.spec.shareProcessNamespace} {.spec.initContainers[*].name}\
    {range .spec.containers[*]}\n{.name} {.image} {.command} {.args} {.stdin} {.tty} {.env} {.securityContext} {.readinessProbe} \
    {.livenessProbe} {.startupProbe}{end}";

#[test]
fn a_copy_of_a_pod_is_debugged() {
    alike(|desk| {
        desk.write("web.yaml", WEB);
        desk.see(&["apply", "-f", "web.yaml"]);
        desk.cluster.ready(&desk.real, "web");
        let mut told = Vec::new();
        let mut debug = |copy: &str, flags: &str| {
            let to = format!("--copy-to={copy}");
            let mut args = vec!["debug", "web", "--profile=general", &to];
            args.extend(flags.split(' '));
            let said = desk.say(&args, "");
            told.push(format!("{args:?}: {}", said.status));
            told.extend([said.stdout, said.stderr]);
            if said.status.success() {
                told.push(desk.see(&["get", "pod", copy, "-o", MADE_OF]));
            }
        };
        debug("shell", "--image=busybox -c shell -- sleep 100");
        debug(
            "arguments",
            "--image=busybox -c shell --arguments-only --env=A=b -- sleep 100",
        );
        debug("images", "-q --set-image=main=busybox:1.36,beside=alpine");
        debug("images", "-q --set-image=*=busybox:1.36");
        debug(
            "all",
            "-q --set-image=*=alpine --keep-labels --keep-annotations --keep-init-containers=false",
        );
        debug(
            "probes",
            "-q --set-image=main=alpine --keep-liveness --keep-readiness --keep-startup",
        );
        debug(
            "other",
            "-c main --share-processes=false --same-node -- sleep 7",
        );
        debug("none", "-q");
        debug("none", "-q -- sleep 7");
        debug("none", "-c nobody -- sleep 7");
        debug("none", "--image=busybox --target=main");
        desk.cluster.ready(&desk.real, "shell");
        let seen = desk.see(&["exec", "shell", "-c", "shell", "--", "ps", "-o", "args"]);
        assert!(seen.contains("sleep 7200"), "it sees the others: {seen}");
        let heir = "debug web --copy-to=heir --replace --profile=general --image=busybox -c shell -i -- head -n 1";
        let heir: Vec<&str> = heir.split(' ').collect();
        let said = desk.say(&heir, "done\n");
        assert!(
            said.stdout.ends_with("done\n"),
            "{}{}",
            said.stdout,
            said.stderr
        );
        desk.see(&["wait", "--for=delete", "pod/web", "--timeout=50s"]);
        told
    });
}

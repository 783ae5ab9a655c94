//! Tests across rooms: the harness. It starts the binary that the same build made, and finds the real kubectl.
//! The tests themselves stand in `tests/tests/`; the browser's in `tests/browser/`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The `podschool` that lies beside this test's own executable.
pub fn podschool() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows its executable");
    let debug = exe
        .ancestors()
        .find(|p| p.file_name().is_some_and(|n| n == "deps"))
        .and_then(Path::parent);
    let found = debug
        .expect("tests lie in target/<profile>/deps")
        .join("podschool");
    assert!(
        found.is_file(),
        "{} is missing: cargo build --bin podschool makes it",
        found.display()
    );
    found
}

/// A running `podschool`, ended with this value.
pub struct Podschool {
    child: Child,
    /// the line that said where it serves
    pub ready: String,
}

impl Podschool {
    /// Starts `podschool ARGS…` and waits for the line on standard output that contains `until`.
    pub fn start(args: &[&str], until: &str) -> Self {
        let mut child = Command::new(podschool())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("podschool starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|l| l.contains(until));
        let Some(ready) = ready else {
            let status = child.wait();
            panic!("podschool {args:?} ended before it was ready: {status:?}")
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, ready }
    }
}

impl Drop for Podschool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `podschool cluster` with its kubeconfig in a folder of its own.
pub struct Cluster {
    _server: Podschool,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts one with further arguments.
    pub fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("kubeconfig");
        let config = config.to_str().expect("a path in UTF-8");
        let all = [&["cluster", "--kubeconfig-out", config], args].concat();
        Self {
            _server: Podschool::start(&all, "ready"),
            folder,
        }
    }

    /// Path of the kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command that speaks to this cluster: `program ARGS…` in the test's folder.
    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path());
        command
    }

    /// Runs `kubectl ARGS…` with `input` on standard input, to its end.
    pub fn kubectl(&self, kubectl: &Path, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command(kubectl, args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        // a program that does not read its input has closed it: that is no fault
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("kubectl ends")
    }

    /// Standard output of a kubectl that must succeed.
    pub fn ok(&self, kubectl: &Path, args: &[&str]) -> String {
        let out = self.kubectl(kubectl, args, "");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(
            out.status.success(),
            "kubectl {args:?}: {}\n{text}{}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        );
        text
    }
}

/// The real kubectls beside the one on PATH, newest first, by version (`1.33`); says so where there is none.
pub fn kubectls() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for dir in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        let Ok(real) = std::fs::canonicalize(dir.join("kubectl")) else {
            continue;
        };
        let beside = real
            .parent()
            .map(std::fs::read_dir)
            .and_then(Result::ok)
            .into_iter()
            .flatten()
            .flatten();
        for entry in beside {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(version) = name.strip_prefix("kubectl.1.") {
                found.push((format!("1.{version}"), entry.path()));
            }
        }
        if found.is_empty() {
            found.push(("on PATH".to_owned(), real));
        }
        break;
    }
    found.sort();
    found.reverse();
    if found.is_empty() {
        println!("skipped: there is no kubectl on PATH");
    }
    found
}

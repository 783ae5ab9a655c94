//! Tests across rooms: the harness. It starts the binary that the same build made, and finds the real kubectl.
//! The tests themselves stand in `tests/tests/`; the browser's in `tests/browser/`.

pub mod page;
mod talk;
mod tunnel;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub use talk::Talk;
pub use tunnel::Tunnel;

/// Nothing takes this long, on the busiest computer, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

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
        let lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listens after the line that was waited for.
                let _ = tell.send(line);
            }
        });
        let mut started = Self {
            child,
            ready: String::new(),
        };
        while !started.ready.contains(until) {
            started.ready = told.recv_timeout(PATIENCE).unwrap_or_else(|error| {
                panic!("podschool {args:?} did not get ready: {error}");
            });
        }
        started
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("podschool still runs");
        self.child.wait().expect("podschool ends");
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.expect("kill runs").success());
        self.child.wait().expect("podschool ends")
    }
}

/// What a program said, and how it ended.
pub struct Said {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a program with `input` on standard input to its end.
pub fn run(mut command: Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let drain = |mut from: Box<dyn Read + Send>| {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut all = Vec::new();
            let read = from.read_to_end(&mut all);
            let _ = tell.send(read.map(|_| String::from_utf8_lossy(&all).into_owned()));
        });
        told
    };
    let stdout = drain(Box::new(child.stdout.take().expect("stdout is a pipe")));
    let stderr = drain(Box::new(child.stderr.take().expect("stderr is a pipe")));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.as_bytes().to_vec();
    std::thread::spawn(move || {
        // A program that does not read its input has closed it: that is no fault.
        let _ = stdin.write_all(&input);
    });
    let mut text = |told: mpsc::Receiver<std::io::Result<String>>| match told.recv_timeout(PATIENCE)
    {
        Ok(text) => text.expect("the program's output can be read"),
        Err(_) => {
            let _ = child.kill();
            panic!("{command:?} does not end");
        }
    };
    let (stdout, stderr) = (text(stdout), text(stderr));
    Said {
        status: child.wait().expect("the program ends"),
        stdout,
        stderr,
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
    pub fn kubectl(&self, kubectl: &Path, args: &[&str], input: &str) -> Said {
        run(self.command(kubectl, args), input)
    }

    /// Standard output of a kubectl that must succeed.
    pub fn ok(&self, kubectl: &Path, args: &[&str]) -> String {
        let said = self.kubectl(kubectl, args, "");
        assert!(
            said.status.success(),
            "{} {args:?}: {}\n{}{}",
            kubectl.display(),
            said.status,
            said.stdout,
            said.stderr
        );
        said.stdout
    }

    /// Runs kuard, and waits until it is ready.
    pub fn kuard(&self, kubectl: &Path) {
        assert_eq!(
            self.ok(kubectl, &["run", "kuard", KUARD]),
            "pod/kuard created\n"
        );
        self.ready(kubectl, "kuard");
    }

    /// Waits until a pod is ready.
    pub fn ready(&self, kubectl: &Path, pod: &str) {
        let pod = format!("pod/{pod}");
        self.ok(
            kubectl,
            &["wait", "--for=condition=Ready", &pod, "--timeout=50s"],
        );
    }
}

/// The flag of `kubectl run` for the course's own server.
pub const KUARD: &str = "--image=gcr.io/kuar-demo/kuard-amd64:blue";

/// Runs `play` with each real kubectl, side by side.
pub fn each(play: fn(&Path, &str)) {
    let all = kubectls();
    std::thread::scope(|scope| {
        for (version, path) in &all {
            scope.spawn(move || play(path, version));
        }
    });
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

/// The second number of a kubectl's version; one of which only the name is known counts as new.
pub fn minor(version: &str) -> u32 {
    version
        .strip_prefix("1.")
        .and_then(|minor| minor.parse().ok())
        .unwrap_or(u32::MAX)
}

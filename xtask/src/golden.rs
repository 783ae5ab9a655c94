//! The recordings of a real Kubernetes, replayed on `podschool cluster --facts`: each scenario on a cluster of its own,
//! side by side. What matches today is a floor in `tests/golden/floors.toml` that only ever rises.

use crate::run;
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

const FLOORS: &str = "tests/golden/floors.toml";
const SIDE_BY_SIDE: usize = 6;

/// Scenario name to (matched, of how many).
type Scores = BTreeMap<String, (u32, u32)>;

/// One replay on a cluster of its own.
enum Job {
    /// The HTTP requests.
    Api,
    /// A scenario with kubectl 1.33: what it prints, and what its watches see.
    Kubectl(String, PathBuf),
    /// A scenario with `podschool kubectl`: what it prints.
    Own(String, PathBuf),
}

impl Job {
    fn name(&self) -> String {
        match self {
            Job::Api => "api".to_owned(),
            Job::Kubectl(scenario, _) => scenario.clone(),
            Job::Own(scenario, _) => format!("own-{scenario}"),
        }
    }

    fn group(&self) -> &'static str {
        match self {
            Job::Api => "api",
            Job::Kubectl(..) => "kubectl",
            Job::Own(..) => "own",
        }
    }
}

/// A file that runs `podschool kubectl`, for a script that wants one program.
fn own_kubectl() -> Result<PathBuf, String> {
    use std::os::unix::fs::PermissionsExt;
    let folder = run::target_dir()?.join("golden");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let path = folder.join("podschool-kubectl");
    let podschool = run::podschool()?;
    let script = format!("#!/bin/sh\nexec '{}' kubectl \"$@\"\n", podschool.display());
    fs::write(&path, script)
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

/// Replays all recordings and compares with the floors. Where `PODSCHOOL_GOLDEN` is unset and nothing lies beside the
/// project, says so and passes.
pub fn run() -> Result<(), String> {
    let Some(dir) = recordings()? else {
        println!(
            "golden: skipped, no recordings at ../shared/golden (PODSCHOOL_GOLDEN names another place)"
        );
        return Ok(());
    };
    if run::output("python3", &["-c", "import yaml"]).is_none() {
        return Err("the recordings need python3 with PyYAML: install python3-yaml".to_owned());
    }
    let mut jobs = VecDeque::from([Job::Api]);
    let own = own_kubectl()?;
    let mine = scenarios(&dir.join("kubectl"))?;
    jobs.extend(mine.into_iter().map(|s| Job::Own(s, own.clone())));
    match kubectl_133() {
        Some(kubectl) => jobs.extend(
            scenarios(&dir.join("kubectl-1.33"))?
                .into_iter()
                .map(|s| Job::Kubectl(s, kubectl.clone())),
        ),
        None => println!(
            "golden: kubectl 1.33 is not beside the kubectl on PATH; its scenarios are skipped"
        ),
    }
    let scores = replay_all(&dir, jobs)?;
    let floors = read_floors()?;
    judge(&scores, &floors)
}

fn recordings() -> Result<Option<PathBuf>, String> {
    match std::env::var_os("PODSCHOOL_GOLDEN") {
        Some(named) => {
            let dir = PathBuf::from(named);
            if dir.join("replay.py").is_file() {
                Ok(Some(dir))
            } else {
                Err(format!(
                    "PODSCHOOL_GOLDEN: no replay.py in {}",
                    dir.display()
                ))
            }
        }
        None => {
            let dir = run::root().join("../shared/golden");
            Ok(dir.join("replay.py").is_file().then_some(dir))
        }
    }
}

/// The kubectl 1.33 that lies beside the file that `kubectl` on PATH links to.
pub fn kubectl_133() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|d| d.join("kubectl"))
        .filter_map(|k| fs::canonicalize(k).ok())
        .map(|k| k.with_file_name("kubectl.1.33"))
        .find(|k| k.is_file())
}

/// The scenarios in a folder of recordings, the largest first.
fn scenarios(dir: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(dir).map_err(|e| e.to_string())?;
    let mut sized: Vec<(u64, String)> = entries
        .flatten()
        .filter_map(|e| {
            Some((
                e.metadata().ok()?.len(),
                e.file_name().to_str()?.strip_suffix(".json")?.to_owned(),
            ))
        })
        .collect();
    sized.sort_by(|a, b| b.cmp(a));
    Ok(sized.into_iter().map(|(_, name)| name).collect())
}

fn replay_all(dir: &Path, jobs: VecDeque<Job>) -> Result<Scores, String> {
    let jobs = Mutex::new(jobs);
    let scores = Mutex::new(Scores::new());
    let errors = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().ok().and_then(|mut q| q.pop_front());
                    let Some(job) = job else { return };
                    match replay(dir, &job) {
                        Ok(found) => scores
                            .lock()
                            .into_iter()
                            .for_each(|mut s| s.extend(found.clone())),
                        Err(why) => errors
                            .lock()
                            .into_iter()
                            .for_each(|mut e| e.push(format!("{}: {why}", job.name()))),
                    }
                }
            });
        }
    });
    let errors = errors.into_inner().map_err(|e| e.to_string())?;
    if errors.is_empty() {
        scores.into_inner().map_err(|e| e.to_string())
    } else {
        Err(errors.join("\n"))
    }
}

fn replay(dir: &Path, job: &Job) -> Result<Scores, String> {
    let name = job.name();
    let cluster = Cluster::start(dir, &name)?;
    let script = dir.join("replay.py");
    let mut line = Command::new("python3");
    line.arg(&script);
    let (what, scenario, kubectl, recorded) = match job {
        Job::Api => ("api", None, None, "api"),
        Job::Kubectl(scenario, kubectl) => ("both", Some(scenario), Some(kubectl), "kubectl-1.33"),
        Job::Own(scenario, kubectl) => ("kubectl", Some(scenario), Some(kubectl), "kubectl"),
    };
    line.arg(what).arg("--dir").arg(dir.join(recorded));
    if let (Some(scenario), Some(kubectl)) = (scenario, kubectl) {
        line.args(["--only", scenario, "--kubectl"]).arg(kubectl);
    }
    line.arg("-v")
        .arg("--kubeconfig")
        .arg(&cluster.kubeconfig)
        .stdin(Stdio::null());
    let out = line
        .output()
        .map_err(|e| format!("cannot run replay.py: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    fs::write(
        cluster.folder.join(format!("{name}.txt")),
        format!("{text}{}", String::from_utf8_lossy(&out.stderr)),
    )
    .map_err(|e| e.to_string())?;
    let scores: Scores = text.lines().filter_map(|l| score(l, job.group())).collect();
    if scores.is_empty() {
        Err(format!(
            "replay.py counted nothing:\n{text}{}",
            String::from_utf8_lossy(&out.stderr)
        ))
    } else {
        Ok(scores)
    }
}

/// A line like `  volumes: 98/120` of replay.py.
fn score(line: &str, group: &str) -> Option<(String, (u32, u32))> {
    let (name, counts) = line.strip_prefix("  ")?.split_once(": ")?;
    let (hit, of) = counts.split_once('/')?;
    Some((
        format!("{group}/{name}"),
        (hit.parse().ok()?, of.parse().ok()?),
    ))
}

fn read_floors() -> Result<BTreeMap<String, u32>, String> {
    let text =
        fs::read_to_string(run::root().join(FLOORS)).map_err(|e| format!("{FLOORS}: {e}"))?;
    toml::from_str(&text).map_err(|e| format!("{FLOORS}: {e}"))
}

fn judge(scores: &Scores, floors: &BTreeMap<String, u32>) -> Result<(), String> {
    let mut below = Vec::new();
    for (name, (hit, of)) in scores {
        let floor = floors.get(name).copied().unwrap_or(0);
        println!("golden: {name:<28} {hit:>4} of {of:<4} floor {floor}");
        if *hit < floor {
            below.push(format!("{name}: {hit} of {of}, the floor is {floor}"));
        }
    }
    let hit: u32 = scores.values().map(|s| s.0).sum();
    let of: u32 = scores.values().map(|s| s.1).sum();
    println!("golden: matched {hit} of {of}; what differs lies in target/golden/");
    if below.is_empty() {
        Ok(())
    } else {
        Err(below.join("\n"))
    }
}

/// A `podschool cluster` that ends with this value.
struct Cluster {
    child: std::process::Child,
    kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Cluster {
    fn start(dir: &Path, name: &str) -> Result<Self, String> {
        let folder = run::target_dir()?.join("golden");
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let kubeconfig = folder.join(format!("{name}.kubeconfig"));
        let mut child = Command::new(run::podschool()?)
            .arg("cluster")
            .arg("--facts")
            .arg(dir.join("facts.yaml"))
            .arg("--kubeconfig-out")
            .arg(&kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start podschool cluster: {e}"))?;
        wait_ready(&mut child)?;
        Ok(Self {
            child,
            kubeconfig,
            folder,
        })
    }
}

fn wait_ready(child: &mut std::process::Child) -> Result<(), String> {
    use std::io::{BufRead, BufReader};
    let stdout = child
        .stdout
        .take()
        .ok_or("podschool cluster has no standard output")?;
    for line in BufReader::new(stdout).lines() {
        if line.map_err(|e| e.to_string())?.contains("ready") {
            return Ok(());
        }
    }
    Err("podschool cluster ended before it was ready".to_owned())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! `git-sync --repo=URL --root=DIR [--link=NAME] [--period=10s]`: keeps DIR/NAME as the repository is. One
//! repository exists in this world, a web page to which somebody commits at each period.

use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::Duration;

/// The repository that answers.
const REPOSITORY: &str = "https://git.example/site.git";

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let flag = |name: &str| {
        let long = format!("--{name}=");
        args.iter()
            .find_map(|a| a.strip_prefix(&long).map(str::to_owned))
    };
    let (Some(repo), Some(root)) = (flag("repo"), flag("root")) else {
        sys.eprint("ERROR: --repo and --root must be specified\n")
            .await;
        return 1;
    };
    let link = flag("link").unwrap_or_else(|| {
        let last = repo.rsplit('/').next().unwrap_or("repo");
        last.trim_end_matches(".git").to_owned()
    });
    let period = flag("period")
        .and_then(|p| p.trim_end_matches('s').parse().ok())
        .unwrap_or(10);
    if repo != REPOSITORY {
        sys.eprint(format!(
            "fatal: unable to access '{repo}/': Could not resolve host\n"
        ))
        .await;
        return 1;
    }
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let directory = format!("{root}/{link}");
    for commit in 1.. {
        let page = format!(
            "<!doctype html>\n<title>Our site</title>\n<h1>Commit {commit}</h1>\n<p>Brought here by git-sync.</p>\n"
        );
        if sys.stat(&directory).is_err() && sys.mkdir(&directory, 0o755).is_err() {
            sys.eprint(format!("ERROR: can't make {directory}\n")).await;
            return 1;
        }
        let file = format!("{directory}/index.html");
        if sys.write_file(&file, page.as_bytes()).await.is_err() {
            sys.eprint(format!("ERROR: can't write {file}\n")).await;
            return 1;
        }
        sys.eprint(format!("INFO: updated successfully: commit {commit}\n"))
            .await;
        if sys.sleep(Duration::from_secs(period)).await.is_err() {
            return 0;
        }
    }
    0
}

//! Room `kubectl`: our own kubectl, a client of any Kubernetes API (kubernetes.io/docs/reference/kubectl).
//!
//! It sees its computer through [`Computer`] and its cluster through [`Clients`]; it knows nothing of the simulation.
//! One verb is one file under `verbs/`: complete, validate, run.

mod clients;
mod completion;
mod computer;
mod describe;
mod discovery;
mod failure;
mod flags;
mod help;
mod kubeconfig;
mod manifest;
mod patch;
mod printing;
mod run;
mod selection;
mod streams;
mod tabwriter;
mod verb;
mod verbs;

use std::sync::Arc;

pub use clients::{Clients, DiscoveryCache, Target};
pub use completion::Candidate;
pub use computer::{Computer, Duplex, FileInfo, Listener, Stdio};
pub use discovery::{Discovery, Kind};

/// Runs one kubectl command line. `args` does not hold the program's name. Answers with the exit code.
/// `__complete WORD…` is what shells ask on Tab: a candidate a line (`word<TAB>about`), then `:` and what to do with them.
/// Dropping the future ends the command and closes what it opened.
pub async fn run(args: Vec<String>, computer: Arc<dyn Computer>, clients: Arc<dyn Clients>) -> i32 {
    match args.first().map(String::as_str) {
        Some("__complete" | "__completeNoDesc") => {
            completion::answer(args, computer, clients).await
        }
        _ => verb::run(args, computer, clients).await,
    }
}

/// Completes the last of `words` (the words after `kubectl`, the last one perhaps empty). Sorted, without duplicates.
pub async fn complete(
    words: Vec<String>,
    computer: Arc<dyn Computer>,
    clients: Arc<dyn Clients>,
) -> Vec<Candidate> {
    completion::complete(words, computer, clients).await
}

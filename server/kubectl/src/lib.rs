//! Room `kubectl`: our own kubectl, a client of any Kubernetes API (kubernetes.io/docs/reference/kubectl).
//!
//! It sees its computer through [`Computer`] and its cluster through [`Clients`]; it knows nothing of the simulation.
//! One verb is one file under `verbs/`: complete, validate, run.

mod clients;
mod computer;
mod discovery;

use std::sync::Arc;

pub use clients::{Clients, DiscoveryCache, Target};
pub use computer::{Computer, Duplex, FileInfo, Listener, Stdio};
pub use discovery::Discovery;

/// Runs one kubectl command line. `args` does not hold the program's name. Answers with the exit code.
/// Dropping the future ends the command and closes what it opened.
pub async fn run(args: Vec<String>, computer: Arc<dyn Computer>, clients: Arc<dyn Clients>) -> i32 {
    let _ = (args, computer, clients);
    todo!()
}

/// One completion of the word under the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word to put in place.
    pub word: String,
    /// A short description, or empty.
    pub about: String,
    /// Whether a space follows (not after `--image=`).
    pub space: bool,
}

/// Completes the last of `words` (the words after `kubectl`, the last one perhaps empty). Sorted, without duplicates.
pub async fn complete(
    words: Vec<String>,
    computer: Arc<dyn Computer>,
    clients: Arc<dyn Clients>,
) -> Vec<Candidate> {
    let _ = (words, computer, clients);
    todo!()
}

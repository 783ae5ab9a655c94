//! Completion for Tab.

use std::sync::Arc;

use crate::clients::Clients;
use crate::computer::Computer;

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

pub(crate) async fn complete(
    _words: Vec<String>,
    _computer: Arc<dyn Computer>,
    _clients: Arc<dyn Clients>,
) -> Vec<Candidate> {
    Vec::new()
}

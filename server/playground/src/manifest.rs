//! What the editor knows of manifests, from the API server's own table, decoding and validation: what is wrong with one, before it is
//! handed in; what may stand where the cursor is; what a field means.
//!
//! What depends on a cluster (names that are taken, quotas, admission) is not asked; names that are there stand in [`names`].

mod check;
mod complete;
mod cursor;
mod explain;
pub mod names;
mod place;

pub use check::check;
pub use complete::complete;
pub use explain::explain;

/// Number of lines before each document, and the document.
fn documents(text: &str) -> Vec<(u32, String)> {
    let mut all = vec![(0, String::new())];
    for (number, line) in text.lines().enumerate() {
        if line == "---" || line.starts_with("--- ") {
            all.push((number as u32 + 1, String::new()));
        } else if let Some((_, document)) = all.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    all
}

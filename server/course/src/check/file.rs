//! `file:` a file of the workstation, by its text or as YAML.

use super::{Verdict, partial};
use crate::format::FileFile;
use crate::history::Seen;
use crate::sentence::Sentence;
use serde_json::Value;

/// Holds when the file is there and holds what is asked.
pub fn evaluate(want: &FileFile, seen: &Seen) -> Verdict {
    let sentence = |id: &str| Sentence::new(id).with("path", &want.path);
    let Some(text) = seen.files.get(&want.path) else {
        return Err(sentence("no-file"));
    };
    if text.trim().is_empty() {
        return Err(sentence("file-empty"));
    }
    if let Some(part) = want.contains.as_deref().filter(|p| !text.contains(*p)) {
        return Err(sentence("file-lacks").with("want", part));
    }
    if let Some(matches) = &want.matches {
        let object: Value = serde_saphyr::from_str(text).map_err(|e| {
            sentence("file-yaml").with("error", e.to_string().lines().next().unwrap_or_default())
        })?;
        partial::matches(matches, &object).map_err(|d| d.sentence(&want.path))?;
    }
    Ok(Sentence::new("is-so").with("object", &want.path))
}

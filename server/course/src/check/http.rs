//! `http:` what a pod's port answers, asked through a port-forward by whoever drives the grader.

use super::Verdict;
use crate::format::HttpFile;
use crate::history::Seen;
use crate::sentence::Sentence;

/// Holds when the port answered as asked.
pub fn evaluate(want: &HttpFile, seen: &Seen) -> Verdict {
    let pod = format!("pod/{}", want.pod);
    let key = (want.pod.clone(), want.port, want.path.clone());
    let Some((status, body)) = seen.http.get(&key) else {
        return Err(Sentence::new("http-none")
            .with("pod", pod)
            .with("port", want.port.to_string()));
    };
    let sentence = |id: &str| Sentence::new(id).with("pod", &pod).with("path", &want.path);
    if let Some(expect) = want.status.filter(|s| s != status) {
        return Err(sentence("http-status")
            .with("got", status.to_string())
            .with("want", expect.to_string()));
    }
    if let Some(part) = want.contains.as_deref().filter(|p| !body.contains(*p)) {
        return Err(sentence("http-body").with("want", part));
    }
    Ok(Sentence::new("is-so").with("object", format!("{pod}:{}{}", want.port, want.path)))
}

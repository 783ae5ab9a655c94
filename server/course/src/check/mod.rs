//! Checks: each is a pure function of what has been seen, and gives either what made it hold or why it does not.

mod answer;
mod asked;
mod file;
mod http;
mod partial;
mod resource;

use crate::cel;
use crate::format::{CheckFile, EventFile, NeverFile};
use crate::history::Seen;
use crate::sentence::Sentence;

pub use answer::right_answer;
pub(crate) use answer::{known, same};

/// What made a check hold, or why it does not.
pub type Verdict = Result<Sentence, Sentence>;

/// Evaluates one check.
pub fn evaluate(check: &CheckFile, seen: &Seen) -> Verdict {
    if let Some(target) = &check.resource {
        return resource::evaluate(target, check.matches.as_ref(), check.absent, seen);
    }
    if let Some(expression) = &check.cel {
        return truth(expression, seen);
    }
    if let Some(event) = &check.event {
        return happened(event, seen);
    }
    if let Some(target) = &check.deleted {
        return deleted(target, seen);
    }
    if let Some(never) = &check.never {
        return never_so(never, seen);
    }
    if let Some(ran) = &check.ran {
        return asked::evaluate(ran, seen);
    }
    if let Some(http) = &check.http {
        return http::evaluate(http, seen);
    }
    if let Some(file) = &check.file {
        return file::evaluate(file, seen);
    }
    if let Some(question) = &check.answer {
        return answer::answer(question, seen);
    }
    check.choice.as_ref().map_or_else(
        || Err(Sentence::new("no-answer")),
        |c| answer::choice(c, seen),
    )
}

/// `kind/name` in its two parts; the kind in lower case, singular.
pub fn target(text: &str) -> (String, Option<String>) {
    let (kind, name) = text
        .split_once('/')
        .map_or((text, None), |(k, n)| (k, Some(n.to_owned())));
    (kind.to_ascii_lowercase(), name)
}

fn truth(expression: &str, seen: &Seen) -> Verdict {
    match cel::evaluate(expression, seen) {
        Ok(::cel::Value::Bool(true)) => Ok(Sentence::new("was-true")),
        Ok(_) => Err(Sentence::new("cel-false").with("expression", expression)),
        Err(error) => Err(Sentence::new("cel-error")
            .with("expression", expression)
            .with("error", error)),
    }
}

/// How often an event was recorded; an event that is told again is counted in its `count`, or in its series.
fn event_times(event: &EventFile, seen: &Seen) -> i64 {
    let on = event.on.as_deref().map(target);
    let fits = |e: &&serde_json::Value| {
        let involved = &e["involvedObject"];
        e["reason"] == event.reason.as_str()
            && on.as_ref().is_none_or(|(kind, name)| {
                involved["kind"]
                    .as_str()
                    .is_some_and(|k| k.eq_ignore_ascii_case(kind))
                    && name.as_deref().is_none_or(|n| involved["name"] == n)
            })
    };
    let times = |e: &serde_json::Value| {
        let series = e["series"]["count"].as_i64();
        series.or(e["count"].as_i64()).unwrap_or(1).max(1)
    };
    seen.of("event").filter(fits).map(times).sum()
}

fn happened(event: &EventFile, seen: &Seen) -> Verdict {
    let on = event.on.clone().unwrap_or_default();
    let (got, want) = (event_times(event, seen), event.times.unwrap_or(1));
    let sentence = |id: &str| {
        Sentence::new(id)
            .with("reason", &event.reason)
            .with("on", on.clone())
    };
    match got {
        _ if got >= want => Ok(sentence("was-event")),
        0 => Err(sentence("no-event")),
        _ => Err(sentence("few-events")
            .with("got", got.to_string())
            .with("want", want.to_string())),
    }
}

fn deleted(text: &str, seen: &Seen) -> Verdict {
    let (kind, name) = target(text);
    let name = name.unwrap_or_default();
    let sentence = |id: &str| Sentence::new(id).with("kind", &kind).with("name", &name);
    if seen.deleted(&kind, &name) {
        Ok(sentence("is-deleted"))
    } else if seen.ever(&kind, &name) {
        Err(sentence("not-deleted"))
    } else {
        Err(sentence("never-existed"))
    }
}

fn never_so(never: &NeverFile, seen: &Seen) -> Verdict {
    match never {
        NeverFile::Deleted(text) => {
            let (kind, name) = target(text);
            let name = name.unwrap_or_default();
            if seen.deleted(&kind, &name) {
                Err(Sentence::new("was-deleted")
                    .with("kind", &kind)
                    .with("name", name))
            } else if seen.gap(&kind) {
                Err(Sentence::new("gap"))
            } else {
                Ok(Sentence::new("was-true"))
            }
        }
        NeverFile::Event(event) if event_times(event, seen) > 0 => {
            Err(Sentence::new("had-event").with("reason", &event.reason))
        }
        NeverFile::Event(_) if seen.gap("event") => Err(Sentence::new("gap")),
        NeverFile::Event(_) => Ok(Sentence::new("was-true")),
    }
}

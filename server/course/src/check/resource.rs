//! `resource:` an object is there and holds a partial object, or is absent.

use super::{Verdict, partial, target};
use crate::history::{Asked, Seen, name};
use crate::sentence::Sentence;
use serde_json::Value;

/// `kind/name` for one object, `kind` for any of its kind: the reason is that of the object that comes nearest.
pub fn evaluate(text: &str, want: Option<&Value>, absent: bool, seen: &Seen) -> Verdict {
    let (kind, named) = target(text);
    match named {
        Some(n) if absent => match seen.get(&kind, &n) {
            Some(_) => Err(Sentence::new("still-there")
                .with("kind", &kind)
                .with("name", n)),
            None => Ok(Sentence::new("is-deleted")
                .with("kind", &kind)
                .with("name", n)),
        },
        Some(n) => match seen.get(&kind, &n) {
            Some(object) => holds(text, want, object),
            None => Err(missing(&kind, &n, seen)),
        },
        None => any(text, &kind, want, seen),
    }
}

fn any(text: &str, kind: &str, want: Option<&Value>, seen: &Seen) -> Verdict {
    let far = |object: &&Value| want.map_or(0, |w| partial::agreement(w, object));
    // Of equals the first.
    let nearest = seen.of(kind).min_by_key(|o| std::cmp::Reverse(far(o)));
    let Some(object) = nearest else {
        return Err(Sentence::new("no-object-any").with("kind", kind));
    };
    match holds(&format!("{text}/{}", name(object)), want, object) {
        // None is like it: what another one holds would only confuse.
        Err(why) if far(&object) == 0 => Err(Sentence {
            id: "no-object-like".to_owned(),
            ..why
        }
        .with("kind", kind)),
        verdict => verdict,
    }
}

fn holds(text: &str, want: Option<&Value>, object: &Value) -> Verdict {
    match want.map_or(Ok(()), |w| partial::matches(w, object)) {
        Ok(()) => Ok(Sentence::new("is-so").with("object", text)),
        Err(difference) => Err(because(difference.sentence(text), object)),
    }
}

/// A pod whose status is not yet as wished often says itself what it waits for.
fn because(why: Sentence, object: &Value) -> Sentence {
    let of_status = why
        .args
        .get("path")
        .is_some_and(|p| p.starts_with("status."));
    match waits_for(object).filter(|_| of_status && why.id == "field-differs") {
        Some((what, reason)) => Sentence {
            id: "field-differs-waiting".to_owned(),
            ..why
        }
        .with("what", what)
        .with("reason", reason),
        None => why,
    }
}

/// Who of a pod waits, and for what; none where it is only being made.
fn waits_for(pod: &Value) -> Option<(&str, &str)> {
    let items = |field: &str| pod["status"][field].as_array().into_iter().flatten();
    let container = items("containerStatuses").find_map(|status| {
        let reason = status["state"]["waiting"]["reason"].as_str()?;
        let made = matches!(reason, "ContainerCreating" | "PodInitializing");
        Some((status["name"].as_str()?, reason)).filter(|_| !made)
    });
    container.or_else(|| {
        let unplaced = items("conditions").find(|c| c["reason"] == "Unschedulable")?;
        Some((
            pod["metadata"]["name"].as_str()?,
            unplaced["message"].as_str()?,
        ))
    })
}

fn missing(kind: &str, wanted: &str, seen: &Seen) -> Sentence {
    // A slip of the finger is near; any other name only confuses.
    let slip = 2.max(wanted.chars().count() / 3);
    let near = seen.of(kind).map(name).min_by_key(|n| distance(n, wanted));
    let near = near.filter(|n| distance(n, wanted) <= slip);
    let sentence = Sentence::new("no-object")
        .with("kind", kind)
        .with("name", wanted);
    match near {
        Some(near) => Sentence {
            id: "no-object-near".to_owned(),
            ..sentence
        }
        .with("near", near),
        None => match handed_in(kind, seen) {
            Some(asked) if asked.code >= 400 => Sentence {
                id: "no-object-refused".to_owned(),
                ..sentence
            },
            Some(asked) if asked.query.contains_key("dryRun") => Sentence {
                id: "no-object-tried".to_owned(),
                ..sentence
            },
            _ => sentence,
        },
    }
}

/// The last object of this kind that was handed in.
fn handed_in<'a>(kind: &str, seen: &'a Seen) -> Option<&'a Asked> {
    let is_kind = |a: &&Asked| {
        let many = a.resource.strip_prefix(kind);
        matches!(many, Some("" | "s" | "es"))
    };
    let is_new = |a: &&Asked| matches!(a.verb.as_str(), "create" | "patch");
    seen.asked().rev().filter(is_kind).find(is_new)
}

/// Levenshtein's distance, in characters.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (row[j] + 1)
                .min(row[j + 1] + 1)
                .min(corner + usize::from(x != *y));
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Observation;
    use serde_json::json;

    #[test]
    fn what_was_handed_in_and_is_not_there_is_told() {
        let check = |code: u16, dry: bool, expect: &str| {
            let mut seen = Seen::default();
            let query = dry.then(|| ("dryRun".to_owned(), "All".to_owned()));
            seen.observe(Observation::Asked(Asked {
                verb: "create".to_owned(),
                resource: "pods".to_owned(),
                namespace: "default".to_owned(),
                name: String::new(),
                query: query.into_iter().collect(),
                code,
            }));
            let why = evaluate("pod/web", None, false, &seen).map_err(|why| why.id);
            assert_eq!(why.map(|so| so.id), Err(expect.to_owned()));
        };
        check(422, false, "no-object-refused");
        check(201, true, "no-object-tried");
        check(201, false, "no-object");
    }

    #[test]
    fn a_pod_says_what_it_waits_for() {
        let pod = |reason: &str| {
            let waiting = json!({ "waiting": { "reason": reason } });
            json!({ "status": { "phase": "Pending", "containerStatuses": [{ "name": "app", "state": waiting }] } })
        };
        let running = json!({ "status": { "phase": "Running" } });
        let said = |object: &Value| {
            holds("pod/web", Some(&running), object)
                .map_err(|why| (why.id, why.args.get("reason").cloned()))
        };
        let waits = (
            "field-differs-waiting".to_owned(),
            Some("ErrImagePull".to_owned()),
        );
        assert_eq!(said(&pod("ErrImagePull")).err(), Some(waits));
        let made = ("field-differs".to_owned(), None);
        assert_eq!(said(&pod("ContainerCreating")).err(), Some(made));
    }
}

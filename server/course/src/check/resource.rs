//! `resource:` an object is there and holds a partial object, or is absent.

use super::{Verdict, partial, target};
use crate::history::{Seen, name};
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
        Err(difference) => Err(difference.sentence(text)),
    }
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
        None => sentence,
    }
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
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

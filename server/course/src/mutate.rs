//! Mutations of a solution: what a learner may do almost right. One command is left out, or one number, port or name is
//! another. Lines that only wait are left as they are: they do nothing, and nobody has to wait as the author does.

use crate::check;
use crate::format::{AcceptFile, CheckFile, NeverFile, StepFile};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is not as in the solution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// this line is left out
    Drop(String),
    /// this word is another
    Word {
        /// as the solution has it
        from: String,
        /// as the mutation has it
        to: String,
        /// the line as the solution has it
        of: String,
        /// the line, changed
        line: String,
    },
}

/// A solution that is not quite one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// what is not as it should be
    pub change: Change,
    /// the lines to play
    pub solve: Vec<String>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Drop(line) => write!(f, "without `{line}`"),
            Change::Word { from, to, line, .. } => write!(f, "with {to} for {from} (`{line}`)"),
        }
    }
}

impl AcceptFile {
    /// Whether this mutation is meant: a line by its beginning, with all its words; a word as it is in the solution.
    pub fn is_of(&self, change: &Change) -> bool {
        let (line, word) = match change {
            Change::Drop(line) => (line, None),
            Change::Word { from, of, .. } => (of, Some(from.as_str())),
        };
        let dropped = self.drop.as_deref().is_some_and(|d| line.starts_with(d));
        dropped || (word.is_some() && self.change.as_deref() == word)
    }
}

/// All mutations of a step's solution, in the order of its lines.
pub fn mutants(step: &StepFile) -> Vec<Mutant> {
    let names = names(step);
    let mut all = Vec::new();
    for (index, line) in step.solve.iter().enumerate() {
        if only_waits(line) {
            continue;
        }
        let mut without = step.solve.clone();
        without.remove(index);
        all.push(Mutant {
            change: Change::Drop(line.clone()),
            solve: without,
        });
        for (from, to, changed) in words(line, &names) {
            let mut solve = step.solve.clone();
            solve[index].clone_from(&changed);
            let (of, line) = (line.clone(), changed);
            all.push(Mutant {
                change: Change::Word { from, to, of, line },
                solve,
            });
        }
    }
    all
}

fn only_waits(line: &str) -> bool {
    ["kubectl wait ", "kubectl rollout status ", "sleep "]
        .iter()
        .any(|wait| line.starts_with(wait))
        && !line.contains(';')
}

/// Each word of a line that can be another: as it is, as it would be, and the line with it.
fn words(line: &str, names: &BTreeSet<String>) -> Vec<(String, String, String)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut found = Vec::new();
    let (mut at, mut before) = (0, "");
    while at < line.len() {
        let rest = &line[at..];
        let Some(start) = rest.find(is_word) else {
            break;
        };
        let from = at + start;
        let length = line[from..].find(|c| !is_word(c));
        let until = length.map_or(line.len(), |length| from + length);
        let word = &line[from..until];
        let redirects = line[until..].starts_with('>') || line[..from].ends_with('&');
        let other = match names.contains(word) {
            true => Some(format!("{word}-x")),
            false if redirects || measures_patience(before) => None,
            false => another_number(word),
        };
        if let Some(to) = other {
            let changed = format!("{}{to}{}", &line[..from], &line[until..]);
            found.push((word.to_owned(), to, changed));
        }
        (at, before) = (until, word);
    }
    found
}

/// Whether the number after this word says how long somebody waits, or how much is shown.
fn measures_patience(word: &str) -> bool {
    matches!(word, "sleep" | "timeout" | "--timeout" | "-T" | "-n")
}

/// `3` becomes `4`, `500m` `501m`, `1.27` `1.28`; a number below zero loses its sign.
fn another_number(word: &str) -> Option<String> {
    if let Some(positive) = word.strip_prefix('-') {
        return positive.parse::<u32>().ok().map(|n| n.to_string());
    }
    let digits_end = word
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(word.len());
    let (number, unit) = word.split_at(digits_end);
    let (whole, last) = number
        .rsplit_once('.')
        .map_or(("", number), |(whole, last)| (whole, last));
    let is_unit = unit.len() <= 2 && unit.chars().all(|c| c.is_ascii_alphabetic());
    let next = last.parse::<u32>().ok().filter(|_| is_unit)? + 1;
    let dot = if whole.is_empty() { "" } else { "." };
    Some(format!("{whole}{dot}{next}{unit}"))
}

/// The names that the checks of a step speak of.
fn names(step: &StepFile) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut target = |text: &str| names.extend(check::target(text).1);
    for check in &step.check {
        let CheckFile {
            resource,
            deleted,
            event,
            never,
            ran,
            http,
            ..
        } = check;
        let event_on = event.as_ref().and_then(|event| event.on.as_deref());
        let never_on = never.as_ref().and_then(|never| match never {
            NeverFile::Deleted(on) => Some(on.as_str()),
            NeverFile::Event(event) => event.on.as_deref(),
        });
        let named = [resource.as_deref(), deleted.as_deref(), event_on, never_on];
        named.into_iter().flatten().for_each(&mut target);
        let asked = ran.as_ref().and_then(|ran| ran.name.as_ref());
        let pod = http.as_ref().map(|http| &http.pod);
        let plain = asked.into_iter().chain(pod);
        plain.for_each(|name| target(&format!("pod/{name}")));
    }
    for matches in step.check.iter().filter_map(|c| c.matches.as_ref()) {
        named_in(matches, &mut names);
    }
    names
}

fn named_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            names.extend(
                fields
                    .get("name")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|v| named_in(v, names));
        }
        Value::Array(items) => items.iter().for_each(|v| named_in(v, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(solve: &[&str], expect: &[&str]) {
        let checks = json!([
            { "resource": "pod/kuard", "match": { "spec": { "containers": [{ "name": "app" }] } } },
            { "ran": { "verb": "get", "resource": "pods", "name": "web" } },
        ]);
        let step = json!({ "id": "s", "check": checks, "solve": solve });
        let step: StepFile = serde_json::from_value(step).expect("a step");
        let told: Vec<String> = mutants(&step)
            .iter()
            .map(|m| m.change.to_string())
            .collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn commands_are_left_out_and_words_are_others() {
        check(
            &["kubectl run kuard --image=x/kuard-amd64:1.27 --port=8080"],
            &[
                "without `kubectl run kuard --image=x/kuard-amd64:1.27 --port=8080`",
                "with kuard-x for kuard (`kubectl run kuard-x --image=x/kuard-amd64:1.27 --port=8080`)",
                "with 1.28 for 1.27 (`kubectl run kuard --image=x/kuard-amd64:1.28 --port=8080`)",
                "with 8081 for 8080 (`kubectl run kuard --image=x/kuard-amd64:1.27 --port=8081`)",
            ],
        );
        check(
            &["kubectl set image deployment/web app=500m 2>&1"],
            &[
                "without `kubectl set image deployment/web app=500m 2>&1`",
                "with web-x for web (`kubectl set image deployment/web-x app=500m 2>&1`)",
                "with app-x for app (`kubectl set image deployment/web app-x=500m 2>&1`)",
                "with 501m for 500m (`kubectl set image deployment/web app=501m 2>&1`)",
            ],
        );
    }

    #[test]
    fn patience_is_nobody_s_mistake() {
        check(
            &["kubectl wait --for=condition=Ready pod/kuard --timeout=60s"],
            &[],
        );
        check(
            &["sleep 5; timeout 3 curl -d '{\"failNext\": -1}' x"],
            &[
                "without `sleep 5; timeout 3 curl -d '{\"failNext\": -1}' x`",
                "with 1 for -1 (`sleep 5; timeout 3 curl -d '{\"failNext\": 1}' x`)",
            ],
        );
    }
}

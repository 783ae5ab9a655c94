//! How a command fails, and what it then prints (kubectl's `CheckErr`): `Error from server (NotFound): …`,
//! `The Pod "x" is invalid: …`, `error: …`, usage errors.

use serde_json::Value;

use crate::discovery::Kind;
use crate::run::Query;

/// A command that did not succeed.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// `error: ` and this sentence.
    Text(String),
    /// This text as it is.
    Plain(String),
    /// `error: `, this sentence and the pointer to `-h` for the command.
    Usage(String),
    /// The API server's Status object.
    Status(Box<Value>),
    /// Nothing is printed; this exit code.
    Exit(i32),
    /// Several failures, one after the other.
    Many(Vec<Failure>),
}

/// What a verb answers with.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// A failure with a sentence: `fail!("no such {}", name)`.
macro_rules! fail {
    ($($arg:tt)*) => { $crate::failure::Failure::Text(format!($($arg)*)) };
}
pub(crate) use fail;

/// A usage failure: the sentence, then where to read more.
macro_rules! usage {
    ($($arg:tt)*) => { $crate::failure::Failure::Usage(format!($($arg)*)) };
}
pub(crate) use usage;

impl Failure {
    /// One failure of several; none is success.
    pub fn of(mut failures: Vec<Failure>) -> Outcome {
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            _ => Err(Failure::Many(failures)),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Failure::Status(status) => status["reason"].as_str().unwrap_or_default(),
            _ => "",
        }
    }

    /// Whether the server said that the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.reason() == "NotFound"
    }

    /// Whether the server said that the object exists.
    pub fn is_conflict(&self) -> bool {
        self.reason() == "Conflict"
    }

    /// The server's or our own sentence, without what goes before it.
    pub fn sentence(&self) -> String {
        match self {
            Failure::Text(text) | Failure::Plain(text) | Failure::Usage(text) => text.clone(),
            Failure::Status(status) => status["message"].as_str().unwrap_or_default().to_string(),
            Failure::Exit(_) => String::new(),
            Failure::Many(all) => all
                .iter()
                .map(Failure::sentence)
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// Puts `error when creating "x.yaml": ` before the server's message.
    pub fn when(self, doing: &str, source: &str) -> Failure {
        match self {
            Failure::Status(mut status) if !source.is_empty() => {
                let message = status["message"].as_str().unwrap_or_default();
                status["message"] = format!("error when {doing} {source:?}: {message}").into();
                Failure::Status(status)
            }
            Failure::Text(text) if !source.is_empty() => {
                Failure::Text(format!("error when {doing} {source:?}: {text}"))
            }
            other => other,
        }
    }

    /// Says which list was asked for, where the server refused it or does not know it.
    pub fn listing(self, kind: &Kind, query: &Query) -> Failure {
        let Failure::Status(mut status) = self else {
            return self;
        };
        if matches!(status["reason"].as_str(), Some("BadRequest" | "NotFound")) {
            let of = |name: &str| {
                let found = query.iter().find(|(key, _)| *key == name);
                found.map_or("", |(_, value)| value.as_str())
            };
            let (labels, fields) = (of("labelSelector"), of("fieldSelector"));
            let what = format!("{}/{}, Resource={}", kind.group, kind.version, kind.plural);
            let message = status["message"].as_str().unwrap_or_default();
            let message = if labels.is_empty() && fields.is_empty() {
                format!("Unable to list {what:?}: {message}")
            } else {
                format!(
                    "Unable to find {what:?} that match label selector {labels:?}, field selector {fields:?}: {message}"
                )
            };
            status["message"] = message.into();
        }
        Failure::Status(status)
    }

    /// The exit code.
    pub fn code(&self) -> i32 {
        match self {
            Failure::Exit(code) => *code,
            _ => 1,
        }
    }

    /// What goes to standard error; `command` is for the pointer of usage errors (`kubectl get`).
    pub fn text(&self, command: &str) -> String {
        match self {
            Failure::Text(text) if text.starts_with("error: ") => line(text),
            Failure::Text(text) => line(&format!("error: {text}")),
            Failure::Plain(text) => line(text),
            Failure::Usage(text) => {
                format!("error: {text}\nSee '{command} -h' for help and examples\n")
            }
            Failure::Status(status) => line(&status_text(status)),
            Failure::Exit(_) => String::new(),
            Failure::Many(all) => all.iter().map(|one| line(&one.among_others())).collect(),
        }
    }
}

impl Failure {
    /// One of several as kubectl's `MultipleErrors` shows it.
    fn among_others(&self) -> String {
        match self {
            Failure::Status(status) => general_text(status),
            Failure::Many(all) => {
                let all: Vec<String> = all.iter().map(Failure::among_others).collect();
                format!("[{}]", all.join(", "))
            }
            other => other.sentence(),
        }
    }
}

fn line(text: &str) -> String {
    if text.ends_with('\n') {
        text.to_string()
    } else {
        format!("{text}\n")
    }
}

fn status_text(status: &Value) -> String {
    let message = status["message"].as_str().unwrap_or_default();
    if status["reason"] == "Invalid" && status["details"].is_object() {
        return invalid_text(status, message);
    }
    general_text(status)
}

fn general_text(status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let (reason, message) = (text(&status["reason"]), text(&status["message"]));
    if reason == "Unauthorized" {
        return format!("error: You must be logged in to the server ({message})");
    }
    match (reason.is_empty(), message.is_empty()) {
        (true, true) => "Error from server".into(),
        (true, false) => format!("Error from server: {message}"),
        (false, _) => format!("Error from server ({reason}): {message}"),
    }
}

fn invalid_text(status: &Value, message: &str) -> String {
    let details = &status["details"];
    let (kind, name) = (
        details["kind"].as_str().unwrap_or(""),
        details["name"].as_str().unwrap_or(""),
    );
    let mut head = "The request is invalid".to_string();
    if !kind.is_empty() || !name.is_empty() {
        head = format!("The {kind} {name:?} is invalid");
    }
    let mut causes: Vec<String> = Vec::new();
    for cause in details["causes"].as_array().into_iter().flatten() {
        let (field, text) = (
            cause["field"].as_str().unwrap_or(""),
            cause["message"].as_str().unwrap_or(""),
        );
        let cause = if field.is_empty() {
            text.to_string()
        } else {
            format!("{field}: {text}")
        };
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    match causes.as_slice() {
        [] if !message.is_empty() && kind.is_empty() && name.is_empty() => {
            format!("{head}: {message}")
        }
        [] => head,
        [one] => format!("{head}: {one}"),
        many => format!(
            "{head}: {}",
            many.iter().map(|c| format!("\n* {c}")).collect::<String>()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_failures_as_kubectl_does() {
        let check = |failure: Failure, want: &str| assert_eq!(failure.text("kubectl get"), want);
        check(fail!("no"), "error: no\n");
        check(
            usage!("no"),
            "error: no\nSee 'kubectl get -h' for help and examples\n",
        );
        check(
            Failure::Status(Box::new(
                json!({"reason": "NotFound", "message": "pods \"a\" not found"}),
            )),
            "Error from server (NotFound): pods \"a\" not found\n",
        );
        let invalid = |causes: Value| {
            Failure::Status(Box::new(
                json!({"reason": "Invalid", "message": "m", "details": {"kind": "Pod", "name": "x", "causes": causes}}),
            ))
        };
        check(
            invalid(json!([{"field": "a", "message": "b"}])),
            "The Pod \"x\" is invalid: a: b\n",
        );
        check(
            invalid(
                json!([{"field": "a", "message": "b"}, {"field": "c", "message": "d"}, {"field": "a", "message": "b"}]),
            ),
            "The Pod \"x\" is invalid: \n* a: b\n* c: d\n",
        );
    }
}

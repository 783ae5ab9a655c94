//! `ran:` what was asked of the API, however it was typed. Requests that were refused do not count.

use super::Verdict;
use crate::format::RanFile;
use crate::history::{Asked, Seen};
use crate::sentence::Sentence;

/// Holds when a request like `ran` was answered.
pub fn evaluate(ran: &RanFile, seen: &Seen) -> Verdict {
    let what = what(ran);
    let fits = |a: &&Asked| whole(ran, a);
    if seen.asked().filter(fits).any(|a| a.code < 400) {
        return Ok(Sentence::new(told(ran)).with("what", what));
    }
    // What kubectl asks on its way (`apply` looks whether the object is there) is no refusal: the last request is.
    let last = seen.asked().rev().find(|a| a.resource == ran.resource);
    if last.is_some_and(|a| whole(ran, a)) {
        return Err(Sentence::new("asked-failed").with("what", what));
    }
    Err(why(ran, &what, seen))
}

/// The sentence for a request that was made.
fn told(ran: &RanFile) -> &'static str {
    match ran.resource.rsplit('/').next().unwrap_or_default() {
        "log" => "was-asked-log",
        "exec" => "was-asked-exec",
        "portforward" => "was-asked-portforward",
        _ if matches!(ran.verb.as_str(), "get" | "list" | "watch") => "was-asked-get",
        _ => "was-asked",
    }
}

fn same_kind(ran: &RanFile, a: &Asked) -> bool {
    let listed = ran.verb == "get" && ran.name.is_none() && (a.verb == "list" || a.verb == "watch");
    // a stream is opened by GET or POST, as its client likes
    let verb = a.verb == ran.verb || ran.verb == "connect" || listed;
    verb && a.resource == ran.resource
}

fn whole(ran: &RanFile, a: &Asked) -> bool {
    let flag = |name: &str, want: Option<bool>| {
        want.is_none_or(|w| (a.query.get(name).is_some_and(|v| v == "true")) == w)
    };
    same_kind(ran, a)
        && ran.name.as_deref().is_none_or(|n| named(a, n))
        && flag("follow", ran.follow)
        && flag("previous", ran.previous)
        && ran.query.iter().all(|(k, v)| a.query.get(k) == Some(v))
}

/// By name in the path, or by a field selector for it.
fn named(a: &Asked, name: &str) -> bool {
    a.name == name
        || a.query
            .get("fieldSelector")
            .is_some_and(|f| f.contains(&format!("metadata.name={name}")))
}

fn what(ran: &RanFile) -> String {
    match &ran.name {
        Some(name) => named_as(ran, name),
        None => kind(ran).to_owned(),
    }
}

fn kind(ran: &RanFile) -> &str {
    ran.resource.split('/').next().unwrap_or_default()
}

fn named_as(ran: &RanFile, name: &str) -> String {
    format!("{}/{name}", kind(ran).trim_end_matches('s'))
}

/// A parameter of a request, as kubectl is told it.
fn flag(key: &str, value: &str) -> String {
    match key {
        "container" => format!("-c {value}"),
        "tailLines" => format!("--tail={value}"),
        "sinceSeconds" => format!("--since={value}s"),
        "timestamps" => "--timestamps".to_owned(),
        "labelSelector" => format!("-l {value}"),
        _ => format!("{key}={value}"),
    }
}

fn why(ran: &RanFile, what: &str, seen: &Seen) -> Sentence {
    let near = seen
        .asked()
        .rev()
        .find(|a| same_kind(ran, a) && a.code < 400);
    let id = match (
        ran.resource.rsplit('/').next().unwrap_or_default(),
        ran.verb.as_str(),
    ) {
        ("log", _) if ran.previous == Some(true) && near.is_some() => "not-asked-log-previous",
        ("log", _) if ran.follow == Some(true) && near.is_some() => "not-asked-log-follow",
        ("log", _) => "not-asked-log",
        ("exec", _) => "not-asked-exec",
        ("portforward", _) => "not-asked-portforward",
        ("eviction", _) => "not-asked-eviction",
        (_, "delete") => "not-asked-delete",
        ("events", "get" | "list" | "watch") => "not-asked-get-events",
        (_, "get" | "list" | "watch") => "not-asked-get",
        _ => "not-asked-other",
    };
    if let (Some(name), Some(near)) = (&ran.name, near)
        && !near.name.is_empty()
        && &near.name != name
    {
        return Sentence::new("asked-other")
            .with("what", what)
            .with("got", named_as(ran, &near.name));
    }
    if let Some(near) = near
        && let Some((key, value)) = ran
            .query
            .iter()
            .find(|(k, v)| near.query.get(*k) != Some(*v))
    {
        return Sentence::new("asked-otherwise")
            .with("what", what)
            .with("want", flag(key, value));
    }
    Sentence::new(id).with("what", what).with("verb", &ran.verb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Observation;

    fn asked(verb: &str, resource: &str, name: &str, query: &[(&str, &str)], code: u16) -> Asked {
        let query = query
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Asked {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
            query,
            code,
        }
    }

    fn check(ran: RanFile, requests: &[Asked], expect: Result<&str, &str>) {
        let mut seen = Seen::default();
        for request in requests {
            seen.observe(Observation::Asked(request.clone()));
        }
        let got = evaluate(&ran, &seen).map(|s| s.id).map_err(|s| s.id);
        assert_eq!(got, expect.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn requests_count_however_they_were_typed() {
        let logs = |follow| RanFile {
            verb: "get".to_owned(),
            resource: "pods/log".to_owned(),
            name: Some("kuard".to_owned()),
            follow,
            ..RanFile::default()
        };
        check(logs(None), &[], Err("not-asked-log"));
        check(
            logs(None),
            &[asked("get", "pods/log", "kuard", &[], 200)],
            Ok("was-asked-log"),
        );
        check(
            logs(Some(true)),
            &[asked("get", "pods/log", "kuard", &[], 200)],
            Err("not-asked-log-follow"),
        );
        check(
            logs(Some(true)),
            &[asked(
                "get",
                "pods/log",
                "kuard",
                &[("follow", "true")],
                200,
            )],
            Ok("was-asked-log"),
        );
        check(
            logs(None),
            &[asked("get", "pods/log", "other", &[], 200)],
            Err("asked-other"),
        );
        check(
            logs(None),
            &[asked("get", "pods/log", "kuard", &[], 404)],
            Err("asked-failed"),
        );
        let mut tail = logs(None);
        tail.query.insert("tailLines".to_owned(), "3".to_owned());
        check(
            tail,
            &[asked("get", "pods/log", "kuard", &[], 200)],
            Err("asked-otherwise"),
        );
        let list = RanFile {
            verb: "get".to_owned(),
            resource: "pods".to_owned(),
            ..RanFile::default()
        };
        check(
            list,
            &[asked("list", "pods", "", &[], 200)],
            Ok("was-asked-get"),
        );
    }
}

//! Completion for Tab: verbs, flags, kinds, and names from the live cluster. At most two requests, so that it feels instant.

use std::sync::Arc;

use serde_json::Value;

use crate::clients::Clients;
use crate::computer::{Computer, Stdio};
use crate::flags::{self, Kind as FlagKind, Line};
use crate::run::Run;
use crate::streams;
use crate::verb::{self, Found, GLOBAL, Verb};
use crate::verbs;

/// One completion of the word under the cursor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word to put in place.
    pub word: String,
    /// A short description, or empty.
    pub about: String,
    /// Whether a space follows (not after `--image=`).
    pub space: bool,
}

fn word(word: impl Into<String>, about: &str) -> Candidate {
    Candidate {
        word: word.into(),
        about: about.into(),
        space: true,
    }
}

/// `kubectl __complete WORD…`, as cobra answers shells: 2 is "no space after", 4 is "no files instead".
pub(crate) async fn answer(
    mut words: Vec<String>,
    computer: Arc<dyn Computer>,
    clients: Arc<dyn Clients>,
) -> i32 {
    let described = words.remove(0) == "__complete";
    let found = complete(words, computer.clone(), clients).await;
    let text = shell_text(&found, described);
    i32::from(computer.write(Stdio::Out, text.as_bytes()).await.is_err())
}

fn shell_text(found: &[Candidate], described: bool) -> String {
    const NO_SPACE: u8 = 2;
    const NO_FILES: u8 = 4;
    let mut text = String::new();
    for candidate in found {
        text.push_str(&candidate.word);
        if described && !candidate.about.is_empty() {
            text.push('\t');
            text.push_str(&candidate.about);
        }
        text.push('\n');
    }
    let tight = matches!(found, [one] if !one.space);
    let directive = match (found.is_empty(), tight) {
        (true, _) => 0,
        (false, true) => NO_FILES + NO_SPACE,
        (false, false) => NO_FILES,
    };
    text.push_str(&format!(":{directive}\n"));
    text
}

/// Completes the last of `words`.
pub(crate) async fn complete(
    mut words: Vec<String>,
    computer: Arc<dyn Computer>,
    clients: Arc<dyn Clients>,
) -> Vec<Candidate> {
    let last = words.pop().unwrap_or_default();
    let found = verb::find(&words);
    let mut table = found.verb.map(Verb::table).unwrap_or_default();
    table.extend(flags::table(GLOBAL));
    let takes_value = words.last().is_some_and(|w| {
        w.starts_with('-')
            && !w.contains('=')
            && table.iter().any(|f| {
                f.bare.is_none()
                    && (w.strip_prefix("--") == Some(f.name)
                        || (w.len() == 2 && w.chars().nth(1) == f.short))
            })
    });
    let mut line_words = found.words.clone();
    if takes_value {
        line_words.pop();
    }
    let line = flags::parse(table.clone(), &line_words).unwrap_or_else(|_| Line::default());
    let after_dash = line.dash.is_some();
    let run = Run::new(computer, clients, line, found.command.clone());
    let mut all = if after_dash {
        Vec::new()
    } else if takes_value {
        let flag = words.last().cloned().unwrap_or_default();
        values(&run, &found, flag.trim_start_matches('-')).await
    } else if let Some((flag, _)) = last.strip_prefix("--").and_then(|l| l.split_once('=')) {
        values(&run, &found, flag)
            .await
            .into_iter()
            .map(|c| Candidate {
                word: format!("--{flag}={}", c.word),
                ..c
            })
            .collect()
    } else if last.starts_with('-') {
        flag_names(&table)
    } else {
        arguments(&run, &found, &last).await
    };
    all.retain(|candidate| candidate.word.starts_with(&last));
    all.sort();
    all.dedup_by(|a, b| a.word == b.word);
    all
}

fn flag_names(table: &[flags::Flag]) -> Vec<Candidate> {
    table
        .iter()
        .map(|flag| {
            let bare = flag.kind == FlagKind::Bool;
            Candidate {
                word: format!("--{}{}", flag.name, if bare { "" } else { "=" }),
                about: flag.about.into(),
                space: bare,
            }
        })
        .collect()
}

async fn values(run: &Run, found: &Found, flag: &str) -> Vec<Candidate> {
    match flag {
        "n" | "namespace" => names(run, "namespaces").await,
        "c" | "container" => match run.words.first() {
            Some(pod) => containers(run, pod.trim_start_matches("pod/")).await,
            None => Vec::new(),
        },
        "o" | "output" => [
            "json",
            "yaml",
            "name",
            "wide",
            "jsonpath=",
            "custom-columns=",
            "go-template=",
        ]
        .iter()
        .map(|o| Candidate {
            space: !o.ends_with('='),
            ..word(*o, "")
        })
        .collect(),
        "dry-run" => ["none", "client", "server"]
            .iter()
            .map(|o| word(*o, ""))
            .collect(),
        "restart" => ["Always", "OnFailure", "Never"]
            .iter()
            .map(|o| word(*o, ""))
            .collect(),
        "context" => {
            let config = run.kubeconfig().await.unwrap_or_default();
            config.value["contexts"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|c| c["name"].as_str())
                .map(|n| word(n, ""))
                .collect()
        }
        "for" if found.command == "kubectl wait" => ["condition=", "delete", "create", "jsonpath="]
            .iter()
            .map(|o| Candidate {
                space: !o.ends_with('='),
                ..word(*o, "")
            })
            .collect(),
        _ => Vec::new(),
    }
}

async fn arguments(run: &Run, found: &Found, last: &str) -> Vec<Candidate> {
    let Some(verb) = found.verb else {
        return verbs::ALL
            .iter()
            .filter(|v| !v.about.is_empty())
            .map(|v| word(v.name, v.about))
            .collect();
    };
    if !verb.verbs.is_empty() && run.words.is_empty() {
        return verb.verbs.iter().map(|v| word(v.name, v.about)).collect();
    }
    match (found.command.as_str(), run.words.len()) {
        (
            "kubectl logs"
            | "kubectl exec"
            | "kubectl attach"
            | "kubectl debug"
            | "kubectl port-forward",
            0,
        ) => match last.split_once('/') {
            Some((kind, _)) => pairs(run, kind).await,
            None => names(run, "pods").await,
        },
        ("kubectl logs", 1) => containers(run, &run.words[0]).await,
        ("kubectl port-forward", 1..) => ports(run).await,
        ("kubectl cordon" | "kubectl uncordon" | "kubectl drain", _) => names(run, "nodes").await,
        ("kubectl taint", 1) => names(run, "nodes").await,
        ("kubectl config use-context" | "kubectl config delete-context", 0) => {
            values(run, found, "context").await
        }
        ("kubectl apply" | "kubectl create" | "kubectl run" | "kubectl cp", _) => Vec::new(),
        ("kubectl explain", 0) => kinds(run, last).await,
        (
            "kubectl rollout status"
            | "kubectl rollout undo"
            | "kubectl rollout history"
            | "kubectl rollout restart"
            | "kubectl rollout pause"
            | "kubectl rollout resume"
            | "kubectl scale",
            0,
        ) if !last.contains('/') => ["deployment", "daemonset", "statefulset"]
            .iter()
            .flat_map(|k| {
                [
                    word(*k, ""),
                    Candidate {
                        word: format!("{k}/"),
                        about: String::new(),
                        space: false,
                    },
                ]
            })
            .collect(),
        (_, 0) => match last.split_once('/') {
            Some((kind, _)) => pairs(run, kind).await,
            None => kinds(run, last).await,
        },
        _ => {
            let first = &run.words[0];
            if first.contains('/') {
                Vec::new()
            } else {
                names(run, first).await
            }
        }
    }
}

async fn kinds(run: &Run, last: &str) -> Vec<Candidate> {
    let Ok(found) = run.discovery().await else {
        return Vec::new();
    };
    let lead = last.rfind(',').map_or("", |at| &last[..=at]);
    let listed = found
        .kinds
        .iter()
        .filter(|k| k.verbs.iter().any(|v| v == "list"));
    let mut all: Vec<Candidate> = listed
        .map(|k| {
            word(
                format!(
                    "{lead}{}",
                    if k.group.is_empty() || !k.group.contains('.') || k.group.ends_with(".k8s.io")
                    {
                        k.plural.clone()
                    } else {
                        k.with_group()
                    }
                ),
                &k.kind,
            )
        })
        .collect();
    let one = |w: &str| {
        found
            .named(w)
            .filter(|_| !w.is_empty() && lead.is_empty())
            .map(|k| word(w, &k.kind))
    };
    all.extend(one(last));
    all
}

/// Names of the objects of a kind.
async fn names(run: &Run, kind: &str) -> Vec<Candidate> {
    let known = &run.words;
    let Ok(found) = run.discovery().await else {
        return Vec::new();
    };
    let Some(kind) = found.named(kind) else {
        return Vec::new();
    };
    let scope = if kind.namespaced {
        run.namespace().await.unwrap_or_default()
    } else {
        String::new()
    };
    let Ok(list) = run
        .get(&kind.path(&scope, ""), vec![("limit", "500".into())])
        .await
    else {
        return Vec::new();
    };
    let of = |item: &Value| item["metadata"]["name"].as_str().map(str::to_string);
    list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(of)
        .filter(|n| !known.contains(n))
        .map(|n| word(n, ""))
        .collect()
}

async fn pairs(run: &Run, kind: &str) -> Vec<Candidate> {
    names(run, kind)
        .await
        .into_iter()
        .map(|c| Candidate {
            word: format!("{kind}/{}", c.word),
            ..c
        })
        .collect()
}

async fn pod(run: &Run, name: &str) -> Value {
    let scope = run.namespace().await.unwrap_or_default();
    run.get(
        &format!("/api/v1/namespaces/{scope}/pods/{name}"),
        Vec::new(),
    )
    .await
    .unwrap_or_default()
}

async fn containers(run: &Run, name: &str) -> Vec<Candidate> {
    streams::containers(&pod(run, name).await)
        .into_iter()
        .map(|c| word(c, ""))
        .collect()
}

async fn ports(run: &Run) -> Vec<Candidate> {
    let pod = pod(run, run.words[0].trim_start_matches("pod/")).await;
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers
        .flat_map(|c| c["ports"].as_array().into_iter().flatten())
        .filter_map(|p| p["containerPort"].as_u64())
        .map(|p| word(format!("{p}:{p}"), ""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_shells_as_cobra_does() {
        let pod = word("pods", "Pod");
        let image = Candidate {
            space: false,
            ..word("--image=", "Image")
        };
        for (found, described, want) in [
            (vec![], true, ":0\n"),
            (vec![pod.clone()], true, "pods\tPod\n:4\n"),
            (vec![pod.clone()], false, "pods\n:4\n"),
            (vec![image.clone()], false, "--image=\n:6\n"),
            (vec![image, pod], false, "--image=\npods\n:4\n"),
        ] {
            assert_eq!(shell_text(&found, described), want);
        }
    }
}

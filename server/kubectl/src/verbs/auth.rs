//! `kubectl auth can-i` and `whoami`: what the server lets this user do.

use futures::FutureExt;
use http::Method;
use serde_json::{Value, json};

use crate::describe::text;
use crate::failure::{Failure, Outcome, fail};
use crate::printing;
use crate::run::Run;
use crate::tabwriter::TabWriter;
use crate::verb::Verb;

pub(crate) static AUTH: Verb = Verb {
    name: "auth",
    about: "Inspect authorization",
    usage: "SUBCOMMAND",
    verbs: &[&CAN_I, &WHOAMI],
    ..Verb::NONE
};
static CAN_I: Verb = Verb {
    name: "can-i",
    about: "Check whether an action is allowed",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    flags: &[
        "\n-A --all-namespaces=false  In all namespaces\n--list=false  All that is allowed\n-q --quiet=false  Only the exit code\n--subresource=''  Subresource\n--no-headers=false  Print no line of titles\n",
    ],
    run: Some(|run| can_i(run).boxed()),
    ..Verb::NONE
};
static WHOAMI: Verb = Verb {
    name: "whoami",
    about: "Experimental: Check self subject attributes",
    flags: &["\n-o --output=''  yaml or json\n"],
    run: Some(|run| whoami(run).boxed()),
    ..Verb::NONE
};
async fn can_i(run: &Run) -> Outcome {
    if run.flags.bool("list") {
        return can_i_list(run).await;
    }
    let [verb, rest @ ..] = run.words.as_slice() else {
        return Err(fail!(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
        ));
    };
    let Some(what) = rest.first() else {
        return Err(fail!(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
        ));
    };
    let spec = if what.starts_with('/') {
        json!({"nonResourceAttributes": {"verb": verb, "path": what}})
    } else {
        let (word, name) = what.split_once('/').map_or(
            (what.as_str(), rest.get(1).map_or("", String::as_str)),
            |(w, n)| (w, n),
        );
        let kind = run.discovery().await?.named(word);
        if kind.is_none() && word != "*" {
            run.err(&format!(
                "Warning: the server doesn't have a resource type '{word}'\n\n"
            ))
            .await?;
        }
        let (group, plural) = kind.map_or((String::new(), word.to_string()), |k| {
            (k.group.clone(), k.plural.clone())
        });
        json!({"resourceAttributes": {"namespace": run.scope().await?, "verb": verb, "group": group, "resource": plural, "name": name, "subresource": run.flags.text("subresource")}})
    };
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": spec});
    let answer = run
        .send(
            Method::POST,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            Vec::new(),
            &body,
        )
        .await?;
    let allowed = answer["status"]["allowed"] == true;
    if !run.flags.bool("quiet") {
        let reason = text(&answer["status"]["reason"]);
        let why = if !allowed && !reason.is_empty() {
            format!(" - {reason}")
        } else {
            String::new()
        };
        run.out(&format!("{}{why}\n", if allowed { "yes" } else { "no" }))
            .await?;
    }
    if allowed {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

async fn can_i_list(run: &Run) -> Outcome {
    let body = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "metadata": {}, "spec": {"namespace": run.namespace().await?}});
    let answer = run
        .send(
            Method::POST,
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            Vec::new(),
            &body,
        )
        .await?;
    let list = |value: &Value| {
        format!(
            "[{}]",
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect::<Vec<_>>()
                .join(" ")
        )
    };
    let mut lines = if run.flags.bool("no-headers") {
        String::new()
    } else {
        "Resources\tNon-Resource URLs\tResource Names\tVerbs\n".to_string()
    };
    for rule in answer["status"]["resourceRules"]
        .as_array()
        .into_iter()
        .flatten()
    {
        for resource in rule["resources"].as_array().into_iter().flatten() {
            for group in rule["apiGroups"].as_array().into_iter().flatten() {
                let group = if text(group).is_empty() {
                    String::new()
                } else {
                    format!(".{}", text(group))
                };
                lines.push_str(&format!(
                    "{}{group}\t[]\t{}\t{}\n",
                    text(resource),
                    list(&rule["resourceNames"]),
                    list(&rule["verbs"])
                ));
            }
        }
    }
    for rule in answer["status"]["nonResourceRules"]
        .as_array()
        .into_iter()
        .flatten()
    {
        lines.push_str(&format!(
            "\t{}\t[]\t{}\n",
            list(&rule["nonResourceURLs"]),
            list(&rule["verbs"])
        ));
    }
    run.out(&TabWriter::table().format(&lines)).await
}

async fn whoami(run: &Run) -> Outcome {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}});
    let answer = run
        .send(
            Method::POST,
            "/apis/authentication.k8s.io/v1/selfsubjectreviews",
            Vec::new(),
            &body,
        )
        .await?;
    match run.flags.text("output") {
        "yaml" => return run.out(&objects::encode_yaml(&answer)).await,
        "json" => return run.out(&(printing::json::pretty(&answer) + "\n")).await,
        _ => {}
    }
    let user = &answer["status"]["userInfo"];
    let list = |value: &Value| {
        format!(
            "[{}]",
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect::<Vec<_>>()
                .join(" ")
        )
    };
    let mut lines = "ATTRIBUTE\tVALUE\n".to_string();
    for (title, value) in [
        ("Username", text(&user["username"]).to_string()),
        ("UID", text(&user["uid"]).to_string()),
    ] {
        if !value.is_empty() {
            lines.push_str(&format!("{title}\t{value}\n"));
        }
    }
    if user["groups"].as_array().is_some_and(|g| !g.is_empty()) {
        lines.push_str(&format!("Groups\t{}\n", list(&user["groups"])));
    }
    for (key, value) in user["extra"].as_object().into_iter().flatten() {
        lines.push_str(&format!("Extra: {key}\t{}\n", list(value)));
    }
    run.out(&TabWriter::table().format(&lines)).await
}

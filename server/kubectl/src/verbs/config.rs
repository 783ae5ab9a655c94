//! `kubectl config`: contexts and settings of the kubeconfig file.

use futures::FutureExt;
use serde_json::{Value, json};

use crate::failure::{Outcome, fail, usage};
use crate::kubeconfig::Kubeconfig;
use crate::manifest;
use crate::printing;
use crate::run::Run;
use crate::tabwriter::TabWriter;
use crate::verb::Verb;

macro_rules! verbs {
    ($($name:ident $word:literal $aliases:expr, $about:literal $usage:literal $flags:literal $body:ident;)*) => {
        $(static $name: Verb = Verb { name: $word, aliases: &$aliases, about: $about, usage: $usage, examples: "", flags: &[$flags], verbs: &[], run: Some(|run| $body(run).boxed()) };)*
        static VERBS: &[&Verb] = &[$(&$name),*];
    };
}

verbs! {
    CURRENT "current-context" [], "Display the current-context" "" "" current;
    DELETE_CONTEXT "delete-context" [], "Delete the specified context from the kubeconfig" "NAME" "" delete_context;
    GET_CLUSTERS "get-clusters" [], "Display clusters defined in the kubeconfig" "" "" clusters;
    GET_CONTEXTS "get-contexts" [], "Describe one or many contexts" "[NAME]" "\n--no-headers=false  Print no line of titles\n-o --output=''  name\n" contexts;
    GET_USERS "get-users" [], "Display users defined in the kubeconfig" "" "" users;
    SET_CONTEXT "set-context" [], "Set a context entry in kubeconfig" "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]" "\n--current=false  Change the current context\n" set_context;
    USE_CONTEXT "use-context" ["use"], "Set the current-context in a kubeconfig file" "CONTEXT_NAME" "" use_context;
    VIEW "view" [], "Display merged kubeconfig settings or a specified kubeconfig file" "" "\n--flatten=false  Put files into the text\n--merge=true  All files together\n--minify=false  Only the current context\n-o --output=''  json, yaml, jsonpath=…\n--raw=false  Show secrets\n--template=''  Template\n--allow-missing-template-keys=true  A missing field is empty\n" view;
}

pub(crate) static CONFIG: Verb = Verb {
    name: "config",
    about: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    verbs: VERBS,
    ..Verb::NONE
};

fn names(config: &Kubeconfig, list: &str) -> Vec<String> {
    let mut names: Vec<String> = config.value[list]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|e| e["name"].as_str().map(str::to_string))
        .collect();
    names.sort();
    names
}

async fn current(run: &Run) -> Outcome {
    let config = run.kubeconfig().await?;
    match config.value["current-context"]
        .as_str()
        .filter(|c| !c.is_empty())
    {
        Some(name) => run.out(&format!("{name}\n")).await,
        None => Err(fail!("current-context is not set")),
    }
}

async fn listed(run: &Run, list: &str) -> Outcome {
    let config = run.kubeconfig().await?;
    let lines: String = names(&config, list)
        .iter()
        .map(|n| format!("{n}\n"))
        .collect();
    run.out(&format!("NAME\n{lines}")).await
}

async fn clusters(run: &Run) -> Outcome {
    listed(run, "clusters").await
}

async fn users(run: &Run) -> Outcome {
    listed(run, "users").await
}

async fn contexts(run: &Run) -> Outcome {
    let config = run.kubeconfig().await?;
    let all = names(&config, "contexts");
    let chosen: Vec<String> = if run.words.is_empty() {
        all.clone()
    } else {
        run.words.clone()
    };
    if run.flags.text("output") == "name" {
        return run
            .out(&chosen.iter().map(|n| format!("{n}\n")).collect::<String>())
            .await;
    }
    let mut lines = if run.flags.bool("no-headers") {
        String::new()
    } else {
        "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n".to_string()
    };
    for name in &chosen {
        let Some(entry) = config.value["contexts"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|c| c["name"] == name.as_str())
        else {
            return Err(fail!("context {name} not found"));
        };
        let mark = if config.value["current-context"] == name.as_str() {
            "*"
        } else {
            ""
        };
        let part = |key: &str| entry["context"][key].as_str().unwrap_or("").to_string();
        lines.push_str(&format!(
            "{mark}\t{name}\t{}\t{}\t{}\n",
            part("cluster"),
            part("user"),
            part("namespace")
        ));
    }
    run.out(&TabWriter::table().format(&lines)).await
}

/// Changes the first kubeconfig file.
async fn change(run: &Run, edit: impl FnOnce(&mut Value) -> Outcome) -> Outcome {
    let path = run.kubeconfig().await?.path;
    let mut file = match run.computer.read_file(&path).await {
        Ok(bytes) => {
            manifest::yaml(&String::from_utf8_lossy(&bytes)).map_err(|why| fail!("{why}"))?
        }
        Err(_) => {
            json!({"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": [], "users": [], "current-context": "", "preferences": {}})
        }
    };
    edit(&mut file)?;
    if let Some((folder, _)) = path.rsplit_once('/') {
        let _ = run.computer.create_dir(folder).await;
    }
    let text = objects::encode_yaml(&file);
    run.computer
        .write_file(&path, text.as_bytes(), 0o600)
        .await
        .map_err(|why| fail!("open {path}: {}", manifest::words(&why)))
}

async fn use_context(run: &Run) -> Outcome {
    let [name] = run.words.as_slice() else {
        return Err(usage!("Unexpected args: [{}]", run.words.join(" ")));
    };
    let config = run.kubeconfig().await?;
    if !names(&config, "contexts").contains(name) {
        return Err(fail!("no context exists with the name: {name:?}"));
    }
    change(run, |file| {
        file["current-context"] = name.clone().into();
        Ok(())
    })
    .await?;
    run.out(&format!("Switched to context {name:?}.\n")).await
}

async fn set_context(run: &Run) -> Outcome {
    let config = run.kubeconfig().await?;
    let name = match (run.words.first(), run.flags.bool("current")) {
        (Some(name), false) => name.clone(),
        (None, true) => match config.value["current-context"]
            .as_str()
            .filter(|c| !c.is_empty())
        {
            Some(name) => name.to_string(),
            None => return Err(fail!("no current context is set")),
        },
        (Some(_), true) => {
            return Err(fail!(
                "you cannot specify both a context name and --current"
            ));
        }
        (None, false) => {
            return Err(fail!(
                "you must specify a non-empty context name or --current"
            ));
        }
    };
    let mut known = true;
    change(run, |file| {
        if !file["contexts"].is_array() {
            file["contexts"] = json!([]);
        }
        let Some(list) = file["contexts"].as_array_mut() else {
            return Ok(());
        };
        known = list.iter().any(|c| c["name"] == name.as_str());
        if !known {
            list.push(json!({"name": name, "context": {"cluster": "", "user": ""}}));
        }
        for entry in list.iter_mut().filter(|c| c["name"] == name.as_str()) {
            for key in ["cluster", "user", "namespace"] {
                if run.flags.changed(key) {
                    entry["context"][key] = run.flags.text(key).into();
                }
            }
        }
        Ok(())
    })
    .await?;
    run.out(&format!(
        "Context {name:?} {}.\n",
        if known { "modified" } else { "created" }
    ))
    .await
}

async fn delete_context(run: &Run) -> Outcome {
    let [name] = run.words.as_slice() else {
        return Err(usage!("you must specify a context name"));
    };
    let path = run.kubeconfig().await?.path;
    change(run, |file| {
        let Some(list) = file["contexts"].as_array_mut() else {
            return Ok(());
        };
        let before = list.len();
        list.retain(|c| c["name"] != name.as_str());
        if list.len() == before {
            Err(fail!("cannot delete context {name}, not in {path}"))
        } else {
            Ok(())
        }
    })
    .await?;
    run.out(&format!("deleted context {name} from {path}\n"))
        .await
}

async fn view(run: &Run) -> Outcome {
    let mut config = run.kubeconfig().await?.value;
    if run.flags.bool("minify") {
        let name = run
            .flags
            .some("context")
            .or(config["current-context"].as_str())
            .unwrap_or("")
            .to_string();
        let keep = config["contexts"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|c| c["name"] == name.as_str())
            .cloned()
            .unwrap_or_default();
        for (list, wanted) in [
            ("contexts", json!(name)),
            ("clusters", keep["context"]["cluster"].clone()),
            ("users", keep["context"]["user"].clone()),
        ] {
            if let Some(list) = config[list].as_array_mut() {
                list.retain(|e| e["name"] == wanted);
            }
        }
    }
    if !run.flags.bool("raw") {
        for (list, part, keys, shown) in [
            (
                "clusters",
                "cluster",
                &["certificate-authority-data"][..],
                "DATA+OMITTED",
            ),
            (
                "users",
                "user",
                &["client-certificate-data", "client-key-data"][..],
                "DATA+OMITTED",
            ),
            ("users", "user", &["token", "password"][..], "REDACTED"),
        ] {
            for entry in config[list].as_array_mut().into_iter().flatten() {
                for key in keys {
                    if entry[part][*key].is_string() {
                        entry[part][*key] = shown.into();
                    }
                }
            }
        }
    }
    let output = printing::output(run, false).await?;
    let output = if output == printing::Output::Default {
        printing::Output::Yaml
    } else {
        output
    };
    run.out(&printing::object(
        &output,
        &config,
        &crate::discovery::Kind::default(),
    )?)
    .await
}

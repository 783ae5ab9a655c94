//! Which objects a command is about: `pod x y`, `po,svc`, `pod/x svc/y`, `all`, `-l`, `--all`, `-f` (kubectl's resource builder).

use std::sync::Arc;

use serde_json::Value;

use crate::discovery::Kind;
use crate::failure::{Failure, Outcome, fail};
use crate::manifest::{self, Document, Stream};
use crate::run::{JSON, Lines, Query, Run};

/// One object that a command is about.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub kind: Arc<Kind>,
    pub namespace: String,
    pub name: String,
    /// The object: from the server where it came from a list, from the file with `-f`.
    pub value: Option<Value>,
    /// The manifest it came from, empty else.
    pub source: String,
}

impl Item {
    /// `pod/kuard`, `deployment.apps/web`.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.kind.shown(), self.name)
    }

    /// The object's path.
    pub fn path(&self) -> String {
        self.kind.path(&self.namespace, &self.name)
    }

    /// The live object.
    pub async fn fetch(&self, run: &Run) -> Outcome<Value> {
        run.get(&self.path(), Vec::new()).await
    }

    /// The watch's events of this object after `version` ("0": first as it stands now).
    pub async fn watch(&self, run: &Run, version: &str) -> Outcome<Lines> {
        let query = vec![
            ("fieldSelector", format!("metadata.name={}", self.name)),
            ("watch", "true".into()),
            ("allowWatchBookmarks", "true".into()),
            ("resourceVersion", version.to_owned()),
        ];
        run.lines(&self.kind.path(&self.namespace, ""), query, JSON)
            .await
    }
}

/// The version of an object or a list, "0" where it has none.
pub(crate) fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or("0")
}

/// Kinds with names (none: all of the kind).
pub(crate) type Wanted = Vec<(Arc<Kind>, Vec<String>)>;

/// Reads `TYPE[,TYPE] [NAME…]` or `TYPE/NAME …`.
pub(crate) async fn wanted(run: &Run, words: &[String]) -> Outcome<Wanted> {
    let Some(first) = words.first() else {
        return Ok(Vec::new());
    };
    if words.iter().any(|word| word.contains('/')) {
        return pairs(run, words).await;
    }
    let names = words[1..].to_vec();
    let mut wanted = Vec::new();
    let kinds: Vec<&str> = first.split(',').collect();
    for word in &kinds {
        let category = run.discovery().await?.category(word);
        if category.is_empty() {
            wanted.push((run.kind(word).await?, names.clone()));
        } else {
            wanted.extend(category.into_iter().map(|kind| (kind, names.clone())));
        }
    }
    Ok(wanted)
}

async fn pairs(run: &Run, words: &[String]) -> Outcome<Wanted> {
    let mut wanted: Wanted = Vec::new();
    for word in words {
        let Some((kind, name)) = word.split_once('/') else {
            return Err(fail!(
                "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"
            ));
        };
        if name.contains('/') {
            return Err(fail!(
                "arguments in resource/name form may not have more than one slash"
            ));
        }
        if kind.is_empty() || name.is_empty() {
            return Err(fail!(
                "arguments in resource/name form must have a single resource and name"
            ));
        }
        wanted.push((run.kind(kind).await?, vec![name.to_string()]));
    }
    Ok(wanted)
}

/// Selectors of the flags as query parameters.
pub(crate) fn selectors(run: &Run) -> Query {
    let mut query = Query::new();
    if let Some(text) = run.flags.some("selector") {
        query.push(("labelSelector", text.to_string()));
    }
    if let Some(text) = run.flags.some("field-selector") {
        query.push(("fieldSelector", text.to_string()));
    }
    query
}

/// The objects of `-f`, file by file.
pub(crate) async fn documents(run: &Run) -> Outcome<Vec<Stream>> {
    if run.flags.some("kustomize").is_some() {
        return Err(fail!(
            "kustomize is not part of this kubectl; write the manifests out and use -f"
        ));
    }
    manifest::read(
        run.computer.as_ref(),
        run.flags.list("filename"),
        run.flags.bool("recursive"),
    )
    .await
}

/// The kind and place of an object of a manifest.
pub(crate) async fn placed(run: &Run, document: Document) -> Outcome<Item> {
    let go_type = match &document.value {
        Value::Array(_) => Some("array"),
        Value::String(_) => Some("string"),
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        _ => None,
    };
    if let Some(go_type) = go_type {
        return Err(fail!(
            "unable to decode {:?}: json: cannot unmarshal {go_type} into Go value of type unstructured.detector",
            document.source
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let (api, kind) = (
        text(&document.value["apiVersion"]),
        text(&document.value["kind"]),
    );
    if kind.is_empty() {
        return Err(fail!(
            "unable to decode {:?}: Object 'Kind' is missing in '{}'",
            document.source,
            document.value
        ));
    }
    let (name, space) = (
        text(&document.value["metadata"]["name"]),
        text(&document.value["metadata"]["namespace"]),
    );
    let Some(found) = run.discovery().await?.of(&api, &kind) else {
        return Err(fail!(
            "resource mapping not found for name: {name:?} namespace: {space:?} from {:?}: no matches for kind {kind:?} in version {api:?}\nensure CRDs are installed first",
            document.source
        ));
    };
    let own = run.namespace().await?;
    if found.namespaced && !space.is_empty() && run.flags.changed("namespace") && space != own {
        return Err(fail!(
            "the namespace from the provided object {space:?} does not match the namespace {own:?}. You must pass '--namespace={space}' to perform this operation."
        ));
    }
    let namespace = if !found.namespaced {
        String::new()
    } else if space.is_empty() {
        own
    } else {
        space
    };
    let mut value = document.value;
    if found.namespaced && value["metadata"].is_object() {
        value["metadata"]["namespace"] = namespace.clone().into();
    }
    Ok(Item {
        kind: found,
        namespace,
        name,
        value: Some(value),
        source: document.source,
    })
}

/// The objects that the words and flags mean. Lists are expanded; named objects are not fetched.
/// Failures of single parts are kept beside what was found.
pub(crate) async fn items(run: &Run) -> Outcome<(Vec<Item>, Vec<Failure>)> {
    items_of(run, &run.words).await
}

/// What kubectl's builder says where nothing was named.
pub(crate) fn nothing_named() -> Failure {
    fail!(
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'"
    )
}

/// As [`items`], but a bare kind means all of it.
pub(crate) async fn items_or_all(run: &Run) -> Outcome<(Vec<Item>, Vec<Failure>)> {
    expanded(run, &run.words, true).await
}

/// [`items`] for words of the caller's choice.
pub(crate) async fn items_of(run: &Run, words: &[String]) -> Outcome<(Vec<Item>, Vec<Failure>)> {
    expanded(run, words, false).await
}

async fn expanded(
    run: &Run,
    words: &[String],
    bare_is_all: bool,
) -> Outcome<(Vec<Item>, Vec<Failure>)> {
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    let from_files =
        !run.flags.list("filename").is_empty() || run.flags.some("kustomize").is_some();
    if !from_files && words.is_empty() {
        return Err(nothing_named());
    }
    if from_files && !words.is_empty() {
        return Err(fail!(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        ));
    }
    if from_files {
        for document in documents(run).await?.into_iter().flatten() {
            let item = match document {
                Ok(document) => placed(run, document).await,
                Err(failure) => Err(failure),
            };
            match item {
                Ok(item) => items.push(item),
                Err(failure) => failures.push(failure),
            }
        }
        return Ok((items, failures));
    }
    let query = selectors(run);
    let whole = bare_is_all || !query.is_empty() || run.flags.bool("all");
    for (kind, names) in wanted(run, words).await? {
        let scope = if kind.namespaced {
            run.scope().await?
        } else {
            String::new()
        };
        if !names.is_empty() && !query.is_empty() {
            return Err(fail!(
                "name cannot be provided when a selector is specified"
            ));
        }
        if !names.is_empty() && kind.namespaced && run.flags.bool("all-namespaces") {
            return Err(fail!(
                "a resource cannot be retrieved by name across all namespaces"
            ));
        }
        for name in &names {
            items.push(Item {
                kind: kind.clone(),
                namespace: scope.clone(),
                name: name.clone(),
                value: None,
                source: String::new(),
            });
        }
        if names.is_empty() && !whole {
            return Err(fail!(
                "resource(s) were provided, but no name was specified"
            ));
        }
        if names.is_empty() {
            match run.list(&kind, &scope, query.clone()).await {
                Ok(list) => items.extend(list.into_iter().map(|value| item(kind.clone(), value))),
                Err(failure) => failures.push(failure),
            }
        }
    }
    Ok((items, failures))
}

/// A listed object as an item.
pub(crate) fn item(kind: Arc<Kind>, value: Value) -> Item {
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    Item {
        namespace: text(&value["metadata"]["namespace"]),
        name: text(&value["metadata"]["name"]),
        kind,
        value: Some(value),
        source: String::new(),
    }
}

/// One pod of a workload, service or pod argument (`x`, `pod/x`, `deploy/x`, `svc/x`): the pod's object.
pub(crate) async fn pod_of(run: &Run, word: &str) -> Outcome<Value> {
    let pods = pods_of(run, word, "attach to").await?;
    pods.into_iter()
        .next()
        .ok_or_else(|| fail!("no pods found for {word}"))
}

/// All pods of a workload, service or pod argument, the one that kubectl would choose first. `doing` stands in the
/// error of what has no pods: `attach to`, `get the logs from`.
pub(crate) async fn pods_of(run: &Run, word: &str, doing: &str) -> Outcome<Vec<Value>> {
    let namespace = run.namespace().await?;
    let pod = run.kind("pods").await?;
    let (kind, name) = match word.split_once('/') {
        Some((kind, name)) => (run.kind(kind).await?, name),
        None => (pod.clone(), word),
    };
    let object = run.get(&kind.path(&namespace, name), Vec::new()).await?;
    if kind.plural == "pods" {
        return Ok(vec![object]);
    }
    let selector = pod_selector(&kind, &object)
        .map_err(|why| fail!("cannot {doing} *{}.{}: {why}", kind.version, kind.kind))?;
    let mut pods = run
        .list(&pod, &namespace, vec![("labelSelector", selector)])
        .await?;
    pods.sort_by_key(|pod| {
        let ready = pod["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|c| c["type"] == "Ready" && c["status"] == "True");
        let running = pod["status"]["phase"] == "Running";
        (
            std::cmp::Reverse(running),
            std::cmp::Reverse(ready),
            pod["metadata"]["creationTimestamp"]
                .as_str()
                .unwrap_or("")
                .to_string(),
        )
    });
    if pods.is_empty() {
        return Err(fail!("timed out waiting for the condition"));
    }
    Ok(pods)
}

/// The selector of the pods that stand behind an object; the error says why it has none.
fn pod_selector(kind: &Kind, object: &Value) -> Result<String, String> {
    match kind.plural.as_str() {
        "services" => selector_of(object).ok_or_else(|| {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            format!("invalid service '{name}': Service is defined without a selector")
        }),
        "replicationcontrollers"
        | "replicasets"
        | "deployments"
        | "statefulsets"
        | "daemonsets"
        | "jobs" => selector_of(object).ok_or_else(|| "selector is missing".to_string()),
        _ => Err(format!(
            "selector for *{}.{} not implemented",
            kind.version, kind.kind
        )),
    }
}

/// The label selector of a workload or service as text.
pub(crate) fn selector_of(object: &Value) -> Option<String> {
    labels_of(&object["spec"]["selector"])
}

/// A label selector (`matchLabels`, `matchExpressions`, or a bare map) as text; none for an empty one.
pub(crate) fn labels_of(selector: &Value) -> Option<String> {
    let (labels, expressions) =
        if selector["matchLabels"].is_object() || selector["matchExpressions"].is_array() {
            (&selector["matchLabels"], &selector["matchExpressions"])
        } else {
            (selector, &Value::Null)
        };
    let mut parts: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
        .collect();
    for e in expressions.as_array().into_iter().flatten() {
        let key = e["key"].as_str().unwrap_or("");
        let values = e["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(",");
        parts.push(match e["operator"].as_str().unwrap_or("") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_string(),
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

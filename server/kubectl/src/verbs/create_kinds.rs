//! `kubectl create KIND`: one object made from flags.

use futures::FutureExt;
use http::Method;
use serde_json::{Map, Value, json};

use super::create_data::{self, config_map};
use crate::computer::Stdio;
use crate::failure::{Failure, Outcome, fail, usage};
use crate::printing;
use crate::run::Run;
use crate::verb::Verb;

pub(super) const COMMON: &str = "
--save-config=false  Keep the manifest in an annotation
--validate='strict'?strict  strict, warn or ignore unknown fields
";

macro_rules! kinds {
    ($($name:ident $word:literal $aliases:expr, $about:literal, $usage:literal, $flags:literal, $body:ident;)*) => {
        $(static $name: Verb = Verb {
            name: $word, aliases: &$aliases, about: $about, usage: $usage, examples: "",
            flags: &[super::PRINT_OBJECTS, super::CHANGE, COMMON, $flags],
            verbs: &[], run: Some(|run| $body(run).boxed()),
        };)*
    };
}

kinds! {
    CLUSTERROLE "clusterrole" [], "Create a cluster role", "NAME --verb=verb --resource=resource.group",
        "\n--verb=[]  Verbs\n--resource=[]  Resources\n--resource-name={}  Names\n--non-resource-url=[]  Paths\n", cluster_role;
    CLUSTERROLEBINDING "clusterrolebinding" [], "Create a cluster role binding", "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]",
        "\n--clusterrole=''  Cluster role\n--user={}  Users\n--group={}  Groups\n--serviceaccount={}  Service accounts: namespace:name\n", cluster_role_binding;
    CONFIGMAP "configmap" ["cm"], "Create a config map from a local file, directory or literal value", "NAME [--from-file=[key=]source] [--from-literal=key1=value1]",
        "\n--append-hash=false  Add a hash to the name\n--from-env-file={}  File of NAME=value lines\n--from-file={}  File, folder, or key=file\n--from-literal={}  key=value\n", config_map;
    CRONJOB "cronjob" ["cj"], "Create a cron job with the specified name", "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
        "\n--image=''  Image\n--schedule=''  Schedule in cron form\n--restart=''  Restart policy: OnFailure or Never\n", cron_job;
    DEPLOYMENT "deployment" ["deploy"], "Create a deployment with the specified name", "NAME --image=image -- [COMMAND] [args...]",
        "\n--image=[]  Images\n--port=-1  Port that the containers listen on\n-r --replicas=1  How many pods\n", deployment;
    JOB "job" [], "Create a job with the specified name", "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
        "\n--image=''  Image\n--from=''  cronjob/NAME to take the template from\n", job;
    NAMESPACE "namespace" ["ns"], "Create a namespace with the specified name", "NAME", "", namespace;
    PDB "poddisruptionbudget" ["pdb"], "Create a pod disruption budget with the specified name", "NAME --selector=SELECTOR --min-available=N",
        "\n--selector=''  Label selector\n--min-available=''  Pods that must stay\n--max-unavailable=''  Pods that may go\n", disruption_budget;
    PRIORITYCLASS "priorityclass" ["pc"], "Create a priority class with the specified name", "NAME --value=VALUE --global-default=BOOL",
        "\n--value=0  Priority\n--global-default=false  The default of all pods\n--description=''  What it is for\n--preemption-policy='PreemptLowerPriority'  PreemptLowerPriority or Never\n", priority_class;
    QUOTA "quota" ["resourcequota"], "Create a quota with the specified name", "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]",
        "\n--hard=[]  Limits: cpu=1,pods=3\n--scopes=[]  Scopes\n", quota;
    ROLE "role" [], "Create a role with single rule", "NAME --verb=verb --resource=resource.group/subresource",
        "\n--verb=[]  Verbs\n--resource=[]  Resources\n--resource-name={}  Names\n", role;
    ROLEBINDING "rolebinding" [], "Create a role binding for a particular role or cluster role", "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]",
        "\n--clusterrole=''  Cluster role\n--role=''  Role\n--user={}  Users\n--group={}  Groups\n--serviceaccount={}  Service accounts: namespace:name\n", role_binding;
    SERVICEACCOUNT "serviceaccount" ["sa"], "Create a service account with the specified name", "NAME", "", service_account;
    INGRESS "ingress" ["ing"], "Create an ingress with the specified name", "NAME --rule=host/path=service:port[,tls[=secret]]",
        "\n--rule={}  host/path=service:port\n--class=''  Ingress class\n--default-backend=''  service:port\n--annotation={}  key=value\n", ingress;
    TOKEN "token" [], "Request a service account token", "SERVICE_ACCOUNT_NAME",
        "\n--audience={}  Audiences\n--duration=0s  How long it is good for\n", token;
}

macro_rules! services {
    ($($name:ident $word:literal $type:literal;)*) => {
        $(static $name: Verb = Verb {
            name: $word, aliases: &[], about: concat!("Create a ", $type, " service"), usage: "NAME [--tcp=<port>:<targetPort>]", examples: "",
            flags: &[super::PRINT_OBJECTS, super::CHANGE, COMMON, "\n--tcp=[]  port:targetPort\n--clusterip=''  Address, or None\n--node-port=0  Port on every node\n--external-name=''  Name of another host\n"],
            verbs: &[], run: Some(|run| service(run, $type).boxed()),
        };)*
        static SERVICES: &[&Verb] = &[$(&$name),*];
    };
}

services! {
    CLUSTERIP "clusterip" "ClusterIP";
    EXTERNALNAME "externalname" "ExternalName";
    LOADBALANCER "loadbalancer" "LoadBalancer";
    NODEPORT "nodeport" "NodePort";
}

static SERVICE: Verb = Verb {
    name: "service",
    aliases: &["svc"],
    about: "Create a service using a specified subcommand",
    verbs: SERVICES,
    ..Verb::NONE
};

/// The verbs under `create`.
pub(crate) static ALL: &[&Verb] = &[
    &CLUSTERROLE,
    &CLUSTERROLEBINDING,
    &CONFIGMAP,
    &CRONJOB,
    &DEPLOYMENT,
    &INGRESS,
    &JOB,
    &NAMESPACE,
    &PDB,
    &PRIORITYCLASS,
    &QUOTA,
    &ROLE,
    &ROLEBINDING,
    &create_data::SECRET,
    &SERVICE,
    &SERVICEACCOUNT,
    &TOKEN,
];

pub(super) fn name(run: &Run) -> Outcome<&str> {
    let given = &run.words[..run.dash.unwrap_or(run.words.len()).min(run.words.len())];
    match given {
        [name] => Ok(name),
        _ => Err(usage!("exactly one NAME is required, got {}", given.len())),
    }
}

fn required(run: &Run, flags: &[&str]) -> Outcome {
    let missing: Vec<String> = flags
        .iter()
        .filter(|flag| !run.flags.changed(flag))
        .map(|flag| format!("{flag:?}"))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(fail!("required flag(s) {} not set", missing.join(", ")))
    }
}

/// Sends the object, or only shows it with `--dry-run=client`.
pub(super) async fn make(run: &Run, mut value: Value) -> Outcome {
    super::dry_run(run)?;
    let (api, kind) = (
        value["apiVersion"].as_str().unwrap_or("").to_string(),
        value["kind"].as_str().unwrap_or("").to_string(),
    );
    let found = run.discovery().await?.of(&api, &kind);
    let kind = found.ok_or_else(|| fail!("no matches for kind {kind:?} in version {api:?}"))?;
    if kind.namespaced && run.flags.changed("namespace") {
        value["metadata"]["namespace"] = run.namespace().await?.into();
    }
    if run.flags.bool("save-config") {
        value = super::apply::annotated(&value);
    }
    if run.flags.text("dry-run") != "client" {
        let namespace = if kind.namespaced {
            run.namespace().await?
        } else {
            String::new()
        };
        let query = super::change_checked(run, "kubectl-create");
        value = run
            .send(Method::POST, &kind.path(&namespace, ""), query, &value)
            .await
            .map_err(|failure| failed(&kind.kind, &value, failure))?;
    }
    printing::report(run, &kind, value, "created").await
}

/// How the maker of a kind words a refusal; some give the server's words as they are.
fn failed(kind: &str, value: &Value, failure: Failure) -> Failure {
    let what = match kind {
        "Namespace" | "Role" | "ClusterRole" => return failure,
        "Secret" => "secret".to_string(),
        "ResourceQuota" => "quota:".to_string(),
        "PodDisruptionBudget" => "poddisruptionbudgets:".to_string(),
        "Service" => format!("{} service:", value["spec"]["type"].as_str().unwrap_or("")),
        other => format!("{}:", other.to_lowercase()),
    };
    match failure {
        Failure::Status(_) => fail!("failed to create {what} {}", failure.sentence()),
        other => other,
    }
}

fn command(run: &Run) -> Option<Value> {
    let rest = run.words.get(1..).unwrap_or_default();
    (!rest.is_empty()).then(|| json!(rest))
}

fn container(run: &Run, name: &str, image: &str) -> Value {
    let mut container = json!({"name": name, "image": image, "resources": {}});
    if let Some(command) = command(run) {
        container["command"] = command;
    }
    container
}

async fn deployment(run: &Run) -> Outcome {
    required(run, &["image"])?;
    let name = name(run)?;
    let images = run.flags.list("image");
    if images.len() > 1 && command(run).is_some() {
        return Err(fail!("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let short = image.rsplit('/').next().unwrap_or(image);
            let short = short
                .split([':', '@'])
                .next()
                .unwrap_or(short)
                .replace('_', "-");
            container(run, &short, image)
        })
        .collect();
    if let Some(first) = containers
        .first_mut()
        .filter(|_| run.flags.int("port") >= 0)
    {
        first["ports"] = json!([{"containerPort": run.flags.int("port")}]);
    }
    let labels = json!({"app": name});
    make(run, json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": run.flags.int("replicas"), "selector": {"matchLabels": labels}, "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}, "status": {}})).await
}

async fn job(run: &Run) -> Outcome {
    let name = name(run)?;
    if let Some(from) = run.flags.some("from") {
        let Some((kind, source)) = from.split_once('/') else {
            return Err(fail!("from must be an existing cronjob"));
        };
        let kind = run.kind(kind).await?;
        let cron = run
            .get(&kind.path(&run.namespace().await?, source), Vec::new())
            .await?;
        let template = &cron["spec"]["jobTemplate"];
        let mut annotations = template["metadata"]["annotations"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        annotations.insert("cronjob.kubernetes.io/instantiate".into(), "manual".into());
        return make(run, json!({"apiVersion": "batch/v1", "kind": "Job", "spec": template["spec"],
            "metadata": {"name": name, "annotations": annotations, "labels": template["metadata"]["labels"],
                "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": source, "uid": cron["metadata"]["uid"], "controller": true}]}})).await;
    }
    if !run.flags.changed("image") {
        return Err(fail!("either --image or --from must be specified"));
    }
    make(run, json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "status": {},
        "spec": {"template": {"metadata": {}, "spec": {"containers": [container(run, name, run.flags.text("image"))], "restartPolicy": "Never"}}}})).await
}

async fn cron_job(run: &Run) -> Outcome {
    required(run, &["image", "schedule"])?;
    let name = name(run)?;
    let restart = run.flags.some("restart").unwrap_or("OnFailure");
    make(run, json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name}, "status": {},
        "spec": {"schedule": run.flags.text("schedule"), "jobTemplate": {"metadata": {"name": name}, "spec": {"template": {"metadata": {},
            "spec": {"containers": [container(run, name, run.flags.text("image"))], "restartPolicy": restart}}}}}})).await
}

async fn namespace(run: &Run) -> Outcome {
    make(run, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name(run)?}, "spec": {}, "status": {}})).await
}

async fn service_account(run: &Run) -> Outcome {
    make(
        run,
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name(run)?}}),
    )
    .await
}

async fn service(run: &Run, kind: &str) -> Outcome {
    let name = name(run)?;
    let mut ports = Vec::new();
    for text in run.flags.list("tcp") {
        let (port, target) = text.split_once(':').unwrap_or((text, text));
        let number: u16 = port
            .parse()
            .map_err(|_| fail!("invalid port format {text:?}"))?;
        let to = target.parse::<u16>().map_or(json!(target), |n| json!(n));
        let mut entry = json!({"name": text.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": to});
        if run.flags.int("node-port") > 0 {
            entry["nodePort"] = run.flags.int("node-port").into();
        }
        ports.push(entry);
    }
    if ports.is_empty() && kind != "ExternalName" && run.flags.text("clusterip") != "None" {
        return Err(fail!("at least one tcp port specifier must be provided"));
    }
    let mut value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"selector": {"app": name}, "type": kind}, "status": {"loadBalancer": {}}});
    if !ports.is_empty() {
        value["spec"]["ports"] = ports.into();
    }
    if let Some(address) = run.flags.some("clusterip") {
        value["spec"]["clusterIP"] = address.into();
    }
    if let Some(host) = run.flags.some("external-name") {
        value["spec"]["externalName"] = host.into();
    }
    make(run, value).await
}

const RESOURCE_VERBS: [&str; 15] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "approve",
    "sign",
    "escalate",
    "impersonate",
    "*",
];

async fn rules(run: &Run) -> Outcome<Vec<Value>> {
    if run.flags.list("verb").is_empty() {
        return Err(fail!("at least one verb must be specified"));
    }
    for verb in run.flags.list("verb") {
        if !run.flags.list("resource").is_empty() && !RESOURCE_VERBS.contains(&verb.as_str()) {
            run.err(&format!(
                "Warning: '{verb}' is not a standard resource verb\n"
            ))
            .await?;
        }
    }
    let mut rules: Vec<Value> = Vec::new();
    for text in run.flags.list("resource") {
        let (word, sub) = text
            .split_once('/')
            .map_or((text.as_str(), String::new()), |(w, s)| {
                (w, format!("/{s}"))
            });
        let kind = run
            .kind(word)
            .await
            .map_err(|failure| Failure::Plain(failure.sentence()))?;
        let plural = format!("{}{sub}", kind.plural);
        match rules.iter_mut().find(|rule| rule["apiGroups"][0] == kind.group.as_str()) {
            Some(rule) => {
                if let Some(list) = rule["resources"].as_array_mut() {
                    list.push(plural.into());
                }
            }
            None => rules.push(json!({"apiGroups": [kind.group], "resources": [plural], "verbs": run.flags.list("verb")})),
        }
    }
    for rule in &mut rules {
        if !run.flags.list("resource-name").is_empty() {
            rule["resourceNames"] = json!(run.flags.list("resource-name"));
        }
    }
    if !run.flags.list("non-resource-url").is_empty() {
        rules.push(json!({"nonResourceURLs": run.flags.list("non-resource-url"), "verbs": run.flags.list("verb")}));
    }
    if rules.is_empty() {
        Err(fail!("at least one resource must be specified"))
    } else {
        Ok(rules)
    }
}

async fn role(run: &Run) -> Outcome {
    make(run, json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name(run)?}, "rules": rules(run).await?})).await
}

async fn cluster_role(run: &Run) -> Outcome {
    make(run, json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name(run)?}, "rules": rules(run).await?})).await
}

/// `--user`, `--group`, `--serviceaccount` as subjects of a binding.
pub(super) fn subjects(run: &Run) -> Outcome<Vec<Value>> {
    let mut found = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        found.extend(run.flags.list(flag).iter().map(
            |name| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}),
        ));
    }
    for account in run.flags.list("serviceaccount") {
        let Some((space, name)) = account.split_once(':') else {
            return Err(fail!("serviceaccount must be <namespace>:<name>"));
        };
        found.push(json!({"kind": "ServiceAccount", "name": name, "namespace": space}));
    }
    Ok(found)
}

async fn role_binding(run: &Run) -> Outcome {
    let (kind, role) = match (run.flags.some("role"), run.flags.some("clusterrole")) {
        (Some(role), None) => ("Role", role),
        (None, Some(role)) => ("ClusterRole", role),
        _ => {
            return Err(fail!(
                "exactly one of clusterrole or role must be specified"
            ));
        }
    };
    make(run, json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name(run)?},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}, "subjects": subjects(run)?})).await
}

async fn cluster_role_binding(run: &Run) -> Outcome {
    required(run, &["clusterrole"])?;
    make(run, json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name(run)?},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": run.flags.text("clusterrole")}, "subjects": subjects(run)?})).await
}

async fn quota(run: &Run) -> Outcome {
    let mut hard = Map::new();
    for entry in run.flags.list("hard") {
        let Some((key, value)) = entry.split_once('=') else {
            return Err(fail!(
                "Invalid argument syntax {entry}, expected <resource>=<value>"
            ));
        };
        hard.insert(key.into(), value.into());
    }
    let mut value = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name(run)?}, "spec": {"hard": hard}, "status": {}});
    if !run.flags.list("scopes").is_empty() {
        value["spec"]["scopes"] = json!(run.flags.list("scopes"));
    }
    make(run, value).await
}

async fn priority_class(run: &Run) -> Outcome {
    make(run, json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name(run)?}, "value": run.flags.int("value"),
        "globalDefault": run.flags.bool("global-default"), "description": run.flags.text("description"), "preemptionPolicy": run.flags.text("preemption-policy")})).await
}

async fn disruption_budget(run: &Run) -> Outcome {
    required(run, &["selector"])?;
    let number = |text: &str| text.parse::<i64>().map_or(json!(text), |n| json!(n));
    let labels: Map<String, Value> = run
        .flags
        .text("selector")
        .split(',')
        .filter_map(|p| p.split_once('='))
        .map(|(k, v)| (k.to_string(), json!(v)))
        .collect();
    let mut value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name(run)?}, "spec": {"selector": {"matchLabels": labels}}, "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}});
    match (
        run.flags.some("min-available"),
        run.flags.some("max-unavailable"),
    ) {
        (Some(n), None) => value["spec"]["minAvailable"] = number(n),
        (None, Some(n)) => value["spec"]["maxUnavailable"] = number(n),
        _ => {
            return Err(fail!(
                "one of min-available or max-unavailable must be specified"
            ));
        }
    }
    make(run, value).await
}

async fn ingress(run: &Run) -> Outcome {
    let backend = |text: &str| -> Outcome<Value> {
        let (service, port) = text
            .split_once(':')
            .ok_or_else(|| fail!("backend {text} must be service:port"))?;
        let port = port
            .parse::<u16>()
            .map_or(json!({"name": port}), |n| json!({"number": n}));
        Ok(json!({"service": {"name": service, "port": port}}))
    };
    let (mut rules, mut tls) = (Vec::new(), Vec::new());
    for rule in run.flags.list("rule") {
        let mut parts = rule.split(',');
        let (target, service) = parts.next().and_then(|r| r.split_once('=')).ok_or_else(|| fail!("rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"))?;
        let (host, path) = target.split_once('/').unwrap_or((target, ""));
        let exact = !path.ends_with('*');
        let path = format!("/{}", path.trim_end_matches('*'));
        let mut entry = json!({"http": {"paths": [{"path": path, "pathType": if exact { "Exact" } else { "Prefix" }, "backend": backend(service)?}]}});
        if !host.is_empty() {
            entry["host"] = host.into();
        }
        rules.push(entry);
        if let Some(secret) = parts.next().and_then(|t| t.strip_prefix("tls")) {
            let mut entry = json!({"hosts": [host]});
            if let Some(secret) = secret.strip_prefix('=') {
                entry["secretName"] = secret.into();
            }
            tls.push(entry);
        }
    }
    let mut value = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name(run)?}, "spec": {}, "status": {"loadBalancer": {}}});
    if rules.is_empty() && !run.flags.changed("default-backend") {
        return Err(fail!(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)"
        ));
    }
    if !rules.is_empty() {
        value["spec"]["rules"] = rules.into();
    }
    if !tls.is_empty() {
        value["spec"]["tls"] = tls.into();
    }
    if let Some(text) = run.flags.some("default-backend") {
        value["spec"]["defaultBackend"] = backend(text)?;
    }
    let annotations: Map<String, Value> = run
        .flags
        .list("annotation")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_string(), value.into()))
        .collect();
    if !annotations.is_empty() {
        value["metadata"]["annotations"] = annotations.into();
    }
    if let Some(class) = run.flags.some("class") {
        value["spec"]["ingressClassName"] = class.into();
    }
    make(run, value).await
}

async fn token(run: &Run) -> Outcome {
    let name = name(run)?;
    let mut spec = json!({"audiences": run.flags.list("audience")});
    let seconds = run.flags.duration("duration").as_secs();
    if seconds > 0 {
        spec["expirationSeconds"] = seconds.into();
    }
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{name}/token",
        run.namespace().await?
    );
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": spec});
    let answer = run
        .send(Method::POST, &path, Vec::new(), &body)
        .await
        .map_err(|failure| failed("token", &Value::Null, failure))?;
    let end = if run.computer.is_terminal(Stdio::Out) {
        "\n"
    } else {
        ""
    };
    let token = answer["status"]["token"].as_str().unwrap_or("");
    run.out(&format!("{token}{end}")).await
}

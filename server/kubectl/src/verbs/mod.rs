//! All verbs of kubectl, and the tables of flags that several share.

mod applied;
pub(crate) mod apply;
mod auth;
mod autoscale;
mod change;
mod config;
mod cp;
mod create;
mod create_data;
mod create_kinds;
mod debug;
pub(crate) mod delete;
mod describe;
mod diff;
mod drain;
mod edit;
mod events;
mod exec;
mod explain;
mod get;
mod label;
mod logs;
mod meta;
mod nodes;
mod port_forward;
mod rollout;
mod run_pod;
mod set;
mod set_others;
mod top;
mod wait;

use crate::failure::{Outcome, fail};
use crate::run::{Query, Run};
use crate::verb::Verb;

/// All verbs, in the order in which they are looked up.
pub(crate) static ALL: &[&Verb] = &[
    &create::CREATE,
    &set::EXPOSE,
    &run_pod::RUN,
    &set::SET,
    &explain::EXPLAIN,
    &get::GET,
    &edit::EDIT,
    &delete::DELETE,
    &rollout::ROLLOUT,
    &change::SCALE,
    &autoscale::AUTOSCALE,
    &meta::CLUSTER_INFO,
    &top::TOP,
    &nodes::CORDON,
    &nodes::UNCORDON,
    &drain::DRAIN,
    &nodes::TAINT,
    &describe::DESCRIBE,
    &logs::LOGS,
    &exec::ATTACH,
    &exec::EXEC,
    &port_forward::PORT_FORWARD,
    &cp::CP,
    &auth::AUTH,
    &debug::DEBUG,
    &events::EVENTS,
    &diff::DIFF,
    &apply::APPLY,
    &change::PATCH,
    &create::REPLACE,
    &wait::WAIT,
    &label::LABEL,
    &label::ANNOTATE,
    &meta::API_RESOURCES,
    &meta::API_VERSIONS,
    &config::CONFIG,
    &meta::VERSION,
    &meta::OPTIONS,
    &meta::HELP,
];

/// The groups of the overview.
pub(crate) const GROUPS: &[(&str, &[&str])] = &[
    (
        "Basic Commands (Beginner)",
        &["create", "expose", "run", "set"],
    ),
    (
        "Basic Commands (Intermediate)",
        &["explain", "get", "edit", "delete"],
    ),
    ("Deploy Commands", &["rollout", "scale", "autoscale"]),
    (
        "Cluster Management Commands",
        &[
            "cluster-info",
            "top",
            "cordon",
            "uncordon",
            "drain",
            "taint",
        ],
    ),
    (
        "Troubleshooting and Debugging Commands",
        &[
            "describe",
            "logs",
            "attach",
            "exec",
            "port-forward",
            "cp",
            "auth",
            "debug",
            "events",
        ],
    ),
    (
        "Advanced Commands",
        &["diff", "apply", "patch", "replace", "wait"],
    ),
    ("Settings Commands", &["label", "annotate"]),
    (
        "Other Commands",
        &["api-resources", "api-versions", "config", "version"],
    ),
];

/// Flags that choose objects.
pub(crate) const SELECT: &str = "
-l --selector=''  Label selector: key=value, key!=value, key in (a,b), key
--field-selector=''  Field selector: status.phase=Running
";

/// Flags that name manifests.
pub(crate) const FILES: &str = "
-f --filename=[]  File, folder, URL or - (standard input) with manifests
-R --recursive=false  Look into folders below the folder of -f
-k --kustomize=''  Folder with a kustomization (not part of this kubectl)
";

/// Flags of printing.
pub(crate) const PRINT_OBJECTS: &str = "
-o --output=''  How to print: json, yaml, name, wide, jsonpath=…, custom-columns=…, go-template=…
--template=''  Template for -o go-template
--allow-missing-template-keys=true  A missing field of a template is empty
--show-managed-fields=false  Keep metadata.managedFields
";

/// Flags of verbs that change objects.
pub(crate) const CHANGE: &str = "
--dry-run='none'?unchanged  none, client (send nothing) or server (send, keep nothing)
--field-manager=''  Name of the manager of the changed fields
";

/// The value of `--dry-run`, checked. Its old forms are gone by now (see [`crate::flags::Flags::settle_dry_run`]).
pub(crate) fn dry_run(run: &Run) -> Outcome<&str> {
    match run.flags.text("dry-run") {
        known @ ("none" | "client" | "server") => Ok(known),
        other => Err(fail!(
            "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
        )),
    }
}

/// Query of a request that changes an object.
pub(crate) fn change(run: &Run, manager: &str) -> Query {
    let manager = run.flags.some("field-manager").unwrap_or(manager);
    let mut query = vec![("fieldManager", manager.to_string())];
    if run.flags.text("dry-run") == "server" {
        query.push(("dryRun", "All".into()));
    }
    query
}

/// As [`change`], with the server's check of unknown fields.
pub(crate) fn change_checked(run: &Run, manager: &str) -> Query {
    let mut query = change(run, manager);
    let validation = match run.flags.text("validate") {
        "ignore" | "false" => "Ignore",
        "warn" => "Warn",
        _ => "Strict",
    };
    query.push(("fieldValidation", validation.into()));
    query
}

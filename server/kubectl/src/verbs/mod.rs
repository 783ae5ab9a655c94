//! All verbs of kubectl, and the tables of flags that several share.

mod get;

use crate::verb::Verb;

/// All verbs, in the order in which they are looked up.
pub(crate) static ALL: &[&Verb] = &[&get::GET];

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
    ("Deploy Commands", &["rollout", "scale"]),
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

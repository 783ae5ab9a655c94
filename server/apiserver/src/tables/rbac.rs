//! Role bindings. Roles have no printer of their own.

use super::cells::{self, list, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => Some(&BINDING),
        _ => None,
    }
}

static BINDING: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Role"),
        AGE,
        Column::wide("Users"),
        Column::wide("Groups"),
        Column::wide("ServiceAccounts"),
    ],
    row: |o, now| {
        let subjects = |kind: &str, show: fn(&Value) -> String| {
            let shown: Vec<String> = list(o, "/subjects")
                .iter()
                .filter(|s| text(s, "/kind") == kind)
                .map(show)
                .collect();
            json!(shown.join(", "))
        };
        let name = |s: &Value| text(s, "/name").to_string();
        vec![
            cells::name(o),
            json!(format!(
                "{}/{}",
                text(o, "/roleRef/kind"),
                text(o, "/roleRef/name")
            )),
            cells::age(o, now),
            subjects("User", name),
            subjects("Group", name),
            subjects("ServiceAccount", |s| {
                format!("{}/{}", text(s, "/namespace"), text(s, "/name"))
            }),
        ]
    },
};

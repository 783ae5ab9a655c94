//! Server-side printing: objects as rows of a `Table` (meta.k8s.io/v1), one file a group of kinds.
//!
//! Mirrors the printers of kube-apiserver (`pkg/printers/internalversion`). A printer is a pure function of an object and
//! the time; which rows are asked for and how they are sent is not decided here.

mod cells;
mod cluster;
mod config;
mod events;
mod network;
mod other;
mod pods;
mod rbac;
mod storage;
mod workloads;

use serde_json::{Value, json};

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// `string`, `integer`, `boolean`, `date`.
    pub kind: &'static str,
    /// `name` on the column of names.
    pub format: &'static str,
    /// 0: always shown; 1: with `-o wide`.
    pub priority: u8,
}

impl Column {
    const fn text(name: &'static str) -> Column {
        Column {
            name,
            kind: "string",
            format: "",
            priority: 0,
        }
    }
    const fn wide(name: &'static str) -> Column {
        Column {
            name,
            kind: "string",
            format: "",
            priority: 1,
        }
    }
    const fn integer(name: &'static str) -> Column {
        Column {
            name,
            kind: "integer",
            format: "",
            priority: 0,
        }
    }
    const fn boolean(name: &'static str) -> Column {
        Column {
            name,
            kind: "boolean",
            format: "",
            priority: 0,
        }
    }
}

const NAME: Column = Column {
    name: "Name",
    kind: "string",
    format: "name",
    priority: 0,
};
const AGE: Column = Column::text("Age");

/// How the objects of one kind are printed.
pub struct Printer {
    pub columns: &'static [Column],
    /// The cells of one object; `now` in seconds since 1970.
    pub row: fn(object: &Value, now: i64) -> Vec<Value>,
}

/// What each row carries of its object (`includeObject`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    None,
    #[default]
    Metadata,
    Object,
}

/// The printer of a kind; kinds without one of their own get the default (name and time of creation).
pub fn printer(group: &str, kind: &str) -> &'static Printer {
    None.or_else(|| pods::printer(group, kind))
        .or_else(|| workloads::printer(group, kind))
        .or_else(|| network::printer(group, kind))
        .or_else(|| config::printer(group, kind))
        .or_else(|| events::printer(group, kind))
        .or_else(|| cluster::printer(group, kind))
        .or_else(|| storage::printer(group, kind))
        .or_else(|| rbac::printer(group, kind))
        .or_else(|| other::printer(group, kind))
        .unwrap_or(&DEFAULT)
}

static DEFAULT: Printer = Printer {
    columns: &[
        NAME,
        Column {
            name: "Created At",
            kind: "date",
            format: "",
            priority: 0,
        },
    ],
    row: |object, _| {
        vec![
            cells::name(object),
            json!(objects::meta::creation_timestamp(object)),
        ]
    },
};

/// The column definitions as the API sends them.
pub fn definitions(columns: &[Column]) -> Value {
    columns
        .iter()
        .map(|c| {
            json!({"name": c.name, "type": c.kind, "format": c.format, "description": describe(c.name), "priority": c.priority})
        })
        .collect()
}

fn describe(column: &str) -> String {
    match column {
        "Name" => "The name of the object, unique among its kind within a namespace.".into(),
        "Age" => "How long ago the object was created.".into(),
        "Created At" => "When the object was created.".into(),
        other => format!("{other} of the object, as its spec and status tell it."),
    }
}

/// One row.
pub fn row(printer: &Printer, object: &Value, now: i64, include: Include) -> Value {
    let mut row = json!({"cells": (printer.row)(object, now)});
    if let Some(conditions) = pods::row_conditions(object) {
        row["conditions"] = conditions;
    }
    row["object"] = match include {
        Include::None => Value::Null,
        Include::Metadata => partial(object),
        Include::Object => object.clone(),
    };
    row
}

/// A whole table. `metadata` is that of the list, or of the single object.
pub fn table<'a>(
    printer: &Printer,
    items: impl Iterator<Item = &'a Value>,
    metadata: Value,
    now: i64,
    include: Include,
) -> Value {
    let rows: Vec<Value> = items
        .map(|object| row(printer, object, now, include))
        .collect();
    // The default printer answers null for no rows, the others an empty list.
    let rows = if rows.is_empty() && std::ptr::eq(printer, &DEFAULT) {
        Value::Null
    } else {
        Value::Array(rows)
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions(printer.columns), "rows": rows,
    })
}

/// An object as `PartialObjectMetadata`.
pub fn partial(object: &Value) -> Value {
    let mut metadata = object.get("metadata").cloned().unwrap_or_else(|| json!({}));
    // This annotation comes with the conversion to apps/v1, which metadata alone does not go through.
    if object["kind"] == "DaemonSet"
        && let Some(annotations) = metadata["annotations"].as_object_mut()
    {
        annotations.remove("deprecated.daemonset.template.generation");
        if annotations.is_empty() {
            metadata.as_object_mut().map(|m| m.remove("annotations"));
        }
    }
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
}

#[cfg(test)]
mod tests;

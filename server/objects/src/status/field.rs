//! The error of one field, and how its value is printed.

use std::fmt;

use serde_json::Value;

use crate::quote::{go_json, go_quote};

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    Required,
    Invalid,
    NotSupported,
    Duplicate,
    Forbidden,
    TooLong,
    TooMany,
    NotFound,
    TypeInvalid,
    Internal,
}

impl FieldErrorKind {
    /// `reason` of the cause.
    pub fn reason(self) -> &'static str {
        match self {
            FieldErrorKind::Required => "FieldValueRequired",
            FieldErrorKind::Invalid => "FieldValueInvalid",
            FieldErrorKind::NotSupported => "FieldValueNotSupported",
            FieldErrorKind::Duplicate => "FieldValueDuplicate",
            FieldErrorKind::Forbidden => "FieldValueForbidden",
            FieldErrorKind::TooLong => "FieldValueTooLong",
            FieldErrorKind::TooMany => "FieldValueTooMany",
            FieldErrorKind::NotFound => "FieldValueNotFound",
            FieldErrorKind::TypeInvalid => "FieldValueTypeInvalid",
            FieldErrorKind::Internal => "InternalError",
        }
    }

    fn text(self) -> &'static str {
        match self {
            FieldErrorKind::Required => "Required value",
            FieldErrorKind::Invalid | FieldErrorKind::TypeInvalid => "Invalid value",
            FieldErrorKind::NotSupported => "Unsupported value",
            FieldErrorKind::Duplicate => "Duplicate value",
            FieldErrorKind::Forbidden => "Forbidden",
            FieldErrorKind::TooLong => "Too long",
            FieldErrorKind::TooMany => "Too many",
            FieldErrorKind::NotFound => "Not found",
            FieldErrorKind::Internal => "Internal error",
        }
    }
}

/// The error of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub kind: FieldErrorKind,
    /// `spec.containers[0].name`
    pub field: String,
    /// The value as it is printed; `None` when the text has none.
    pub value: Option<String>,
    pub detail: String,
}

impl FieldError {
    fn new(
        kind: FieldErrorKind,
        field: impl Into<String>,
        value: Option<String>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError {
            kind,
            field: field.into(),
            value,
            detail: detail.into(),
        }
    }

    pub fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, field, None, detail)
    }

    /// `value` is printed as Go prints it: strings quoted, numbers plain, the rest as JSON.
    pub fn invalid(
        field: impl Into<String>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(
            FieldErrorKind::Invalid,
            field,
            Some(render_value(&value.into())),
            detail,
        )
    }

    /// With the value already printed, where Go prints a struct of its own.
    pub fn invalid_text(
        field: impl Into<String>,
        value: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(FieldErrorKind::Invalid, field, Some(value.into()), detail)
    }

    /// `supported` in the order in which it is told (mostly sorted).
    pub fn not_supported(
        field: impl Into<String>,
        value: impl Into<Value>,
        supported: &[&str],
    ) -> Self {
        let quoted: Vec<String> = supported.iter().map(|s| go_quote(s)).collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        let value = Some(render_value(&value.into()));
        Self::new(FieldErrorKind::NotSupported, field, value, detail)
    }

    pub fn duplicate(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(
            FieldErrorKind::Duplicate,
            field,
            Some(render_value(&value.into())),
            "",
        )
    }

    pub fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, field, None, detail)
    }

    /// More than `max` bytes.
    pub fn too_long(field: impl Into<String>, max: usize) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self::new(
            FieldErrorKind::TooLong,
            field,
            None,
            format!("may not be more than {max} {unit}"),
        )
    }

    pub fn too_many(field: impl Into<String>, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {max} {unit}");
        Self::new(
            FieldErrorKind::TooMany,
            field,
            Some(actual.to_string()),
            detail,
        )
    }

    pub fn not_found(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(
            FieldErrorKind::NotFound,
            field,
            Some(render_value(&value.into())),
            "",
        )
    }

    pub fn type_invalid(
        field: impl Into<String>,
        value: impl Into<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(
            FieldErrorKind::TypeInvalid,
            field,
            Some(render_value(&value.into())),
            detail,
        )
    }

    pub fn internal(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Internal, field, None, detail)
    }

    /// The text without the field: `Invalid value: "x": must not be x`.
    pub fn body(&self) -> String {
        let mut text = self.kind.text().to_string();
        for part in self
            .value
            .iter()
            .chain(Some(&self.detail).filter(|d| !d.is_empty()))
        {
            text.push_str(": ");
            text.push_str(part);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// A value as the text of a field error shows it.
pub fn render_value(value: &Value) -> String {
    match value {
        Value::String(text) => go_quote(text),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null => "null".to_string(),
        Value::Array(_) | Value::Object(_) => go_json(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(error: FieldError, expect: &str) {
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn bodies() {
        check(FieldError::required("a.b", ""), "a.b: Required value");
        check(
            FieldError::invalid("a", "x\"y", "no"),
            r#"a: Invalid value: "x\"y": no"#,
        );
        check(
            FieldError::invalid("a", -1, "no"),
            "a: Invalid value: -1: no",
        );
        check(
            FieldError::invalid("a", json!({"b": "<"}), "no"),
            r#"a: Invalid value: {"b":"\u003c"}: no"#,
        );
        check(
            FieldError::not_supported("a", "z", &["x", "y"]),
            r#"a: Unsupported value: "z": supported values: "x", "y""#,
        );
        check(
            FieldError::too_many("a", 5, 3),
            "a: Too many: 5: must have at most 3 items",
        );
        check(
            FieldError::too_long("a", 63),
            "a: Too long: may not be more than 63 bytes",
        );
        check(
            FieldError::duplicate("a", "x"),
            r#"a: Duplicate value: "x""#,
        );
    }
}

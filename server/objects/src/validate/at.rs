//! A value and where it stands.

use serde_json::{Map, Value};

use super::Errors;
use crate::FieldError;

static NULL: Value = Value::Null;

/// A value, `Null` when it is missing, with its path: `spec.containers[0].name`.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub value: &'a Value,
    pub path: String,
}

impl<'a> At<'a> {
    pub fn root(value: &'a Value) -> Self {
        At {
            value,
            path: String::new(),
        }
    }

    pub fn get(&self, key: &str) -> At<'a> {
        let dot = if self.path.is_empty() { "" } else { "." };
        At {
            value: self.value.get(key).unwrap_or(&NULL),
            // Most paths are never read: a plain copy costs a fifth of formatting.
            path: [&self.path, dot, key].concat(),
        }
    }

    /// The elements of a list.
    pub fn items(&self) -> Vec<At<'a>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .enumerate()
            .map(|(i, value)| At {
                value,
                path: format!("{}[{i}]", self.path),
            })
            .collect()
    }

    /// The members of a map, with paths like `requests[cpu]`.
    pub fn entries(&self) -> Vec<(&'a str, At<'a>)> {
        let members = self.value.as_object().into_iter().flatten();
        members
            .map(|(key, value)| {
                (
                    key.as_str(),
                    At {
                        value,
                        path: format!("{}[{key}]", self.path),
                    },
                )
            })
            .collect()
    }

    pub fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// Empty when it is no text.
    pub fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    pub fn is_true(&self) -> bool {
        self.value == &Value::Bool(true)
    }

    pub fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Missing, or an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    pub fn required(&self, detail: &str) -> FieldError {
        FieldError::required(&self.path, detail)
    }

    pub fn invalid(&self, detail: impl Into<String>) -> FieldError {
        FieldError::invalid(&self.path, self.value.clone(), detail)
    }

    pub fn forbidden(&self, detail: impl Into<String>) -> FieldError {
        FieldError::forbidden(&self.path, detail)
    }

    pub fn duplicate(&self) -> FieldError {
        FieldError::duplicate(&self.path, self.value.clone())
    }

    /// Adds an error for each text that is wrong with the value.
    pub fn check(&self, good: fn(&str) -> Vec<String>, errors: &mut Errors) {
        let bad = good(self.text()).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&self.path, self.text(), e)));
    }

    /// Required, and then good.
    pub fn required_and(&self, good: fn(&str) -> Vec<String>, errors: &mut Errors) {
        if self.text().is_empty() {
            errors.push(self.required(""));
        } else {
            self.check(good, errors);
        }
    }

    pub fn one_of(&self, supported: &[&str], errors: &mut Errors) {
        if self.text().is_empty() && !supported.contains(&"") {
            errors.push(self.required(""));
        } else if !supported.contains(&self.text()) {
            errors.push(FieldError::not_supported(
                &self.path,
                self.text(),
                supported,
            ));
        }
    }

    /// When it is set, at least 0.
    pub fn not_negative(&self, errors: &mut Errors) {
        if self.int().is_some_and(|n| n < 0) {
            errors.push(self.invalid("must be greater than or equal to 0"));
        }
    }

    /// When it is set, in the range.
    pub fn in_range(&self, min: i64, max: i64, errors: &mut Errors) {
        if self.int().is_some_and(|n| n < min || n > max) {
            errors.push(self.invalid(format!("must be between {min} and {max}, inclusive")));
        }
    }

    /// A port number, or the name of a port.
    pub fn port_or_name(&self, errors: &mut Errors) {
        match self.value {
            Value::String(_) => self.check(crate::names::port_name, errors),
            _ => {
                let n = self.int().unwrap_or_default();
                if !(1..=65535).contains(&n) {
                    errors.push(FieldError::invalid(
                        &self.path,
                        n,
                        "must be between 1 and 65535, inclusive",
                    ));
                }
            }
        }
    }

    /// An address, IPv4 or IPv6.
    pub fn ip(&self, errors: &mut Errors) {
        if self.text().parse::<core::net::IpAddr>().is_err() {
            errors.push(
                self.invalid("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
            );
        }
    }
}

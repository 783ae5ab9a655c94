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

    /// An address, IPv4 or IPv6, without leading zeros and not of the one written as the other.
    pub fn ip(&self, errors: &mut Errors) {
        let text = self.text();
        let padded = || {
            let octets: Vec<&str> = text.split('.').collect();
            let plain = |o: &&str| o.bytes().all(|b| b.is_ascii_digit());
            let fits = |o: &&str| {
                o.trim_start_matches('0').parse::<u8>().is_ok()
                    || !o.is_empty() && o.bytes().all(|b| b == b'0')
            };
            octets.len() == 4 && octets.iter().all(plain) && octets.iter().all(fits)
        };
        match text.parse::<core::net::IpAddr>() {
            Ok(core::net::IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => {
                errors.push(self.invalid("must not be an IPv4-mapped IPv6 address"));
            }
            Ok(_) => {}
            Err(_) if padded() => errors.push(self.invalid("must not have leading 0s")),
            Err(_) => errors.push(
                self.invalid("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
            ),
        }
    }

    /// A range of addresses: `10.9.8.0/24`.
    pub fn cidr(&self, errors: &mut Errors) {
        use core::net::IpAddr;
        let text = self.text().trim();
        let parsed = text.split_once('/').and_then(|(ip, bits)| {
            let (ip, bits) = (ip.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?);
            (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
        });
        let beyond = match parsed {
            None => {
                let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
                return errors.push(FieldError::invalid(&self.path, text, why));
            }
            Some((IpAddr::V4(ip), bits)) => u32::from(ip).checked_shl(bits).unwrap_or(0) != 0,
            Some((IpAddr::V6(ip), bits)) => u128::from(ip).checked_shl(bits).unwrap_or(0) != 0,
        };
        if beyond {
            let why = "must not have bits set beyond the prefix length";
            errors.push(FieldError::invalid(&self.path, text, why));
        }
    }

    /// A path below a domain: `acme.io/foo`.
    pub fn domain_path(&self, errors: &mut Errors) {
        const PATH: &str = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";
        let parts = self.text().split_once('/');
        if self.text().is_empty() {
            return errors.push(self.required(""));
        }
        let Some((host, path)) = parts.filter(|(host, path)| !host.is_empty() && !path.is_empty())
        else {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            return errors.push(self.invalid(why));
        };
        let bad = crate::names::dns_subdomain(host).into_iter();
        errors.extend(bad.map(|e| FieldError::invalid(&self.path, host, e)));
        let good = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
        if !path.bytes().all(good) {
            let why = format!("Invalid path (regex used for validation is '{PATH}')");
            errors.push(FieldError::invalid(&self.path, path, why));
        }
    }
}

//! Ingresses. Mirrors `pkg/apis/networking/validation`.

use serde_json::Value;

use super::{At, Errors};
use crate::{FieldError, names};

pub(super) fn validate(spec: &At<'_>, errors: &mut Errors) {
    let (rules, backend) = (spec.get("rules"), spec.get("defaultBackend"));
    if rules.is_empty() && !backend.is_set() {
        let text = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(&spec.path, Value::Null, text));
    }
    if backend.is_set() {
        self::backend(&backend, errors);
    }
    for rule in rules.items() {
        let name = rule.get("host");
        if name.text().parse::<core::net::IpAddr>().is_ok() {
            errors.push(name.invalid("must be a DNS name, not an IP address"));
        }
        if !name.is_empty() {
            host(&name, errors);
        }
        let http = rule.get("http");
        if http.is_set() && http.get("paths").is_empty() {
            errors.push(http.get("paths").required(""));
        }
        for path in http.get("paths").items() {
            self::path(&path, errors);
        }
    }
    for tls in spec.get("tls").items() {
        for name in tls.get("hosts").items() {
            host(&name, errors);
        }
        if !tls.get("secretName").is_empty() {
            tls.get("secretName").check(names::dns_subdomain, errors);
        }
    }
    let class = spec.get("ingressClassName");
    if class.is_set() {
        class.check(names::dns_subdomain, errors);
    }
}

/// A name, or one with a `*` in place of its first part.
fn host(at: &At<'_>, errors: &mut Errors) {
    if !at.text().contains('*') {
        return at.check(names::dns_subdomain, errors);
    }
    let rest = at.text().strip_prefix("*.");
    if rest.is_none_or(|name| !names::dns_subdomain(name).is_empty()) {
        errors.push(at.invalid(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case \
             alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for \
             validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ));
    }
}

fn path(at: &At<'_>, errors: &mut Errors) {
    let (kind, path) = (at.get("pathType"), at.get("path"));
    if !kind.is_set() {
        return errors.push(kind.required("pathType must be specified"));
    }
    let mut wrong = |text: String| errors.push(FieldError::invalid(&path.path, path.text(), text));
    let relative = !path.text().starts_with('/');
    match kind.text() {
        "Exact" | "Prefix" => {
            if relative {
                wrong("must be an absolute path".into());
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if path.text().contains(part) {
                    wrong(format!("must not contain '{part}'"));
                }
            }
            for end in ["/..", "/."] {
                if path.text().ends_with(end) {
                    wrong(format!("cannot end with '{end}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if relative && !path.is_empty() {
                wrong("must be an absolute path".into());
            }
        }
        other => {
            let kinds = &["Exact", "ImplementationSpecific", "Prefix"];
            errors.push(FieldError::not_supported(&kind.path, other, kinds));
        }
    }
    backend(&at.get("backend"), errors);
}

fn backend(at: &At<'_>, errors: &mut Errors) {
    let (service, resource) = (at.get("service"), at.get("resource"));
    let whole = |text: &str| FieldError::invalid(&at.path, "", text);
    match (service.is_set(), resource.is_set()) {
        (true, true) => errors.push(whole("cannot set both resource and service backends")),
        (false, false) => errors.push(whole("resource or service backend is required")),
        (false, true) => {
            if !resource.get("apiGroup").is_empty() {
                resource.get("apiGroup").check(names::dns_subdomain, errors);
            }
            for key in ["kind", "name"] {
                let member = resource.get(key);
                if member.is_empty() {
                    errors.push(member.required(&format!("{key} is required")));
                } else {
                    member.check(names::path_segment, errors);
                }
            }
        }
        (true, false) => {
            service.get("name").required_and(names::dns_label, errors);
            let (name, number) = (
                service.get("port").get("name"),
                service.get("port").get("number"),
            );
            let numbered = number.int().unwrap_or_default() != 0;
            if !name.is_empty() && numbered {
                errors.push(whole("cannot set both port name & port number"));
            } else if !name.is_empty() {
                name.check(names::port_name, errors);
            } else if numbered {
                number.in_range(1, 65535, errors);
            } else {
                errors.push(at.required("port name or number is required"));
            }
        }
    }
}

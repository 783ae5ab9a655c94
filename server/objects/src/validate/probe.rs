//! Probes and lifecycle hooks.

use super::{At, Errors};
use crate::{FieldError, names};

const HANDLERS: [&str; 5] = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

/// `livenessProbe`, `readinessProbe` and `startupProbe` of a container.
pub(super) fn probes(container: &At<'_>, errors: &mut Errors) {
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let at = container.get(name);
        if !at.is_set() {
            continue;
        }
        probe(&at, errors);
        let success = at.get("successThreshold");
        if name != "readinessProbe" && success.int() != Some(1) {
            errors.push(success.invalid("must be 1"));
        }
        let grace = at.get("terminationGracePeriodSeconds");
        if name == "readinessProbe" && grace.is_set() {
            errors.push(grace.invalid("must not be set for readinessProbes"));
        }
    }
}

fn probe(at: &At<'_>, errors: &mut Errors) {
    handler(at, errors);
    for key in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        at.get(key).not_negative(errors);
    }
    let grace = at.get("terminationGracePeriodSeconds");
    if grace.int().is_some_and(|n| n <= 0) {
        errors.push(grace.invalid("must be greater than 0"));
    }
}

/// `lifecycle` of a container. `grace` is the pod's terminationGracePeriodSeconds.
pub(super) fn lifecycle(container: &At<'_>, grace: Option<i64>, errors: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        let at = container.get("lifecycle").get(hook);
        if !at.is_set() {
            continue;
        }
        handler(&at, errors);
        let seconds = at.get("sleep").get("seconds");
        let max = grace.unwrap_or(30);
        if at.get("sleep").is_set() && seconds.int().is_some_and(|s| s < 0 || s > max) {
            let text =
                format!("must be non-negative and less than terminationGracePeriodSeconds ({max})");
            errors.push(FieldError::invalid(
                &seconds.path,
                seconds.int().unwrap_or_default(),
                text,
            ));
        }
    }
}

fn handler(at: &At<'_>, errors: &mut Errors) {
    let mut handlers = 0;
    for name in HANDLERS {
        let one = at.get(name);
        if !one.is_set() {
            continue;
        }
        handlers += 1;
        if handlers > 1 {
            errors.push(one.forbidden("may not specify more than 1 handler type"));
            continue;
        }
        match name {
            "exec" if one.get("command").is_empty() => errors.push(one.get("command").required("")),
            "httpGet" => http(&one, errors),
            "tcpSocket" | "grpc" => one.get("port").port_or_name(errors),
            _ => {}
        }
    }
    if handlers == 0 {
        errors.push(at.required("must specify a handler type"));
    }
}

fn http(at: &At<'_>, errors: &mut Errors) {
    if at.get("path").is_empty() {
        errors.push(at.get("path").required(""));
    }
    at.get("port").port_or_name(errors);
    let scheme = at.get("scheme");
    if !["HTTP", "HTTPS"].contains(&scheme.text()) {
        errors.push(FieldError::not_supported(
            scheme.path.clone(),
            scheme.text(),
            &["HTTP", "HTTPS"],
        ));
    }
    for header in at.get("httpHeaders").items() {
        let bad = names::http_header(header.get("name").text()).into_iter();
        let path = at.get("httpHeaders").path;
        errors.extend(bad.map(|e| FieldError::invalid(&path, header.get("name").text(), e)));
    }
}

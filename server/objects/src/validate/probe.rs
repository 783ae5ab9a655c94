//! Probes and lifecycle hooks.

use super::container::Pod;
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

/// `lifecycle` of a container.
pub(super) fn lifecycle(container: &At<'_>, pod: &Pod<'_>, errors: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        let at = container.get("lifecycle").get(hook);
        if !at.is_set() {
            continue;
        }
        handler(&at, errors);
        let sleep = at.get("sleep");
        let seconds = sleep.get("seconds").int().unwrap_or_default();
        let max = pod.grace.unwrap_or(30);
        if sleep.is_set() && !(0..=max).contains(&seconds) {
            let text =
                format!("must be non-negative and less than terminationGracePeriodSeconds ({max})");
            errors.push(FieldError::invalid(&sleep.path, seconds, text));
        }
    }
    let signal = container.get("lifecycle").get("stopSignal");
    if signal.is_set() {
        stop_signal(&signal, pod.os, errors);
    }
}

fn stop_signal(at: &At<'_>, os: Option<&str>, errors: &mut Errors) {
    const WINDOWS: &[&str] = &["SIGKILL", "SIGTERM"];
    match os {
        None => {
            let text = "may not be set for containers with empty `spec.os.name`";
            errors.push(at.forbidden(text));
        }
        Some("windows") => at.one_of(WINDOWS, errors),
        Some("linux") => at.one_of(SIGNALS, errors),
        Some(_) => {}
    }
}

/// The signals of Linux that may stop a container, sorted.
const SIGNALS: &[&str] = &[
    "SIGABRT",
    "SIGALRM",
    "SIGBUS",
    "SIGCHLD",
    "SIGCLD",
    "SIGCONT",
    "SIGFPE",
    "SIGHUP",
    "SIGILL",
    "SIGINT",
    "SIGIO",
    "SIGIOT",
    "SIGKILL",
    "SIGPIPE",
    "SIGPOLL",
    "SIGPROF",
    "SIGPWR",
    "SIGQUIT",
    "SIGRTMAX",
    "SIGRTMAX-1",
    "SIGRTMAX-10",
    "SIGRTMAX-11",
    "SIGRTMAX-12",
    "SIGRTMAX-13",
    "SIGRTMAX-14",
    "SIGRTMAX-2",
    "SIGRTMAX-3",
    "SIGRTMAX-4",
    "SIGRTMAX-5",
    "SIGRTMAX-6",
    "SIGRTMAX-7",
    "SIGRTMAX-8",
    "SIGRTMAX-9",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+10",
    "SIGRTMIN+11",
    "SIGRTMIN+12",
    "SIGRTMIN+13",
    "SIGRTMIN+14",
    "SIGRTMIN+15",
    "SIGRTMIN+2",
    "SIGRTMIN+3",
    "SIGRTMIN+4",
    "SIGRTMIN+5",
    "SIGRTMIN+6",
    "SIGRTMIN+7",
    "SIGRTMIN+8",
    "SIGRTMIN+9",
    "SIGSEGV",
    "SIGSTKFLT",
    "SIGSTOP",
    "SIGSYS",
    "SIGTERM",
    "SIGTRAP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGUSR1",
    "SIGUSR2",
    "SIGVTALRM",
    "SIGWINCH",
    "SIGXCPU",
    "SIGXFSZ",
];

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

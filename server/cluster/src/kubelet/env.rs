//! The environment of a container: services, sources, variables, the downward API, and `$(NAME)` in texts. Pure, over lookups.
//!
//! Mirrors the kubelet's `envvars` and `kubelet_pods.go`, and `third_party/forked/golang/expansion`.

use std::cell::Cell;
use std::collections::BTreeMap;

use objects::{Object, Quantity, meta};
use serde_json::Value;

use crate::view;

/// Where configuration comes from.
pub trait Lookup {
    fn config_map(&self, name: &str) -> Option<Object>;
    fn secret(&self, name: &str) -> Option<Object>;
}

/// Bytes that a container's texts may come to (what a kubelet may say to its runtime): a few variables can double each other's values.
const BYTES_MAX: usize = 16 << 20;

/// A list in which later values win but keep the place of the first.
#[derive(Clone, Debug)]
pub struct Variables {
    list: Vec<(String, String)>,
    places: BTreeMap<String, usize>,
    /// Bytes that may still come.
    left: Cell<usize>,
}

impl Default for Variables {
    fn default() -> Variables {
        Variables {
            list: Vec::new(),
            places: BTreeMap::new(),
            left: Cell::new(BYTES_MAX),
        }
    }
}

impl Variables {
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !self.takes(value.len()) {
            return;
        }
        match self.places.get(name) {
            Some(at) => self.list[*at].1 = value,
            None => {
                self.places.insert(name.into(), self.list.len());
                self.list.push((name.into(), value));
            }
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.places.get(name)?;
        Some(self.list[*at].1.as_str())
    }

    pub fn into_list(self) -> Vec<(String, String)> {
        self.list
    }

    /// Errors: all of it is more than a kubelet can say to its runtime.
    pub fn check(&self) -> Result<(), String> {
        match self.left.get() {
            0 => Err(format!(
                "rpc error: code = ResourceExhausted desc = trying to send message larger than max ({} vs. {BYTES_MAX})",
                BYTES_MAX + 1
            )),
            _ => Ok(()),
        }
    }

    /// Takes so many bytes of what is left; what is too much takes all.
    fn takes(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes + 1);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// Replaces `$(NAME)`; `$$` stands for `$`; what is not known stays.
pub fn expand(text: &str, variables: &Variables) -> String {
    expand_by(text, variables, &mut |name| variables.get(name))
}

/// As [`expand`], where nothing may be missing or empty. The error names what is.
pub fn expand_known(text: &str, variables: &Variables) -> Result<String, String> {
    let mut missing = std::collections::BTreeSet::new();
    let expanded = expand_by(text, variables, &mut |name| {
        let value = variables.get(name);
        if value.is_none_or(str::is_empty) {
            missing.insert(name.to_string());
        }
        value
    });
    if missing.is_empty() {
        return Ok(expanded);
    }
    let names: Vec<String> = missing.into_iter().collect();
    Err(format!("missing value for {}", names.join(", ")))
}

/// Each value is taken from what the variables have left; when that is gone nothing more is put in.
fn expand_by<'v>(
    text: &str,
    variables: &Variables,
    look_up: &mut dyn FnMut(&str) -> Option<&'v str>,
) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('(')
            && let Some(end) = inner.find(')')
        {
            match look_up(&inner[..end]) {
                Some(value) if variables.takes(value.len()) => out.push_str(value),
                Some(_) => {}
                None => out.push_str(&rest[at..at + end + 3]),
            }
            rest = &inner[end + 1..];
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// `NAME_SERVICE_HOST` and its relatives for the services of a namespace and for `kubernetes`.
pub fn services(pod: &Value, services: &[Object], variables: &mut Variables) {
    let links = view::at(pod, &["spec", "enableServiceLinks"])
        .as_bool()
        .unwrap_or(true);
    let own = meta::namespace(pod);
    for service in services {
        let ip = view::text(service, &["spec", "clusterIP"]);
        let is_master =
            meta::namespace(service) == "default" && meta::name(service) == "kubernetes";
        if ip.is_empty()
            || ip == "None"
            || !(is_master || (links && meta::namespace(service) == own))
        {
            continue;
        }
        let name = meta::name(service).to_uppercase().replace('-', "_");
        let ports = view::list(service, &["spec", "ports"]);
        let number = |p: &Value| view::int(p, &["port"]).unwrap_or(0);
        variables.set(&format!("{name}_SERVICE_HOST"), ip);
        variables.set(
            &format!("{name}_SERVICE_PORT"),
            ports.first().map_or(0, number).to_string(),
        );
        for port in ports
            .iter()
            .filter(|p| !view::text(p, &["name"]).is_empty())
        {
            let port_name = view::text(port, &["name"]).to_uppercase().replace('-', "_");
            variables.set(
                &format!("{name}_SERVICE_PORT_{port_name}"),
                number(port).to_string(),
            );
        }
        for (index, port) in ports.iter().enumerate() {
            let protocol = Some(view::text(port, &["protocol"]))
                .filter(|p| !p.is_empty())
                .unwrap_or("TCP");
            let url = format!("{}://{ip}:{}", protocol.to_lowercase(), number(port));
            if index == 0 {
                variables.set(&format!("{name}_PORT"), url.clone());
            }
            let prefix = format!("{name}_PORT_{}_{protocol}", number(port));
            variables.set(&prefix, url);
            variables.set(&format!("{prefix}_PROTO"), protocol.to_lowercase());
            variables.set(&format!("{prefix}_PORT"), number(port).to_string());
            variables.set(&format!("{prefix}_ADDR"), ip);
        }
    }
}

/// A field of the pod as the downward API gives it.
pub fn field(pod: &Value, path: &str) -> Result<String, String> {
    let map = |member: &str, key: &str| view::text(pod, &["metadata", member, key]).to_string();
    let bracket = |prefix: &str| path.strip_prefix(prefix).and_then(|r| r.strip_suffix("']"));
    if let Some(key) = bracket("metadata.labels['") {
        return Ok(map("labels", key));
    }
    if let Some(key) = bracket("metadata.annotations['") {
        return Ok(map("annotations", key));
    }
    let ips = |member: &str| {
        view::list(pod, &["status", member])
            .iter()
            .map(|i| view::text(i, &["ip"]))
            .collect::<Vec<_>>()
            .join(",")
    };
    match path {
        "metadata.name"
        | "metadata.namespace"
        | "metadata.uid"
        | "spec.nodeName"
        | "spec.serviceAccountName"
        | "status.hostIP"
        | "status.podIP" => Ok(view::text(pod, &path.split('.').collect::<Vec<_>>()).to_string()),
        "status.hostIPs" => Ok(ips("hostIPs")),
        "status.podIPs" => Ok(ips("podIPs")),
        "metadata.labels" => Ok(lines(view::at(pod, &["metadata", "labels"]))),
        "metadata.annotations" => Ok(lines(view::at(pod, &["metadata", "annotations"]))),
        _ => Err(format!("unsupported fieldPath: {path}")),
    }
}

/// `key="value"` a line, sorted.
fn lines(map: &Value) -> String {
    let each = view::members(map, &[]).map(|(k, v)| {
        format!(
            "{k}={}",
            objects::quote::go_quote(v.as_str().unwrap_or_default())
        )
    });
    each.collect::<Vec<_>>().join("\n")
}

/// Requests and limits of a container in units of the divisor, rounded up; a missing limit is what the node has.
pub fn resource(
    container: &Value,
    name: &str,
    divisor: &Value,
    allocatable: &Value,
) -> Result<String, String> {
    let (kind, resource) = name
        .split_once('.')
        .ok_or_else(|| format!("unsupported container resource : {name}"))?;
    let own = Quantity::of(view::at(container, &["resources", kind, resource]));
    let amount = match own {
        Some(amount) => amount,
        None if kind == "limits" => {
            Quantity::of(view::at(allocatable, &[resource])).unwrap_or_default()
        }
        None => Quantity::default(),
    };
    let divisor = Quantity::of(divisor).filter(|d| !d.is_zero());
    let value = match divisor {
        Some(d) if resource == "cpu" => (amount.millis() as f64 / d.millis() as f64).ceil() as i64,
        Some(d) => (amount.units() as f64 / d.as_f64()).ceil() as i64,
        None => amount.units(),
    };
    Ok(value.to_string())
}

fn data_of(object: &Object, key: &str) -> Option<String> {
    if object["kind"] == "Secret" {
        use base64::Engine;
        let text = object["data"].get(key)?.as_str()?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()?;
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    Some(object["data"].get(key)?.as_str()?.to_string())
}

/// Everything that a container finds in its environment, beside what the image and the runtime give. The error is the text for the event.
pub fn container(
    pod: &Value,
    container: &Value,
    all_services: &[Object],
    allocatable: &Value,
    lookup: &dyn Lookup,
) -> Result<Variables, String> {
    let mut variables = Variables::default();
    services(pod, all_services, &mut variables);
    for source in view::list(container, &["envFrom"]) {
        from_source(source, lookup, &mut variables)?;
    }
    for variable in view::list(container, &["env"]) {
        let name = view::text(variable, &["name"]);
        let from = view::at(variable, &["valueFrom"]);
        let value = if from.is_null() {
            Some(expand(view::text(variable, &["value"]), &variables))
        } else {
            value_from(pod, container, from, allocatable, lookup)?
        };
        if let Some(value) = value {
            variables.set(name, value);
        }
    }
    variables.check()?;
    Ok(variables)
}

fn from_source(
    source: &Value,
    lookup: &dyn Lookup,
    variables: &mut Variables,
) -> Result<(), String> {
    let prefix = view::text(source, &["prefix"]);
    let (reference, found, kind) = match source.get("configMapRef") {
        Some(r) => (r, lookup.config_map(view::text(r, &["name"])), "configmap"),
        None => {
            let r = view::at(source, &["secretRef"]);
            (r, lookup.secret(view::text(r, &["name"])), "secret")
        }
    };
    let Some(found) = found else {
        let optional = view::flag(reference, &["optional"]);
        return if optional {
            Ok(())
        } else {
            Err(format!(
                "{kind} {:?} not found",
                view::text(reference, &["name"])
            ))
        };
    };
    for (key, _) in view::members(&found, &["data"]) {
        if let Some(value) = data_of(&found, key) {
            variables.set(&format!("{prefix}{key}"), value);
        }
    }
    Ok(())
}

fn value_from(
    pod: &Value,
    container: &Value,
    from: &Value,
    allocatable: &Value,
    lookup: &dyn Lookup,
) -> Result<Option<String>, String> {
    if let Some(reference) = from.get("fieldRef") {
        return field(pod, view::text(reference, &["fieldPath"])).map(Some);
    }
    if let Some(reference) = from.get("resourceFieldRef") {
        let named = view::text(reference, &["containerName"]);
        let other = super::qos::all_containers(pod)
            .find(|c| view::text(c, &["name"]) == named)
            .unwrap_or(container);
        return resource(
            other,
            view::text(reference, &["resource"]),
            view::at(reference, &["divisor"]),
            allocatable,
        )
        .map(Some);
    }
    let (reference, found, kind, title) = match from.get("configMapKeyRef") {
        Some(r) => (
            r,
            lookup.config_map(view::text(r, &["name"])),
            "configmap",
            "ConfigMap",
        ),
        None => {
            let r = view::at(from, &["secretKeyRef"]);
            (
                r,
                lookup.secret(view::text(r, &["name"])),
                "secret",
                "Secret",
            )
        }
    };
    let (name, key) = (
        view::text(reference, &["name"]),
        view::text(reference, &["key"]),
    );
    let optional = view::flag(reference, &["optional"]);
    let Some(found) = found else {
        return if optional {
            Ok(None)
        } else {
            Err(format!("{kind} {name:?} not found"))
        };
    };
    match data_of(&found, key) {
        Some(value) => Ok(Some(value)),
        None if optional => Ok(None),
        None => Err(format!(
            "couldn't find key {key} in {title} {}/{name}",
            meta::namespace(pod)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_expand() {
        let mut variables = Variables::default();
        variables.set("A", "1");
        for (text, expect) in [
            ("$(A)-$(B)", "1-$(B)"),
            ("$$(A)", "$(A)"),
            ("a$", "a$"),
            ("$(A", "$(A"),
            ("", ""),
        ] {
            assert_eq!(expand(text, &variables), expect);
        }
        assert_eq!(expand_known("x-$(A)", &variables), Ok("x-1".into()));
        assert_eq!(
            expand_known("$(C)-$(B)", &variables),
            Err("missing value for B, C".into())
        );
    }

    #[test]
    fn values_that_double_come_to_an_end() {
        let env: Vec<Value> = (1..60)
            .map(|n| json!({"name": format!("E{n}"), "value": format!("$(E{0})$(E{0})", n - 1)}))
            .collect();
        let mut all = vec![json!({"name": "E0", "value": "x"})];
        all.extend(env);
        let why = container(&json!({}), &json!({"env": all}), &[], &json!({}), &Nothing);
        let text = why.map(drop).unwrap_err();
        assert!(text.contains("larger than max"), "{text}");
    }

    struct Nothing;

    impl Lookup for Nothing {
        fn config_map(&self, _: &str) -> Option<Object> {
            None
        }
        fn secret(&self, _: &str) -> Option<Object> {
            None
        }
    }

    #[test]
    fn services_are_told() {
        let service = Object::new(json!({"metadata": {"namespace": "x", "name": "my-db"},
            "spec": {"clusterIP": "10.96.1.2", "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}]}}));
        let mut variables = Variables::default();
        services(
            &json!({"metadata": {"namespace": "x"}}),
            &[service],
            &mut variables,
        );
        assert_eq!(variables.get("MY_DB_SERVICE_PORT_SQL"), Some("5432"));
        assert_eq!(variables.get("MY_DB_PORT_5432_TCP_ADDR"), Some("10.96.1.2"));
    }

    #[test]
    fn the_downward_api() {
        let pod = json!({"metadata": {"name": "p", "labels": {"b": "2", "a": "1"}}, "spec": {"nodeName": "n"}});
        assert_eq!(field(&pod, "metadata.labels['b']").as_deref(), Ok("2"));
        assert_eq!(
            field(&pod, "metadata.labels").as_deref(),
            Ok("a=\"1\"\nb=\"2\"")
        );
        let container = json!({"resources": {"requests": {"cpu": "250m"}}});
        assert_eq!(
            resource(&container, "requests.cpu", &json!("1m"), &json!({})).as_deref(),
            Ok("250")
        );
        assert_eq!(
            resource(&container, "requests.cpu", &json!("0"), &json!({})).as_deref(),
            Ok("1")
        );
    }
}

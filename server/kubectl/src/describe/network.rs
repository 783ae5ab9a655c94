//! `describe` of how traffic finds pods: endpoints, endpoint slices, ingresses, ingress classes. Services stand in `service`.

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, map_lines, plain, text};

fn head(w: &mut Writer, object: &Value) {
    w.field(0, "Name", text(&object["metadata"]["name"]));
    w.field(0, "Namespace", text(&object["metadata"]["namespace"]));
    labels_and_annotations(w, &object["metadata"]);
}

fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

/// Endpoints.
pub(crate) fn endpoints(w: &mut Writer, e: &Value, events: &[Value]) {
    head(w, e);
    w.put(0, "Subsets:\n");
    for subset in items(&e["subsets"]) {
        for (title, list) in [
            ("Addresses", "addresses"),
            ("NotReadyAddresses", "notReadyAddresses"),
        ] {
            let all: Vec<&str> = items(&subset[list]).map(|a| text(&a["ip"])).collect();
            w.field(1, title, or(&all.join(","), "<none>"));
        }
        if items(&subset["ports"]).next().is_some() {
            w.put(1, "Ports:\n");
            ports(w, 2, &subset["ports"]);
        }
        w.put(0, "\n");
    }
    super::events(w, events);
}

fn ports(w: &mut Writer, depth: usize, list: &Value) {
    w.put(depth, "Name\tPort\tProtocol\n");
    w.put(depth, "----\t----\t--------\n");
    for port in items(list) {
        let line = format!(
            "{}\t{}\t{}\n",
            or(text(&port["name"]), "<unset>"),
            or(&plain(&port["port"]), "<unset>"),
            text(&port["protocol"])
        );
        w.put(depth, &line);
    }
}

/// An endpoint slice.
pub(crate) fn slice(w: &mut Writer, s: &Value, events: &[Value]) {
    head(w, s);
    w.field(0, "AddressType", text(&s["addressType"]));
    if items(&s["ports"]).next().is_none() {
        w.put(0, "Ports: <unset>\n");
    } else {
        w.put(0, "Ports:\n");
        ports(w, 1, &s["ports"]);
    }
    if items(&s["endpoints"]).next().is_none() {
        w.put(0, "Endpoints: <none>\n");
    } else {
        w.put(0, "Endpoints:\n");
    }
    for endpoint in items(&s["endpoints"]) {
        let all: Vec<&str> = items(&endpoint["addresses"]).map(text).collect();
        w.field(1, "- Addresses", or(&all.join(", "), "<none>"));
        w.put(2, "Conditions:\n");
        w.field(
            3,
            "Ready",
            or(&plain(&endpoint["conditions"]["ready"]), "<unset>"),
        );
        w.field(2, "Hostname", or(text(&endpoint["hostname"]), "<unset>"));
        let target = &endpoint["targetRef"];
        if target.is_object() {
            w.field(
                2,
                "TargetRef",
                &format!("{}/{}", text(&target["kind"]), text(&target["name"])),
            );
        }
        w.field(2, "NodeName", or(text(&endpoint["nodeName"]), "<unset>"));
        w.field(2, "Zone", or(text(&endpoint["zone"]), "<unset>"));
    }
    super::events(w, events);
}

/// An ingress; `ends` holds for each service that a rule names where it leads: `10.244.0.4:80`, or why nowhere.
pub(crate) fn ingress(
    w: &mut Writer,
    i: &Value,
    ends: &dyn Fn(&Value) -> String,
    events: &[Value],
) {
    let (meta, spec) = (&i["metadata"], &i["spec"]);
    w.field(0, "Name", text(&meta["name"]));
    map_lines(w, 0, "Labels", &meta["labels"], "=", &[]);
    w.field(0, "Namespace", text(&meta["namespace"]));
    let addresses: Vec<&str> = items(&i["status"]["loadBalancer"]["ingress"])
        .map(|a| or(text(&a["ip"]), text(&a["hostname"])))
        .collect();
    w.field(0, "Address", &addresses.join(","));
    w.field(
        0,
        "Ingress Class",
        or(text(&spec["ingressClassName"]), "<none>"),
    );
    let default = if spec["defaultBackend"].is_object() {
        backend(&spec["defaultBackend"], ends)
    } else {
        "<default>".into()
    };
    w.field(0, "Default backend", &default);
    if items(&spec["tls"]).next().is_some() {
        w.put(0, "TLS:\n");
    }
    for tls in items(&spec["tls"]) {
        let hosts: Vec<&str> = items(&tls["hosts"]).map(text).collect();
        let line = match text(&tls["secretName"]) {
            "" => format!("SNI routes {}\n", hosts.join(",")),
            secret => format!("{secret} terminates {}\n", hosts.join(",")),
        };
        w.put(1, &line);
    }
    rules(w, spec, &default, ends);
    map_lines(
        w,
        0,
        "Annotations",
        &meta["annotations"],
        ": ",
        &["kubectl.kubernetes.io/last-applied-configuration"],
    );
    super::events(w, events);
}

fn rules(w: &mut Writer, spec: &Value, default: &str, ends: &dyn Fn(&Value) -> String) {
    w.put(0, "Rules:\n  Host\tPath\tBackends\n");
    w.put(1, "----\t----\t--------\n");
    let mut count = 0;
    for rule in items(&spec["rules"]).filter(|r| r["http"].is_object()) {
        count += 1;
        w.put(1, &format!("{}\t\n", or(text(&rule["host"]), "*")));
        for path in items(&rule["http"]["paths"]) {
            let line = format!(
                "\t{} \t{}\n",
                text(&path["path"]),
                backend(&path["backend"], ends)
            );
            w.put(2, &line);
        }
    }
    if count == 0 {
        w.put(1, &format!("*\t*\t{default}\n"));
    }
}

fn backend(backend: &Value, ends: &dyn Fn(&Value) -> String) -> String {
    let service = &backend["service"];
    if service.is_object() {
        let port = match text(&service["port"]["name"]) {
            "" => plain(&service["port"]["number"]),
            name => name.into(),
        };
        return format!("{}:{port} ({})", text(&service["name"]), ends(service));
    }
    let resource = &backend["resource"];
    format!(
        "APIGroup: {}, Kind: {}, Name: {}",
        or(text(&resource["apiGroup"]), "<none>"),
        text(&resource["kind"]),
        text(&resource["name"])
    )
}

/// An ingress class.
pub(crate) fn ingress_class(w: &mut Writer, c: &Value, events: &[Value]) {
    w.field(0, "Name", text(&c["metadata"]["name"]));
    labels_and_annotations(w, &c["metadata"]);
    w.field(0, "Controller", text(&c["spec"]["controller"]));
    let parameters = &c["spec"]["parameters"];
    if parameters.is_object() {
        w.put(0, "Parameters:\n");
        w.field(1, "APIGroup", or(text(&parameters["apiGroup"]), "<none>"));
        w.field(1, "Kind", text(&parameters["kind"]));
        w.field(1, "Name", text(&parameters["name"]));
    }
    super::events(w, events);
}

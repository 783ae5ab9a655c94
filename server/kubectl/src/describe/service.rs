//! `describe service`.

use serde_json::Value;

use super::{Writer, items, labels_and_annotations, plain, text};
use crate::printing::table;

fn joined(list: &Value) -> String {
    items(list).map(text).collect::<Vec<_>>().join(",")
}

/// A service with its endpoint slices.
pub(crate) fn describe(w: &mut Writer, s: &Value, slices: &[Value], events: &[Value]) {
    let spec = &s["spec"];
    w.field(0, "Name", text(&s["metadata"]["name"]));
    w.field(0, "Namespace", text(&s["metadata"]["namespace"]));
    labels_and_annotations(w, &s["metadata"]);
    w.field(0, "Selector", &table::labels(&spec["selector"]));
    w.field(0, "Type", text(&spec["type"]));
    if !text(&spec["ipFamilyPolicy"]).is_empty() {
        w.field(0, "IP Family Policy", text(&spec["ipFamilyPolicy"]));
    }
    w.field(
        0,
        "IP Families",
        &if items(&spec["ipFamilies"]).next().is_some() {
            joined(&spec["ipFamilies"])
        } else {
            "<none>".into()
        },
    );
    w.field(0, "IP", text(&spec["clusterIP"]));
    w.field(
        0,
        "IPs",
        &if items(&spec["clusterIPs"]).next().is_some() {
            joined(&spec["clusterIPs"])
        } else {
            "<none>".into()
        },
    );
    if items(&spec["externalIPs"]).next().is_some() {
        w.field(0, "External IPs", &joined(&spec["externalIPs"]));
    }
    if !text(&spec["loadBalancerIP"]).is_empty() {
        w.field(0, "Desired LoadBalancer IP", text(&spec["loadBalancerIP"]));
    }
    let balancers: Vec<String> = items(&s["status"]["loadBalancer"]["ingress"])
        .map(|i| {
            if text(&i["ip"]).is_empty() {
                text(&i["hostname"]).into()
            } else {
                format!("{} ({})", text(&i["ip"]), text(&i["ipMode"]))
            }
        })
        .collect();
    if !balancers.is_empty() {
        w.field(0, "LoadBalancer Ingress", &balancers.join(", "));
    }
    if !text(&spec["externalName"]).is_empty() {
        w.field(0, "External Name", text(&spec["externalName"]));
    }
    for port in items(&spec["ports"]) {
        ports(w, port, slices);
    }
    w.field(0, "Session Affinity", text(&spec["sessionAffinity"]));
    if !text(&spec["externalTrafficPolicy"]).is_empty() {
        w.field(
            0,
            "External Traffic Policy",
            text(&spec["externalTrafficPolicy"]),
        );
    }
    if !text(&spec["internalTrafficPolicy"]).is_empty() {
        w.field(
            0,
            "Internal Traffic Policy",
            text(&spec["internalTrafficPolicy"]),
        );
    }
    if !text(&spec["trafficDistribution"]).is_empty() {
        w.field(0, "TrafficDistribution", text(&spec["trafficDistribution"]));
    }
    if spec["healthCheckNodePort"].as_i64().unwrap_or(0) > 0 {
        w.field(
            0,
            "HealthCheck NodePort",
            &plain(&spec["healthCheckNodePort"]),
        );
    }
    super::events(w, events);
}

fn ports(w: &mut Writer, port: &Value, slices: &[Value]) {
    let name = text(&port["name"]);
    let shown = if name.is_empty() { "<unset>" } else { name };
    let protocol = text(&port["protocol"]);
    w.put(
        0,
        &format!("Port:\t{shown}\t{}/{protocol}\n", plain(&port["port"])),
    );
    w.field(
        0,
        "TargetPort",
        &format!("{}/{protocol}", plain(&port["targetPort"])),
    );
    if port["nodePort"].as_i64().unwrap_or(0) > 0 {
        w.put(
            0,
            &format!(
                "NodePort:\t{shown}\t{}/{protocol}\n",
                plain(&port["nodePort"])
            ),
        );
    }
    w.field(0, "Endpoints", &ends(name, slices));
}

/// The addresses behind a port of a service: the first three, and how many more.
fn ends(name: &str, slices: &[Value]) -> String {
    let mut ends = Vec::new();
    for slice in slices {
        for p in items(&slice["ports"]).filter(|p| text(&p["name"]) == name) {
            for endpoint in items(&slice["endpoints"]).filter(|e| e["conditions"]["ready"] != false)
            {
                ends.extend(
                    items(&endpoint["addresses"])
                        .map(|a| format!("{}:{}", text(a), plain(&p["port"]))),
                );
            }
        }
    }
    let more = if ends.len() > 3 {
        format!(" + {} more...", ends.len() - 3)
    } else {
        String::new()
    };
    ends.truncate(3);
    format!("{}{more}", ends.join(","))
}

/// The addresses behind the port that an ingress names by number or name.
pub(crate) fn ends_of_port(service: &Value, port: &Value, slices: &[Value]) -> String {
    items(&service["spec"]["ports"])
        .find(|p| {
            p["port"] == port["number"] || (p["name"].is_string() && p["name"] == port["name"])
        })
        .map_or_else(String::new, |p| ends(text(&p["name"]), slices))
}

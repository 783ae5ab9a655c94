//! Services and how they are reached: endpoints, slices, ingresses, network policies, addresses.

use super::cells::{self, first_three, int, list, map, opt_int, or, text};
use super::{AGE, Column, NAME, Printer};
use serde_json::{Value, json};

pub fn printer(group: &str, kind: &str) -> Option<&'static Printer> {
    match (group, kind) {
        ("", "Service") => Some(&SERVICE),
        ("", "Endpoints") => Some(&ENDPOINTS),
        ("discovery.k8s.io", "EndpointSlice") => Some(&SLICE),
        ("networking.k8s.io", "Ingress") => Some(&INGRESS),
        ("networking.k8s.io", "IngressClass") => Some(&INGRESS_CLASS),
        ("networking.k8s.io", "NetworkPolicy") => Some(&POLICY),
        ("networking.k8s.io", "ServiceCIDR") => Some(&CIDR),
        ("networking.k8s.io", "IPAddress") => Some(&ADDRESS),
        _ => None,
    }
}

static SERVICE: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Type"),
        Column::text("Cluster-IP"),
        Column::text("External-IP"),
        Column::text("Port(s)"),
        AGE,
        Column::wide("Selector"),
    ],
    row: |o, now| {
        let ip = list(o, "/spec/clusterIPs")
            .first()
            .and_then(Value::as_str)
            .unwrap_or(text(o, "/spec/clusterIP"));
        vec![
            cells::name(o),
            json!(text(o, "/spec/type")),
            json!(or(ip, "<none>")),
            json!(external_ip(o)),
            json!(ports(o)),
            cells::age(o, now),
            json!(cells::labels(map(o, "/spec/selector"))),
        ]
    },
};

fn external_ip(o: &Value) -> String {
    let external: Vec<String> = list(o, "/spec/externalIPs")
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_string)
        .collect();
    match text(o, "/spec/type") {
        "ClusterIP" | "NodePort" => or(&external.join(","), "<none>").into(),
        "LoadBalancer" => {
            let mut all: Vec<String> = list(o, "/status/loadBalancer/ingress")
                .iter()
                .map(|i| or(text(i, "/ip"), text(i, "/hostname")).to_string())
                .filter(|i| !i.is_empty())
                .collect();
            all.sort();
            all.dedup();
            all.extend(external);
            or(&all.join(","), "<pending>").into()
        }
        "ExternalName" => text(o, "/spec/externalName").into(),
        _ => "<unknown>".into(),
    }
}

fn ports(o: &Value) -> String {
    let all: Vec<String> = list(o, "/spec/ports")
        .iter()
        .map(|p| match int(p, "/nodePort") {
            0 => format!("{}/{}", int(p, "/port"), text(p, "/protocol")),
            node => format!("{}:{node}/{}", int(p, "/port"), text(p, "/protocol")),
        })
        .collect();
    or(&all.join(","), "<none>").into()
}

static ENDPOINTS: Printer = Printer {
    columns: &[NAME, Column::text("Endpoints"), AGE],
    row: |o, now| {
        let mut all = Vec::new();
        for subset in list(o, "/subsets") {
            let addresses = list(subset, "/addresses").iter().map(|a| text(a, "/ip"));
            let ports = list(subset, "/ports");
            if ports.is_empty() {
                all.extend(addresses.map(str::to_string));
            } else {
                for port in ports {
                    all.extend(
                        addresses
                            .clone()
                            .map(|ip| format!("{ip}:{}", int(port, "/port"))),
                    );
                }
            }
        }
        vec![
            cells::name(o),
            // Only addresses that are not ready print as nothing.
            json!(if list(o, "/subsets").is_empty() {
                "<none>".to_string()
            } else {
                first_three(&all)
            }),
            cells::age(o, now),
        ]
    },
};

static SLICE: Printer = Printer {
    columns: &[
        NAME,
        Column::text("AddressType"),
        Column::text("Ports"),
        Column::text("Endpoints"),
        AGE,
    ],
    row: |o, now| {
        let ports: Vec<String> = list(o, "/ports")
            .iter()
            .map(|p| match (opt_int(p, "/port"), text(p, "/name")) {
                (Some(port), _) => port.to_string(),
                (None, "") => "*".into(),
                (None, name) => name.into(),
            })
            .collect();
        let endpoints: Vec<String> = list(o, "/endpoints")
            .iter()
            .flat_map(|e| list(e, "/addresses"))
            .filter_map(Value::as_str)
            .map(str::to_string)
            .collect();
        vec![
            cells::name(o),
            json!(text(o, "/addressType")),
            json!(or(&first_three(&ports), "<unset>")),
            json!(or(&first_three(&endpoints), "<unset>")),
            cells::age(o, now),
        ]
    },
};

static INGRESS: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Class"),
        Column::text("Hosts"),
        Column::text("Address"),
        Column::text("Ports"),
        AGE,
    ],
    row: |o, now| {
        let hosts: Vec<String> = list(o, "/spec/rules")
            .iter()
            .map(|r| text(r, "/host").to_string())
            .filter(|h| !h.is_empty())
            .collect();
        let addresses: Vec<&str> = list(o, "/status/loadBalancer/ingress")
            .iter()
            .map(|i| or(text(i, "/ip"), text(i, "/hostname")))
            .collect();
        let ports = if list(o, "/spec/tls").is_empty() {
            "80"
        } else {
            "80, 443"
        };
        vec![
            cells::name(o),
            json!(or(text(o, "/spec/ingressClassName"), "<none>")),
            json!(or(&first_three(&hosts), "*")),
            json!(addresses.join(",")),
            json!(ports),
            cells::age(o, now),
        ]
    },
};

static INGRESS_CLASS: Printer = Printer {
    columns: &[
        NAME,
        Column::text("Controller"),
        Column::text("Parameters"),
        AGE,
    ],
    row: |o, now| {
        let mut name = objects::meta::name(o).to_string();
        if objects::meta::annotation(o, "ingressclass.kubernetes.io/is-default-class")
            == Some("true")
        {
            name += " (default)";
        }
        let parameters = o.pointer("/spec/parameters").map_or("<none>".into(), |p| {
            objects::resource::join_dotted(text(p, "/kind"), text(p, "/apiGroup"))
                + "/"
                + text(p, "/name")
        });
        vec![
            json!(name),
            json!(text(o, "/spec/controller")),
            json!(parameters),
            cells::age(o, now),
        ]
    },
};

static POLICY: Printer = Printer {
    columns: &[NAME, Column::text("Pod-Selector"), AGE],
    row: |o, now| {
        vec![
            cells::name(o),
            json!(cells::selector(o.pointer("/spec/podSelector"))),
            cells::age(o, now),
        ]
    },
};

static CIDR: Printer = Printer {
    columns: &[NAME, Column::text("CIDRs"), AGE],
    row: |o, now| {
        let cidrs: Vec<&str> = list(o, "/spec/cidrs")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        vec![cells::name(o), json!(cidrs.join(",")), cells::age(o, now)]
    },
};

static ADDRESS: Printer = Printer {
    columns: &[NAME, Column::text("ParentRef")],
    row: |o, _| {
        let parent = o.pointer("/spec/parentRef").map_or("<none>".into(), |p| {
            let resource = objects::resource::join_dotted(text(p, "/resource"), text(p, "/group"));
            [&resource, text(p, "/namespace"), text(p, "/name")]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("/")
        });
        vec![cells::name(o), json!(parent)]
    },
};

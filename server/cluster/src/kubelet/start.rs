//! Starting one container: image, environment, mounts, create, start, postStart.
//!
//! Mirrors the kubelet's `kuberuntime_container.go`.

use std::net::IpAddr;

use machine::cri::{ContainerConfig, ContainerId, ContainerState, Mount, SandboxId};
use machine::{Duration, Time};
use objects::{Object, Quantity, meta};
use serde_json::Value;

use super::status::Seen;
use super::worker::Worker;
use super::{Agent, env, hooks, images, qos};
use crate::cluster::resource;
use crate::view;

/// Why a container does not run: reason and message of its waiting state.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub reason: &'static str,
    pub message: String,
}

impl Trouble {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Trouble {
            reason,
            message: message.into(),
        }
    }
}

const CREATE_MS: u64 = 20;
const START_MS: u64 = 70;

struct Configuration<'a> {
    agent: &'a Agent,
    namespace: &'a str,
}

impl env::Lookup for Configuration<'_> {
    fn config_map(&self, name: &str) -> Option<Object> {
        self.agent
            .cluster
            .get(resource("", "configmaps"), self.namespace, name)
    }

    fn secret(&self, name: &str) -> Option<Object> {
        self.agent
            .cluster
            .get(resource("", "secrets"), self.namespace, name)
    }
}

/// Starts a container of a pod. When it cannot be started, the trouble is told as an event and answered.
pub(super) async fn container(
    agent: &Agent,
    worker: &Worker,
    pod: &Object,
    container: &Value,
    sandbox: &SandboxId,
) -> Result<(), Trouble> {
    let image = match images::ensure(agent, worker, pod, container).await {
        Ok(image) => image,
        Err(trouble) => {
            agent.warning(
                pod,
                container,
                "Failed",
                &format!("Error: {}", trouble.reason),
            );
            return Err(trouble);
        }
    };
    let failed = |trouble: Trouble| {
        agent.warning(
            pod,
            container,
            "Failed",
            &format!("Error: {}", trouble.message),
        );
        trouble
    };
    let name = view::text(container, &["name"]).to_string();
    let attempt = worker
        .state
        .borrow()
        .picture
        .last(&name)
        .map_or(0, |s| s.attempt + 1);
    let config = configure(agent, worker, pod, container, image.uid, attempt).map_err(failed)?;
    agent.sleep_about_ms(CREATE_MS).await;
    let made = agent.runtime.create_container(sandbox, config);
    let id = made.map_err(|e| failed(Trouble::new("CreateContainerError", e.to_string())))?;
    let word = |new: &str, old: &str| {
        if agent.cluster.spec().minor() >= 35 {
            new.to_string()
        } else {
            format!("{old} {name}")
        }
    };
    agent.normal(
        pod,
        container,
        "Created",
        &word("Container created", "Created container:"),
    );
    agent.sleep_about_ms(START_MS).await;
    let started = agent.runtime.start_container(&id);
    worker.note(agent, &name, container, &id, started.is_ok());
    agent.leak_from(worker, pod, container, &id);
    if let Err(error) = started {
        return Err(failed(Trouble::new("RunContainerError", error.to_string())));
    }
    agent.normal(
        pod,
        container,
        "Started",
        &word("Container started", "Started container"),
    );
    hooks::post_start(agent, worker, pod, container, &id).await
}

/// How long a container of a pod may take to end.
pub(super) fn grace_of(pod: &Value) -> Duration {
    let own = view::int(pod, &["metadata", "deletionGracePeriodSeconds"])
        .or_else(|| view::int(pod, &["spec", "terminationGracePeriodSeconds"]));
    Duration::from_secs(own.unwrap_or(30).max(0) as u64)
}

fn configure(
    agent: &Agent,
    worker: &Worker,
    pod: &Object,
    container: &Value,
    image_uid: u32,
    attempt: u32,
) -> Result<ContainerConfig, Trouble> {
    let trouble = |text: String| Trouble::new("CreateContainerConfigError", text);
    let name = view::text(container, &["name"]);
    let lookup = Configuration {
        agent,
        namespace: meta::namespace(pod),
    };
    let services = agent.cluster.list(resource("", "services"), "");
    let seen_pod = with_addresses(agent, worker, pod, container);
    let variables = env::container(
        &seen_pod,
        container,
        &services,
        &agent.allocatable(),
        &lookup,
    )
    .map_err(trouble)?;
    let security = |member: &str| {
        let own = view::at(container, &["securityContext", member]);
        if own.is_null() {
            view::at(pod, &["spec", "securityContext", member])
        } else {
            own
        }
        .clone()
    };
    let user = security("runAsUser").as_u64().map(|u| u as u32);
    if security("runAsNonRoot").as_bool() == Some(true) {
        let whose = format!(
            "pod: \"{}_{}({})\", container: {name}",
            meta::name(pod),
            meta::namespace(pod),
            meta::uid(pod)
        );
        match user {
            Some(0) => {
                return Err(trouble(format!(
                    "container's runAsUser breaks non-root policy ({whose})"
                )));
            }
            None if image_uid == 0 => {
                return Err(trouble(format!(
                    "container has runAsNonRoot and image will run as root ({whose})"
                )));
            }
            _ => {}
        }
    }
    let groups = security("supplementalGroups")
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut groups: Vec<u32> = groups
        .iter()
        .filter_map(Value::as_u64)
        .map(|g| g as u32)
        .collect();
    groups.extend(view::int(pod, &["spec", "securityContext", "fsGroup"]).map(|g| g as u32));
    let amount = |kind: &str, resource: &str| {
        Quantity::of(view::at(container, &["resources", kind, resource])).filter(|q| !q.is_zero())
    };
    let expanded = |member: &str| {
        view::texts(container, &[member])
            .iter()
            .map(|t| env::expand(t, &variables))
            .collect::<Vec<_>>()
    };
    let (command, args) = (expanded("command"), expanded("args"));
    let mounts = mounts(worker, pod, container, &variables)?;
    variables.check().map_err(trouble)?;
    let target = view::text(container, &["targetContainerName"]);
    let target = worker
        .state
        .borrow()
        .picture
        .last(target)
        .map(|s| ContainerId(s.id.clone()));
    let request = amount("requests", "cpu").or_else(|| amount("limits", "cpu"));
    Ok(ContainerConfig {
        name: name.into(),
        attempt,
        image: view::text(container, &["image"]).into(),
        command,
        args,
        mounts,
        env: variables.into_list(),
        working_dir: view::text(container, &["workingDir"]).into(),
        user,
        group: security("runAsGroup").as_u64().map(|g| g as u32),
        supplemental_groups: groups,
        tty: view::flag(container, &["tty"]),
        stdin: view::flag(container, &["stdin"]),
        stdin_once: view::flag(container, &["stdinOnce"]),
        cpu_limit_millis: amount("limits", "cpu").map(|q| q.millis().max(0) as u64),
        cpu_shares: qos::cpu_shares(request.map_or(0, |q| q.millis())),
        memory_limit: amount("limits", "memory").map(|q| q.units().max(0) as u64),
        oom_score_adj: qos::oom_score_adj(pod, container, agent.memory()) as i32,
        read_only_rootfs: view::flag(container, &["securityContext", "readOnlyRootFilesystem"]),
        privileged: view::flag(container, &["securityContext", "privileged"]),
        target_processes_of: target,
        termination_message_path: view::text(container, &["terminationMessagePath"]).into(),
    })
}

/// The pod with its addresses, for a container that asks for fields: the downward API knows them though the stored status may not have
/// them yet.
fn with_addresses(agent: &Agent, worker: &Worker, pod: &Object, container: &Value) -> Object {
    let asks = |variable: &Value| !view::at(variable, &["valueFrom", "fieldRef"]).is_null();
    if !view::list(container, &["env"]).iter().any(asks) {
        return pod.clone();
    }
    let mut seen = (**pod).clone();
    let ip = worker.state.borrow().ip.clone().unwrap_or_default();
    let host = agent.node.internal_ip();
    for (member, list, value) in [
        ("podIP", "podIPs", ip.as_str()),
        ("hostIP", "hostIPs", host),
    ] {
        view::set(&mut seen, &["status", member], value);
        view::set(
            &mut seen,
            &["status", list],
            serde_json::json!([{"ip": value}]),
        );
    }
    Object::new(seen)
}

fn mounts(
    worker: &Worker,
    pod: &Object,
    container: &Value,
    variables: &env::Variables,
) -> Result<Vec<Mount>, Trouble> {
    let mut out = Vec::new();
    for mount in view::list(container, &["volumeMounts"]) {
        let name = view::text(mount, &["name"]);
        let Some(volume) = worker.state.borrow().volumes.get(name).cloned() else {
            let text = format!(
                "cannot find volume {name:?} to mount into container {:?}",
                view::text(container, &["name"])
            );
            return Err(Trouble::new("CreateContainerConfigError", text));
        };
        let expression = view::text(mount, &["subPathExpr"]);
        let sub_path = if expression.is_empty() {
            view::text(mount, &["subPath"]).to_string()
        } else {
            env::expand_known(expression, variables)
                .map_err(|text| Trouble::new("CreateContainerConfigError", text))?
        };
        let source = view::named(view::list(pod, &["spec", "volumes"]), name);
        let read_only =
            view::flag(mount, &["readOnly"]) || source.is_some_and(super::volumes::is_read_only);
        if !sub_path.is_empty() && volume.files().stat(&format!("/{sub_path}")).is_err() {
            let made = volume.files().mkdir_all(&format!("/{sub_path}"), 0o750);
            if made.is_err() {
                let text = format!(
                    "failed to prepare subPath for volumeMount {name:?} of container {:?}",
                    view::text(container, &["name"])
                );
                return Err(Trouble::new("CreateContainerConfigError", text));
            }
        }
        let container_path = view::text(mount, &["mountPath"]);
        let container_path = if container_path.starts_with('/') {
            container_path.to_string()
        } else {
            format!("/{container_path}")
        };
        out.push(Mount {
            container_path,
            volume,
            sub_path,
            read_only,
        });
    }
    Ok(out)
}

/// The text of /etc/hosts.
pub(super) fn hosts(pod: &Value, ip: &str, hostname: &str, domain: &str) -> String {
    let mut text = String::from(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n\
         fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    );
    let subdomain = view::text(pod, &["spec", "subdomain"]);
    let full = if subdomain.is_empty() {
        String::new()
    } else {
        format!(
            "{hostname}.{subdomain}.{}.svc.{domain}\t",
            meta::namespace(pod)
        )
    };
    text += &format!("{ip}\t{full}{hostname}\n");
    text + &aliases(pod)
}

/// The text of /etc/hosts of a pod on its node's network, whose own file says `of_node`.
pub(super) fn hosts_of_node(pod: &Value, of_node: &str) -> String {
    let head = "# Kubernetes-managed hosts file (host network).\n";
    format!("{head}{of_node}{}", aliases(pod))
}

fn aliases(pod: &Value) -> String {
    let mut text = String::new();
    let aliases = view::list(pod, &["spec", "hostAliases"]);
    if !aliases.is_empty() {
        text += "\n# Entries added by HostAliases.\n";
        for alias in aliases {
            text += &format!(
                "{}\t{}\n",
                view::text(alias, &["ip"]),
                view::texts(alias, &["hostnames"]).join("\t")
            );
        }
    }
    text
}

/// What stands in /etc/resolv.conf.
pub(super) fn dns(pod: &Value, spec: &crate::spec::ClusterSpec) -> Option<machine::cri::DnsConfig> {
    let policy = view::text(pod, &["spec", "dnsPolicy"]);
    let host_network = view::flag(pod, &["spec", "hostNetwork"]);
    let mut dns = match policy {
        "None" => machine::cri::DnsConfig::default(),
        "Default" => return None,
        "ClusterFirst" if host_network => return None,
        _ => {
            let domain = &spec.cluster_domain;
            machine::cri::DnsConfig {
                servers: vec![spec.cluster_dns.clone()],
                searches: vec![
                    format!("{}.svc.{domain}", meta::namespace(pod)),
                    format!("svc.{domain}"),
                    domain.clone(),
                ],
                options: vec!["ndots:5".into()],
            }
        }
    };
    let own = view::at(pod, &["spec", "dnsConfig"]);
    let add = |to: &mut Vec<String>, more: Vec<String>| {
        more.into_iter().for_each(|m| {
            if !to.contains(&m) {
                to.push(m)
            }
        })
    };
    add(&mut dns.servers, view::texts(own, &["nameservers"]));
    add(&mut dns.searches, view::texts(own, &["searches"]));
    for option in view::list(own, &["options"]) {
        let (name, value) = (
            view::text(option, &["name"]),
            view::text(option, &["value"]),
        );
        dns.options.retain(|o| o.split(':').next() != Some(name));
        dns.options.push(if value.is_empty() {
            name.to_string()
        } else {
            format!("{name}:{value}")
        });
    }
    dns.servers.truncate(3);
    Some(dns)
}

/// The address as the runtime takes it.
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// What the runtime knows of a container, as the kubelet remembers it. `running`: it was just started, whatever has become of it since.
pub(super) fn look(
    agent: &Agent,
    id: &ContainerId,
    made_from: &str,
    running: bool,
) -> Option<Seen> {
    let status = agent.runtime.container_status(id)?;
    let state = if running {
        ContainerState::Running
    } else {
        status.state
    };
    let ended = state == ContainerState::Exited;
    Some(Seen {
        id: id.0.clone(),
        image: status.image,
        image_id: status.image_id,
        made_from: made_from.into(),
        state,
        attempt: status.attempt,
        started_at: if status.started_at == Time::EPOCH && !ended {
            agent.now()
        } else {
            status.started_at
        },
        finished_at: status.finished_at,
        exit_code: if ended { status.exit_code } else { 0 },
        reason: if ended { status.reason } else { String::new() },
        message: if ended { status.message } else { String::new() },
    })
}

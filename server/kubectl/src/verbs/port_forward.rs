//! `kubectl port-forward`: local ports to ports of a pod, over the WebSocket channel protocol, one stream a connection.

use bytes::Bytes;
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, SinkExt};
use http::Request;
use kube_tungstenite::tungstenite::Message;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::computer::{Duplex, Listener};
use crate::failure::{Failure, Outcome, fail, usage};
use crate::run::{Run, encode, unreachable_server};
use crate::selection;
use crate::verb::Verb;

pub(crate) static PORT_FORWARD: Verb = Verb {
    name: "port-forward",
    about: "Forward one or more local ports to a pod",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    examples: "# Port 8080 here to port 8080 of the pod\nkubectl port-forward kuard 8080:8080\n# Any free port here\nkubectl port-forward kuard :8080",
    flags: &["
--address=[]  Addresses to listen on: localhost or IP addresses
--pod-running-timeout=60s  How long to wait until a pod runs
"],
    run: Some(|run| go(run).boxed()),
    ..Verb::NONE
};

async fn go(run: &Run) -> Outcome {
    if run.words.len() < 2 {
        return Err(usage!(
            "TYPE/NAME and list of ports are required for port-forward"
        ));
    }
    let word = &run.words[0];
    let pod = selection::pod_of(run, word).await?;
    let phase = pod["status"]["phase"].as_str().unwrap_or("");
    if phase != "Running" {
        return Err(fail!(
            "unable to forward port because pod is not running. Current status={phase}"
        ));
    }
    let mut ports = Vec::new();
    for text in &run.words[1..] {
        ports.push(port(run, word, &pod, text).await?);
    }
    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/portforward",
        text(&pod["metadata"]["namespace"]),
        text(&pod["metadata"]["name"])
    );
    let mut listeners = Vec::new();
    for (local, remote) in ports {
        listeners.extend(
            listen(run, local, remote)
                .await?
                .into_iter()
                .map(|l| (l, remote)),
        );
    }
    let mut accepting: FuturesUnordered<_> = listeners
        .into_iter()
        .map(|(listener, remote)| serve(run, &path, listener, remote))
        .collect();
    match accepting.next().await {
        Some(outcome) => outcome,
        None => Ok(()),
    }
}

/// `LOCAL:REMOTE`, `REMOTE`, `:REMOTE`; names and service ports are looked up.
async fn port(run: &Run, word: &str, pod: &Value, text: &str) -> Outcome<(u16, u16)> {
    let (local, remote) = text.split_once(':').unwrap_or((text, text));
    let bad = || {
        fail!(
            "error parsing local port {local:?}: strconv.ParseUint: parsing {local:?}: invalid syntax"
        )
    };
    let mut target = remote.parse::<u16>().ok();
    if word.starts_with("svc/") || word.starts_with("service/") || word.starts_with("services/") {
        let name = word.split_once('/').map_or("", |(_, n)| n);
        let service = run
            .get(
                &format!(
                    "/api/v1/namespaces/{}/services/{name}",
                    run.namespace().await?
                ),
                Vec::new(),
            )
            .await?;
        let found = service["spec"]["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|p| p["name"] == remote || target.is_some_and(|t| p["port"] == t));
        let Some(found) = found else {
            return Err(fail!(
                "Service {name} does not have a service port {remote}"
            ));
        };
        let to = &found["targetPort"];
        target = to
            .as_u64()
            .map(|n| n as u16)
            .or_else(|| named(pod, to.as_str().unwrap_or("")));
        let local = if local.is_empty() {
            0
        } else {
            local
                .parse()
                .or_else(|_| found["port"].as_u64().map(|n| n as u16).ok_or_else(bad))?
        };
        let remote =
            target.ok_or_else(|| fail!("cannot find the target port of service {name}"))?;
        return Ok((local, remote));
    }
    let remote_port = target.or_else(|| named(pod, remote)).ok_or_else(|| {
        fail!(
            "Pod '{}' does not have a named port '{remote}'",
            pod["metadata"]["name"].as_str().unwrap_or("")
        )
    })?;
    let local = if local.is_empty() {
        0
    } else {
        local.parse().or_else(|_| {
            if local == remote {
                Ok(remote_port)
            } else {
                Err(bad())
            }
        })?
    };
    Ok((local, remote_port))
}

fn named(pod: &Value, name: &str) -> Option<u16> {
    pod["spec"]["containers"]
        .as_array()?
        .iter()
        .flat_map(|c| c["ports"].as_array().into_iter().flatten())
        .find(|p| p["name"] == name)?["containerPort"]
        .as_u64()
        .map(|n| n as u16)
}

async fn listen(run: &Run, local: u16, remote: u16) -> Outcome<Vec<Box<dyn Listener>>> {
    let mut addresses: Vec<String> = run.flags.list("address").to_vec();
    if addresses.is_empty() {
        addresses.push("localhost".into());
    }
    let mut found: Vec<Box<dyn Listener>> = Vec::new();
    let mut failures = Vec::new();
    let mut wanted = local;
    for address in addresses.iter().flat_map(|a| {
        if a == "localhost" {
            vec!["127.0.0.1", "::1"]
        } else {
            vec![a.as_str()]
        }
    }) {
        let shown = if address.contains(':') {
            format!("[{address}]")
        } else {
            address.to_string()
        };
        match run.computer.listen(address, wanted).await {
            Ok(listener) => {
                wanted = listener.port();
                run.out(&format!("Forwarding from {shown}:{wanted} -> {remote}\n"))
                    .await?;
                found.push(listener);
            }
            Err(why) => failures.push(format!(
                "unable to create listener: Error listen tcp {shown}:{local}: {why}"
            )),
        }
    }
    if found.is_empty() {
        run.err(&format!("Unable to listen on port {local}: Listeners failed to create with the following errors: [{}]\n", failures.join(" "))).await?;
        return Err(fail!(
            "unable to listen on any of the requested ports: [{{{local} {remote}}}]"
        ));
    }
    Ok(found)
}

async fn serve(run: &Run, path: &str, mut listener: Box<dyn Listener>, remote: u16) -> Outcome {
    let local = listener.port();
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let stream = accepted.map_err(|why| fail!("error accepting connection on port {local}: {why}"))?;
                run.out(&format!("Handling connection for {local}\n")).await?;
                open.push(forward(run, path, stream, local, remote));
            }
            Some(outcome) = open.next(), if !open.is_empty() => {
                let outcome: Outcome = outcome;
                if let Err(failure) = outcome {
                    match failure {
                        Failure::Exit(code) => return Err(Failure::Exit(code)),
                        other => run.err(&format!("E an error occurred forwarding {local} -> {remote}: {}\n", other.sentence())).await?,
                    }
                }
            }
        }
    }
}

async fn forward(
    run: &Run,
    path: &str,
    stream: Box<dyn Duplex>,
    _local: u16,
    remote: u16,
) -> Outcome {
    let client = run.client().await?;
    let request = Request::get(format!(
        "{path}{}",
        encode(vec![("ports", remote.to_string())])
    ))
    .body(Vec::new())
    .map_err(|why| fail!("{why}"))?;
    let server = run.target().await?.server.clone();
    let connection = client
        .connect(request)
        .await
        .map_err(|why| unreachable_server(&why, &server))?;
    let (mut write, mut read) = connection.into_stream().split();
    let (mut from, mut to) = tokio::io::split(stream);
    let up = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let mut whole = Vec::with_capacity(count + 1);
            whole.push(0);
            whole.extend_from_slice(&buffer[..count]);
            if write
                .send(Message::Binary(Bytes::from(whole)))
                .await
                .is_err()
            {
                return;
            }
        }
        // The program behind the port may still be answering.
        std::future::pending::<()>().await;
    };
    let down = async {
        let mut greeted = [false; 2];
        while let Some(Ok(message)) = read.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Close(_) => break,
                _ => continue,
            };
            let Some(channel) = bytes.first().copied().map(usize::from).filter(|c| *c < 2) else {
                continue;
            };
            let rest = bytes.slice(1..);
            if !std::mem::replace(&mut greeted[channel], true) {
                continue;
            }
            if channel == 1 && !rest.is_empty() {
                return Err(fail!("{}", String::from_utf8_lossy(&rest).trim()));
            }
            if channel == 0 && to.write_all(&rest).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
        Ok(())
    };
    tokio::select! {
        outcome = down => outcome,
        () = up => Ok(()),
    }
}

//! Streams into pods: exec and attach over the WebSocket channel protocol (v5.channel.k8s.io), logs that follow, waiting for pods.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::Request;
use kube_tungstenite::tungstenite::Message;
use serde_json::Value;

use crate::computer::Stdio;
use crate::failure::{Failure, Outcome, fail};
use crate::run::{Query, Run, encode, unreachable_server};
use crate::selection;

/// What goes through an exec or attach.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Through {
    pub stdin: bool,
    pub tty: bool,
    pub quiet: bool,
}

impl Through {
    /// The query parameters of the streams.
    pub fn query(self, container: &str) -> Query {
        let mut query = vec![
            ("container", container.to_string()),
            ("stdout", "true".into()),
        ];
        if self.stdin {
            query.push(("stdin", "true".into()));
        }
        query.push(if self.tty {
            ("tty", "true".into())
        } else {
            ("stderr", "true".into())
        });
        query
    }
}

/// Where output of an exec goes.
pub(crate) enum Sink<'a> {
    /// To standard output and error.
    Terminal,
    /// Standard output into this buffer.
    Buffer(&'a mut Vec<u8>),
}

/// Where the input of an exec comes from.
pub(crate) enum Source {
    /// Nothing.
    Empty,
    /// Standard input.
    Terminal,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Opens the stream at `path` and pumps until it ends. The exit code of the other side becomes ours.
pub(crate) async fn pump(
    run: &Run,
    path: &str,
    query: Query,
    source: Source,
    through: Through,
    mut sink: Sink<'_>,
) -> Outcome {
    let client = run.client().await?;
    let request = Request::get(format!("{path}{}", encode(query)))
        .body(Vec::new())
        .map_err(|why| fail!("{why}"))?;
    let server = run.target().await?.server.clone();
    let connection = client
        .connect(request)
        .await
        .map_err(|why| unreachable_server(&why, &server))?;
    let closes = connection.supports_stream_close();
    let (mut write, mut read) = connection.into_stream().split();
    if through.tty {
        run.computer
            .set_raw(true)
            .await
            .map_err(|why| fail!("{why}"))?;
        let _ = write.send(resize(run)).await;
    }
    let input = async {
        match source {
            Source::Empty => {}
            Source::Bytes(bytes) => {
                for part in bytes.chunks(32 * 1024) {
                    if write.send(frame(0, part)).await.is_err() {
                        return;
                    }
                }
                if closes {
                    let _ = write.send(frame(255, &[0])).await;
                }
            }
            Source::Terminal => loop {
                tokio::select! {
                    biased;
                    () = run.computer.resized(), if through.tty => {
                        let _ = write.send(resize(run)).await;
                    }
                    bytes = run.computer.read(16 * 1024) => {
                        let bytes = bytes.unwrap_or_default();
                        if bytes.is_empty() {
                            if closes {
                                let _ = write.send(frame(255, &[0])).await;
                            }
                            break;
                        }
                        if write.send(frame(0, &bytes)).await.is_err() {
                            break;
                        }
                    }
                }
            },
        }
        std::future::pending::<()>().await;
    };
    let output = async {
        let mut status = None;
        while let Some(message) = read.next().await {
            let bytes = match message {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Close(_)) => break,
                Ok(_) => continue,
                Err(why) if status.is_none() => {
                    return Err(fail!("error reading from error stream: {why}"));
                }
                Err(_) => break,
            };
            let (Some(channel), rest) = (bytes.first(), bytes.slice(1.min(bytes.len())..)) else {
                continue;
            };
            match (channel, &mut sink) {
                (1, Sink::Buffer(buffer)) => buffer.extend_from_slice(&rest),
                (1, Sink::Terminal) => run.out_bytes(&rest).await?,
                // As kubectl cp does: what tar says goes where cp's own words go.
                (2, Sink::Buffer(_)) => run.out_bytes(&rest).await?,
                (2, _) if !rest.is_empty() => run
                    .computer
                    .write(Stdio::Err, &rest)
                    .await
                    .map_err(|_| Failure::Exit(1))?,
                (3, _) if !rest.is_empty() => status = Some(rest),
                _ => {}
            }
        }
        Ok(status)
    };
    let status = tokio::select! {
        status = output => status,
        () = input => Ok(None),
    };
    if through.tty {
        let _ = run.computer.set_raw(false).await;
    }
    finish(run, status?).await
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut whole = Vec::with_capacity(bytes.len() + 1);
    whole.push(channel);
    whole.extend_from_slice(bytes);
    Message::Binary(Bytes::from(whole))
}

fn resize(run: &Run) -> Message {
    let (cols, rows) = run.computer.terminal_size().unwrap_or((80, 24));
    frame(
        4,
        format!("{{\"Width\":{cols},\"Height\":{rows}}}").as_bytes(),
    )
}

async fn finish(run: &Run, status: Option<Bytes>) -> Outcome {
    let Some(status) = status.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        return Ok(());
    };
    if status["status"] == "Success" {
        return Ok(());
    }
    if status["reason"] == "NonZeroExitCode" {
        let causes = status["details"]["causes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let code = causes
            .iter()
            .find(|c| c["reason"] == "ExitCode")
            .and_then(|c| c["message"].as_str()?.parse().ok());
        let code: i32 = code.unwrap_or(1);
        run.err(&format!("command terminated with exit code {code}\n"))
            .await?;
        return Err(Failure::Exit(code));
    }
    let message = status["message"].as_str().unwrap_or("unknown error");
    Err(fail!("{message}"))
}

/// Waits until a pod is as wanted; answers with it.
pub(crate) async fn wait_for_pod(
    run: &Run,
    namespace: &str,
    name: &str,
    limit: Option<Duration>,
    wanted: impl Fn(&Value) -> bool + Send,
) -> Outcome<Value> {
    let wait = async {
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let field = ("fieldSelector", format!("metadata.name={name}"));
        loop {
            let list = run
                .get(
                    &path,
                    vec![
                        field.clone(),
                        ("limit", "500".into()),
                        ("resourceVersion", "0".into()),
                    ],
                )
                .await?;
            let Some(pod) = list["items"].get(0) else {
                return Err(fail!("pods {name:?} not found"));
            };
            if wanted(pod) {
                return Ok(pod.clone());
            }
            let version = selection::version(&list).to_owned();
            let query = vec![
                field.clone(),
                ("watch", "true".into()),
                ("allowWatchBookmarks", "true".into()),
                ("resourceVersion", version),
            ];
            let mut lines = run.lines(&path, query, crate::run::JSON).await?;
            while let Some(event) = lines.event().await {
                match event["type"].as_str() {
                    Some("DELETED") => return Err(fail!("pod {name:?} was deleted")),
                    Some("ADDED" | "MODIFIED") if wanted(&event["object"]) => {
                        return Ok(event["object"].clone());
                    }
                    _ => {}
                }
            }
        }
    };
    match limit {
        None => wait.await,
        Some(limit) => tokio::select! {
            biased;
            pod = wait => pod,
            () = run.computer.sleep(limit) => Err(fail!("timed out waiting for the condition")),
        },
    }
}

/// Attaches to the only container of a new pod once it runs; where it has ended already, prints its log.
pub(crate) async fn attach_or_log(
    run: &Run,
    namespace: &str,
    name: &str,
    stdin: bool,
    tty: bool,
) -> Outcome {
    let limit = run.flags.duration("pod-running-timeout");
    let limit = if limit.is_zero() {
        Duration::from_secs(60)
    } else {
        limit
    };
    let pod = wait_for_pod(run, namespace, name, Some(limit), |pod| {
        let state = &pod["status"]["containerStatuses"][0]["state"];
        matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        ) || state["running"].is_object()
            || state["terminated"].is_object()
    })
    .await?;
    let container = pod["spec"]["containers"][0]["name"]
        .as_str()
        .unwrap_or("")
        .to_string();
    let ended = matches!(
        pod["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    ) || pod["status"]["containerStatuses"][0]["state"]["terminated"].is_object();
    if !ended {
        match attach(
            run,
            namespace,
            name,
            &container,
            Through {
                stdin,
                tty,
                quiet: run.flags.bool("quiet"),
            },
        )
        .await
        {
            Err(failure @ Failure::Exit(_)) => return Err(failure),
            Err(failure) => {
                run.err(&format!(
                    "warning: couldn't attach to pod/{name}, falling back to streaming logs: {}\n",
                    failure.sentence()
                ))
                .await?
            }
            Ok(()) => return Ok(()),
        }
    }
    log(run, namespace, name, &container).await
}

async fn log(run: &Run, namespace: &str, name: &str, container: &str) -> Outcome {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
    let mut lines = run
        .lines(
            &path,
            vec![("container", container.into())],
            "application/json, */*",
        )
        .await?;
    while let Some(data) = lines.chunk().await {
        run.out_bytes(&data).await?;
    }
    Ok(())
}

/// Attaches to a running container.
pub(crate) async fn attach(
    run: &Run,
    namespace: &str,
    name: &str,
    container: &str,
    through: Through,
) -> Outcome {
    let mut through = through;
    if through.tty && !run.computer.is_terminal(Stdio::In) {
        through.tty = false;
        run.err("Unable to use a TTY - input is not a terminal or the right kind of file\n")
            .await?;
    }
    if !through.quiet {
        run.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n").await?;
    }
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/attach");
    let source = if through.stdin {
        Source::Terminal
    } else {
        Source::Empty
    };
    pump(
        run,
        &path,
        through.query(container),
        source,
        through,
        Sink::Terminal,
    )
    .await
}

/// The names of all containers of a pod: regular, init, ephemeral.
pub(crate) fn containers(pod: &Value) -> Vec<String> {
    ["containers", "initContainers", "ephemeralContainers"]
        .iter()
        .flat_map(|part| names(&pod["spec"][*part]))
        .collect()
}

/// The names in a list of containers.
pub(crate) fn names(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|c| c["name"].as_str().map(str::to_string))
        .collect()
}

/// Fails where the pod's containers have all ended: `doing` ("exec into a container") is too late then.
pub(crate) fn not_over(pod: &Value, doing: &str) -> Outcome {
    match pod["status"]["phase"].as_str().unwrap_or("") {
        phase @ ("Succeeded" | "Failed") => Err(fail!(
            "cannot {doing} in a completed pod; current phase is {phase}"
        )),
        _ => Ok(()),
    }
}

/// The container that a command means: the one asked for, the annotated default, or the first.
pub(crate) async fn container_of(
    run: &Run,
    pod: &Value,
    asked: &str,
    quiet: bool,
) -> Outcome<String> {
    let name = pod["metadata"]["name"].as_str().unwrap_or("");
    let all = containers(pod);
    if !asked.is_empty() {
        if all.iter().any(|c| c == asked) {
            return Ok(asked.to_string());
        }
        return Err(fail!(
            "container {asked} is not valid for pod {name} out of: {}",
            described(pod)
        ));
    }
    if let Some(default) =
        pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].as_str()
    {
        if all.iter().any(|c| c == default) {
            return Ok(default.to_string());
        }
        run.err(&format!(
            "Default container name {default:?} not found in pod {name}\n"
        ))
        .await?;
    }
    let first = all
        .first()
        .cloned()
        .ok_or_else(|| fail!("pod {name} has no containers"))?;
    if all.len() > 1 && !quiet {
        run.err(&format!(
            "Defaulted container {first:?} out of: {}\n",
            described(pod)
        ))
        .await?;
    }
    Ok(first)
}

fn described(pod: &Value) -> String {
    let mut all = names(&pod["spec"]["containers"]);
    all.extend(
        names(&pod["spec"]["initContainers"])
            .into_iter()
            .map(|n| n + " (init)"),
    );
    all.extend(
        names(&pod["spec"]["ephemeralContainers"])
            .into_iter()
            .map(|n| n + " (ephem)"),
    );
    all.join(", ")
}

/// Runs a command whose output nobody wants; says whether it ended well.
pub(crate) async fn test(
    run: &Run,
    path: &str,
    container: &str,
    command: &[&str],
    buffer: &mut Vec<u8>,
) -> bool {
    let through = Through::default();
    let mut query = through.query(container);
    query.extend(command.iter().map(|word| ("command", word.to_string())));
    let Ok(client) = run.client().await else {
        return false;
    };
    let Ok(request) = Request::get(format!("{path}{}", encode(query))).body(Vec::new()) else {
        return false;
    };
    let Ok(connection) = client.connect(request).await else {
        return false;
    };
    let (_, mut read) = connection.into_stream().split();
    while let Some(Ok(message)) = read.next().await {
        if let Message::Binary(bytes) = message {
            match bytes.first() {
                Some(1) => buffer.extend_from_slice(&bytes[1..]),
                Some(3) if bytes.len() > 1 => {
                    return serde_json::from_slice::<Value>(&bytes[1..])
                        .is_ok_and(|status| status["status"] == "Success");
                }
                _ => {}
            }
        }
    }
    false
}

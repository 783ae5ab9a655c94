//! SPDY sessions: the streams of an exec or attach, and the connections of a port-forward, over one transport.

use super::exec::{failure_of, resize};
use super::transport::Transport;
use super::{exit_status, failure};
use crate::spdy::{Decoder, Encoder, Frame, reset};
use bytes::Bytes;
use host::{ExecQuery, Handle, Stream, StreamIn, StreamInput, StreamOut};
use objects::Status;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a client may take to open all its streams.
const OPENING: Duration = Duration::from_secs(30);
/// Most streams of one session.
const MAX_STREAMS: usize = 512;
const SEND_BYTES: usize = 32 * 1024;

/// Reads frames and answers what needs no thought: pings.
struct Frames {
    decoder: Decoder,
    transport: mpsc::Receiver<Bytes>,
    outgoing: mpsc::Sender<Bytes>,
}

impl Frames {
    /// The next frame; `None` when the client is gone or speaks nonsense.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(Frame::Ping(id))) if id % 2 == 1 => {
                    self.outgoing.send(Encoder::default().ping(id)).await.ok()?;
                }
                Ok(Some(Frame::Ping(_) | Frame::Ignored)) => {}
                Ok(Some(Frame::GoAway)) => return None,
                Ok(Some(frame)) => return Some(frame),
                Ok(None) => {
                    let bytes = self.transport.recv().await?;
                    self.decoder.feed(&bytes);
                }
                Err(error) => {
                    tracing::debug!(%error, "a SPDY session was ended");
                    return None;
                }
            }
        }
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map_or("", |(_, value)| value)
}

/// The ids of an exec's streams, by what they carry.
#[derive(Default)]
struct ExecStreams(BTreeMap<String, u32>);

impl ExecStreams {
    fn id(&self, kind: &str) -> Option<u32> {
        self.0.get(kind).copied()
    }

    fn is(&self, id: u32, kind: &str) -> bool {
        self.id(kind) == Some(id)
    }
}

/// Serves an exec or attach over SPDY.
pub(crate) async fn exec(
    transport: Transport,
    query: ExecQuery,
    opened: Result<Stream, Status>,
    protocol: &str,
) {
    let Transport { incoming, outgoing } = transport;
    let mut frames = Frames {
        decoder: Decoder::default(),
        transport: incoming,
        outgoing: outgoing.clone(),
    };
    let mut encoder = Encoder::default();
    let mut streams = ExecStreams::default();
    let terminals_resize =
        query.tty && protocol != "channel.k8s.io" && protocol != "v2.channel.k8s.io";
    let expected = 1 + [query.stdin, query.stdout, query.stderr, terminals_resize]
        .into_iter()
        .filter(|w| *w)
        .count();
    let opening = async {
        let mut early = Vec::new();
        while streams.0.len() < expected {
            match frames.next().await? {
                Frame::Open { id, headers, .. } => {
                    outgoing.send(encoder.reply(id)).await.ok()?;
                    streams
                        .0
                        .insert(header(&headers, "streamtype").to_string(), id);
                }
                other => early.push(other),
            }
        }
        Some(early)
    };
    let Ok(Some(early)) = tokio::time::timeout(OPENING, opening).await else {
        return;
    };
    let json = protocol == "v4.channel.k8s.io";
    let Stream { input, mut output } = match opened {
        Ok(stream) => stream,
        Err(status) => {
            finish(&outgoing, &streams, &failure_of(&status), json).await;
            return;
        }
    };
    let take = take_exec_input(&mut frames, early, &streams, &input);
    let send = async {
        while let Some(piece) = output.recv().await {
            let (kind, mut bytes) = match piece {
                StreamOut::Stdout(bytes) => ("stdout", bytes),
                StreamOut::Stderr(bytes) => ("stderr", bytes),
                StreamOut::Exit(exit) => {
                    return finish(&outgoing, &streams, &exit_status(&query, exit.code), json)
                        .await;
                }
                StreamOut::Error(text) => {
                    return finish(&outgoing, &streams, &failure(&text), json).await;
                }
            };
            let Some(id) = streams.id(kind) else { continue };
            while !bytes.is_empty() {
                let part = bytes.split_to(bytes.len().min(SEND_BYTES));
                if outgoing
                    .send(Encoder::default().data(id, false, &part))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
    };
    tokio::pin!(take, send);
    tokio::select! {
        () = &mut send => {}
        gone = &mut take => if !gone { send.await },
    }
}

/// The status on the error stream, then the end of all streams.
async fn finish(
    outgoing: &mpsc::Sender<Bytes>,
    streams: &ExecStreams,
    status: &serde_json::Value,
    json: bool,
) {
    let encoder = Encoder::default();
    let failed = status["status"] != "Success";
    let text = match (json, failed) {
        (true, _) => status.to_string(),
        (false, true) => status["message"].as_str().unwrap_or_default().to_string(),
        (false, false) => String::new(),
    };
    if let Some(id) = streams.id("error") {
        let _ = outgoing.send(encoder.data(id, true, text.as_bytes())).await;
    }
    for kind in ["stdout", "stderr"] {
        if let Some(id) = streams.id(kind) {
            let _ = outgoing.send(encoder.data(id, true, b"")).await;
        }
    }
}

/// Takes what the client sends. True when the client is gone.
async fn take_exec_input(
    frames: &mut Frames,
    early: Vec<Frame>,
    streams: &ExecStreams,
    input: &StreamInput,
) -> bool {
    let mut early = early.into_iter();
    let mut sizes = Vec::new();
    loop {
        let frame = match early.next() {
            Some(frame) => frame,
            None => match frames.next().await {
                Some(frame) => frame,
                None => return true,
            },
        };
        let Frame::Data { id, fin, bytes } = frame else {
            continue;
        };
        if streams.is(id, "stdin") {
            let sent = if bytes.is_empty() {
                Ok(())
            } else {
                input.send(StreamIn::Stdin(bytes)).await
            };
            let ended = if fin {
                input.send(StreamIn::CloseStdin).await
            } else {
                Ok(())
            };
            if sent.and(ended).is_err() {
                return false;
            }
        } else if streams.is(id, "resize") {
            // Sizes come one JSON after the other, a line each.
            sizes.extend_from_slice(&bytes);
            while let Some(end) = sizes.iter().position(|b| *b == b'}') {
                let one: Vec<u8> = sizes.drain(..=end).collect();
                if let Some(size) = resize(&one)
                    && input.send(size).await.is_err()
                {
                    return false;
                }
            }
            sizes.truncate(1024);
        }
    }
}

/// What a forwarded connection needs to know of its two streams.
struct Pair {
    port: u16,
    error: Option<u32>,
    data: Option<u32>,
}

/// The state of a port-forward over SPDY.
struct Forwarding {
    handle: Handle,
    namespace: String,
    pod: String,
    outgoing: mpsc::Sender<Bytes>,
    pairs: BTreeMap<String, Pair>,
    /// Data streams of connections, by id.
    connections: BTreeMap<u32, mpsc::Sender<StreamIn>>,
    streams: usize,
}

/// Serves a port-forward over SPDY: any number of connections, each a pair of streams.
pub(crate) async fn forward(transport: Transport, handle: Handle, namespace: String, pod: String) {
    let Transport { incoming, outgoing } = transport;
    let mut frames = Frames {
        decoder: Decoder::default(),
        transport: incoming,
        outgoing: outgoing.clone(),
    };
    let mut encoder = Encoder::default();
    let mut state = Forwarding {
        handle,
        namespace,
        pod,
        outgoing: outgoing.clone(),
        pairs: BTreeMap::new(),
        connections: BTreeMap::new(),
        streams: 0,
    };
    while let Some(frame) = frames.next().await {
        let answer = match frame {
            Frame::Open { id, headers, .. } => match state.open(id, &headers) {
                Ok(()) => Some(encoder.reply(id)),
                Err(code) => Some(encoder.reset(id, code)),
            },
            Frame::Data { id, fin, bytes } => {
                state.data(id, fin, bytes).await;
                None
            }
            Frame::Reset { id, .. } => {
                state.connections.remove(&id);
                None
            }
            Frame::Ping(_) | Frame::GoAway | Frame::Ignored => None,
        };
        if let Some(answer) = answer
            && outgoing.send(answer).await.is_err()
        {
            return;
        }
        state.connect_complete();
    }
}

impl Forwarding {
    fn open(&mut self, id: u32, headers: &[(String, String)]) -> Result<(), u32> {
        self.connections
            .retain(|_, connection| !connection.is_closed());
        self.streams += 1;
        if self.connections.len() * 2 >= MAX_STREAMS || self.pairs.len() >= MAX_STREAMS {
            return Err(reset::REFUSED);
        }
        let port: u16 = header(headers, "port")
            .parse()
            .ok()
            .filter(|p| *p > 0)
            .ok_or(reset::PROTOCOL_ERROR)?;
        let request = match header(headers, "requestid") {
            // Very old clients number no requests: pairs come one after the other.
            "" => format!("unnumbered-{}", (self.streams - 1) / 2),
            id => id.to_string(),
        };
        let pair = self.pairs.entry(request).or_insert(Pair {
            port,
            error: None,
            data: None,
        });
        match header(headers, "streamtype") {
            "error" => pair.error = Some(id),
            "data" => pair.data = Some(id),
            _ => return Err(reset::PROTOCOL_ERROR),
        }
        Ok(())
    }

    async fn data(&mut self, id: u32, fin: bool, bytes: Bytes) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let mut sent = Ok(());
        if !bytes.is_empty() {
            sent = connection.send(StreamIn::Stdin(bytes)).await;
        }
        if fin && sent.is_ok() {
            sent = connection.send(StreamIn::CloseStdin).await;
        }
        if sent.is_err() {
            self.connections.remove(&id);
        }
    }

    /// Starts the connections of which both streams are there.
    fn connect_complete(&mut self) {
        let ready = |p: &Pair| p.error.zip(p.data);
        let complete: Vec<String> = self
            .pairs
            .iter()
            .filter(|(_, p)| ready(p).is_some())
            .map(|(id, _)| id.clone())
            .collect();
        for request in complete {
            let Some(pair) = self.pairs.remove(&request) else {
                continue;
            };
            let Some((error, data)) = ready(&pair) else {
                continue;
            };
            let (to_connection, from_client) = mpsc::channel(16);
            self.connections.insert(data, to_connection);
            let handle = self.handle.clone();
            let (namespace, pod) = (self.namespace.clone(), self.pod.clone());
            let ids = (error, data);
            let outgoing = self.outgoing.clone();
            tokio::spawn(async move {
                let opened = handle.port_forward(&namespace, &pod, pair.port).await;
                connection(opened, pair.port, ids, from_client, outgoing).await;
            });
        }
    }
}

/// One forwarded connection until both sides are done.
async fn connection(
    opened: Result<Stream, Status>,
    port: u16,
    (error, data): (u32, u32),
    mut from_client: mpsc::Receiver<StreamIn>,
    outgoing: mpsc::Sender<Bytes>,
) {
    let encoder = Encoder::default();
    let send = async |bytes: Bytes| outgoing.send(bytes).await.is_ok();
    let fail = async |text: String| {
        let text = format!("error forwarding port {port} to pod: {text}");
        // The client may be gone by now.
        let _ = send(encoder.data(error, true, text.as_bytes())).await;
        let _ = send(encoder.reset(data, reset::INTERNAL)).await;
    };
    let Stream { input, mut output } = match opened {
        Ok(stream) => stream,
        Err(status) => return fail(status.message).await,
    };
    let up = async {
        while let Some(piece) = from_client.recv().await {
            if input.send(piece).await.is_err() {
                return;
            }
        }
        let _ = input.send(StreamIn::CloseStdin).await;
        // The far end decides when the connection is over.
        std::future::pending::<()>().await;
    };
    let down = async {
        while let Some(piece) = output.recv().await {
            match piece {
                StreamOut::Stdout(mut bytes) | StreamOut::Stderr(mut bytes) => {
                    while !bytes.is_empty() {
                        let part = bytes.split_to(bytes.len().min(SEND_BYTES));
                        if !send(encoder.data(data, false, &part)).await {
                            return;
                        }
                    }
                }
                StreamOut::Error(text) => return fail(text).await,
                StreamOut::Exit(_) => break,
            }
        }
        let _ = send(encoder.data(data, true, b"")).await;
        let _ = send(encoder.data(error, true, b"")).await;
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
}

//! A learner's browser without the browser: pages by HTTP, sockets by tokio-tungstenite, against a `podschool serve` of its own.

use crate::{PATIENCE, Podschool};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use playground::wire::{ClientFrame, PROTOCOL, ServerFrame, StepStatus, binary};
use std::collections::BTreeSet;
use std::future::Future;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A running `podschool serve`.
pub struct Site {
    process: Podschool,
    /// `127.0.0.1:PORT`
    pub host: String,
    /// The only origin from which it takes upgrades here.
    pub origin: String,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A lesson's page, open in one browser.
#[derive(Debug, Clone)]
pub struct Page {
    pub cookie: String,
    /// Path of the session's socket.
    pub socket: String,
    pub session: String,
    pub namespace: String,
    pub html: String,
}

/// Waits for something that must come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} does not come"))
}

impl Site {
    /// Starts it on a free port, keeping nothing; with further arguments.
    pub fn start(args: &[&str]) -> Site {
        Site::start_at("127.0.0.1:0", args)
    }

    /// Starts it on this address.
    pub fn start_at(address: &str, args: &[&str]) -> Site {
        let all = [&["serve", "--listen", address, "--data", "none"], args].concat();
        let process = Podschool::start(&all, "http://");
        let url = process.ready.split("http://").nth(1).expect("an address");
        let host = url.split('/').next().expect("an address").to_owned();
        let origin = format!("http://{host}");
        Site {
            process,
            host,
            origin,
        }
    }

    /// Ends it as `kill -9` does.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Tells it to stop, and waits.
    pub fn stop(self) {
        let status = self.process.stop();
        assert!(status.success(), "the server ended with {status}");
    }

    /// Bytes of memory that the server uses now; `None` where the system does not say.
    pub fn memory(&self) -> Option<usize> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
        let kib: usize = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// `GET path`.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Full::new(Bytes::new())).expect("a request"))
            .await
    }

    /// `POST path` without a body, as a script of the page does.
    pub async fn post(&self, path: &str, page: &Page) -> Answer {
        let request = Request::post(path)
            .header("host", &self.host)
            .header("origin", &self.origin)
            .header("cookie", &page.cookie)
            .body(Full::new(Bytes::new()));
        self.ask(request.expect("a request")).await
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        soon("an answer", async {
            let socket = TcpStream::connect(&self.host).await.expect("connect");
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(socket))
                    .await
                    .expect("handshake");
            tokio::spawn(connection);
            let answer = sender.send_request(request).await.expect("an answer");
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.into_body().collect().await.expect("a body");
            Answer {
                status,
                headers,
                body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            }
        })
        .await
    }

    /// Opens the lesson *first-pod*; with a cookie it is the same learner.
    pub async fn open(&self, cookie: Option<&str>) -> Page {
        let cookies: Vec<_> = cookie.into_iter().map(|c| ("cookie", c)).collect();
        let answer = self.get("/en/lessons/first-pod", &cookies).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let set = answer.headers.get_all("set-cookie").iter();
        let set = set
            .filter_map(|v| v.to_str().ok())
            .find(|v| v.contains("podschool=") && !v.contains("-lang="))
            .and_then(|set| set.split(';').next())
            .or(cookie);
        let data = answer.body.split("id=\"page\">").nth(1);
        let data = data.and_then(|rest| rest.split("</script>").next());
        let data: serde_json::Value =
            serde_json::from_str(data.expect("the page's data")).expect("JSON");
        let text = |key: &str| data["session"][key].as_str().expect(key).to_owned();
        Page {
            cookie: set.expect("a cookie").to_owned(),
            socket: text("socket"),
            session: text("id"),
            namespace: text("namespace"),
            html: answer.body,
        }
    }

    /// A WebSocket with exactly these headers; the status where it is refused.
    pub async fn upgrade(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, StatusCode> {
        let mut request = format!("ws://{}{path}", self.host)
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            request
                .headers_mut()
                .append(*name, value.parse().expect("a header"));
        }
        match soon("an upgrade", tokio_tungstenite::connect_async(request)).await {
            Ok((socket, _)) => Ok(Socket {
                socket,
                screen: Vec::new(),
                acknowledges: true,
                done: BTreeSet::new(),
                typed: 0,
                accepted: 0,
                began: 0,
            }),
            Err(Error::Http(answer)) => Err(answer.status()),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// The page's own socket, greeted.
    pub async fn connect(&self, page: &Page) -> Socket {
        let headers = [("origin", self.origin.as_str()), ("cookie", &page.cookie)];
        let upgraded = self.upgrade(&page.socket, &headers).await;
        let mut socket = upgraded.expect("the session's socket");
        let hello = ClientFrame::Hello { protocol: PROTOCOL };
        socket.say(&hello).await;
        socket
    }

    /// Path of one of a pod's sockets.
    pub fn pod_path(&self, page: &Page, pod: &str, rest: &str) -> String {
        let (session, namespace) = (&page.session, &page.namespace);
        format!("/api/sessions/{session}/namespaces/{namespace}/pods/{pod}/{rest}")
    }

    /// One of a pod's sockets, in a channel protocol.
    pub async fn pod(&self, page: &Page, pod: &str, rest: &str, protocol: &str) -> Channels {
        let headers = [
            ("origin", self.origin.as_str()),
            ("cookie", &page.cookie),
            ("sec-websocket-protocol", protocol),
        ];
        let path = self.pod_path(page, pod, rest);
        let upgraded = self.upgrade(&path, &headers).await;
        Channels {
            socket: upgraded
                .unwrap_or_else(|status| panic!("{rest}: {status}"))
                .socket,
            got: Default::default(),
            close: None,
        }
    }
}

/// The browser's end of a session's socket.
pub struct Socket {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What terminal 1 printed, from the byte on at which this socket began to look.
    pub screen: Vec<u8>,
    /// Steps that were said to be done.
    done: BTreeSet<String>,
    /// Bytes typed into the terminal since this socket looks at it, and how many of them the server has taken.
    pub typed: u64,
    pub accepted: u64,
    /// Number of the first byte of the screen.
    began: u64,
    /// Off: as a page that draws nothing.
    pub acknowledges: bool,
}

impl Socket {
    pub async fn say(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("JSON");
        self.send(Message::Text(text.into())).await;
    }

    pub async fn send(&mut self, message: Message) {
        let sent = soon("room for a message", self.socket.send(message)).await;
        sent.expect("the message is sent");
    }

    pub async fn keys(&mut self, keys: &str) {
        self.typed += keys.len() as u64;
        let message = binary::encode(binary::INPUT, 1, keys.as_bytes());
        self.send(Message::Binary(message.into())).await;
    }

    /// The next frame of text, `None` for terminal output (which is gathered); the close where that comes.
    pub async fn next(&mut self) -> Result<Option<ServerFrame>, Option<CloseFrame>> {
        let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        let message = message.unwrap_or_else(|_| panic!("nothing comes after:\n{}", self.shown()));
        match message {
            Some(Ok(Message::Text(text))) => {
                let frame = serde_json::from_str(&text).expect("a frame of the wire");
                match &frame {
                    ServerFrame::TermAccepted { accepted, .. } => self.accepted = *accepted,
                    ServerFrame::TermMissed { offset, .. } => {
                        self.began = *offset;
                        self.screen.clear();
                    }
                    ServerFrame::Steps { steps } => {
                        let done = steps.iter().filter(|s| s.status == StepStatus::Done);
                        self.done.extend(done.map(|step| step.id.clone()));
                    }
                    _ => {}
                }
                Ok(Some(frame))
            }
            Some(Ok(Message::Binary(bytes))) => {
                let output = binary::decode(&bytes).expect("terminal output");
                self.screen.extend_from_slice(output.payload);
                if self.acknowledges {
                    let (id, received) = (output.terminal, self.began + self.screen.len() as u64);
                    self.say(&ClientFrame::TermAck { id, received }).await;
                }
                Ok(None)
            }
            Some(Ok(Message::Close(frame))) => Err(frame),
            Some(Ok(_)) => Ok(None),
            Some(Err(_)) | None => Err(None),
        }
    }

    /// Frames until one fits.
    pub async fn until(&mut self, fits: impl Fn(&ServerFrame) -> bool) -> ServerFrame {
        loop {
            match self.next().await {
                Ok(Some(frame)) if fits(&frame) => return frame,
                Ok(_) => {}
                Err(close) => panic!("closed by {close:?} after:\n{}", self.shown()),
            }
        }
    }

    /// Reads until the screen shows this text after its first `from` bytes; the answer is where the text ends.
    pub async fn shows(&mut self, from: usize, text: &str) -> usize {
        let mut looked = from;
        loop {
            let new = self.screen.get(looked..).unwrap_or_default();
            if text.is_empty() {
                return looked;
            }
            if let Some(at) = new.windows(text.len()).position(|w| w == text.as_bytes()) {
                return looked + at + text.len();
            }
            // What was looked at is not looked at again, but for a text that has only begun.
            looked = from.max(self.screen.len().saturating_sub(text.len()));
            if let Err(close) = self.next().await {
                panic!("closed by {close:?}; no {text:?} in:\n{}", self.shown());
            }
        }
    }

    /// Waits until the page was told that this step is done.
    pub async fn ticked(&mut self, step: &str) {
        while !self.done.contains(step) {
            if let Err(close) = self.next().await {
                panic!("closed by {close:?} before {step} was done");
            }
        }
    }

    /// The end of the screen, for complaints.
    pub fn shown(&self) -> String {
        let from = self.screen.len().saturating_sub(2000);
        String::from_utf8_lossy(&self.screen[from..]).into_owned()
    }

    /// Opens terminal 1 as a page does that has seen `seen` bytes of it.
    pub async fn look(&mut self, seen: u64) -> ServerFrame {
        let open = ClientFrame::TermOpen {
            id: 1,
            cols: 100,
            rows: 30,
            seen,
        };
        self.say(&open).await;
        let opened = |frame: &ServerFrame| matches!(frame, ServerFrame::TermOpened { id: 1, .. });
        let frame = self.until(opened).await;
        if let ServerFrame::TermOpened { offset, .. } = frame {
            self.began = offset;
            self.screen.clear();
            (self.typed, self.accepted) = (0, 0);
        }
        frame
    }

    /// Opens terminal 1 and waits for its prompt.
    pub async fn terminal(&mut self) {
        self.look(0).await;
        self.shows(0, "$ ").await;
    }

    /// Types a command and waits until it has printed `text`, and the prompt is back.
    pub async fn run(&mut self, line: &str, text: &str) {
        let from = self.screen.len();
        self.keys(&format!("{line}\r")).await;
        let echoed = self.shows(from, "\r\n").await;
        let printed = self.shows(echoed, text).await;
        self.shows(printed, "$ ").await;
    }

    /// Waits for the end of the connection: its code, where the server said one.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(close) = self.next().await {
                return close.map(|frame| frame.code.into());
            }
        }
    }
}

/// One of a pod's sockets: messages of a channel's number and its bytes.
pub struct Channels {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came on each channel.
    pub got: std::collections::BTreeMap<u8, Vec<u8>>,
    /// The code with which the other side closed.
    pub close: Option<u16>,
}

impl Channels {
    pub async fn send(&mut self, channel: u8, bytes: &[u8]) {
        let message = [&[channel], bytes].concat();
        let sent = soon(
            "room for a message",
            self.socket.send(Message::Binary(message.into())),
        );
        sent.await.expect("the message is sent");
    }

    /// Reads one message; false at the end.
    pub async fn read(&mut self) -> bool {
        match soon("a message", self.socket.next()).await {
            Some(Ok(Message::Binary(bytes))) => {
                let (channel, payload) = bytes.split_first().expect("a channel");
                self.got.entry(*channel).or_default().extend(payload);
                true
            }
            Some(Ok(Message::Close(frame))) => {
                self.close = frame.map(|f| f.code.into());
                false
            }
            Some(Ok(_)) => true,
            Some(Err(_)) | None => false,
        }
    }

    /// Reads until this text has come on the channel.
    pub async fn hears(&mut self, channel: u8, text: &str) {
        while !self.text(channel).contains(text) {
            assert!(
                self.read().await,
                "the end comes before {text:?}: {:?}",
                self.got
            );
        }
    }

    /// Reads to the end.
    pub async fn end(&mut self) {
        while self.read().await {}
    }

    pub fn text(&self, channel: u8) -> String {
        let bytes = self.got.get(&channel).map(Vec::as_slice);
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    }
}

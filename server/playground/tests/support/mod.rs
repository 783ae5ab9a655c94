//! A server on a port of its own, and clients that speak to it as a browser does.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use playground::serve::Server;
use playground::settings::ServeArgs;
use playground::wire::{ClientFrame, ServerFrame, StepStatus, binary};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless it is stuck.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A running server.
pub struct Running {
    pub host: String,
    pub origin: String,
    pub base: String,
    pub stop: CancellationToken,
    server: Option<Server>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// A learner's browser on one lesson.
pub struct Page {
    pub cookie: String,
    pub socket: String,
    pub session: String,
    pub html: String,
}

impl Page {
    /// The page came with this step ticked.
    pub fn done(&self, step: &str) -> bool {
        let ticked = format!("data-step=\"{step}\" data-status=\"done\"");
        self.html.contains(&ticked)
    }
}

/// What a page carries for its scripts.
pub fn props(html: &str) -> serde_json::Value {
    let data = html
        .split("id=\"page\">")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .expect("the page's data");
    serde_json::from_str(data).expect("JSON")
}

pub async fn start(change: impl FnOnce(&mut ServeArgs)) -> Running {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut args = ServeArgs {
        listen: Some("127.0.0.1:0".into()),
        data: Some("none".into()),
        ..ServeArgs::default()
    };
    change(&mut args);
    let stop = CancellationToken::new();
    let server = Server::start(args.settle().expect("settings"), stop.clone())
        .await
        .expect("a server");
    let url = server.site.url.clone();
    let port = server.address.port();
    Running {
        host: format!("127.0.0.1:{port}"),
        origin: url.origin().ascii_serialization(),
        base: server.site.base.clone(),
        stop,
        server: Some(server),
    }
}

impl Running {
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", &self.host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::new(Bytes::new())).expect("a request"))
            .await
    }

    /// An answer that is no text.
    pub async fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> (HeaderMap, Vec<u8>) {
        let mut request = Request::get(path).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::new())).expect("a request");
        let answer = self.ask(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let headers = answer.headers().clone();
        let body = answer.into_body().collect().await.expect("a body");
        (headers, body.to_bytes().to_vec())
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> http::Response<hyper::body::Incoming> {
        let socket = TcpStream::connect(&self.host).await.expect("connect");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
            .await
            .expect("handshake");
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.expect("an answer")
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let answer = self.ask(request).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = if status == StatusCode::SWITCHING_PROTOCOLS {
            String::new()
        } else {
            String::from_utf8_lossy(
                &answer
                    .into_body()
                    .collect()
                    .await
                    .expect("a body")
                    .to_bytes(),
            )
            .into_owned()
        };
        Answer {
            status,
            headers,
            body,
        }
    }

    /// Opens a lesson; with a cookie it is the same learner.
    pub async fn open(&self, lesson: &str, cookie: Option<&str>) -> Page {
        self.open_at(&format!("{}en/lessons/{lesson}", self.base), cookie)
            .await
    }

    /// Opens a page that has a session.
    pub async fn open_at(&self, path: &str, cookie: Option<&str>) -> Page {
        let cookies: Vec<(&str, &str)> = cookie
            .into_iter()
            .map(|cookie| ("cookie", cookie))
            .collect();
        let answer = self.get(path, &cookies).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let set = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .find(|v| v.contains("podschool="));
        let cookie = set
            .map(|set| set.split(';').next().unwrap_or_default().to_owned())
            .or(cookie.map(str::to_owned));
        let data = props(&answer.body);
        Page {
            cookie: cookie.expect("a cookie"),
            socket: data["session"]["socket"]
                .as_str()
                .expect("a socket")
                .to_owned(),
            session: data["session"]["id"].as_str().expect("an id").to_owned(),
            html: answer.body,
        }
    }

    /// The page's socket, greeted.
    pub async fn connect(&self, page: &Page) -> Socket {
        let mut socket = self.upgrade(&page.socket, &page.cookie, None).await;
        socket
            .say(&ClientFrame::Hello {
                protocol: playground::wire::PROTOCOL,
            })
            .await;
        socket
    }

    /// Any WebSocket of this server.
    pub async fn upgrade(&self, path: &str, cookie: &str, protocol: Option<&str>) -> Socket {
        let mut request = format!("ws://{}{path}", self.host)
            .into_client_request()
            .expect("a request");
        request
            .headers_mut()
            .insert("origin", self.origin.parse().expect("an origin"));
        request
            .headers_mut()
            .insert("cookie", cookie.parse().expect("a cookie"));
        if let Some(protocol) = protocol {
            request.headers_mut().insert(
                "sec-websocket-protocol",
                protocol.parse().expect("a protocol"),
            );
        }
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .expect("an upgrade");
        Socket {
            socket,
            screen: Vec::new(),
            done: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// As [`Running::upgrade`] without a cookie; the status where it is refused.
    pub async fn try_upgrade(&self, path: &str, protocol: Option<&str>) -> Result<(), StatusCode> {
        let mut headers = vec![
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("origin", self.origin.as_str()),
        ];
        headers.extend(protocol.map(|protocol| ("sec-websocket-protocol", protocol)));
        match self.get(path, &headers).await.status {
            StatusCode::SWITCHING_PROTOCOLS => Ok(()),
            status => Err(status),
        }
    }

    /// Stops the server and waits for its end.
    pub async fn end(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            server.finished().await;
        }
    }
}

/// A POST as a page of ours sends it.
pub async fn post(server: &Running, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut request = Request::post(path)
        .header("host", &server.host)
        .header("origin", &server.origin);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Full::new(Bytes::from(body));
    server.send(request.body(body).expect("a request")).await
}

/// An answer of the API.
pub fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("no JSON: {}", answer.body))
}

/// The address of a link, as a path.
pub async fn share(server: &Running, page: &Page) -> String {
    let path = format!("/api/sessions/{}/share", page.session);
    let answer = post(server, &path, &[("cookie", &page.cookie)], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let url = json(&answer)["url"].as_str().expect("a url").to_owned();
    let link = url.rsplit_once('/').expect("a link").1;
    format!("/en/shared/{link}")
}

/// The browser's end of a session's socket.
pub struct Socket {
    pub socket: tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>,
    /// What terminals printed so far.
    pub screen: Vec<u8>,
    /// Steps that were told to be done.
    pub done: Vec<String>,
    /// What the learner was to read.
    pub notices: Vec<String>,
}

impl Socket {
    pub async fn say(&mut self, frame: &ClientFrame) {
        self.text(&serde_json::to_string(frame).expect("JSON"))
            .await;
    }

    pub async fn text(&mut self, text: &str) {
        self.socket
            .send(Message::Text(text.into()))
            .await
            .expect("send");
    }

    pub async fn keys(&mut self, terminal: u32, keys: &str) {
        self.socket
            .send(Message::Binary(
                binary::encode(binary::INPUT, terminal, keys.as_bytes()).into(),
            ))
            .await
            .expect("send");
    }

    /// The next frame; terminal output is gathered on the way and acknowledged.
    pub async fn frame(&mut self) -> ServerFrame {
        self.try_frame().await.expect("a frame before the end")
    }

    pub async fn try_frame(&mut self) -> Option<ServerFrame> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let message = message
                .unwrap_or_else(|_| panic!("nothing came; the screen shows:\n{}", self.shown()));
            match message?.ok()? {
                Message::Text(text) => {
                    let frame = serde_json::from_str(&text).expect("a frame of ours");
                    if let ServerFrame::Steps { steps } = &frame {
                        let done = steps.iter().filter(|step| step.status == StepStatus::Done);
                        self.done.extend(done.map(|step| step.id.clone()));
                    }
                    if let ServerFrame::Notice { text, .. } = &frame {
                        self.notices.push(text.clone());
                    }
                    return Some(frame);
                }
                Message::Binary(bytes) => {
                    let bytes = binary::decode(&bytes).expect("output");
                    self.screen.extend_from_slice(bytes.payload);
                    let id = bytes.terminal;
                    let received = self.screen.len() as u64;
                    self.say(&ClientFrame::TermAck { id, received }).await;
                    return Some(ServerFrame::TermAccepted { id, accepted: 0 });
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Frames until one fits.
    pub async fn until(&mut self, fits: impl Fn(&ServerFrame) -> bool) -> ServerFrame {
        loop {
            let frame = self.frame().await;
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// Reads until the screen shows this text after what it showed at `from`.
    pub async fn shows(&mut self, from: usize, text: &str) {
        while !String::from_utf8_lossy(&self.screen[from.min(self.screen.len())..]).contains(text) {
            if self.try_frame().await.is_none() {
                panic!("the socket closed; the screen shows:\n{}", self.shown());
            }
        }
    }

    /// Waits until a step is done.
    pub async fn ticks(&mut self, step: &str) {
        while !self.done.iter().any(|done| done == step) {
            self.frame().await;
        }
    }

    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen).into_owned()
    }

    /// Opens terminal 1 and waits for its prompt.
    pub async fn terminal(&mut self) {
        self.say(&ClientFrame::TermOpen {
            id: 1,
            cols: 100,
            rows: 30,
            seen: 0,
        })
        .await;
        self.until(|frame| matches!(frame, ServerFrame::TermOpened { id: 1, .. }))
            .await;
        self.shows(0, "$ ").await;
    }

    /// Types a command and waits until the screen shows `text`.
    pub async fn run(&mut self, line: &str, text: &str) {
        let from = self.screen.len();
        self.keys(1, &format!("{line}\r")).await;
        // Past the echo of the line itself.
        self.shows(from, &line[line.len().saturating_sub(8)..])
            .await;
        let echoed = from + line.len();
        self.shows(echoed, text).await;
    }
}

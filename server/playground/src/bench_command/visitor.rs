//! A visitor as a browser is one: it opens the lesson page, its socket and a terminal, and types.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::wire::{ClientFrame, PROTOCOL, Props, ServerFrame, binary};

/// The page that is opened.
const PAGE: &str = "/en/lessons/first-pod";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// A visitor with an open terminal.
pub struct Visitor {
    socket: WebSocketStream<TcpStream>,
    received: u64,
    /// What the terminal has printed and no `until` has read.
    unread: Vec<u8>,
}

impl Visitor {
    /// Opens page, socket and terminal; returns when the prompt is there.
    pub async fn arrive(address: SocketAddr) -> Result<Visitor, String> {
        tokio::time::timeout(PATIENCE, Self::come(address))
            .await
            .map_err(|_| "no prompt within half a minute".to_owned())?
    }

    async fn come(address: SocketAddr) -> Result<Visitor, String> {
        let (cookie, props) = page(address).await?;
        let session = props.session.ok_or("the page has no session")?;
        let mut request = format!("ws://{address}{}", session.socket)
            .into_client_request()
            .map_err(|e| e.to_string())?;
        let text = |t: String| t.parse().map_err(|_| "a header cannot be made".to_owned());
        request.headers_mut().insert("cookie", text(cookie)?);
        request
            .headers_mut()
            .insert("origin", text(format!("http://{address}"))?);
        let stream = TcpStream::connect(address)
            .await
            .map_err(|e| e.to_string())?;
        // as browsers do: a key must not wait for the acknowledgement of what was sent before it
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        // a visitor is no part of the server, and must not weigh as if it were
        let small = WebSocketConfig::default().read_buffer_size(4096);
        let (socket, _) = client_async_with_config(request, stream, Some(small))
            .await
            .map_err(|e| e.to_string())?;
        let mut visitor = Visitor {
            socket,
            received: 0,
            unread: Vec::new(),
        };
        visitor
            .say(&ClientFrame::Hello { protocol: PROTOCOL })
            .await?;
        visitor
            .say(&ClientFrame::TermOpen {
                id: 1,
                cols: 80,
                rows: 24,
                seen: 0,
            })
            .await?;
        visitor.until(b"$ ").await?;
        Ok(visitor)
    }

    /// Types one key and waits for its echo.
    pub async fn key(&mut self, key: u8) -> Result<Duration, String> {
        // a line that is drawn anew has said more of this key than one
        self.unread.clear();
        let start = Instant::now();
        self.input(&[key]).await?;
        self.until(&[key]).await?;
        Ok(start.elapsed())
    }

    /// Types a line and waits for the next prompt.
    pub async fn line(&mut self, line: &str) -> Result<Duration, String> {
        self.input(line.as_bytes()).await?;
        let start = Instant::now();
        self.input(b"\r").await?;
        self.until(b"\n").await?;
        self.until(b"$ ").await?;
        Ok(start.elapsed())
    }

    async fn say(&mut self, frame: &ClientFrame) -> Result<(), String> {
        let text = serde_json::to_string(frame).map_err(|e| e.to_string())?;
        self.socket
            .send(Message::text(text))
            .await
            .map_err(|e| e.to_string())
    }

    async fn input(&mut self, bytes: &[u8]) -> Result<(), String> {
        let message = Message::binary(binary::encode(binary::INPUT, 1, bytes));
        self.socket.send(message).await.map_err(|e| e.to_string())
    }

    /// Reads terminal output up to the end of the next `wanted`; what came with it is left for the next reading.
    async fn until(&mut self, wanted: &[u8]) -> Result<(), String> {
        let reading = async {
            loop {
                let found = self.unread.windows(wanted.len()).position(|w| w == wanted);
                if let Some(at) = found {
                    self.unread.drain(..at + wanted.len());
                    return Ok(());
                }
                match self.socket.next().await {
                    Some(Ok(Message::Binary(message))) => {
                        if let Some(bytes) = binary::decode(&message) {
                            self.unread.extend_from_slice(bytes.payload);
                            self.received += bytes.payload.len() as u64;
                        }
                    }
                    Some(Ok(Message::Text(text))) => {
                        if let Ok(ServerFrame::Error { message, .. }) = serde_json::from_str(&text)
                        {
                            return Err(message);
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(e)) => return Err(e.to_string()),
                    None => return Err("the socket closed".to_owned()),
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .map_err(|_| "no answer within half a minute".to_owned())??;
        let received = self.received;
        self.say(&ClientFrame::TermAck { id: 1, received }).await
    }
}

/// Gets the page: the cookie to send, and the page's data.
async fn page(address: SocketAddr) -> Result<(String, Props), String> {
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(|e| e.to_string())?;
    let request = format!(
        "GET {PAGE} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|e| e.to_string())?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .await
        .map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&answer);
    let cookies: Vec<&str> = text
        .lines()
        .filter(|l| l.to_ascii_lowercase().starts_with("set-cookie:"))
        .filter_map(|l| l[11..].trim().split(';').next())
        .collect();
    if cookies.is_empty() {
        let head = text.lines().next().unwrap_or_default();
        return Err(format!("the page gives no cookie: {head}"));
    }
    let json = text
        .split_once("id=\"page\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .ok_or("the page carries no data")?
        .0;
    let props = serde_json::from_str(json).map_err(|e| format!("the page's data: {e}"))?;
    Ok((cookies.join("; "), props))
}

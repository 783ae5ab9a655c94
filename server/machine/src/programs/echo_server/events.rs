//! `echo-server` as server-sent events: who serves, the request, then the time once a second until the client has gone.

use core::fmt::Write;
use core::pin::pin;

use super::Call;
use crate::errno::Errno;
use crate::http::Stream;
use crate::programs::nginx::web_date;
use crate::sync::{Either, select};
use crate::time::Duration;

/// Where the events go, and how.
struct Events<'a> {
    call: &'a Call,
    stream: Stream,
    chunked: bool,
    sent: u64,
}

impl Call {
    pub(super) async fn events(&self, stream: Stream) -> Result<(), Errno> {
        let chunked = self.request.version == "HTTP/1.1";
        let mut head = String::from("HTTP/1.1 200 OK\r\n");
        let asked = self.asked_headers();
        let own = [
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "no-cache"),
            ("Connection", "keep-alive"),
            ("Content-Type", "text/event-stream"),
        ];
        let asked = asked.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        for (name, value) in own.into_iter().chain(asked) {
            // Writing into a String cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Date: {}\r\n", web_date(self.sys.now()));
        head.push_str(if chunked {
            "Transfer-Encoding: chunked\r\n\r\n"
        } else {
            "\r\n"
        });
        stream.send(head.as_bytes()).await?;
        if self.request.method == "HEAD" {
            return Ok(());
        }
        let mut events = Events {
            call: self,
            stream,
            chunked,
            sent: 0,
        };
        if let Some(name) = self.server() {
            events.send("server", &name).await?;
        }
        let mut request = self.as_text();
        if !self.request.body.is_empty() {
            let _ = write!(request, "\n{}", String::from_utf8_lossy(&self.request.body));
        }
        events.send("request", &request).await?;
        events.count().await
    }
}

impl Events<'_> {
    /// Sends an event and logs it.
    async fn send(&mut self, event: &str, data: &str) -> Result<(), Errno> {
        self.sent += 1;
        let id = self.sent.to_string();
        let mut text = String::new();
        for (field, value) in [("event", event), ("data", data), ("id", &id)] {
            for line in value.split('\n') {
                // Writing into a String cannot fail.
                let _ = writeln!(text, "{field}: {line}");
                self.call.log(&format!("sse | {field}: {line}")).await;
            }
        }
        text.push('\n');
        if self.chunked {
            text = format!("{:x}\r\n{text}\r\n", text.len());
        }
        self.stream.send(text.as_bytes()).await
    }

    /// The time, once a second, until the client has closed its end.
    async fn count(&mut self) -> Result<(), Errno> {
        loop {
            let mut tick = pin!(self.call.sys.sleep(Duration::from_secs(1)));
            // What the client sends meanwhile is nothing to us.
            let goes_on = loop {
                match select(tick.as_mut(), self.stream.receive()).await {
                    Either::Left(slept) => break slept.is_ok(),
                    Either::Right(Ok(bytes)) if !bytes.is_empty() => {}
                    Either::Right(_) => break false,
                }
            };
            if !goes_on {
                return Ok(());
            }
            let c = self.call.sys.now().civil();
            let time = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                c.year, c.month, c.day, c.hour, c.minute, c.second
            );
            self.send("time", &time).await?;
        }
    }
}

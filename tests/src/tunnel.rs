//! A connection through a port-forward, and what a pod answers to it.

use crate::PATIENCE;
use std::io::{Read, Write};
use std::net::TcpStream;

/// One connection to the near end of a port-forward.
pub struct Tunnel {
    stream: TcpStream,
}

impl Tunnel {
    /// Connects to this port of the computer.
    pub fn to(port: u16) -> Tunnel {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the tunnel listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        Tunnel { stream }
    }

    /// Asks kuard how it is, by HTTP.
    pub fn ask(&mut self) {
        self.send(b"GET /healthy HTTP/1.1\r\nHost: kuard\r\nConnection: close\r\n\r\n");
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .expect("the tunnel takes bytes");
    }

    /// Reads to the end: kuard is well.
    pub fn is_well(mut self, name: &str) {
        let mut answer = String::new();
        self.stream
            .read_to_string(&mut answer)
            .expect("the tunnel gives bytes");
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.trim_end().ends_with("ok"),
            "{name}: {answer}"
        );
    }

    /// Reads to the end, which a reset is as well: nothing comes.
    pub fn is_empty(mut self, name: &str) {
        let mut answer = Vec::new();
        let _ = self.stream.read_to_end(&mut answer);
        assert_eq!(answer, b"", "{name}");
    }
}

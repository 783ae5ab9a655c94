//! Network (socket(7), getaddrinfo(3), resolv.conf(5), hosts(5)).

use core::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::{
    DnsAnswer, Fd, Interface, OpenFlags, RecordKind, ResolveError, Result, SocketInfo, Sys,
};
use crate::errno::Errno;
use crate::fd::{File, OpenFile};
use crate::net::{Connection, Udp};
use crate::sync::{Either, Notify, select};
use crate::time::Duration;

/// Bytes of a UDP datagram.
const DATAGRAM_MAX: usize = 65_507;

impl Sys {
    fn socket(&self, file: File) -> Result<Fd> {
        self.install(
            OpenFile::new(file, OpenFlags::READ_WRITE, "socket:[4028]"),
            3,
            false,
        )
    }

    /// A TCP connection. ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH.
    pub async fn connect(&self, to: SocketAddr) -> Result<Fd> {
        self.charge(50_000).await;
        let stack = self.0.space.net.clone();
        let local = SocketAddr::new(stack.source(to.ip()), stack.port());
        let interrupted = async {
            let bell = self.0.signalled.clone();
            bell.until(|| self.signal_pending().then_some(())).await;
        };
        match select(stack.network.open(local, to, Some(&stack)), interrupted).await {
            Either::Left(socket) => {
                self.socket(File::Connection(Connection::new(socket?, local, to)))
            }
            Either::Right(()) => Err(Errno::EINTR),
        }
    }

    /// Listens for TCP. Port 0 takes a free one. EADDRINUSE, EACCES.
    pub fn listen(&self, at: SocketAddr) -> Result<Fd> {
        let listener = self.0.space.net.listen(at)?;
        self.socket(File::Listener(listener))
    }

    pub async fn accept(&self, fd: Fd) -> Result<(Fd, SocketAddr)> {
        self.charge(20_000).await;
        let file = self.file(fd)?;
        let File::Listener(listener) = &file.file else {
            return Err(Errno::EINVAL);
        };
        let signal = async {
            let bell = self.0.signalled.clone();
            bell.until(|| self.signal_pending().then_some(())).await;
        };
        match select(listener.queue.pop(), signal).await {
            Either::Left(Some((socket, peer, local))) => {
                let fd = self.socket(File::Connection(Connection::new(socket, local, peer)))?;
                Ok((fd, peer))
            }
            Either::Left(None) => Err(Errno::ECONNABORTED),
            Either::Right(()) => Err(Errno::EINTR),
        }
    }

    /// Ends the sending side; the other end reads an end of file.
    pub fn shutdown(&self, fd: Fd) -> Result<()> {
        let file = self.file(fd)?;
        let File::Connection(connection) = &file.file else {
            return Err(Errno::ENOTSOCK);
        };
        let writer = connection.writer.borrow_mut().take();
        writer.map(drop).ok_or(Errno::ENOTCONN)
    }

    pub fn local_addr(&self, fd: Fd) -> Result<SocketAddr> {
        match &self.file(fd)?.file {
            File::Connection(c) => Ok(c.local),
            File::Listener(l) => Ok(l.at),
            File::Udp(u) => Ok(u.at),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    pub fn peer_addr(&self, fd: Fd) -> Result<SocketAddr> {
        match &self.file(fd)?.file {
            File::Connection(c) => Ok(c.peer),
            File::Listener(_) | File::Udp(_) => Err(Errno::ENOTCONN),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    /// A UDP socket.
    pub fn udp(&self, at: SocketAddr) -> Result<Fd> {
        let socket = self.0.space.net.bind_udp(at)?;
        self.socket(File::Udp(socket))
    }

    fn udp_socket(&self, fd: Fd) -> Result<Rc<Udp>> {
        match &self.file(fd)?.file {
            File::Udp(socket) => Ok(socket.clone()),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    pub fn send_to(&self, fd: Fd, bytes: &[u8], to: SocketAddr) -> Result<()> {
        let socket = self.udp_socket(fd)?;
        if bytes.len() > DATAGRAM_MAX {
            return Err(Errno::EINVAL);
        }
        self.0
            .debt
            .set(self.0.debt.get() + Self::io_cost(bytes.len()));
        let stack = &self.0.space.net;
        let from = SocketAddr::new(stack.source(to.ip()), socket.at.port());
        stack.network.send(from, to, bytes, stack);
        Ok(())
    }

    pub async fn recv_from(&self, fd: Fd) -> Result<(Vec<u8>, SocketAddr)> {
        self.charge(4_000).await;
        let socket = self.udp_socket(fd)?;
        let signal = async {
            let bell: Notify = self.0.signalled.clone();
            bell.until(|| self.signal_pending().then_some(())).await;
        };
        match select(socket.queue.pop(), signal).await {
            Either::Left(item) => item.ok_or(Errno::EIO),
            Either::Right(()) => Err(Errno::EINTR),
        }
    }

    /// Addresses of a name: literals, /etc/hosts, then DNS as /etc/resolv.conf says.
    pub async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(ip) = name.parse() {
            return Ok(vec![ip]);
        }
        let hosts = self.read_file("/etc/hosts").await.unwrap_or_default();
        let found = in_hosts(&String::from_utf8_lossy(&hosts), name);
        if !found.is_empty() {
            return Ok(found);
        }
        let config = self.read_file("/etc/resolv.conf").await.unwrap_or_default();
        let config = ResolvConf::parse(&String::from_utf8_lossy(&config));
        let mut last = ResolveError::NotFound;
        for candidate in config.candidates(name) {
            match self.first_answer(&config, &candidate).await {
                Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
                Ok(_) => {}
                Err(ResolveError::Timeout) => return Err(ResolveError::Timeout),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn first_answer(
        &self,
        config: &ResolvConf,
        name: &str,
    ) -> Result<Vec<IpAddr>, ResolveError> {
        let mut last = ResolveError::Timeout;
        for _ in 0..config.attempts {
            for server in &config.servers {
                match self.dns(*server, name, RecordKind::A).await {
                    Ok(answer) => {
                        let records = answer.records.iter().filter(|r| r.kind == RecordKind::A);
                        return Ok(records.filter_map(|r| r.data.parse().ok()).collect());
                    }
                    Err(error) => last = error,
                }
            }
            if last != ResolveError::Timeout {
                break;
            }
        }
        Err(last)
    }

    /// One question to one DNS server, without search list (dig, nslookup).
    pub async fn dns(
        &self,
        server: IpAddr,
        name: &str,
        kind: RecordKind,
    ) -> Result<DnsAnswer, ResolveError> {
        self.charge(50_000).await;
        let stack = self.0.space.net.clone();
        stack.network.ask(stack.address(), server, name, kind).await
    }

    /// One ICMP echo; the time of its round trip.
    pub async fn ping(&self, to: IpAddr) -> Result<Duration> {
        self.charge(50_000).await;
        let stack = self.0.space.net.clone();
        stack.network.echo(to, &stack).await
    }

    #[must_use]
    pub fn interfaces(&self) -> Vec<Interface> {
        self.0.space.net.interfaces()
    }

    #[must_use]
    pub fn sockets(&self) -> Vec<SocketInfo> {
        self.0.space.net.sockets()
    }
}

fn in_hosts(hosts: &str, name: &str) -> Vec<IpAddr> {
    let lines = hosts
        .lines()
        .map(|l| l.split('#').next().unwrap_or("").split_whitespace());
    let mut found: Vec<IpAddr> = lines
        .filter_map(|mut words| {
            let ip = words.next()?.parse().ok()?;
            words.any(|w| w.eq_ignore_ascii_case(name)).then_some(ip)
        })
        .collect();
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

struct ResolvConf {
    servers: Vec<IpAddr>,
    search: Vec<String>,
    ndots: usize,
    attempts: u32,
}

impl ResolvConf {
    fn parse(text: &str) -> ResolvConf {
        let mut config = ResolvConf {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            attempts: 2,
        };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => config
                    .servers
                    .extend(words.next().and_then(|w| w.parse::<IpAddr>().ok())),
                Some("search" | "domain") => config.search = words.map(str::to_string).collect(),
                Some("options") => {
                    for option in words {
                        match option.split_once(':') {
                            Some(("ndots", n)) => config.ndots = n.parse().unwrap_or(1),
                            Some(("attempts", n)) => {
                                config.attempts = n.parse().unwrap_or(2).clamp(1, 5)
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        config.servers.truncate(3);
        config
    }

    fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(absolute) = name.strip_suffix('.') {
            return vec![absolute.to_string()];
        }
        let mut all: Vec<String> = self.search.iter().map(|s| format!("{name}.{s}")).collect();
        let at = if name.matches('.').count() >= self.ndots {
            0
        } else {
            all.len()
        };
        all.insert(at, name.to_string());
        all
    }
}

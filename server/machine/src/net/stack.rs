//! The network namespace of a sandbox or a computer: its addresses, who listens, ephemeral ports.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::Network;
use crate::errno::Errno;
use crate::pipe::{Reader, Socket, Writer};
use crate::sync::Queue;
use crate::sys::{Interface, SocketInfo};

/// Connections that wait to be accepted (somaxconn).
const BACKLOG: usize = 128;
/// Bytes of datagrams that wait (rmem_default).
const DATAGRAM_BYTES: usize = 212_992;
/// Datagrams that wait to be received.
const DATAGRAMS: usize = 256;

/// A TCP socket of a process.
pub(crate) struct Connection {
    pub reader: Reader,
    /// None after shutdown.
    pub writer: RefCell<Option<Writer>>,
    pub local: SocketAddr,
    pub peer: SocketAddr,
}

impl Connection {
    pub fn new(socket: Socket, local: SocketAddr, peer: SocketAddr) -> Connection {
        Connection {
            reader: socket.reader,
            writer: RefCell::new(Some(socket.writer)),
            local,
            peer,
        }
    }
}

pub(crate) struct Listener {
    pub at: SocketAddr,
    pub queue: Queue<(Socket, SocketAddr, SocketAddr)>,
}

pub(crate) struct Udp {
    pub at: SocketAddr,
    pub queue: Queue<(Vec<u8>, SocketAddr)>,
}

pub(crate) struct Stack {
    pub network: Network,
    addresses: Vec<IpAddr>,
    listeners: RefCell<BTreeMap<(u16, IpAddr), Weak<Listener>>>,
    udp: RefCell<BTreeMap<(u16, IpAddr), Weak<Udp>>>,
    next_port: Cell<u16>,
    up: Cell<bool>,
}

impl Stack {
    pub fn new(network: &Network, addresses: Vec<IpAddr>) -> Rc<Stack> {
        let stack = Rc::new(Stack {
            network: network.clone(),
            addresses,
            listeners: RefCell::default(),
            udp: RefCell::default(),
            next_port: Cell::new(32_768),
            up: Cell::new(true),
        });
        for address in &stack.addresses {
            network.attach(*address, &stack);
        }
        stack
    }

    pub fn is_up(&self) -> bool {
        self.up.get()
    }

    /// The interface goes: connections to it fail from now on.
    pub fn take_down(&self) {
        if self.up.replace(false) {
            for address in &self.addresses {
                self.network.detach(*address);
            }
        }
    }

    /// The address that others see.
    pub fn address(&self) -> IpAddr {
        self.addresses
            .first()
            .copied()
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    pub fn has(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip.is_unspecified() || self.addresses.contains(&ip)
    }

    /// The address to speak from when going to `to`.
    pub fn source(&self, to: IpAddr) -> IpAddr {
        if to.is_loopback() || to.is_unspecified() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            self.address()
        }
    }

    pub fn port(&self) -> u16 {
        let port = self.next_port.get();
        self.next_port
            .set(if port >= 60_999 { 32_768 } else { port + 1 });
        port
    }

    pub fn listen(&self, mut at: SocketAddr) -> Result<Rc<Listener>, Errno> {
        if at.port() == 0 {
            at.set_port(self.port());
        }
        if !self.has(at.ip()) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let mut listeners = self.listeners.borrow_mut();
        listeners.retain(|_, l| l.strong_count() > 0);
        let taken = listeners.keys().any(|(port, ip)| {
            *port == at.port()
                && (*ip == at.ip() || ip.is_unspecified() || at.ip().is_unspecified())
        });
        if taken {
            return Err(Errno::EADDRINUSE);
        }
        let listener = Rc::new(Listener {
            at,
            queue: Queue::bounded(BACKLOG),
        });
        listeners.insert((at.port(), at.ip()), Rc::downgrade(&listener));
        Ok(listener)
    }

    /// A connection comes in.
    pub fn accept(&self, from: SocketAddr, to: SocketAddr) -> Result<Socket, Errno> {
        let listener = self
            .listeners
            .borrow()
            .iter()
            .find(|((port, ip), l)| {
                let here = ip.is_unspecified() || *ip == to.ip() || to.ip().is_unspecified();
                *port == to.port() && here && l.strong_count() > 0
            })
            .and_then(|(_, l)| l.upgrade());
        let listener = listener.ok_or(Errno::ECONNREFUSED)?;
        let (near, far) = self.network.pipes().sockets()?;
        listener
            .queue
            .try_push((far, from, to))
            .map_err(|_| Errno::ECONNREFUSED)?;
        Ok(near)
    }

    pub fn bind_udp(&self, mut at: SocketAddr) -> Result<Rc<Udp>, Errno> {
        if at.port() == 0 {
            at.set_port(self.port());
        }
        let mut sockets = self.udp.borrow_mut();
        sockets.retain(|_, s| s.strong_count() > 0);
        if sockets.keys().any(|(port, _)| *port == at.port()) {
            return Err(Errno::EADDRINUSE);
        }
        let socket = Rc::new(Udp {
            at,
            queue: Queue::bounded(DATAGRAMS),
        });
        sockets.insert((at.port(), at.ip()), Rc::downgrade(&socket));
        Ok(socket)
    }

    pub fn receive(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let socket = self
            .udp
            .borrow()
            .iter()
            .find(|((port, ip), _)| *port == to.port() && (ip.is_unspecified() || *ip == to.ip()))
            .and_then(|(_, s)| s.upgrade());
        // A full socket loses the datagram, as UDP does; so does one without a place for another long one.
        if let Some(socket) = socket
            && bytes.len() * (socket.queue.len() + 1) <= DATAGRAM_BYTES
        {
            let _ = socket.queue.try_push((bytes.to_vec(), from));
        }
    }

    pub fn interfaces(&self) -> Vec<Interface> {
        let lo = Interface {
            name: "lo".into(),
            addresses: vec![(IpAddr::V4(Ipv4Addr::LOCALHOST), 8)],
            mac: [0; 6],
            mtu: 65_536,
        };
        let mut all = vec![lo];
        if let Some(IpAddr::V4(v4)) = self.addresses.first() {
            let [a, b, c, d] = v4.octets();
            all.push(Interface {
                name: "eth0".into(),
                addresses: self.addresses.iter().map(|ip| (*ip, 24)).collect(),
                mac: [0x0a, 0x58, a, b, c, d],
                mtu: 1500,
            });
        }
        all
    }

    pub fn sockets(&self) -> Vec<SocketInfo> {
        let tcp = self.listeners.borrow();
        let tcp = tcp.values().filter_map(Weak::upgrade).map(|l| SocketInfo {
            protocol: "tcp",
            local: l.at,
            remote: None,
            state: "LISTEN",
        });
        let udp = self.udp.borrow();
        let udp = udp.values().filter_map(Weak::upgrade).map(|s| SocketInfo {
            protocol: "udp",
            local: s.at,
            remote: None,
            state: "",
        });
        tcp.chain(udp).collect()
    }
}

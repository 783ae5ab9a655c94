//! The network of a world: interfaces by address, TCP as byte streams, UDP as messages, virtual
//! addresses of services, DNS. Not packets: a connection is a pair of bounded pipes.

mod stack;

use core::net::{IpAddr, SocketAddr};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

pub(crate) use stack::{Connection, Listener, Stack, Udp};

use crate::errno::Errno;
use crate::executor::{Executor, LocalFuture};
use crate::pipe::{Pipes, Socket};
use crate::sys::{DnsAnswer, RecordKind, ResolveError};
use crate::time::Duration;

/// Answers DNS questions: the cluster's records.
pub trait Resolver {
    /// `name` in lower case, without the final dot. `from` is who asks.
    fn answer(&self, name: &str, kind: RecordKind, from: IpAddr)
    -> Result<DnsAnswer, ResolveError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// What stands behind an address that no interface has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Not one of ours.
    Unknown,
    /// Goes to this endpoint.
    To(SocketAddr),
    /// A service without endpoints.
    Refused,
    /// Nothing answers: the connection times out.
    Dropped,
}

/// Virtual addresses: what kube-proxy does. Asked for each connection.
pub trait Services {
    fn route(&self, from: IpAddr, to: SocketAddr, protocol: Protocol) -> Route;

    /// How the way between two addresses is; asked for each connection, datagram and question. `to` None: to what stands outside of
    /// all nodes.
    fn way(&self, from: IpAddr, to: Option<IpAddr>) -> Way {
        let _ = (from, to);
        Way::Fine
    }
}

/// How a way through the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Fine,
    /// It takes so much longer.
    Slow(Duration),
    /// Nothing comes through.
    Cut,
}

type Accept = Rc<dyn Fn(Socket, SocketAddr)>;

struct Inner {
    executor: Executor,
    pipes: Pipes,
    stacks: RefCell<BTreeMap<IpAddr, Weak<Stack>>>,
    services: RefCell<Option<Rc<dyn Services>>>,
    dns: RefCell<BTreeMap<IpAddr, Rc<dyn Resolver>>>,
    served: RefCell<BTreeMap<SocketAddr, Accept>>,
}

/// All interfaces of a world, by address.
#[derive(Clone)]
pub struct Network(Rc<Inner>);

/// One way through the network.
const LATENCY: Duration = Duration::from_micros(50);
/// When a TCP connection is given up (tcp_syn_retries 6).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
/// When the neighbour of an address is given up.
const NEIGHBOUR_TIMEOUT: Duration = Duration::from_millis(3070);

impl Network {
    #[must_use]
    pub(crate) fn new(executor: Executor, pipes: Pipes) -> Network {
        Network(Rc::new(Inner {
            executor,
            pipes,
            stacks: RefCell::default(),
            services: RefCell::default(),
            dns: RefCell::default(),
            served: RefCell::default(),
        }))
    }

    pub fn set_services(&self, services: Rc<dyn Services>) {
        *self.0.services.borrow_mut() = Some(services);
    }

    /// A DNS server at this address, port 53.
    pub fn add_dns_server(&self, at: IpAddr, resolver: Rc<dyn Resolver>) {
        self.0.dns.borrow_mut().insert(at, resolver);
    }

    /// Something outside any process that takes connections at this address (the API server).
    pub fn serve(&self, at: SocketAddr, accept: Rc<dyn Fn(Socket, SocketAddr)>) {
        self.0.served.borrow_mut().insert(at, accept);
    }

    /// A TCP connection from an address of the node or the world (probes, proxies).
    #[must_use]
    pub fn dial(
        &self,
        from: IpAddr,
        to: SocketAddr,
    ) -> LocalFuture<'static, Result<Socket, Errno>> {
        let network = self.clone();
        Box::pin(async move { network.open(SocketAddr::new(from, 40_000), to, None).await })
    }

    pub(crate) fn pipes(&self) -> &Pipes {
        &self.0.pipes
    }

    pub(crate) fn attach(&self, address: IpAddr, stack: &Rc<Stack>) {
        self.0
            .stacks
            .borrow_mut()
            .insert(address, Rc::downgrade(stack));
    }

    pub(crate) fn detach(&self, address: IpAddr) {
        self.0.stacks.borrow_mut().remove(&address);
    }

    fn stack(&self, address: IpAddr) -> Option<Rc<Stack>> {
        self.0
            .stacks
            .borrow()
            .get(&address)?
            .upgrade()
            .filter(|s| s.is_up())
    }

    fn route(&self, from: IpAddr, to: SocketAddr, protocol: Protocol) -> Route {
        let services = self.0.services.borrow().clone();
        services.map_or(Route::Unknown, |s| s.route(from, to, protocol))
    }

    fn way(&self, from: IpAddr, to: Option<IpAddr>) -> Way {
        let services = self.0.services.borrow().clone();
        services.map_or(Way::Fine, |s| s.way(from, to))
    }

    /// Goes a way; false when nothing comes through.
    async fn pass(&self, from: IpAddr, to: Option<IpAddr>) -> bool {
        match self.way(from, to) {
            Way::Fine => true,
            Way::Slow(by) => {
                self.0.executor.sleep(by).await;
                true
            }
            Way::Cut => false,
        }
    }

    /// `own` is the caller's stack, for localhost and its own addresses.
    pub(crate) async fn open(
        &self,
        from: SocketAddr,
        to: SocketAddr,
        own: Option<&Rc<Stack>>,
    ) -> Result<Socket, Errno> {
        let executor = &self.0.executor;
        executor.sleep(LATENCY).await;
        let local = own.filter(|own| own.has(to.ip()));
        if let Some(stack) = local {
            return stack.accept(from, to);
        }
        let to = match self.route(from.ip(), to, Protocol::Tcp) {
            Route::To(endpoint) => endpoint,
            Route::Unknown => to,
            Route::Refused => return Err(Errno::ECONNREFUSED),
            Route::Dropped => {
                executor.sleep(CONNECT_TIMEOUT).await;
                return Err(Errno::ETIMEDOUT);
            }
        };
        let served = self.0.served.borrow().get(&to).cloned();
        if let Some(accept) = served {
            if !self.pass(from.ip(), None).await {
                return self.unreachable(to.ip()).await;
            }
            let (near, far) = self.0.pipes.sockets()?;
            accept(far, from);
            return Ok(near);
        }
        executor.sleep(LATENCY).await;
        let comes_through = self.pass(from.ip(), Some(to.ip())).await;
        match self.stack(to.ip()).filter(|_| comes_through) {
            Some(stack) => stack.accept(from, to),
            None => self.unreachable(to.ip()).await,
        }
    }

    async fn unreachable(&self, ip: IpAddr) -> Result<Socket, Errno> {
        let near = match ip {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
            IpAddr::V6(_) => return Err(Errno::ENETUNREACH),
        };
        if near {
            self.0.executor.sleep(NEIGHBOUR_TIMEOUT).await;
            return Err(Errno::EHOSTUNREACH);
        }
        self.0.executor.sleep(CONNECT_TIMEOUT).await;
        Err(Errno::ETIMEDOUT)
    }

    /// Hands a datagram over; what nobody takes is lost.
    pub(crate) fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8], own: &Rc<Stack>) {
        if own.has(to.ip()) {
            return own.receive(from, to, bytes);
        }
        let to = match self.route(from.ip(), to, Protocol::Udp) {
            Route::To(endpoint) => endpoint,
            Route::Unknown => to,
            Route::Refused | Route::Dropped => return,
        };
        let cut = self.way(from.ip(), Some(to.ip())) == Way::Cut;
        if let Some(stack) = self.stack(to.ip()).filter(|_| !cut) {
            stack.receive(from, to, bytes);
        }
    }

    /// Does anything answer at this address (ICMP echo)?
    pub(crate) async fn echo(&self, to: IpAddr, own: &Rc<Stack>) -> Result<Duration, Errno> {
        let start = self.0.executor.now();
        self.0.executor.sleep(LATENCY).await;
        if !own.has(to) {
            self.0.executor.sleep(LATENCY).await;
            let comes_through = self.pass(own.address(), Some(to)).await;
            if self.stack(to).is_none() || !comes_through {
                self.unreachable(to).await?;
            }
        }
        Ok(self.0.executor.now().since(start))
    }

    /// One question to a server; a server that is not there times out.
    pub(crate) async fn ask(
        &self,
        from: IpAddr,
        server: IpAddr,
        name: &str,
        kind: RecordKind,
    ) -> Result<DnsAnswer, ResolveError> {
        let comes_through = self.pass(from, Some(server)).await;
        let resolver = self.0.dns.borrow().get(&server).cloned();
        let Some(resolver) = resolver.filter(|_| comes_through) else {
            self.0.executor.sleep(Duration::from_secs(5)).await;
            return Err(ResolveError::Timeout);
        };
        self.0.executor.sleep(LATENCY * 4).await;
        resolver.answer(&name.trim_end_matches('.').to_ascii_lowercase(), kind, from)
    }
}

//! The network of a world.

use core::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use crate::errno::Errno;
use crate::executor::LocalFuture;
use crate::pipe::Socket;
use crate::sys::{DnsAnswer, RecordKind, ResolveError};

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
}

/// All interfaces of a world, by address.
#[derive(Clone)]
pub struct Network(Rc<()>);

impl Network {
    pub fn set_services(&self, services: Rc<dyn Services>) {
        let _ = services;
        todo!()
    }
    /// A DNS server at this address, port 53.
    pub fn add_dns_server(&self, at: IpAddr, resolver: Rc<dyn Resolver>) {
        let _ = (at, resolver);
        todo!()
    }
    /// A TCP connection from an address of the node or the world (probes, proxies).
    pub fn dial(
        &self,
        from: IpAddr,
        to: SocketAddr,
    ) -> LocalFuture<'static, Result<Socket, Errno>> {
        let _ = (from, to);
        todo!()
    }
    /// Something outside any process that takes connections at this address (the API server).
    pub fn serve(&self, at: SocketAddr, accept: Rc<dyn Fn(Socket, SocketAddr)>) {
        let _ = (at, accept);
        todo!()
    }
}

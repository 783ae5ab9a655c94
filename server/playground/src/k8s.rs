//! A learner's own kubectl: `/k8s/{session}/…` is the API server of the learner's session, by TLS on a port of its own.
//!
//! A port of its own because kubectl sends a token by TLS only. The page hands out a kubeconfig with the address, an authority that lives as
//! long as the server, and a token ([`passes`]). What comes is sent on by the way of the terminal's kubectl ([`proxy`]): noted for `ran`
//! checks, kept before it is answered, behind the fence where the cluster is a real one.

pub mod passes;
pub mod proxy;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::kubeconfig::{self, User};
use crate::settings::{Settings, Wrong};
use passes::Passes;

/// Where learners' kubectl comes in.
pub struct Gate {
    /// `https://HOST:PORT`
    url: String,
    /// In PEM.
    authority: String,
    pub passes: Passes,
}

/// A gate that listens, with what is needed to serve it.
pub struct Opened {
    pub gate: Arc<Gate>,
    pub listener: TcpListener,
    pub tls: TlsAcceptor,
}

impl Gate {
    /// Listens where `k8s-listen` says; `None` where it says `none`.
    pub async fn open(settings: &Settings) -> Result<Option<Opened>, Wrong> {
        let Some(listen) = settings.k8s_listen else {
            return Ok(None);
        };
        let wrong = |why: &dyn std::fmt::Display| Wrong(format!("k8s-listen: {why}"));
        let listener = TcpListener::bind(listen).await.map_err(|e| {
            wrong(&format!(
                "{listen} cannot be listened on: {e}; choose another with --k8s-listen, or --k8s-listen none"
            ))
        })?;
        let bound = listener.local_addr().map_err(|e| wrong(&e))?;
        let host = reached(settings, bound);
        let authority = Authority::new().map_err(|e| wrong(&e))?;
        // A certificate names an address of IPv6 without its brackets.
        let name = host.trim_matches(['[', ']']).to_owned();
        let shown = authority.server(&[name]).map_err(|e| wrong(&e))?;
        let config = shown.open_config().map_err(|e| wrong(&e))?;
        let gate = Arc::new(Gate {
            url: format!("https://{host}:{}", bound.port()),
            authority: authority.certificate,
            passes: Passes::default(),
        });
        Ok(Some(Opened {
            gate,
            listener,
            tls: TlsAcceptor::from(Arc::new(config)),
        }))
    }

    /// The kubeconfig for a session.
    pub fn kubeconfig(&self, session: &str, namespace: &str, token: &str) -> String {
        let server = format!("{}/k8s/{session}", self.url);
        let user = User::Token(token);
        kubeconfig::write(&server, Some(&self.authority), namespace, &user)
    }
}

/// The host by which clients know this computer: that of the public URL, else the address that is listened on.
fn reached(settings: &Settings, bound: SocketAddr) -> String {
    if let Some(host) = settings.public_url.as_ref().and_then(url::Url::host_str) {
        return host.to_owned();
    }
    match bound.ip() {
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    }
}

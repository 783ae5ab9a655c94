//! What handlers share, and who may reach what: the extractors that prove a learner and a session.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cookie::{Learner, Token};
use super::embedders::Embedders;
use super::listener::Peer;
use super::pages::wished;
use super::site::Site;
use super::tickets::{self, Tickets};
use crate::backend::Ground;
use crate::k8s::Gate;
use crate::session::Session;
use crate::session::registry::Registry;
use crate::shelf::Shelf;
use crate::storage::Storage;
use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

/// New sessions that one address may ask for in a minute.
const SESSIONS_A_MINUTE: u32 = 60;
/// Addresses that are counted at once; beyond it counting begins anew.
const MOST_ADDRESSES: usize = 10_000;

/// The server's parts. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub site: Arc<Site>,
    pub shelf: Arc<Shelf>,
    pub registry: Arc<Registry>,
    pub storage: Storage,
    pub grounds: Arc<Grounds>,
    pub rate: Arc<Rate>,
    pub tickets: Arc<Tickets>,
    pub embedders: Arc<Embedders>,
    /// Where learners' own kubectl comes in, if it may.
    pub k8s: Option<Arc<Gate>>,
}

/// What sessions can run on.
pub struct Grounds {
    pub sim: Ground,
    pub real: Option<Ground>,
}

impl FromRef<App> for Arc<Site> {
    fn from_ref(app: &App) -> Self {
        app.site.clone()
    }
}

/// The learner of a request, known by the cookie; new ones get a token to be set.
pub struct Known {
    pub learner: Learner,
    /// The token, when it is new: the answer has to set it.
    pub fresh: Option<Token>,
}

impl FromRequestParts<App> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(match Token::of(&parts.headers, &app.site) {
            Some(token) => Known {
                learner: token.learner(),
                fresh: None,
            },
            None => {
                let token = Token::fresh();
                Known {
                    learner: token.learner(),
                    fresh: Some(token),
                }
            }
        })
    }
}

/// Proof that the request may use the session named in its path: it carries the token of the learner whose session it is, or a ticket for it.
/// The only way by which handlers reach sessions.
pub struct Proven(pub Arc<Session>);

impl FromRequestParts<App> for Proven {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let id = params
            .iter()
            .find(|(name, _)| *name == "session")
            .map(|(_, id)| id.to_owned())
            .unwrap_or_default();
        let Some(learner) = asking(parts, app, &id) else {
            return Err((
                StatusCode::UNAUTHORIZED,
                "Open a lesson first: this request carries no session.\n",
            )
                .into_response());
        };
        let lang = wished(&parts.headers);
        match app.registry.reach(&learner, &id, lang).await {
            Some(session) => Ok(Proven(session)),
            // One answer for "not there" and "not yours".
            None => Err((
                StatusCode::NOT_FOUND,
                "There is no such session; load the lesson again.\n",
            )
                .into_response()),
        }
    }
}

/// Who is asking: by a ticket for this session, a bearer token, or the cookie. The first that is there counts.
fn asking(parts: &Parts, app: &App, session: &str) -> Option<Learner> {
    if let Some(ticket) = tickets::offered(&parts.headers) {
        return app.tickets.take(ticket, session, Instant::now());
    }
    Token::bearer(&parts.headers)
        .or_else(|| Token::of(&parts.headers, &app.site))
        .map(|token| token.learner())
}

/// The address that a request came from.
pub struct From(pub IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        Ok(From(
            parts
                .extensions
                .get::<Peer>()
                .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.ip()),
        ))
    }
}

/// Counts new sessions by address.
#[derive(Default)]
pub struct Rate(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Rate {
    /// Whether this address may have one more; loopback may always.
    pub fn allows(&self, address: IpAddr) -> bool {
        if address.is_loopback() {
            return true;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MOST_ADDRESSES {
            counts.clear();
        }
        let now = Instant::now();
        let (since, count) = counts.entry(address).or_insert((now, 0));
        if since.elapsed() > Duration::from_secs(60) {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= SESSIONS_A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_measure() {
        let rate = Rate::default();
        let address: IpAddr = "192.0.2.1".parse().expect("an address");
        let allowed = (0..100).filter(|_| rate.allows(address)).count();
        assert_eq!(allowed, SESSIONS_A_MINUTE as usize);
        assert!(rate.allows("192.0.2.2".parse().expect("an address")));
    }
}

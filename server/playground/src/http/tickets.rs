//! Tickets: a page without cookies asks for one with its token, and opens one WebSocket with it, offered as a subprotocol. So no token
//! stands in an address, and what is seen of a ticket on the way is worth nothing afterwards.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;

use super::cookie::{Learner, unguessable};

/// The subprotocol that is agreed on when a ticket is offered.
pub const PROTOCOL: &str = "podschool";
/// Before the ticket in its own subprotocol.
const PREFIX: &str = "ticket.";
/// A ticket that was not used by then is none.
const LASTS: Duration = Duration::from_secs(30);
/// Tickets that wait to be used; beyond it the oldest go.
const MOST: usize = 10_000;

/// Tickets that were given out and not used.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, Ticket>>);

struct Ticket {
    learner: Learner,
    session: String,
    until: Instant,
}

impl Tickets {
    /// A ticket for one connection to the session.
    pub fn give(&self, learner: &Learner, session: &str, now: Instant) -> String {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            waiting.retain(|_, ticket| ticket.until > now);
        }
        if waiting.len() >= MOST {
            let oldest = waiting.iter().min_by_key(|(_, ticket)| ticket.until);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                waiting.remove(&oldest);
            }
        }
        let name = unguessable();
        waiting.insert(
            name.clone(),
            Ticket {
                learner: learner.clone(),
                session: session.to_owned(),
                until: now + LASTS,
            },
        );
        name
    }

    /// Whose ticket it is, if it is one for this session; it is used up by that.
    pub fn take(&self, name: &str, session: &str, now: Instant) -> Option<Learner> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = waiting.remove(name)?;
        (ticket.session == session && ticket.until > now).then_some(ticket.learner)
    }
}

/// The ticket that a request offers.
pub fn offered(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_one_session_once_and_soon() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let learner = Learner("me".into());
        let give = || tickets.give(&learner, "a", now);
        let ticket = give();
        assert_eq!(tickets.take(&ticket, "a", now), Some(learner.clone()));
        assert_eq!(tickets.take(&ticket, "a", now), None, "used twice");
        assert_eq!(tickets.take(&give(), "b", now), None, "of another session");
        assert_eq!(tickets.take(&give(), "a", now + LASTS), None, "late");
        assert_eq!(tickets.take("guessed", "a", now), None);
    }

    #[test]
    fn tickets_that_nobody_uses_do_not_pile_up() {
        let (tickets, now) = (Tickets::default(), Instant::now());
        let learner = Learner("me".into());
        for _ in 0..MOST + 10 {
            tickets.give(&learner, "a", now);
        }
        let count = || tickets.0.lock().expect("whole").len();
        assert_eq!(count(), MOST);
        tickets.give(&learner, "a", now + LASTS);
        assert_eq!(count(), 1);
    }

    #[test]
    fn a_ticket_stands_among_the_protocols() {
        let mut headers = HeaderMap::new();
        headers.insert(
            SEC_WEBSOCKET_PROTOCOL,
            "podschool, ticket.abc".parse().expect("a value"),
        );
        assert_eq!(offered(&headers), Some("abc"));
    }
}

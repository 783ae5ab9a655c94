//! Who may come in: the tokens of the kubeconfigs that were handed out. They live in memory, as long as the server and an hour at the most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use course::Lang;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::cookie::{Learner, Token};

/// How long a token works.
pub const LASTS: Duration = Duration::from_secs(60 * 60);
/// Kubeconfigs of one session that work at once; the oldest gives way.
const EACH: usize = 8;
/// Sessions with a kubeconfig at once; those whose tokens have all expired give way.
const MOST: usize = 10_000;
/// Requests of one session that are served at once, watches and streams among them.
pub const AT_ONCE: usize = 64;

/// The tokens that were handed out, by session.
#[derive(Default)]
pub struct Passes(Mutex<HashMap<String, Holder>>);

struct Holder {
    learner: Learner,
    lang: Lang,
    passes: Vec<Pass>,
    room: Arc<Semaphore>,
}

struct Pass {
    /// Of the token, which is kept nowhere.
    hash: [u8; 32],
    until: Instant,
}

/// A request that may come in.
#[derive(Debug)]
pub struct Admitted {
    pub learner: Learner,
    pub lang: Lang,
    /// A place among the session's requests.
    pub place: OwnedSemaphorePermit,
}

/// Why a request may not come in.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such session, another token, or one that has expired: nobody is told which.
    Unknown,
    /// Too many requests of this session are being served.
    Busy,
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Passes {
    /// A new token for the session; `None` where the server has handed out as many as it can.
    pub fn give(
        &self,
        learner: &Learner,
        lang: Lang,
        session: &str,
        now: Instant,
    ) -> Option<String> {
        let mut holders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if holders.len() >= MOST {
            holders.retain(|_, holder| holder.passes.iter().any(|pass| pass.until > now));
        }
        if holders.len() >= MOST && !holders.contains_key(session) {
            return None;
        }
        let token = Token::fresh();
        let holder = holders.entry(session.to_owned()).or_insert_with(|| Holder {
            learner: learner.clone(),
            lang,
            passes: Vec::new(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
        });
        holder.lang = lang;
        holder.passes.retain(|pass| pass.until > now);
        if holder.passes.len() >= EACH {
            holder.passes.remove(0);
        }
        holder.passes.push(Pass {
            hash: hash(token.secret()),
            until: now + LASTS,
        });
        Some(token.secret().to_owned())
    }

    /// Lets a request in whose token is one of the session's. Tokens are compared by their hashes, in the same time whatever they are.
    pub fn admit(&self, session: &str, token: &str, now: Instant) -> Result<Admitted, Refusal> {
        let offered = hash(token);
        let holders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holder = holders.get(session).ok_or(Refusal::Unknown)?;
        let mut known = subtle::Choice::from(0);
        for pass in holder.passes.iter().filter(|pass| pass.until > now) {
            known |= pass.hash.ct_eq(&offered);
        }
        if !bool::from(known) {
            return Err(Refusal::Unknown);
        }
        let place = holder.room.clone().try_acquire_owned();
        Ok(Admitted {
            learner: holder.learner.clone(),
            lang: holder.lang,
            place: place.map_err(|_| Refusal::Busy)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(passes: &Passes, session: &str, now: Instant) -> String {
        let learner = Learner("me".into());
        passes
            .give(&learner, Lang::En, session, now)
            .expect("a token")
    }

    #[test]
    fn a_token_opens_its_session_for_an_hour() {
        let (passes, now) = (Passes::default(), Instant::now());
        let token = give(&passes, "a", now);
        give(&passes, "b", now);
        let admit =
            |session: &str, token: &str, at| passes.admit(session, token, at).map(|a| a.learner.0);
        assert_eq!(admit("a", &token, now), Ok("me".to_owned()));
        assert_eq!(admit("b", &token, now), Err(Refusal::Unknown));
        assert_eq!(admit("c", &token, now), Err(Refusal::Unknown));
        assert_eq!(admit("a", &token[1..], now), Err(Refusal::Unknown));
        assert_eq!(admit("a", "", now), Err(Refusal::Unknown));
        assert_eq!(admit("a", &token, now + LASTS), Err(Refusal::Unknown));
    }

    #[test]
    fn the_oldest_kubeconfig_gives_way() {
        let (passes, now) = (Passes::default(), Instant::now());
        let tokens: Vec<String> = (0..=EACH).map(|_| give(&passes, "a", now)).collect();
        let opens = |token: &String| passes.admit("a", token, now).is_ok();
        assert!(!opens(&tokens[0]) && tokens[1..].iter().all(opens));
    }

    #[test]
    fn one_session_has_its_measure_of_requests() {
        let (passes, now) = (Passes::default(), Instant::now());
        let token = give(&passes, "a", now);
        let mut served: Vec<Admitted> = (0..AT_ONCE)
            .map(|_| passes.admit("a", &token, now).expect("a place"))
            .collect();
        let refused = passes.admit("a", &token, now).map(|_| ());
        assert_eq!(refused, Err(Refusal::Busy));
        served.pop();
        assert!(passes.admit("a", &token, now).is_ok());
    }
}

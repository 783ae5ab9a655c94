//! The sites in whose pages lessons stand. Each has its measure, so that one popular page does not eat the server.
//!
//! A frame tells the site around it by `Referer` when its page is loaded; what starts the session comes from our own page, and brings the site
//! along with a seal, so that no visitor spends the measure of another site. Who tells none shares one measure with all others who do not:
//! keeping it back wins nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::REFERER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::cookie::{Token, unguessable};
use super::site::Site;

/// Sessions that may be started from the pages of one site in a minute.
pub const STARTS_A_MINUTE: u32 = 60;
/// Sites that are counted at once; beyond it counting begins anew.
const MOST: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);
/// Longest origin that is counted by its name.
const ORIGIN_BYTES: usize = 300;

/// The origin of a page around a lesson, as in `https://blog.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Embedder(String);

impl Embedder {
    /// The site that a frame's request tells of; our own pages are nobody's.
    pub fn of(headers: &HeaderMap, site: &Site) -> Option<Embedder> {
        let referer = Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
        let origin = referer.origin();
        let name = origin.ascii_serialization();
        let theirs = origin.is_tuple() && !site.origins.contains(&name);
        (theirs && name.len() <= ORIGIN_BYTES).then_some(Embedder(name))
    }
}

/// Seals and counts.
pub struct Embedders {
    /// As secret as a learner's token; as old as the server.
    key: Token,
    starts: Mutex<HashMap<Option<Embedder>, (Instant, u32)>>,
}

impl Default for Embedders {
    fn default() -> Embedders {
        Embedders {
            key: Token::fresh(),
            starts: Mutex::default(),
        }
    }
}

impl Embedders {
    /// What the page brings along when it starts a session: `SEAL.SALT.ORIGIN`; empty for a site that is not known.
    pub fn seal(&self, embedder: Option<&Embedder>) -> String {
        embedder.map_or_else(String::new, |Embedder(origin)| {
            let salt = unguessable();
            format!("{}.{salt}.{origin}", self.print(&salt, origin))
        })
    }

    /// The site of a seal. One that was not made here, or by an earlier run of the server, is of nobody.
    pub fn open(&self, sealed: &str) -> Option<Embedder> {
        let mut parts = sealed.splitn(3, '.');
        let (seal, salt, origin) = (parts.next()?, parts.next()?, parts.next()?);
        let known = self.print(salt, origin);
        let fits = bool::from(known.as_bytes().ct_eq(seal.as_bytes()));
        fits.then(|| Embedder(origin.to_owned()))
    }

    fn print(&self, salt: &str, origin: &str) -> String {
        // The key on both sides: nothing can be put behind what was sealed.
        let text = format!("{0} {salt} {origin} {0}", self.key.secret());
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the pages of a site may start one more session now.
    pub fn allows(&self, embedder: Option<&Embedder>, now: Instant) -> bool {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        if starts.len() > MOST {
            starts.clear();
        }
        let (since, count) = starts.entry(embedder.cloned()).or_insert((now, 0));
        if now.duration_since(*since) > MINUTE {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= STARTS_A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blog(name: &str) -> Option<Embedder> {
        Some(Embedder(format!("https://{name}.example")))
    }

    #[test]
    fn a_seal_holds() {
        let embedders = Embedders::default();
        let sealed = embedders.seal(blog("one").as_ref());
        assert_eq!(embedders.open(&sealed), blog("one"));
        assert_eq!(embedders.open(&sealed.replace("one", "two")), None);
        assert_eq!(embedders.open(&format!("{sealed}.evil")), None);
        assert_eq!(Embedders::default().open(&sealed), None);
        assert_eq!(
            (embedders.seal(None), embedders.open("")),
            (String::new(), None)
        );
    }

    #[test]
    fn each_site_has_its_measure() {
        let (embedders, now) = (Embedders::default(), Instant::now());
        let started = |site: &Option<Embedder>, at| {
            (0..100)
                .filter(|_| embedders.allows(site.as_ref(), at))
                .count()
        };
        for site in [blog("one"), blog("two"), None] {
            assert_eq!(started(&site, now), STARTS_A_MINUTE as usize, "{site:?}");
        }
        let later = now + MINUTE * 2;
        assert_eq!(started(&blog("one"), later), STARTS_A_MINUTE as usize);
    }
}

//! The learner's token: a cookie that says who is asking, and nothing else.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::site::Site;

/// How long the browser keeps the token, in seconds: one year.
const KEEP_SECONDS: u64 = 365 * 24 * 3600;

/// An opaque secret of 244 random bits, in hex. Only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Who a learner is to the server: the first 128 bits of the token's hash, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Learner(pub String);

impl Token {
    pub fn fresh() -> Token {
        Token(format!(
            "{}{}",
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        ))
    }

    /// The token of a request: the cookie of this site's name. Two cookies of one name are as good as none.
    pub fn of(headers: &HeaderMap, site: &Site) -> Option<Token> {
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == site.cookie_name())
            .map(|(_, value)| value);
        let token = found.next()?;
        Token::read(token).filter(|_| found.next().is_none())
    }

    /// The token that a page without cookies sends: `Authorization: Bearer …`.
    pub fn bearer(headers: &HeaderMap) -> Option<Token> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        Token::read(value.strip_prefix("Bearer ")?)
    }

    fn read(text: &str) -> Option<Token> {
        let fine = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        fine.then(|| Token(text.to_owned()))
    }

    /// For the page that shall carry it.
    pub fn secret(&self) -> &str {
        &self.0
    }

    pub fn learner(&self) -> Learner {
        let hash = Sha256::digest(self.0.as_bytes());
        Learner(
            hash[..16]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// The value of `Set-Cookie`.
    pub fn set_cookie(&self, site: &Site) -> String {
        let (name, secure) = (
            site.cookie_name(),
            if site.secure { "; Secure" } else { "" },
        );
        format!(
            "{name}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KEEP_SECONDS}{secure}",
            self.0
        )
    }
}

/// The language that the reader chose last, as a tag.
pub fn language(headers: &HeaderMap) -> Option<String> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == "podschool-lang")
        .map(|(_, tag)| tag.to_owned())
}

/// A name that cannot be guessed: 122 random bits as 26 letters and digits, fit for a DNS label.
pub fn unguessable() -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bits = Uuid::new_v4().as_u128();
    let mut name = String::with_capacity(26);
    for _ in 0..26 {
        name.push(char::from(DIGITS[(bits & 31) as usize]));
        bits >>= 5;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServeArgs;

    #[test]
    fn a_token_comes_back() {
        let args = ServeArgs {
            data: Some("none".into()),
            ..ServeArgs::default()
        };
        let site = Site::new(
            &args.settle().expect("settings"),
            "127.0.0.1:1".parse().expect("address"),
        );
        let token = Token::fresh();
        let cookie = token.set_cookie(&site);
        let pair = cookie.split(';').next().expect("a pair");
        let with = |value: String| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, value.parse().expect("a value"));
            Token::of(&headers, &site)
        };
        assert!(with(format!("a=b; {pair}")) == Some(token));
        assert!(with(format!("{pair}; {pair}")).is_none());
        assert!(with("__Host-podschool=short".into()).is_none());
        assert!(with(pair.replace("__Host-", "")).is_none());
        assert_ne!(unguessable(), unguessable());
        assert_eq!(unguessable().len(), 26);
    }
}

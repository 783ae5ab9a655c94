//! How long to wait before trying again: doubling, for the kubelet from ten seconds to five minutes. Pure.
//!
//! Mirrors client-go's `flowcontrol.Backoff` as the kubelet uses it for crashes and pulls, and the daemon controller for failed pods.

use std::collections::BTreeMap;

use machine::{Duration, Time};

const FIRST: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug)]
struct Entry {
    wait: Duration,
    updated: Time,
}

/// Waits by key.
#[derive(Clone, Debug)]
pub struct BackOff {
    first: Duration,
    most: Duration,
    entries: BTreeMap<String, Entry>,
}

impl Default for BackOff {
    fn default() -> Self {
        BackOff::between(FIRST, MOST)
    }
}

impl BackOff {
    pub fn between(first: Duration, most: Duration) -> Self {
        BackOff {
            first,
            most,
            entries: BTreeMap::new(),
        }
    }

    /// When the wait is over that began with the last try, if it is not yet.
    pub fn until(&self, key: &str, now: Time) -> Option<Time> {
        let entry = self.entries.get(key)?;
        Some(entry.updated + entry.wait).filter(|end| now < *end)
    }

    /// The wait that is still going on for something that happened at `since`, and when it ends.
    pub fn waiting(&self, key: &str, since: Time, now: Time) -> Option<(Duration, Time)> {
        let entry = self.entries.get(key)?;
        if since.since(entry.updated) > self.most * 2 {
            return None;
        }
        let end = since + entry.wait;
        (now < end).then_some((entry.wait, end))
    }

    /// A new try begins: the next wait is longer.
    pub fn next(&mut self, key: &str, since: Time, now: Time) {
        let wait = match self.entries.get(key) {
            Some(entry) if since.since(entry.updated) <= self.most * 2 => {
                (entry.wait * 2).min(self.most)
            }
            _ => self.first,
        };
        let keep = self.most * 2;
        self.entries.retain(|_, e| now.since(e.updated) <= keep);
        self.entries
            .insert(key.into(), Entry { wait, updated: now });
    }

    /// Forgets a key.
    pub fn reset(&mut self, key: &str) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_and_ends() {
        let mut back_off = BackOff::default();
        let at = Time::from_seconds;
        assert!(back_off.waiting("c", at(5), at(5)).is_none());
        back_off.next("c", at(5), at(5));
        assert_eq!(back_off.waiting("c", at(7), at(9)), Some((FIRST, at(17))));
        assert!(back_off.waiting("c", at(7), at(17)).is_none());
        for _ in 0..9 {
            back_off.next("c", at(7), at(17));
        }
        assert_eq!(
            back_off.waiting("c", at(20), at(21)).map(|w| w.0),
            Some(MOST)
        );
        assert!(
            back_off.waiting("c", at(700), at(700)).is_none(),
            "ten quiet minutes make good"
        );
    }
}

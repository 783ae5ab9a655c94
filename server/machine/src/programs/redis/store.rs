//! What a redis holds: values by key, when they expire, and how much they take.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::resp::Words;
use crate::time::{Duration, Time};

/// What an entry costs beside its bytes.
const ENTRY_COST: usize = 64;

pub type Bytes = Vec<u8>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Bytes),
    List(VecDeque<Bytes>),
    Hash(BTreeMap<Bytes, Bytes>),
    Set(BTreeSet<Bytes>),
}

impl Value {
    /// As TYPE names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::List(_) => "list",
            Value::Hash(_) => "hash",
            Value::Set(_) => "set",
        }
    }

    fn size(&self) -> usize {
        let each = |bytes: &Bytes| bytes.len() + ENTRY_COST;
        match self {
            Value::Text(bytes) => bytes.len(),
            Value::List(all) => all.iter().map(each).sum(),
            Value::Hash(all) => all.iter().map(|(k, v)| each(k) + each(v)).sum(),
            Value::Set(all) => all.iter().map(each).sum(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Value::Text(_) => false,
            Value::List(all) => all.is_empty(),
            Value::Hash(all) => all.is_empty(),
            Value::Set(all) => all.is_empty(),
        }
    }
}

struct Entry {
    value: Value,
    expires: Option<Time>,
    size: usize,
}

/// Keys and values. What has expired is gone at the next look.
#[derive(Default)]
pub struct Store {
    all: BTreeMap<Bytes, Entry>,
    size: usize,
}

impl Store {
    /// Rough bytes of everything.
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn get(&mut self, key: &[u8], now: Time) -> Option<&Value> {
        self.expire(key, now);
        self.all.get(key).map(|entry| &entry.value)
    }

    fn expire(&mut self, key: &[u8], now: Time) {
        let over = |entry: &Entry| entry.expires.is_some_and(|at| at <= now);
        if self.all.get(key).is_some_and(over) {
            self.remove(key);
        }
    }

    /// Drops all that has expired.
    pub fn expire_all(&mut self, now: Time) {
        let over = |entry: &Entry| entry.expires.is_some_and(|at| at <= now);
        let gone: Vec<Bytes> = self
            .all
            .iter()
            .filter(|(_, entry)| over(entry))
            .map(|(key, _)| key.clone())
            .collect();
        gone.iter().for_each(|key| drop(self.remove(key)));
    }

    /// Puts a value; what was there, with its expiry, goes.
    pub fn set(&mut self, key: Bytes, value: Value, expires: Option<Time>) {
        self.remove(&key);
        if value.is_empty() {
            return;
        }
        let size = key.len() + ENTRY_COST + value.size();
        self.size += size;
        let entry = Entry {
            value,
            expires,
            size,
        };
        self.all.insert(key, entry);
    }

    /// Changes a value in its place; one that is empty then goes.
    pub fn change<T>(&mut self, key: &[u8], act: impl FnOnce(&mut Value) -> T) -> Option<T> {
        let entry = self.all.get_mut(key)?;
        let answer = act(&mut entry.value);
        let size = key.len() + ENTRY_COST + entry.value.size();
        self.size = self.size - entry.size + size;
        entry.size = size;
        if entry.value.is_empty() {
            self.remove(key);
        }
        Some(answer)
    }

    pub fn remove(&mut self, key: &[u8]) -> Option<(Value, Option<Time>)> {
        let entry = self.all.remove(key)?;
        self.size -= entry.size;
        Some((entry.value, entry.expires))
    }

    pub fn clear(&mut self) {
        self.all.clear();
        self.size = 0;
    }

    pub fn expiry(&self, key: &[u8]) -> Option<Time> {
        self.all.get(key)?.expires
    }

    /// False: no such key.
    pub fn set_expiry(&mut self, key: &[u8], at: Option<Time>) -> bool {
        match self.all.get_mut(key) {
            Some(entry) => {
                entry.expires = at;
                true
            }
            None => false,
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = &Bytes> {
        self.all.keys()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many keys expire.
    pub fn expiring(&self) -> usize {
        self.all
            .values()
            .filter(|entry| entry.expires.is_some())
            .count()
    }

    /// The commands that make a store like this one: what is written to disk.
    pub fn commands(&self) -> Vec<Words> {
        let mut out = Vec::new();
        for (key, entry) in &self.all {
            let command = |name: &str| vec![name.as_bytes().to_vec(), key.clone()];
            let mut words = match &entry.value {
                Value::Text(_) => command("SET"),
                Value::List(_) => command("RPUSH"),
                Value::Hash(_) => command("HSET"),
                Value::Set(_) => command("SADD"),
            };
            match &entry.value {
                Value::Text(bytes) => words.push(bytes.clone()),
                Value::List(all) => words.extend(all.iter().cloned()),
                Value::Hash(all) => {
                    words.extend(all.iter().flat_map(|(k, v)| [k.clone(), v.clone()]));
                }
                Value::Set(all) => words.extend(all.iter().cloned()),
            }
            out.push(words);
            if let Some(at) = entry.expires {
                let mut words = command("PEXPIREAT");
                words.push((at.0 / 1_000_000).to_string().into_bytes());
                out.push(words);
            }
        }
        out
    }
}

/// A time so long from now; None when it cannot be.
pub fn after(now: Time, millis: i64) -> Option<Time> {
    if millis < 0 {
        return Some(Time(now.0 - 1));
    }
    Some(now + Duration::from_millis(u64::try_from(millis).ok()?.min(1 << 45)))
}

//! The commands of redis: each takes its arguments and gives an answer. Strings and keys here; lists, hashes and sets in
//! `collections`.

use super::collections;
use super::resp::{Reply, Words};
use super::store::{Bytes, Store, Value, after};
use crate::shell::pattern;
use crate::time::Time;

/// What a command gets.
pub struct Call<'a> {
    pub store: &'a mut Store,
    /// Upper case.
    pub name: String,
    /// Without the name.
    pub args: &'a [Bytes],
    pub now: Time,
}

pub type Outcome = Result<Reply, String>;

const SYNTAX: &str = "ERR syntax error";
const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
pub const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
/// Bytes of one string.
const TEXT_MAX: usize = 8 << 20;

/// Commands that change something: they go into the append-only file.
const WRITES: &[&str] = &[
    "SET",
    "SETNX",
    "SETEX",
    "PSETEX",
    "GETSET",
    "GETDEL",
    "APPEND",
    "MSET",
    "INCR",
    "DECR",
    "INCRBY",
    "DECRBY",
    "DEL",
    "UNLINK",
    "EXPIRE",
    "PEXPIRE",
    "EXPIREAT",
    "PEXPIREAT",
    "PERSIST",
    "RENAME",
    "FLUSHALL",
    "FLUSHDB",
    "LPUSH",
    "RPUSH",
    "LPOP",
    "RPOP",
    "LSET",
    "LREM",
    "LTRIM",
    "HSET",
    "HMSET",
    "HSETNX",
    "HDEL",
    "HINCRBY",
    "SADD",
    "SREM",
    "SPOP",
];

pub fn is_write(name: &str) -> bool {
    WRITES.contains(&name)
}

/// Runs a command on the store. None: no such command here.
pub fn run(store: &mut Store, words: &Words, now: Time) -> Option<Reply> {
    let (name, args) = words.split_first()?;
    let mut call = Call {
        store,
        name: String::from_utf8_lossy(name).to_ascii_uppercase(),
        args,
        now,
    };
    let outcome = call
        .text()
        .or_else(|| call.keys())
        .or_else(|| collections::run(&mut call))?;
    Some(outcome.unwrap_or_else(Reply::Error))
}

pub fn integer(bytes: &[u8]) -> Result<i64, String> {
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| NOT_INTEGER.to_owned())
}

impl Call<'_> {
    /// At least `least` arguments, and at most `most`.
    pub fn count(&self, least: usize, most: usize) -> Result<(), String> {
        if (least..=most).contains(&self.args.len()) {
            Ok(())
        } else {
            let name = self.name.to_ascii_lowercase();
            Err(format!(
                "ERR wrong number of arguments for '{name}' command"
            ))
        }
    }

    /// A string's bytes; none for no key.
    fn string(&mut self, key: &[u8]) -> Result<Option<Bytes>, String> {
        match self.store.get(key, self.now) {
            Some(Value::Text(bytes)) => Ok(Some(bytes.clone())),
            Some(_) => Err(WRONG_TYPE.into()),
            None => Ok(None),
        }
    }

    fn text(&mut self) -> Option<Outcome> {
        let args = self.args;
        let name = self.name.clone();
        Some(match name.as_str() {
            "GET" => self
                .count(1, 1)
                .and_then(|()| Ok(bulk(self.string(&args[0])?))),
            "SET" => self.set(),
            "SETNX" => self.count(2, 2).map(|()| {
                let absent = self.store.get(&args[0], self.now).is_none();
                if absent {
                    self.store
                        .set(args[0].clone(), Value::Text(args[1].clone()), None);
                }
                Reply::Integer(absent.into())
            }),
            "SETEX" | "PSETEX" => self.set_for(),
            "GETSET" => self.count(2, 2).and_then(|()| {
                let old = self.string(&args[0])?;
                self.store
                    .set(args[0].clone(), Value::Text(args[1].clone()), None);
                Ok(bulk(old))
            }),
            "GETDEL" => self.count(1, 1).and_then(|()| {
                let old = self.string(&args[0])?;
                self.store.remove(&args[0]);
                Ok(bulk(old))
            }),
            "MGET" => self.count(1, usize::MAX).map(|()| {
                let all = args
                    .iter()
                    .map(|key| bulk(self.string(key).unwrap_or_default()));
                Reply::Array(all.collect())
            }),
            "MSET" => self.count(2, usize::MAX).and_then(|()| {
                if !args.len().is_multiple_of(2) {
                    return Err("ERR wrong number of arguments for 'mset' command".into());
                }
                for pair in args.chunks(2) {
                    self.store
                        .set(pair[0].clone(), Value::Text(pair[1].clone()), None);
                }
                Ok(Reply::OK)
            }),
            "APPEND" => self.append(),
            "STRLEN" => self.count(1, 1).and_then(|()| {
                let length = self.string(&args[0])?.map_or(0, |bytes| bytes.len());
                Ok(Reply::Integer(length as i64))
            }),
            "INCR" => self.count(1, 1).and_then(|()| self.step(1)),
            "DECR" => self.count(1, 1).and_then(|()| self.step(-1)),
            "INCRBY" => self
                .count(2, 2)
                .and_then(|()| self.step(integer(&args[1])?)),
            "DECRBY" => self.count(2, 2).and_then(|()| {
                let by = integer(&args[1])?.checked_neg();
                self.step(by.ok_or("ERR decrement would overflow")?)
            }),
            _ => return None,
        })
    }

    fn set(&mut self) -> Outcome {
        self.count(2, 8)?;
        let (key, value) = (self.args[0].clone(), self.args[1].clone());
        let (mut expires, mut condition, mut give, mut keep) = (None, None, false, false);
        let mut options = self.args[2..].iter();
        while let Some(option) = options.next() {
            let option = String::from_utf8_lossy(option).to_ascii_uppercase();
            match option.as_str() {
                "NX" | "XX" if condition.is_none() => condition = Some(option == "NX"),
                "GET" => give = true,
                "KEEPTTL" => keep = true,
                "EX" | "PX" | "EXAT" | "PXAT" => {
                    let number = integer(options.next().ok_or(SYNTAX)?)?;
                    expires = Some(expiry(&option, number, self.now)?);
                }
                _ => return Err(SYNTAX.into()),
            }
        }
        let old = if give { self.string(&key)? } else { None };
        let present = self.store.get(&key, self.now).is_some();
        if condition.is_some_and(|absent| absent == present) {
            return Ok(if give { bulk(old) } else { Reply::Nil });
        }
        if keep {
            expires = self.store.expiry(&key);
        }
        self.store.set(key, Value::Text(value), expires);
        Ok(if give { bulk(old) } else { Reply::OK })
    }

    fn set_for(&mut self) -> Outcome {
        self.count(3, 3)?;
        let unit = if self.name == "SETEX" { "EX" } else { "PX" };
        let expires = expiry(unit, integer(&self.args[1])?, self.now)?;
        self.store.set(
            self.args[0].clone(),
            Value::Text(self.args[2].clone()),
            Some(expires),
        );
        Ok(Reply::OK)
    }

    fn append(&mut self) -> Outcome {
        self.count(2, 2)?;
        let mut bytes = self.string(&self.args[0])?.unwrap_or_default();
        bytes.extend_from_slice(&self.args[1]);
        if bytes.len() > TEXT_MAX {
            return Err("ERR string exceeds maximum allowed size (proto-max-bulk-len)".into());
        }
        let length = bytes.len() as i64;
        let expires = self.store.expiry(&self.args[0]);
        self.store
            .set(self.args[0].clone(), Value::Text(bytes), expires);
        Ok(Reply::Integer(length))
    }

    fn step(&mut self, by: i64) -> Outcome {
        let key = &self.args[0];
        let old = self.string(key)?.map_or(Ok(0), |bytes| integer(&bytes))?;
        let new = old
            .checked_add(by)
            .ok_or("ERR increment or decrement would overflow")?;
        let expires = self.store.expiry(key);
        self.store.set(
            key.clone(),
            Value::Text(new.to_string().into_bytes()),
            expires,
        );
        Ok(Reply::Integer(new))
    }

    fn keys(&mut self) -> Option<Outcome> {
        let args = self.args;
        let name = self.name.clone();
        Some(match name.as_str() {
            "DEL" | "UNLINK" => self.count(1, usize::MAX).map(|()| {
                let gone = args.iter().filter(|key| {
                    self.store.get(key, self.now).is_some() && self.store.remove(key).is_some()
                });
                Reply::Integer(gone.count() as i64)
            }),
            "EXISTS" => self.count(1, usize::MAX).map(|()| {
                let there = args
                    .iter()
                    .filter(|key| self.store.get(key, self.now).is_some());
                Reply::Integer(there.count() as i64)
            }),
            "TYPE" => self.count(1, 1).map(|()| {
                Reply::Simple(
                    self.store
                        .get(&args[0], self.now)
                        .map_or("none", Value::kind),
                )
            }),
            "KEYS" => self.count(1, 1).map(|()| self.matching(&args[0])),
            "SCAN" => self.count(1, 7).map(|()| {
                let wanted = args
                    .windows(2)
                    .find(|pair| pair[0].eq_ignore_ascii_case(b"match"))
                    .map_or(&b"*"[..], |pair| &pair[1]);
                Reply::Array(vec![Reply::text("0"), self.matching(wanted)])
            }),
            "RANDOMKEY" => self.count(0, 0).map(|()| {
                bulk(
                    self.store
                        .keys()
                        .nth(self.now.0 as usize % self.store.len().max(1))
                        .cloned(),
                )
            }),
            "DBSIZE" => self.count(0, 0).map(|()| {
                self.store.expire_all(self.now);
                Reply::Integer(self.store.len() as i64)
            }),
            "FLUSHALL" | "FLUSHDB" => self.count(0, 1).map(|()| {
                self.store.clear();
                Reply::OK
            }),
            "EXPIRE" | "PEXPIRE" | "EXPIREAT" | "PEXPIREAT" => self.expire(),
            "TTL" | "PTTL" => self.count(1, 1).map(|()| self.left()),
            "PERSIST" => self.count(1, 1).map(|()| {
                let had = self.store.expiry(&args[0]).is_some();
                self.store.set_expiry(&args[0], None);
                Reply::Integer(had.into())
            }),
            "RENAME" => self.count(2, 2).and_then(|()| {
                self.store
                    .get(&args[0], self.now)
                    .ok_or("ERR no such key")?;
                if let Some((value, expires)) = self.store.remove(&args[0]) {
                    self.store.set(args[1].clone(), value, expires);
                }
                Ok(Reply::OK)
            }),
            _ => return None,
        })
    }

    fn matching(&mut self, wanted: &[u8]) -> Reply {
        self.store.expire_all(self.now);
        let wanted = String::from_utf8_lossy(wanted);
        let found = self.store.keys();
        let found = found.filter(|key| pattern::matches(&wanted, &String::from_utf8_lossy(key)));
        Reply::Array(found.map(|key| Reply::Bulk(key.clone())).collect())
    }

    fn expire(&mut self) -> Outcome {
        self.count(2, 3)?;
        let unit = match self.name.as_str() {
            "EXPIRE" => "EX",
            "PEXPIRE" => "PX",
            "EXPIREAT" => "EXAT",
            _ => "PXAT",
        };
        let number = integer(&self.args[1])?;
        let at = moment(unit, number, self.now).ok_or("ERR invalid expire time")?;
        let there = self.store.get(&self.args[0], self.now).is_some();
        self.store.set_expiry(&self.args[0], Some(at));
        Ok(Reply::Integer(there.into()))
    }

    fn left(&mut self) -> Reply {
        let key = &self.args[0];
        if self.store.get(key, self.now).is_none() {
            return Reply::Integer(-2);
        }
        let Some(at) = self.store.expiry(key) else {
            return Reply::Integer(-1);
        };
        let millis = at.since(self.now).as_millis() as i64;
        Reply::Integer(if self.name == "TTL" {
            (millis + 500) / 1000
        } else {
            millis
        })
    }
}

fn moment(unit: &str, number: i64, now: Time) -> Option<Time> {
    match unit {
        "EX" => after(now, number.checked_mul(1000)?),
        "PX" => after(now, number),
        "EXAT" => Some(Time(number.checked_mul(1_000_000_000)?)),
        _ => Some(Time(number.checked_mul(1_000_000)?)),
    }
}

/// When a value that is being set expires; it has to be in the future.
fn expiry(unit: &str, number: i64, now: Time) -> Result<Time, String> {
    let at = if number > 0 {
        moment(unit, number, now)
    } else {
        None
    };
    at.ok_or_else(|| "ERR invalid expire time in 'set' command".into())
}

pub fn bulk(bytes: Option<Bytes>) -> Reply {
    bytes.map_or(Reply::Nil, Reply::Bulk)
}

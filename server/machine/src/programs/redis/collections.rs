//! redis's lists, hashes and sets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::commands::{Call, Outcome, WRONG_TYPE, bulk, integer};
use super::resp::Reply;
use super::store::{Bytes, Value};

/// None: no such command here.
pub fn run(call: &mut Call<'_>) -> Option<Outcome> {
    lists(call).or_else(|| hashes(call)).or_else(|| sets(call))
}

/// A command on a value of one kind: made from `empty` when the key is not there, checked, then changed.
macro_rules! on {
    ($call:expr, $kind:ident, $empty:expr, $name:ident => $act:expr) => {{
        let key = &$call.args[0];
        match $call.store.get(key, $call.now) {
            None => {
                let mut made = $empty;
                let answer: Outcome = {
                    let $name = &mut made;
                    $act
                };
                $call.store.set(key.clone(), Value::$kind(made), None);
                answer
            }
            Some(Value::$kind(_)) => {
                let changed = $call.store.change(key, |value| match value {
                    Value::$kind($name) => $act,
                    _ => Err(WRONG_TYPE.into()),
                });
                changed.unwrap_or_else(|| Err(WRONG_TYPE.into()))
            }
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }};
}

/// The two ends of a range that may count from the end, as indexes; none when it is empty.
fn range(start: i64, end: i64, count: usize) -> Option<(usize, usize)> {
    let count = count as i64;
    let from_end = |at: i64| if at < 0 { at + count } else { at };
    let (start, end) = (from_end(start).max(0), from_end(end).min(count - 1));
    (start <= end).then_some((start as usize, end as usize))
}

fn length(count: usize) -> Outcome {
    Ok(Reply::Integer(count as i64))
}

fn lists(call: &mut Call<'_>) -> Option<Outcome> {
    let args = call.args;
    let name = call.name.clone();
    let (least, most) = match name.as_str() {
        "LPUSH" | "RPUSH" => (2, usize::MAX),
        "LPOP" | "RPOP" => (1, 2),
        "LLEN" => (1, 1),
        "LINDEX" => (2, 2),
        "LRANGE" | "LSET" | "LREM" | "LTRIM" => (3, 3),
        _ => return None,
    };
    Some(call.count(least, most).and_then(|()| {
        on!(call, List, VecDeque::new(), list => match name.as_str() {
            "LPUSH" => {
                args[1..].iter().for_each(|word| list.push_front(word.clone()));
                length(list.len())
            }
            "RPUSH" => {
                list.extend(args[1..].iter().cloned());
                length(list.len())
            }
            "LPOP" | "RPOP" => {
                let mut take = || if name == "LPOP" { list.pop_front() } else { list.pop_back() };
                match args.get(1).map(|count| integer(count)).transpose()? {
                    None => Ok(bulk(take())),
                    Some(count) => {
                        let all: Vec<Reply> =
                            (0..count.max(0)).map_while(|_| take()).map(Reply::Bulk).collect();
                        Ok(if all.is_empty() { Reply::Nil } else { Reply::Array(all) })
                    }
                }
            }
            "LLEN" => length(list.len()),
            "LINDEX" => {
                let at = integer(&args[1])?;
                Ok(bulk(range(at, at, list.len()).and_then(|(at, _)| list.get(at).cloned())))
            }
            "LRANGE" => {
                let found = range(integer(&args[1])?, integer(&args[2])?, list.len());
                let all = found.map(|(a, b)| list.range(a..=b).cloned().map(Reply::Bulk).collect());
                Ok(Reply::Array(all.unwrap_or_default()))
            }
            "LSET" => {
                let at = integer(&args[1])?;
                let (at, _) = range(at, at, list.len()).ok_or("ERR index out of range")?;
                list[at].clone_from(&args[2]);
                Ok(Reply::OK)
            }
            "LTRIM" => {
                match range(integer(&args[1])?, integer(&args[2])?, list.len()) {
                    Some((a, b)) => {
                        list.truncate(b + 1);
                        list.drain(..a);
                    }
                    None => list.clear(),
                }
                Ok(Reply::OK)
            }
            _ => remove(list, integer(&args[1])?, &args[2]),
        })
    }))
}

/// LREM: the first `count` that are equal, from the end for a negative count, all for 0.
fn remove(list: &mut VecDeque<Bytes>, count: i64, word: &Bytes) -> Outcome {
    let before = list.len();
    let mut left = if count == 0 {
        usize::MAX
    } else {
        count.unsigned_abs() as usize
    };
    let mut keep = |item: &Bytes| {
        let goes = item == word && left > 0;
        left -= usize::from(goes);
        !goes
    };
    if count < 0 {
        let mut kept: Vec<Bytes> = list.drain(..).rev().filter(|item| keep(item)).collect();
        kept.reverse();
        *list = kept.into();
    } else {
        list.retain(|item| keep(item));
    }
    length(before - list.len())
}

fn hashes(call: &mut Call<'_>) -> Option<Outcome> {
    let args = call.args;
    let name = call.name.clone();
    let (least, most) = match name.as_str() {
        "HSET" | "HMSET" => (3, usize::MAX),
        "HSETNX" | "HINCRBY" => (3, 3),
        "HGET" | "HEXISTS" => (2, 2),
        "HMGET" | "HDEL" => (2, usize::MAX),
        "HGETALL" | "HKEYS" | "HVALS" | "HLEN" => (1, 1),
        _ => return None,
    };
    Some(call.count(least, most).and_then(|()| {
        on!(call, Hash, BTreeMap::new(), hash => match name.as_str() {
            "HSET" | "HMSET" => {
                if args.len().is_multiple_of(2) {
                    let name = name.to_ascii_lowercase();
                    return Err(format!("ERR wrong number of arguments for '{name}' command"));
                }
                let before = hash.len();
                let pairs = args[1..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone()));
                hash.extend(pairs);
                if name == "HSET" { length(hash.len() - before) } else { Ok(Reply::OK) }
            }
            "HSETNX" => {
                let absent = !hash.contains_key(&args[1]);
                if absent {
                    hash.insert(args[1].clone(), args[2].clone());
                }
                length(absent.into())
            }
            "HGET" => Ok(bulk(hash.get(&args[1]).cloned())),
            "HMGET" => Ok(Reply::Array(args[1..].iter().map(|f| bulk(hash.get(f).cloned())).collect())),
            "HDEL" => {
                let gone = args[1..].iter().filter(|field| hash.remove(*field).is_some());
                length(gone.count())
            }
            "HEXISTS" => length(hash.contains_key(&args[1]).into()),
            "HINCRBY" => {
                let old = hash.get(&args[1]).map_or(Ok(0), |bytes| integer(bytes));
                let old = old.map_err(|_| "ERR hash value is not an integer")?;
                let new = old.checked_add(integer(&args[2])?);
                let new = new.ok_or("ERR increment or decrement would overflow")?;
                hash.insert(args[1].clone(), new.to_string().into_bytes());
                Ok(Reply::Integer(new))
            }
            "HKEYS" => Ok(Reply::Array(hash.keys().cloned().map(Reply::Bulk).collect())),
            "HVALS" => Ok(Reply::Array(hash.values().cloned().map(Reply::Bulk).collect())),
            "HLEN" => length(hash.len()),
            _ => {
                let all = hash.iter().flat_map(|(k, v)| [k.clone(), v.clone()]);
                Ok(Reply::Array(all.map(Reply::Bulk).collect()))
            }
        })
    }))
}

fn sets(call: &mut Call<'_>) -> Option<Outcome> {
    let args = call.args;
    let name = call.name.clone();
    let (least, most) = match name.as_str() {
        "SADD" | "SREM" => (2, usize::MAX),
        "SISMEMBER" => (2, 2),
        "SMEMBERS" | "SCARD" | "SPOP" => (1, 1),
        _ => return None,
    };
    Some(call.count(least, most).and_then(|()| {
        on!(call, Set, BTreeSet::new(), set => match name.as_str() {
            "SADD" => length(args[1..].iter().filter(|word| set.insert((*word).clone())).count()),
            "SREM" => length(args[1..].iter().filter(|word| set.remove(*word)).count()),
            "SISMEMBER" => length(set.contains(&args[1]).into()),
            "SCARD" => length(set.len()),
            "SPOP" => Ok(bulk(set.pop_first())),
            _ => Ok(Reply::Array(set.iter().cloned().map(Reply::Bulk).collect())),
        })
    }))
}

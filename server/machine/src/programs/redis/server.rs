//! A client's conversation with redis, and the commands that concern the server: PING, AUTH, INFO, CONFIG, SAVE, SHUTDOWN.

use core::net::SocketAddr;
use std::rc::Rc;

use super::resp::{self, Malformed, Reply, Words};
use super::{Redis, commands, disk, shut_down};
use crate::sys::Fd;
use crate::time::Duration;

/// What a client has said about itself.
#[derive(Default)]
struct Client {
    allowed: bool,
    /// Commands of a transaction that is open.
    queue: Option<Vec<Words>>,
}

/// Commands of one transaction.
const QUEUE_MAX: usize = 1000;

/// Answers one client until it goes.
pub async fn converse(redis: &Rc<Redis>, fd: Fd, _: SocketAddr) {
    redis.connections.set(redis.connections.get() + 1);
    redis.clients.set(redis.clients.get() + 1);
    let _ = talk(redis, fd).await;
    redis.clients.set(redis.clients.get() - 1);
}

async fn talk(redis: &Rc<Redis>, fd: Fd) -> crate::sys::Result<()> {
    let sys = &redis.sys;
    let mut client = Client::default();
    let mut bytes = Vec::new();
    loop {
        match resp::request(&bytes) {
            Ok(None) => {
                let more = sys.read(fd, 64 << 10).await?;
                if more.is_empty() {
                    return Ok(());
                }
                bytes.extend(more);
            }
            Ok(Some((words, used))) => {
                bytes.drain(..used);
                if words.is_empty() {
                    continue;
                }
                let name = String::from_utf8_lossy(&words[0]).to_ascii_uppercase();
                sys.cpu(Duration::from_micros(5)).await;
                let reply = answer(redis, &mut client, &name, words).await;
                let mut out = Vec::new();
                reply.encode(&mut out);
                sys.write_all(fd, &out).await?;
                if name == "QUIT" {
                    return Ok(());
                }
            }
            Err(Malformed(why)) => {
                let mut out = Vec::new();
                Reply::Error(format!("ERR Protocol error: {why}")).encode(&mut out);
                return sys.write_all(fd, &out).await;
            }
        }
    }
}

async fn answer(redis: &Rc<Redis>, client: &mut Client, name: &str, words: Words) -> Reply {
    redis.processed.set(redis.processed.get() + 1);
    let open = redis.settings.borrow().password.is_empty() || client.allowed;
    if !open && !matches!(name, "AUTH" | "QUIT" | "HELLO") {
        return Reply::Error("NOAUTH Authentication required.".into());
    }
    match (name, &mut client.queue) {
        ("MULTI", Some(_)) => Reply::Error("ERR MULTI calls can not be nested".into()),
        ("MULTI", none) => {
            *none = Some(Vec::new());
            Reply::OK
        }
        ("EXEC" | "DISCARD", None) => Reply::Error(format!("ERR {name} without MULTI")),
        ("DISCARD", queue) => {
            *queue = None;
            Reply::OK
        }
        ("EXEC", queue) => {
            let mut all = Vec::new();
            for words in queue.take().unwrap_or_default() {
                all.push(data(redis, words).await);
            }
            Reply::Array(all)
        }
        (_, Some(queue)) if queue.len() < QUEUE_MAX => {
            queue.push(words);
            Reply::Simple("QUEUED")
        }
        (_, Some(_)) => Reply::Error("ERR too many commands in a transaction".into()),
        (_, None) => match own(redis, client, name, &words[1..]).await {
            Some(reply) => reply,
            None => data(redis, words).await,
        },
    }
}

/// A command on the data; a change is counted, kept within memory, and written to the append-only file.
async fn data(redis: &Rc<Redis>, words: Words) -> Reply {
    let name = String::from_utf8_lossy(&words[0]).to_ascii_uppercase();
    let change = commands::is_write(&name);
    let grows = change && !matches!(name.as_str(), "DEL" | "UNLINK" | "FLUSHALL" | "FLUSHDB");
    if grows && !room(redis).await {
        return Reply::Error("OOM command not allowed when used memory > 'maxmemory'.".into());
    }
    let now = redis.sys.now();
    let reply = commands::run(&mut redis.store.borrow_mut(), &words, now);
    let Some(reply) = reply else {
        let shown = |word: &Vec<u8>| format!("'{}' ", String::from_utf8_lossy(word));
        let rest: String = words[1..].iter().take(8).map(shown).collect();
        let name = String::from_utf8_lossy(&words[0]).into_owned();
        return Reply::Error(format!(
            "ERR unknown command '{name}', with args beginning with: {rest}"
        ));
    };
    if change && !matches!(reply, Reply::Error(_)) {
        redis.dirty.set(redis.dirty.get() + 1);
        if disk::append(redis, &words).await.is_err() {
            return Reply::Error("MISCONF Errors writing to the AOF file".into());
        }
        room(redis).await;
    }
    reply
}

/// Tells the machine how much is kept. False: there is no room for more.
async fn room(redis: &Rc<Redis>) -> bool {
    let size = redis.store.borrow().size() as u64;
    let most = redis.settings.borrow().max_memory;
    if most > 0 && size > most {
        return false;
    }
    let Some(mut held) = redis.held.borrow_mut().take() else {
        return true;
    };
    let told = held.set(size).await;
    *redis.held.borrow_mut() = Some(held);
    told.is_ok()
}

/// Commands about the server and the connection. None: it is none of them.
async fn own(
    redis: &Rc<Redis>,
    client: &mut Client,
    name: &str,
    args: &[Vec<u8>],
) -> Option<Reply> {
    let text = |at: usize| {
        args.get(at)
            .map(|w| String::from_utf8_lossy(w).into_owned())
    };
    Some(match name {
        "PING" => args
            .first()
            .map_or(Reply::Simple("PONG"), |word| Reply::Bulk(word.clone())),
        "ECHO" => args.first().map_or_else(
            || Reply::Error("ERR wrong number of arguments for 'echo' command".into()),
            |word| Reply::Bulk(word.clone()),
        ),
        "QUIT" | "RESET" => Reply::OK,
        "AUTH" => auth(redis, client, args),
        "SELECT" => match text(0).and_then(|n| n.parse().ok()) {
            Some(0) => Reply::OK,
            Some(1..=15) => Reply::Error("ERR only database 0 is there in this world".into()),
            _ => Reply::Error("ERR DB index is out of range".into()),
        },
        "TIME" => {
            let now = redis.sys.now();
            let micros = (now.subsec_nanos() / 1000).to_string();
            Reply::Array(vec![
                Reply::text(now.seconds().to_string()),
                Reply::text(micros),
            ])
        }
        "COMMAND" => Reply::Array(Vec::new()),
        "CLIENT" => Reply::OK,
        "HELLO" => Reply::Error("NOPROTO unsupported protocol version".into()),
        "INFO" => Reply::text(info(redis, text(0).as_deref())),
        "CONFIG" => config(redis, args),
        "LASTSAVE" => Reply::Integer(redis.saved.get().seconds()),
        "SAVE" => match disk::save(redis).await {
            Ok(()) => Reply::OK,
            Err(error) => Reply::Error(format!("ERR {error}")),
        },
        "BGSAVE" => match disk::save(redis).await {
            Ok(()) => Reply::Simple("Background saving started"),
            Err(error) => Reply::Error(format!("ERR {error}")),
        },
        "SHUTDOWN" => {
            let save = text(0).is_none_or(|word| !word.eq_ignore_ascii_case("nosave"));
            let code = shut_down(redis, save).await;
            redis.sys.exit(code).await
        }
        "DEBUG" if text(0).is_some_and(|word| word.eq_ignore_ascii_case("sleep")) => {
            let seconds = text(1).and_then(|s| s.parse().ok()).unwrap_or(0.0);
            let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            let _ = redis.sys.sleep(time).await;
            Reply::OK
        }
        _ => return None,
    })
}

fn auth(redis: &Redis, client: &mut Client, args: &[Vec<u8>]) -> Reply {
    let settings = redis.settings.borrow();
    if settings.password.is_empty() {
        return Reply::Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?".into());
    }
    client.allowed = args
        .last()
        .is_some_and(|word| *word == settings.password.as_bytes());
    if client.allowed {
        Reply::OK
    } else {
        Reply::Error("WRONGPASS invalid username-password pair or user is disabled.".into())
    }
}

fn config(redis: &Redis, args: &[Vec<u8>]) -> Reply {
    let words: Vec<String> = args
        .iter()
        .map(|word| String::from_utf8_lossy(word).to_ascii_lowercase())
        .collect();
    let mut settings = redis.settings.borrow_mut();
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["get", wanted] => {
            let save: Vec<String> = settings
                .save
                .iter()
                .map(|(s, c)| format!("{s} {c}"))
                .collect();
            let all = [
                (
                    "appendonly",
                    if settings.append_only { "yes" } else { "no" }.to_owned(),
                ),
                ("dbfilename", settings.snapshot.clone()),
                ("dir", settings.directory.clone()),
                ("maxmemory", settings.max_memory.to_string()),
                ("port", settings.port.to_string()),
                ("requirepass", settings.password.clone()),
                ("save", save.join(" ")),
            ];
            let found = all
                .into_iter()
                .filter(|(name, _)| crate::shell::pattern::matches(wanted, name));
            Reply::Array(
                found
                    .flat_map(|(name, value)| [Reply::text(name), Reply::text(value)])
                    .collect(),
            )
        }
        ["set", "port" | "dir" | "dbfilename", ..] => {
            Reply::Error("ERR CONFIG SET failed - can't set immutable config".into())
        }
        ["set", name, ..] => {
            let values: Vec<String> = args[2..]
                .iter()
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect();
            match settings.set(name, &values) {
                Ok(()) => Reply::OK,
                Err(error) => Reply::Error(format!("ERR CONFIG SET failed - {error}")),
            }
        }
        ["resetstat"] => Reply::OK,
        _ => Reply::Error("ERR unknown subcommand. Try CONFIG HELP.".into()),
    }
}

fn info(redis: &Redis, section: Option<&str>) -> String {
    let version = redis
        .sys
        .getenv("REDIS_VERSION")
        .unwrap_or_else(|| "7.4.6".into());
    let store = redis.store.borrow();
    let uptime = redis.sys.now().since(redis.begun).as_secs();
    let used = store.size() + 900_000;
    let sections = [
        (
            "Server",
            format!(
                "redis_version:{version}\r\nredis_mode:standalone\r\nos:Linux x86_64\r\nprocess_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{uptime}\r\n",
                redis.sys.pid(),
                redis.settings.borrow().port
            ),
        ),
        (
            "Clients",
            format!("connected_clients:{}\r\n", redis.clients.get()),
        ),
        (
            "Memory",
            format!(
                "used_memory:{used}\r\nused_memory_human:{:.2}M\r\nmaxmemory:{}\r\n",
                used as f64 / 1_048_576.0,
                redis.settings.borrow().max_memory
            ),
        ),
        (
            "Persistence",
            format!(
                "loading:0\r\nrdb_changes_since_last_save:{}\r\nrdb_last_save_time:{}\r\naof_enabled:{}\r\n",
                redis.dirty.get(),
                redis.saved.get().seconds(),
                u8::from(redis.settings.borrow().append_only)
            ),
        ),
        (
            "Stats",
            format!(
                "total_connections_received:{}\r\ntotal_commands_processed:{}\r\n",
                redis.connections.get(),
                redis.processed.get()
            ),
        ),
        (
            "Replication",
            "role:master\r\nconnected_slaves:0\r\n".to_owned(),
        ),
        (
            "Keyspace",
            if store.len() == 0 {
                String::new()
            } else {
                format!(
                    "db0:keys={},expires={},avg_ttl=0\r\n",
                    store.len(),
                    store.expiring()
                )
            },
        ),
    ];
    let wanted = |name: &str| section.is_none_or(|section| section.eq_ignore_ascii_case(name));
    let all = sections.iter().filter(|(name, _)| wanted(name));
    all.map(|(name, text)| format!("# {name}\r\n{text}"))
        .collect::<Vec<_>>()
        .join("\r\n")
}

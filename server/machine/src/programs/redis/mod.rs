//! `redis-server`: keeps values in memory, speaks RESP on 6379, and writes them to its directory: a snapshot at SAVE and when it
//! ends, or with `--appendonly yes` each change. `redis-cli` speaks to it. Mirrors redis 7: no clusters, scripts, streams or
//! replication; the snapshot is this program's own.

mod cli;
mod collections;
mod commands;
mod disk;
mod resp;
mod server;
mod store;

pub use cli::main as cli;

use core::cell::{Cell, RefCell};
use core::net::SocketAddr;
use std::rc::Rc;

use crate::signal::{Disposition, Signal};
use crate::sys::{Held, Sys};
use crate::time::{Duration, MONTHS, Time};
use store::Store;

/// How the server is set up, by its arguments and its file.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    port: u16,
    directory: String,
    snapshot: String,
    append_only: bool,
    password: String,
    /// Bytes; 0: none.
    max_memory: u64,
    /// A snapshot is taken so many seconds after the first of so many changes.
    save: Vec<(u64, u64)>,
}

impl Settings {
    fn new() -> Settings {
        Settings {
            port: 6379,
            directory: ".".into(),
            snapshot: "dump.rdb".into(),
            save: vec![(3600, 1), (300, 100), (60, 10_000)],
            ..Settings::default()
        }
    }

    /// One directive; an error's text when it is none.
    fn set(&mut self, name: &str, values: &[String]) -> Result<(), String> {
        let value = values.first().cloned().unwrap_or_default();
        match name {
            "port" => self.port = value.parse().map_err(|_| "Invalid port")?,
            "dir" => self.directory = value,
            "dbfilename" => self.snapshot = value,
            "appendonly" => self.append_only = value == "yes",
            "requirepass" => self.password = value,
            "maxmemory" => {
                self.max_memory = memory(&value).ok_or("argument must be a memory value")?
            }
            "save" => {
                let numbers: Vec<u64> = values
                    .iter()
                    .flat_map(|word| word.split_whitespace())
                    .filter_map(|word| word.parse().ok())
                    .collect();
                self.save = numbers
                    .chunks_exact(2)
                    .map(|pair| (pair[0], pair[1]))
                    .collect();
            }
            "bind" | "protected-mode" | "daemonize" | "loglevel" | "databases" | "timeout"
            | "tcp-keepalive" | "maxmemory-policy" | "appendfsync" | "appendfilename"
            | "logfile" | "tcp-backlog" => {}
            other => {
                return Err(format!(
                    "Bad directive or wrong number of arguments: {other}"
                ));
            }
        }
        Ok(())
    }
}

/// `100mb`, `1gb`, `5000`.
fn memory(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match &text[digits.len()..] {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A running server.
pub(crate) struct Redis {
    sys: Sys,
    settings: RefCell<Settings>,
    store: RefCell<Store>,
    /// What the store takes, as the machine knows it.
    held: RefCell<Option<Held>>,
    /// Changes since the last snapshot, and when that was.
    dirty: Cell<u64>,
    saved: Cell<Time>,
    begun: Time,
    connections: Cell<u64>,
    clients: Cell<u64>,
    processed: Cell<u64>,
}

impl Redis {
    /// A line of the log: pid, role, time, level.
    async fn log(&self, level: char, text: &str) {
        log(&self.sys, 'M', level, text).await;
    }
}

async fn log(sys: &Sys, role: char, level: char, text: &str) {
    let now = sys.now();
    let c = now.civil();
    let pid = sys.pid();
    sys.print(format!(
        "{pid}:{role} {:02} {} {:04} {:02}:{:02}:{:02}.{:03} {level} {text}\n",
        c.day,
        MONTHS[c.month as usize - 1],
        c.year,
        c.hour,
        c.minute,
        c.second,
        now.subsec_nanos() / 1_000_000
    ))
    .await;
}

pub async fn main(sys: Sys) -> i32 {
    let version = sys
        .getenv("REDIS_VERSION")
        .unwrap_or_else(|| "7.4.6".into());
    let args = sys.args();
    if args.iter().any(|arg| arg == "--version" || arg == "-v") {
        sys.print(format!(
            "Redis server v={version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0\n"
        ))
        .await;
        return 0;
    }
    let (settings, from_file) = match read_settings(&sys, &args[1.min(args.len())..]).await {
        Ok(settings) => settings,
        Err(error) => {
            sys.eprint(format!(
                "\n*** FATAL CONFIG FILE ERROR (Redis {version}) ***\n{error}\n"
            ))
            .await;
            return 1;
        }
    };
    log(
        &sys,
        'C',
        '*',
        "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
    )
    .await;
    log(
        &sys,
        'C',
        '*',
        &format!(
            "Redis version={version}, bits=64, commit=00000000, modified=0, pid={}, just started",
            sys.pid()
        ),
    )
    .await;
    let text = if from_file {
        "Configuration loaded"
    } else {
        "Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf"
    };
    log(&sys, 'C', if from_file { '*' } else { '#' }, text).await;
    let now = sys.now();
    let redis = Rc::new(Redis {
        sys: sys.clone(),
        settings: RefCell::new(settings),
        store: RefCell::default(),
        held: RefCell::new(Some(Held::new(&sys))),
        dirty: Cell::new(0),
        saved: Cell::new(now),
        begun: now,
        connections: Cell::new(0),
        clients: Cell::new(0),
        processed: Cell::new(0),
    });
    serve(redis).await
}

/// The file named first, then the directives of the command line, which win. Whether there was a file.
async fn read_settings(sys: &Sys, args: &[String]) -> Result<(Settings, bool), String> {
    let mut settings = Settings::new();
    let mut args = args;
    let mut from_file = false;
    if let Some((file, rest)) = args
        .split_first()
        .filter(|(first, _)| !first.starts_with("--"))
    {
        let bytes = sys.read_file(file).await;
        let bytes = bytes.map_err(|e| format!("Can't open config file '{file}': {}", e.text()))?;
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words = resp::split(line).unwrap_or_default();
            let words: Vec<String> = words
                .iter()
                .map(|w| String::from_utf8_lossy(w).into_owned())
                .collect();
            settings
                .set(&words[0].to_ascii_lowercase(), &words[1..])
                .map_err(|error| {
                    format!(
                        "Reading the configuration file, at line {}\n>>> '{line}'\n{error}",
                        number + 1
                    )
                })?;
        }
        (args, from_file) = (rest, true);
    }
    while let Some((name, rest)) = args.split_first() {
        let count = rest
            .iter()
            .take_while(|word| !word.starts_with("--"))
            .count();
        let (values, after) = rest.split_at(count);
        let name = name.trim_start_matches("--").to_ascii_lowercase();
        settings
            .set(&name, values)
            .map_err(|error| format!(">>> '{name}'\n{error}"))?;
        args = after;
    }
    Ok((settings, from_file))
}

async fn serve(redis: Rc<Redis>) -> i32 {
    let sys = redis.sys.clone();
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    redis.log('*', "monotonic clock: POSIX clock_gettime").await;
    let port = redis.settings.borrow().port;
    redis
        .log('*', &format!("Running mode=standalone, port={port}."))
        .await;
    let listener = match sys.listen(SocketAddr::from(([0, 0, 0, 0], port))) {
        Ok(fd) => fd,
        Err(error) => {
            redis
                .log(
                    '#',
                    &format!(
                        "Warning: Could not create server TCP listening socket *:{port}: bind: {}",
                        error.text()
                    ),
                )
                .await;
            redis.log('#', "Failed listening on port, aborting.").await;
            return 1;
        }
    };
    redis.log('*', "Server initialized").await;
    if let Err(error) = disk::load(&redis).await {
        redis.log('#', &error).await;
        return 1;
    }
    redis.log('*', "Ready to accept connections tcp").await;
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let own = redis.clone();
    sys.thread(async move { keep_saving(&own).await });
    loop {
        match sys.accept(listener).await {
            Ok((fd, peer)) => {
                let own = redis.clone();
                sys.talk(fd, async move { server::converse(&own, fd, peer).await });
            }
            Err(_) if sys.take_signal().is_some() => break,
            Err(_) => {
                let _ = sys.sleep(Duration::from_millis(100)).await;
            }
        }
    }
    let text = format!(
        "Received SIGTERM scheduling shutdown... ({})",
        sys.now().seconds()
    );
    redis.log('*', &text).await;
    shut_down(&redis, true).await
}

/// The end: a last snapshot, unless there are none; the exit code.
async fn shut_down(redis: &Rc<Redis>, save: bool) -> i32 {
    redis.log('*', "User requested shutdown...").await;
    let wanted = save && !redis.settings.borrow().save.is_empty();
    if wanted {
        redis
            .log('*', "Saving the final RDB snapshot before exiting.")
            .await;
        if let Err(error) = disk::save(redis).await {
            redis
                .log(
                    '#',
                    &format!("Error trying to save the DB, can't exit: {error}"),
                )
                .await;
            return 1;
        }
        redis.log('*', "DB saved on disk").await;
    }
    redis
        .log('#', "Redis is now ready to exit, bye bye...")
        .await;
    0
}

/// Takes a snapshot when one of the save points is reached. Sleeps until the earliest; wakes for nothing while nothing changes.
async fn keep_saving(redis: &Rc<Redis>) {
    loop {
        let points = redis.settings.borrow().save.clone();
        let shortest = points
            .iter()
            .map(|(seconds, _)| *seconds)
            .min()
            .unwrap_or(3600)
            .max(1);
        if redis
            .sys
            .sleep(Duration::from_secs(shortest))
            .await
            .is_err()
        {
            return;
        }
        let since = redis.sys.now().since(redis.saved.get()).as_secs();
        let dirty = redis.dirty.get();
        let due = points
            .iter()
            .find(|(seconds, changes)| since >= *seconds && dirty >= *changes);
        if let Some((seconds, changes)) = due {
            redis
                .log(
                    '*',
                    &format!("{changes} changes in {seconds} seconds. Saving..."),
                )
                .await;
            match disk::save(redis).await {
                Ok(()) => {
                    redis
                        .log('*', "Background saving terminated with success")
                        .await
                }
                Err(error) => {
                    redis
                        .log(
                            '#',
                            &format!("Failed opening the temp RDB file for saving: {error}"),
                        )
                        .await
                }
            }
        }
    }
}

//! `mysqld`: enough of MySQL's server to start, to log, to keep data and to be reached on 3306. It greets a connection and lets it go; it
//! speaks no SQL. The image's entrypoint makes the data directory when it is empty. `mysqladmin` asks whether it is there.
//!
//! Mirrors MySQL 8.4 and the image's `docker-entrypoint.sh`.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::options;
use crate::chance::Chance;
use crate::errno::Errno;
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;
use crate::time::Duration;

const DATA: &str = "/var/lib/mysql";
const SOCKET: &str = "/var/run/mysqld/mysqld.sock";
/// What lets the image start: one of these has to be set.
const PASSWORDS: [&str; 3] = [
    "MYSQL_ROOT_PASSWORD",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
    "MYSQL_RANDOM_ROOT_PASSWORD",
];
/// How long the files of a new server take, and its first start without network.
const INITIALIZING: Duration = Duration::from_secs(3);
const STARTING: Duration = Duration::from_secs(1);

/// The image's entrypoint, then the server itself.
pub async fn main(sys: Sys) -> i32 {
    let version = version(&sys);
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let started = format!("Entrypoint script for MySQL Server {version}-1.el9 started.");
    enter(&sys, "Note", &started).await;
    if sys.uid() == 0 {
        enter(&sys, "Note", "Switching to dedicated user 'mysql'").await;
        enter(&sys, "Note", &started).await;
    }
    let identity = format!("{DATA}/auto.cnf");
    if sys.stat(&identity).is_err()
        && let Err(code) = initialize(&sys, &version, &identity).await
    {
        return code;
    }
    serve(&sys, &version).await
}

fn version(sys: &Sys) -> String {
    let version = sys.getenv("MYSQL_VERSION");
    version.unwrap_or_else(|| "8.4.7".into())
}

/// Makes the data directory. Errors: the exit code.
async fn initialize(sys: &Sys, version: &str, identity: &str) -> Result<(), i32> {
    if PASSWORDS.iter().all(|name| sys.getenv(name).is_none()) {
        enter(sys, "ERROR", "Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD").await;
        return Err(1);
    }
    enter(sys, "Note", "Initializing database files").await;
    note(
        sys,
        "System",
        "MY-015017",
        "MySQL Server Initialization - start.",
    )
    .await;
    let process = format!(
        "/usr/sbin/mysqld (mysqld {version}) initializing of server in progress as process {}",
        sys.pid()
    );
    note(sys, "System", "MY-013169", &process).await;
    let text = format!("[auto]\nserver-uuid={}\n", uuid(sys));
    if let Err(error) = sys.write_file(identity, text.as_bytes()).await {
        let why = format!("(OS errno {} - {})", error.number(), error.text());
        let what = format!("Could not create the data directory file {identity} {why}");
        note(sys, "ERROR", "MY-010187", &what).await;
        note(sys, "ERROR", "MY-010119", "Aborting").await;
        return Err(1);
    }
    wait(sys, INITIALIZING).await?;
    note(
        sys,
        "System",
        "MY-015018",
        "MySQL Server Initialization - end.",
    )
    .await;
    for what in ["Database files initialized", "Starting temporary server"] {
        enter(sys, "Note", what).await;
    }
    wait(sys, STARTING).await?;
    enter(sys, "Note", "Temporary server started.").await;
    if let Some(name) = sys.getenv("MYSQL_DATABASE") {
        let _ = sys.mkdir(&format!("{DATA}/{name}"), 0o750);
        enter(sys, "Note", &format!("Creating database {name}")).await;
    }
    if let Some(user) = sys.getenv("MYSQL_USER") {
        enter(sys, "Note", &format!("Creating user {user}")).await;
    }
    for what in ["Stopping temporary server", "Temporary server stopped"] {
        enter(sys, "Note", what).await;
    }
    enter(sys, "Note", "MySQL init process done. Ready for start up.").await;
    Ok(())
}

/// Errors: the exit code of a server that was told to end.
async fn wait(sys: &Sys, time: Duration) -> Result<(), i32> {
    sys.sleep(time).await.map_err(|_| 0)
}

async fn serve(sys: &Sys, version: &str) -> i32 {
    let process = format!(
        "/usr/sbin/mysqld (mysqld {version}) starting as process {}",
        sys.pid()
    );
    note(sys, "System", "MY-010116", &process).await;
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], 3306))) else {
        let what = "Can't start server: Bind on TCP/IP port: Address already in use";
        note(sys, "ERROR", "MY-010262", what).await;
        note(sys, "ERROR", "MY-010119", "Aborting").await;
        return 1;
    };
    let ready = format!(
        "/usr/sbin/mysqld: ready for connections. Version: '{version}'  socket: '{SOCKET}'  port: 3306  MySQL Community Server - GPL."
    );
    note(sys, "System", "MY-010931", &ready).await;
    while let Ok((fd, _)) = sys.accept(listener).await {
        let _ = sys.write_all(fd, greeting(version).as_bytes()).await;
        let _ = sys.close(fd);
    }
    let what = format!(
        "Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: {version})."
    );
    note(sys, "System", "MY-013172", &what).await;
    let what = format!(
        "/usr/sbin/mysqld: Shutdown complete (mysqld {version})  MySQL Community Server - GPL."
    );
    note(sys, "System", "MY-010910", &what).await;
    0
}

/// Length, number of the packet, protocol 10, version.
fn greeting(version: &str) -> String {
    format!(
        "{}\0\0\0\x0a{version}\0",
        char::from(version.len() as u8 + 2)
    )
}

/// A line of the entrypoint.
async fn enter(sys: &Sys, level: &str, text: &str) {
    let c = sys.now().civil();
    sys.eprint(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}+00:00 [{level}] [Entrypoint]: {text}\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    ))
    .await;
}

/// A line of the server's error log.
async fn note(sys: &Sys, level: &str, code: &str, text: &str) {
    let now = sys.now();
    let c = now.civil();
    sys.eprint(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z 0 [{level}] [{code}] [Server] {text}\n",
        c.year,
        c.month,
        c.day,
        c.hour,
        c.minute,
        c.second,
        now.subsec_nanos() / 1000
    ))
    .await;
}

/// Each server names itself once, when its data directory is made.
fn uuid(sys: &Sys) -> String {
    let text = format!("{}{}", sys.hostname(), sys.now().0);
    let seed = text
        .bytes()
        .fold(7, |h: u64, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let hex = Chance::new(seed).hex(32);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// `mysqladmin [-h HOST] [-P PORT] [-u USER] [-p[PASSWORD]] ping`: whether a server greets. Code 1 when none does.
pub async fn admin(sys: Sys) -> i32 {
    // a password stands right behind its letter, as a value of its own never does
    let (secret, words): (Vec<String>, Vec<String>) = sys
        .args()
        .into_iter()
        .skip(1)
        .partition(|word| word.starts_with("-p") || word.starts_with("--password"));
    if secret
        .iter()
        .any(|word| word.len() > 2 && !word.ends_with("password"))
    {
        let text = "mysqladmin: [Warning] Using a password on the command line interface can be insecure.\n";
        sys.eprint(text).await;
    }
    let long = [("host", 'h'), ("port", 'P'), ("user", 'u')];
    let options = match options::parse(&words, "h:P:u:", &long) {
        Ok(options) => options,
        Err(what) => {
            sys.eprint(format!("mysqladmin: {what}\n")).await;
            return 1;
        }
    };
    match options.rest.first().map(String::as_str) {
        Some("ping") => {}
        Some(other) => {
            sys.eprint(format!("mysqladmin: Unknown command: '{other}'\n"))
                .await;
            return 1;
        }
        None => {
            sys.eprint("Usage: mysqladmin [OPTIONS] command command....\n")
                .await;
            return 1;
        }
    }
    let host = options.value('h').unwrap_or("localhost").to_owned();
    let port = options
        .value('P')
        .and_then(|port| port.parse().ok())
        .unwrap_or(3306);
    match greeted(&sys, &host, port).await {
        Ok(()) => {
            sys.print("mysqld is alive\n").await;
            0
        }
        Err(why) => {
            let text = format!("mysqladmin: connect to server at '{host}' failed\n{why}\n");
            sys.eprint(text).await;
            1
        }
    }
}

/// Errors: what mysqladmin says of it.
async fn greeted(sys: &Sys, host: &str, port: u16) -> Result<(), String> {
    let local = format!(
        "error: 'Can't connect to local MySQL server through socket '{SOCKET}' (2)'\nCheck that mysqld is running and that the socket: '{SOCKET}' exists!"
    );
    let ip = match host {
        "localhost" => IpAddr::from(Ipv4Addr::LOCALHOST),
        host => {
            let found = sys.resolve(host).await.unwrap_or_default();
            let first = found.first().copied();
            first.ok_or_else(|| format!("error: 'Unknown MySQL server host '{host}' (-2)'"))?
        }
    };
    let failed = |error: Errno| match host {
        "localhost" => local.clone(),
        host => format!(
            "error: 'Can't connect to MySQL server on '{host}:{port}' ({})'\nCheck that mysqld is running on {host} and that the port is {port}.\nYou can check this by doing 'telnet {host} {port}'",
            error.number()
        ),
    };
    let fd = sys
        .connect(SocketAddr::new(ip, port))
        .await
        .map_err(failed)?;
    let greeting = sys.read(fd, 256).await.map_err(failed);
    let _ = sys.close(fd);
    greeting.map(|_| ())
}

//! `mysqld`: enough of MySQL's server to start, to log, to keep data and to be reached on 3306. It greets
//! a connection and lets it go; it speaks no SQL.

use core::net::SocketAddr;

use crate::chance::Chance;
use crate::signal::{Disposition, Signal};
use crate::sys::Sys;

const DATA: &str = "/var/lib/mysql";
/// What lets the image start: one of these has to be set.
const PASSWORDS: [&str; 3] = [
    "MYSQL_ROOT_PASSWORD",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
    "MYSQL_RANDOM_ROOT_PASSWORD",
];

pub async fn main(sys: Sys) -> i32 {
    let version = sys
        .getenv("MYSQL_VERSION")
        .unwrap_or_else(|| "8.4.7".into());
    sys.set_signal(Signal::Pipe, Disposition::Ignore);
    let identity = format!("{DATA}/auto.cnf");
    if sys.stat(&identity).is_err() {
        if PASSWORDS.iter().all(|name| sys.getenv(name).is_none()) {
            let stamp = stamp(&sys);
            sys.eprint(format!("{stamp} [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n")).await;
            return 1;
        }
        note(&sys, "Entrypoint", "Initializing database files").await;
        let text = format!("[auto]\nserver-uuid={}\n", uuid(&sys));
        if sys.write_file(&identity, text.as_bytes()).await.is_err() {
            note(&sys, "Server", "The data directory cannot be written").await;
            return 1;
        }
        note(&sys, "Entrypoint", "Database files initialized").await;
    }
    let Ok(listener) = sys.listen(SocketAddr::from(([0, 0, 0, 0], 3306))) else {
        note(&sys, "Server", "Can't start server: Bind on TCP/IP port").await;
        return 1;
    };
    for signal in [Signal::Term, Signal::Int] {
        sys.set_signal(signal, Disposition::Catch);
    }
    let ready = format!(
        "/usr/sbin/mysqld: ready for connections. Version: '{version}'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306"
    );
    note(&sys, "Server", &ready).await;
    while let Ok((fd, _)) = sys.accept(listener).await {
        let greeting = format!("\x0a{version}\0");
        let _ = sys.write_all(fd, greeting.as_bytes()).await;
        let _ = sys.close(fd);
    }
    note(&sys, "Server", "/usr/sbin/mysqld: Shutdown complete").await;
    0
}

fn stamp(sys: &Sys) -> String {
    let c = sys.now().civil();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

async fn note(sys: &Sys, who: &str, text: &str) {
    let line = format!("{} 0 [System] [{who}]: {text}\n", stamp(sys));
    sys.eprint(line).await;
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

//! `getent hosts|ahosts|passwd|group|services [KEY]...`: what the name services say. 2 when a key is not found. Mirrors glibc's.

use crate::sys::Sys;

pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let Some(database) = args.get(1) else {
        sys.eprint("getent: wrong number of arguments\n").await;
        return 1;
    };
    let keys = &args[2..];
    match database.as_str() {
        "hosts" | "ahosts" | "ahostsv4" => hosts(&sys, keys, database != "hosts").await,
        "passwd" => lines(&sys, "/etc/passwd", keys).await,
        "group" => lines(&sys, "/etc/group", keys).await,
        other => {
            sys.eprint(format!("Unknown database: {other}\n")).await;
            1
        }
    }
}

async fn hosts(sys: &Sys, keys: &[String], all: bool) -> i32 {
    if keys.is_empty() {
        sys.print(sys.read_file("/etc/hosts").await.unwrap_or_default())
            .await;
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let found = sys.resolve(key).await.unwrap_or_default();
        if found.is_empty() {
            status = 2;
        }
        for ip in found {
            let text = if all {
                format!(
                    "{ip:<15} STREAM {key}\n{ip:<15} DGRAM  \n{ip:<15} RAW    \n",
                    ip = ip.to_string()
                )
            } else {
                format!("{:<15} {key}\n", ip.to_string())
            };
            sys.print(text).await;
        }
    }
    status
}

/// The lines whose first or third field is a key.
async fn lines(sys: &Sys, file: &str, keys: &[String]) -> i32 {
    let bytes = sys.read_file(file).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if keys.is_empty() {
        sys.print(text).await;
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let found = text.lines().find(|line| {
            let mut fields = line.split(':');
            fields.next() == Some(key) || fields.nth(1) == Some(key)
        });
        match found {
            Some(line) => sys.print(format!("{line}\n")).await,
            None => status = 2,
        }
    }
    status
}

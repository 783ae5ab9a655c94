//! What redis leaves in its directory: the snapshot (`dump.rdb`) and the append-only file. Both hold commands that make the data
//! again; the snapshot has a first line of its own.

use std::rc::Rc;

use super::Redis;
use super::commands;
use super::resp::{self, Words};
use crate::errno::Errno;
use crate::sys::OpenFlags;

const MAGIC: &[u8] = b"REDIS0012 podschool\n";
/// Bytes that are read back.
const LARGEST: usize = 16 << 20;

fn snapshot(redis: &Redis) -> String {
    let settings = redis.settings.borrow();
    format!("{}/{}", settings.directory, settings.snapshot)
}

fn append_file(redis: &Redis) -> String {
    format!(
        "{}/appendonlydir/appendonly.aof.1.incr.aof",
        redis.settings.borrow().directory
    )
}

/// Writes everything, beside the old snapshot, then in its place.
pub async fn save(redis: &Rc<Redis>) -> Result<(), String> {
    let mut bytes = MAGIC.to_vec();
    for words in redis.store.borrow().commands() {
        bytes.extend(resp::encode_request(&words));
    }
    let path = snapshot(redis);
    let draft = format!(
        "{}/temp-{}.rdb",
        redis.settings.borrow().directory,
        redis.sys.pid()
    );
    let written = redis.sys.write_file(&draft, &bytes).await;
    let placed = written.and_then(|()| redis.sys.rename(&draft, &path));
    placed.map_err(|error| {
        let _ = redis.sys.unlink(&draft);
        error.text().to_owned()
    })?;
    redis.dirty.set(0);
    redis.saved.set(redis.sys.now());
    Ok(())
}

/// Adds a change to the append-only file, when there is one.
pub async fn append(redis: &Rc<Redis>, words: &Words) -> Result<(), Errno> {
    if !redis.settings.borrow().append_only {
        return Ok(());
    }
    let sys = &redis.sys;
    let path = append_file(redis);
    let open = || sys.open(&path, OpenFlags::EXTEND, 0o644);
    let fd = match open() {
        Err(Errno::ENOENT) => {
            let directory = format!("{}/appendonlydir", redis.settings.borrow().directory);
            let _ = sys.mkdir(&directory, 0o755);
            open()?
        }
        other => other?,
    };
    let written = sys.write_all(fd, &resp::encode_request(words)).await;
    sys.close(fd)?;
    written
}

/// Reads what there is: the append-only file when it is in use, else the snapshot.
pub async fn load(redis: &Rc<Redis>) -> Result<(), String> {
    let append_only = redis.settings.borrow().append_only;
    let path = if append_only {
        append_file(redis)
    } else {
        snapshot(redis)
    };
    let Ok(fd) = redis.sys.open(&path, OpenFlags::READ, 0) else {
        return Ok(());
    };
    let bytes = redis.sys.read_to_end(fd, LARGEST).await;
    let _ = redis.sys.close(fd);
    let bytes = bytes.map_err(|error| format!("Fatal error loading the DB: {}", error.text()))?;
    let mut rest = if append_only {
        &bytes[..]
    } else {
        let wrong = "Wrong signature trying to load DB from file";
        bytes.strip_prefix(MAGIC).ok_or(wrong)?
    };
    // A last command that was cut off by the end of the server is dropped.
    while let Ok(Some((words, used))) = resp::request(rest) {
        commands::run(&mut redis.store.borrow_mut(), &words, redis.sys.now());
        rest = &rest[used..];
        redis.sys.cpu(crate::time::Duration::from_micros(2)).await;
    }
    redis.store.borrow_mut().expire_all(redis.sys.now());
    let keys = redis.store.borrow().len();
    let text = if append_only {
        "DB loaded from append only file: 0.000 seconds".to_owned()
    } else {
        format!("Done loading RDB, keys loaded: {keys}, keys expired: 0.")
    };
    redis.log('*', &text).await;
    Ok(())
}

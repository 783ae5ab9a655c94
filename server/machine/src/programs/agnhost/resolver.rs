//! `dns-suffix`, `dns-server-list`, `etc-hosts`: what a container is told about names.

use super::await_end;
use super::flags::Flags;
use crate::sys::Sys;

/// The words after each line that begins with `key` in /etc/resolv.conf.
async fn resolv_conf(sys: &Sys, key: &str) -> Vec<String> {
    let bytes = sys.read_file("/etc/resolv.conf").await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some(key) {
            found.extend(words.map(str::to_owned));
        }
    }
    found
}

/// The search list, joined by commas; then it rests.
pub(super) async fn suffix(sys: Sys, _: Flags) -> i32 {
    let all = resolv_conf(&sys, "search").await;
    sys.print(format!("{}\n", all.join(","))).await;
    await_end(&sys).await;
    0
}

/// The name servers, joined by commas; then it rests.
pub(super) async fn servers(sys: Sys, _: Flags) -> i32 {
    let all = resolv_conf(&sys, "nameserver").await;
    sys.print(format!("{}\n", all.join(","))).await;
    await_end(&sys).await;
    0
}

/// The content of /etc/hosts; then it rests.
pub(super) async fn hosts(sys: Sys, _: Flags) -> i32 {
    let bytes = sys.read_file("/etc/hosts").await.unwrap_or_default();
    sys.print(bytes).await;
    await_end(&sys).await;
    0
}

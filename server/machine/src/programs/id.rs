//! `id` and `whoami`: who runs this. Mirrors busybox `id -ugGn`.

use super::accounts::Accounts;
use super::options::{self, complain};
use crate::sys::Sys;

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "ugGnr",
        &[],
        "[-ugGnr] [USER]\n\nPrint information about USER or the current user",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let accounts = Accounts::load(&sys).await;
    let (mut uid, mut gid, mut groups) = (sys.uid(), sys.gid(), sys.groups());
    if let Some(name) = options.rest.first() {
        match accounts
            .find_user(name)
            .filter(|(uid, _)| accounts.known_user(*uid).is_some())
        {
            Some((user, group)) => (uid, gid, groups) = (user, group, vec![group]),
            None => {
                complain(&sys, &format!("unknown user {name}")).await;
                return 1;
            }
        }
    }
    if groups.is_empty() {
        groups.push(gid);
    }
    let user = |uid: u32| {
        if options.has('n') {
            accounts.user(uid)
        } else {
            uid.to_string()
        }
    };
    let group = |gid: u32| {
        if options.has('n') {
            accounts.group(gid)
        } else {
            gid.to_string()
        }
    };
    let text = if options.has('u') {
        user(uid)
    } else if options.has('g') {
        group(gid)
    } else if options.has('G') {
        groups
            .iter()
            .map(|gid| group(*gid))
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        let named = |id: u32, name: Option<&str>| {
            name.map_or_else(|| id.to_string(), |name| format!("{id}({name})"))
        };
        let all: Vec<String> = groups
            .iter()
            .map(|gid| named(*gid, accounts.known_group(*gid)))
            .collect();
        let mut text = format!(
            "uid={} gid={}",
            named(uid, accounts.known_user(uid)),
            named(gid, accounts.known_group(gid))
        );
        if groups != [gid] || accounts.known_group(gid).is_some() {
            text.push_str(&format!(" groups={}", all.join(",")));
        }
        text
    };
    sys.print(format!("{text}\n")).await;
    0
}

/// `whoami`
pub async fn whoami(sys: Sys) -> i32 {
    let accounts = Accounts::load(&sys).await;
    match accounts.known_user(sys.uid()) {
        Some(name) => {
            sys.print(format!("{name}\n")).await;
            0
        }
        None => {
            complain(&sys, &format!("unknown uid {}", sys.uid())).await;
            1
        }
    }
}

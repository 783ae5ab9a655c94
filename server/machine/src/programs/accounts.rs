//! Names of users and groups, from /etc/passwd and /etc/group.
//!
//! Not a program. Mirrors passwd(5) and group(5).

use crate::sys::Sys;

/// What the two files say.
#[derive(Debug, Default)]
pub struct Accounts {
    users: Vec<(String, u32, u32, String)>,
    groups: Vec<(String, u32, Vec<String>)>,
}

impl Accounts {
    /// Reads the files; a missing one is empty.
    pub async fn load(sys: &Sys) -> Accounts {
        let passwd = sys.read_file("/etc/passwd").await.unwrap_or_default();
        let group = sys.read_file("/etc/group").await.unwrap_or_default();
        let mut accounts = Accounts::default();
        for line in String::from_utf8_lossy(&passwd).lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [name, _, uid, gid, _, home, ..] = fields.as_slice()
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                accounts
                    .users
                    .push(((*name).to_owned(), uid, gid, (*home).to_owned()));
            }
        }
        for line in String::from_utf8_lossy(&group).lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [name, _, gid, members, ..] = fields.as_slice()
                && let Ok(gid) = gid.parse()
            {
                let members = members
                    .split(',')
                    .filter(|member| !member.is_empty())
                    .map(str::to_owned)
                    .collect();
                accounts.groups.push(((*name).to_owned(), gid, members));
            }
        }
        accounts
    }

    /// A user's name, or the number.
    #[must_use]
    pub fn user(&self, uid: u32) -> String {
        self.known_user(uid)
            .map_or_else(|| uid.to_string(), str::to_owned)
    }

    /// A user's name, if it has one.
    #[must_use]
    pub fn known_user(&self, uid: u32) -> Option<&str> {
        self.users
            .iter()
            .find(|user| user.1 == uid)
            .map(|user| user.0.as_str())
    }

    /// A group's name, or the number.
    #[must_use]
    pub fn group(&self, gid: u32) -> String {
        self.known_group(gid)
            .map_or_else(|| gid.to_string(), str::to_owned)
    }

    /// A group's name, if it has one.
    #[must_use]
    pub fn known_group(&self, gid: u32) -> Option<&str> {
        self.groups
            .iter()
            .find(|group| group.1 == gid)
            .map(|group| group.0.as_str())
    }

    /// A user's uid and gid by name or number.
    #[must_use]
    pub fn find_user(&self, name: &str) -> Option<(u32, u32)> {
        let by_name = self
            .users
            .iter()
            .find(|user| user.0 == name)
            .map(|user| (user.1, user.2));
        by_name.or_else(|| name.parse().ok().map(|uid| (uid, 0)))
    }

    /// A group's gid by name or number.
    #[must_use]
    pub fn find_group(&self, name: &str) -> Option<u32> {
        let by_name = self
            .groups
            .iter()
            .find(|group| group.0 == name)
            .map(|group| group.1);
        by_name.or_else(|| name.parse().ok())
    }
}

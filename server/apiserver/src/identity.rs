//! Who asks. Authentication is done before the router; here its result is taken over, and impersonation applied.

use http::request::Parts;
use objects::{Status, UserInfo};

/// Where a request's user comes from.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Everyone is this user.
    Fixed(UserInfo),
    /// A layer in front of the router put a [`UserInfo`] into the request's extensions; without one the request is refused.
    Extension,
}

impl Identity {
    /// The user of a request. Errors: 401.
    pub fn of(&self, parts: &Parts) -> Result<UserInfo, Status> {
        let user = match self {
            Identity::Fixed(user) => user.clone(),
            Identity::Extension => parts
                .extensions
                .get::<UserInfo>()
                .cloned()
                .ok_or_else(Status::unauthorized)?,
        };
        Ok(impersonated(parts).unwrap_or(user))
    }
}

/// The user of the `Impersonate-*` headers. Whoever may use this API may impersonate: there is one administrator.
fn impersonated(parts: &Parts) -> Option<UserInfo> {
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_string)
    };
    let mut user = UserInfo {
        name: text("impersonate-user")?,
        ..UserInfo::default()
    };
    user.uid = text("impersonate-uid").unwrap_or_default();
    let groups = parts.headers.get_all("impersonate-group");
    user.groups = groups
        .iter()
        .filter_map(|v| v.to_str().ok())
        .map(str::to_string)
        .collect();
    if user.groups.is_empty() {
        user.groups.push("system:authenticated".into());
    }
    for (name, value) in &parts.headers {
        if let Some(key) = name.as_str().strip_prefix("impersonate-extra-")
            && let Ok(value) = value.to_str()
        {
            user.extra
                .entry(key.to_string())
                .or_default()
                .push(value.to_string());
        }
    }
    Some(user)
}

//! Text with variables: `"$remote_addr - [$time_local]"`.

/// Parts of a text, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Variable(String),
}

/// A text whose variables get their values with each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Vec<Part>);

/// Variables with a name of their own; beside them `$1` to `$9`, `$arg_…`, `$http_…`, `$sent_http_…`, `$cookie_…` and what `set` made.
const NAMES: &[&str] = &[
    "args",
    "body_bytes_sent",
    "bytes_sent",
    "connection",
    "connection_requests",
    "content_length",
    "content_type",
    "document_root",
    "document_uri",
    "host",
    "hostname",
    "is_args",
    "msec",
    "nginx_version",
    "pid",
    "proxy_add_x_forwarded_for",
    "proxy_host",
    "query_string",
    "remote_addr",
    "remote_port",
    "remote_user",
    "request",
    "request_filename",
    "request_length",
    "request_method",
    "request_time",
    "request_uri",
    "scheme",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "status",
    "time_iso8601",
    "time_local",
    "upstream_addr",
    "upstream_response_time",
    "upstream_status",
    "uri",
];
const PREFIXES: &[&str] = &["arg_", "cookie_", "http_", "sent_http_"];

/// Whether nginx has such a variable without `set`.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || (name.len() == 1 && name.as_bytes()[0].is_ascii_digit())
}

impl Text {
    /// Errors: `invalid variable name`.
    pub fn parse(source: &str) -> Result<Text, String> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(at) = rest.find('$') {
            if at > 0 {
                parts.push(Part::Plain(rest[..at].into()));
            }
            rest = &rest[at + 1..];
            let (braced, body) = match rest.strip_prefix('{') {
                Some(body) => (true, body),
                None => (false, rest),
            };
            let digit = body.starts_with(|c: char| c.is_ascii_digit());
            let end = match digit {
                true => 1,
                false => body
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(body.len()),
            };
            if end == 0 {
                return Err("invalid variable name".into());
            }
            parts.push(Part::Variable(body[..end].to_ascii_lowercase()));
            rest = &body[end..];
            if braced {
                rest = rest
                    .strip_prefix('}')
                    .ok_or("the closing bracket in a variable is missing")?;
            }
        }
        if !rest.is_empty() {
            parts.push(Part::Plain(rest.into()));
        }
        Ok(Text(parts))
    }

    /// The names that are used.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Plain(_) => None,
        })
    }

    pub fn has_variables(&self) -> bool {
        self.variables().next().is_some()
    }

    /// The text with the values of its variables. It ends where there is no value to be had any more (`None`).
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Plain(text) => out.push_str(text),
                Part::Variable(name) => match value(name) {
                    Some(value) => out.push_str(&value),
                    None => break,
                },
            }
        }
        out
    }
}

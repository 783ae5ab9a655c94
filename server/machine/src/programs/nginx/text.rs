//! Text with variables: `"$remote_addr - [$time_local]"`.

use std::borrow::Cow;

/// Bytes that a part of a text mostly has at most.
const USUAL: usize = 16;

/// Parts of a text, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Variable(Variable),
}

/// A text whose variables get their values with each request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Vec<Part>);

/// A variable, looked up when the configuration is read, that a request need not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub name: String,
    pub means: Means,
}

/// Where the value of a variable comes from, unless `set` gave it one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Means {
    Known(Known),
    /// `$1`: what an expression has captured.
    Capture(usize),
    /// `$arg_…`
    Argument(String),
    /// `$cookie_…`
    Cookie(String),
    /// `$http_…`, as the header is spelt.
    Header(String),
    /// It has no value but that of `set`.
    Nothing,
}

/// Variables with a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Args,
    BodyBytesSent,
    Connection,
    ConnectionRequests,
    ContentLength,
    ContentType,
    DocumentRoot,
    Host,
    Hostname,
    IsArgs,
    Msec,
    NginxVersion,
    Pid,
    ProxyAddXForwardedFor,
    ProxyHost,
    RemoteAddr,
    RemotePort,
    RemoteUser,
    Request,
    RequestFilename,
    RequestLength,
    RequestMethod,
    RequestTime,
    RequestUri,
    Scheme,
    ServerAddr,
    ServerName,
    ServerPort,
    ServerProtocol,
    Status,
    TimeIso8601,
    TimeLocal,
    UpstreamAddr,
    UpstreamResponseTime,
    UpstreamStatus,
    Uri,
}

/// Beside them there are `$1` to `$9`, `$arg_…`, `$http_…`, `$sent_http_…`, `$cookie_…` and what `set` made.
const NAMES: &[(&str, Known)] = &[
    ("args", Known::Args),
    ("body_bytes_sent", Known::BodyBytesSent),
    ("bytes_sent", Known::BodyBytesSent),
    ("connection", Known::Connection),
    ("connection_requests", Known::ConnectionRequests),
    ("content_length", Known::ContentLength),
    ("content_type", Known::ContentType),
    ("document_root", Known::DocumentRoot),
    ("document_uri", Known::Uri),
    ("host", Known::Host),
    ("hostname", Known::Hostname),
    ("is_args", Known::IsArgs),
    ("msec", Known::Msec),
    ("nginx_version", Known::NginxVersion),
    ("pid", Known::Pid),
    ("proxy_add_x_forwarded_for", Known::ProxyAddXForwardedFor),
    ("proxy_host", Known::ProxyHost),
    ("query_string", Known::Args),
    ("remote_addr", Known::RemoteAddr),
    ("remote_port", Known::RemotePort),
    ("remote_user", Known::RemoteUser),
    ("request", Known::Request),
    ("request_filename", Known::RequestFilename),
    ("request_length", Known::RequestLength),
    ("request_method", Known::RequestMethod),
    ("request_time", Known::RequestTime),
    ("request_uri", Known::RequestUri),
    ("scheme", Known::Scheme),
    ("server_addr", Known::ServerAddr),
    ("server_name", Known::ServerName),
    ("server_port", Known::ServerPort),
    ("server_protocol", Known::ServerProtocol),
    ("status", Known::Status),
    ("time_iso8601", Known::TimeIso8601),
    ("time_local", Known::TimeLocal),
    ("upstream_addr", Known::UpstreamAddr),
    ("upstream_response_time", Known::UpstreamResponseTime),
    ("upstream_status", Known::UpstreamStatus),
    ("uri", Known::Uri),
];

impl Means {
    fn of(name: &str) -> Means {
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Means::Known(*name);
        }
        if let Ok(number) = name.parse() {
            return Means::Capture(number);
        }
        match name.split_once('_') {
            Some(("arg", rest)) => Means::Argument(rest.into()),
            Some(("cookie", rest)) => Means::Cookie(rest.into()),
            Some(("http", rest)) if !rest.is_empty() => Means::Header(rest.replace('_', "-")),
            _ => Means::Nothing,
        }
    }
}

/// Whether nginx has such a variable without `set`.
pub(super) fn is_known(name: &str) -> bool {
    Means::of(name) != Means::Nothing || name.starts_with("http_") || name.starts_with("sent_http_")
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
            let name = body[..end].to_ascii_lowercase();
            let means = Means::of(&name);
            parts.push(Part::Variable(Variable { name, means }));
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
            Part::Variable(variable) => Some(variable.name.as_str()),
            Part::Plain(_) => None,
        })
    }

    pub fn has_variables(&self) -> bool {
        self.variables().next().is_some()
    }

    /// The text with the values of its variables. It ends where there is no value to be had any more (`None`). Most texts have no
    /// variables, and are given as they stand.
    pub fn fill<'a>(
        &'a self,
        value: impl Fn(&'a Variable) -> Option<Cow<'a, str>>,
    ) -> Cow<'a, str> {
        if let [Part::Plain(text)] = self.0.as_slice() {
            return text.into();
        }
        let mut out = String::with_capacity(USUAL * self.0.len());
        for part in &self.0 {
            match part {
                Part::Plain(text) => out.push_str(text),
                Part::Variable(variable) => match value(variable) {
                    Some(value) => out.push_str(&value),
                    None => break,
                },
            }
        }
        out.into()
    }
}

//! Settings of `podschool serve`: flags first, then `PODSCHOOL_*`, then one TOML file. Each setting stands once in the table below.
//!
//! | setting (flag, TOML key) | environment | default |
//! | --- | --- | --- |
//! | `listen` | `PODSCHOOL_LISTEN` | `127.0.0.1:8080` |
//! | `public-url` | `PODSCHOOL_PUBLIC_URL` | `http://127.0.0.1:PORT/` (and its loopback twins) |
//! | `preview-domain` | `PODSCHOOL_PREVIEW_DOMAIN` | `localhost` on loopback, else none: previews by path |
//! | `data` | `PODSCHOOL_DATA` | `podschool` in the user's data folder; `none` keeps nothing |
//! | `tls-cert`, `tls-key` | `PODSCHOOL_TLS_CERT`, `PODSCHOOL_TLS_KEY` | none: plain http |
//! | `k8s-listen` | `PODSCHOOL_K8S_LISTEN` | a free port, where `listen` is on loopback, else `none`: learners' own kubectl finds no way in |
//! | `kubeconfig` | `PODSCHOOL_KUBECONFIG` | none: only simulated clusters |
//! | `context` | `PODSCHOOL_CONTEXT` | the kubeconfig's current one |
//! | `kind` (a flag) | `PODSCHOOL_KIND` | off; on: the context `kind-kind` of the usual kubeconfig |
//! | `lessons` | `PODSCHOOL_LESSONS` | those built into the program |
//! | `max-sessions` | `PODSCHOOL_MAX_SESSIONS` | 2000 |
//! | `max-connections` | `PODSCHOOL_MAX_CONNECTIONS` | 8192 |
//! | `idle-minutes` | `PODSCHOOL_IDLE_MINUTES` | 120: a session nobody is connected to ends |
//! | `embed-minutes` | `PODSCHOOL_EMBED_MINUTES` | 15: a lesson within a page of others ends after that; 0: none may be embedded |
//! | `open` (a flag) | | off; on: opens the browser |
//! | `config` | `PODSCHOOL_CONFIG` | none; names the TOML file |

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// A setting that cannot be used: one sentence that names it and the mend.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Wrong(pub String);

/// The flags of `podschool serve`, and the keys of the TOML file.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "PODSCHOOL_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// Where browsers reach this server, with the path it is served under
    #[arg(long, env = "PODSCHOOL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Domain whose subdomains show previews of forwarded ports
    #[arg(long, env = "PODSCHOOL_PREVIEW_DOMAIN", value_name = "DOMAIN")]
    pub preview_domain: Option<String>,
    /// Folder for progress and sessions; `none` keeps nothing
    #[arg(long, env = "PODSCHOOL_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Certificate chain in PEM
    #[arg(
        long,
        env = "PODSCHOOL_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(
        long,
        env = "PODSCHOOL_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Address and port for learners' own kubectl, by TLS; `none` lets none in [default on loopback: a free port]
    #[arg(long, env = "PODSCHOOL_K8S_LISTEN", value_name = "ADDR")]
    pub k8s_listen: Option<String>,
    /// Also run sessions on the cluster of this kubeconfig, a namespace each
    #[arg(long, env = "PODSCHOOL_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, env = "PODSCHOOL_CONTEXT", value_name = "NAME")]
    pub context: Option<String>,
    /// Use the kind cluster of this computer (context `kind-kind`)
    #[arg(long, env = "PODSCHOOL_KIND")]
    pub kind: bool,
    /// Read lessons from this folder instead of the built-in ones
    #[arg(long, env = "PODSCHOOL_LESSONS", value_name = "DIR")]
    pub lessons: Option<PathBuf>,
    /// Most sessions at once [default: 2000]
    #[arg(long, env = "PODSCHOOL_MAX_SESSIONS", value_name = "N")]
    pub max_sessions: Option<usize>,
    /// Most connections at once [default: 8192]
    #[arg(long, env = "PODSCHOOL_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Minutes after which a session that nobody is connected to ends [default: 120]
    #[arg(long, env = "PODSCHOOL_IDLE_MINUTES", value_name = "N")]
    pub idle_minutes: Option<u64>,
    /// Minutes that a lesson lasts within a page of others; 0: none may be embedded [default: 15]
    #[arg(long, env = "PODSCHOOL_EMBED_MINUTES", value_name = "N")]
    pub embed_minutes: Option<u64>,
    /// Open the page in the browser
    #[arg(long)]
    #[serde(skip)]
    pub open: bool,
    /// TOML file with the same settings
    #[arg(long, env = "PODSCHOOL_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

/// Settings, complete and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    /// As set; what follows from it, once the port is known, is [`crate::http::Site`].
    pub public_url: Option<Url>,
    pub preview_domain: Option<String>,
    /// `None` keeps nothing beyond the process.
    pub data: Option<PathBuf>,
    pub tls: Option<(PathBuf, PathBuf)>,
    /// `None`: learners' own kubectl finds no way in.
    pub k8s_listen: Option<SocketAddr>,
    pub real: Option<RealCluster>,
    pub lessons: Option<PathBuf>,
    pub max_sessions: usize,
    pub max_connections: usize,
    pub idle_minutes: u64,
    /// 0: no lesson may be embedded.
    pub embed_minutes: u64,
    pub open: bool,
}

/// Where the real cluster is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealCluster {
    /// `None`: `$KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
}

impl ServeArgs {
    /// Reads the TOML file, fills the gaps, checks everything.
    pub fn settle(self) -> Result<Settings, Wrong> {
        let file = match &self.config {
            None => ServeArgs::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| {
                    Wrong(format!("config: {} cannot be read: {e}", path.display()))
                })?;
                toml::from_str(&text).map_err(|e| {
                    Wrong(format!(
                        "config: {} is wrong: {}",
                        path.display(),
                        e.message()
                    ))
                })?
            }
        };
        self.over(file).check()
    }

    /// Own settings where set, else those of `file`.
    fn over(self, file: ServeArgs) -> ServeArgs {
        ServeArgs {
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            preview_domain: self.preview_domain.or(file.preview_domain),
            data: self.data.or(file.data),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            k8s_listen: self.k8s_listen.or(file.k8s_listen),
            kubeconfig: self.kubeconfig.or(file.kubeconfig),
            context: self.context.or(file.context),
            kind: self.kind || file.kind,
            lessons: self.lessons.or(file.lessons),
            max_sessions: self.max_sessions.or(file.max_sessions),
            max_connections: self.max_connections.or(file.max_connections),
            idle_minutes: self.idle_minutes.or(file.idle_minutes),
            embed_minutes: self.embed_minutes.or(file.embed_minutes),
            open: self.open,
            config: self.config,
        }
    }

    fn check(self) -> Result<Settings, Wrong> {
        let listen = address(
            "listen",
            self.listen.as_deref().unwrap_or("127.0.0.1:8080"),
            "127.0.0.1:8080",
        )?;
        let public_url = self.public_url.as_deref().map(check_url).transpose()?;
        if public_url.is_none() && !listen.ip().is_loopback() {
            return Err(Wrong(format!(
                "public-url: listening on {listen} needs the address that browsers use, such as --public-url http://classroom.example:{}/",
                listen.port()
            )));
        }
        let preview_domain = match self.preview_domain {
            Some(domain) => Some(check_domain(domain)?),
            None => is_loopback(public_url.as_ref(), &listen).then(|| "localhost".to_owned()),
        };
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Wrong("tls-cert: give tls-cert and tls-key together".into())),
        };
        Ok(Settings {
            listen,
            public_url,
            preview_domain,
            data: data_folder(self.data),
            tls,
            k8s_listen: match self.k8s_listen.as_deref() {
                Some("none") => None,
                Some(set) => Some(address("k8s-listen", set, "127.0.0.1:6443")?),
                None => listen
                    .ip()
                    .is_loopback()
                    .then(|| SocketAddr::new(listen.ip(), 0)),
            },
            real: real_cluster(self.kubeconfig, self.context, self.kind)?,
            lessons: self.lessons,
            max_sessions: at_least_one("max-sessions", self.max_sessions, 2000)?,
            max_connections: at_least_one("max-connections", self.max_connections, 8192)?,
            idle_minutes: at_least_one("idle-minutes", self.idle_minutes.map(|n| n as usize), 120)?
                as u64,
            embed_minutes: self.embed_minutes.unwrap_or(15),
            open: self.open,
        })
    }
}

fn address(name: &str, set: &str, example: &str) -> Result<SocketAddr, Wrong> {
    set.parse().map_err(|_| {
        Wrong(format!(
            "{name}: `{set}` is not an address and a port, such as {example}"
        ))
    })
}

fn check_url(text: &str) -> Result<Url, Wrong> {
    let wrong = |why: &str| {
        Wrong(format!(
            "public-url: `{text}` {why}; write it like https://learn.example.org/podschool/"
        ))
    };
    let mut url = Url::parse(text).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("is not an http or https URL"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong("has more than a host, a port and a path"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn check_domain(domain: String) -> Result<String, Wrong> {
    let fine = domain.split('.').all(|label| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    });
    if fine {
        return Ok(domain);
    }
    Err(Wrong(format!(
        "preview-domain: `{domain}` is not a domain name in lower case, such as preview.example.net"
    )))
}

fn is_loopback(url: Option<&Url>, listen: &SocketAddr) -> bool {
    match url.map(Url::host) {
        Some(Some(url::Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Some(Some(url::Host::Ipv4(ip))) => ip.is_loopback(),
        Some(Some(url::Host::Ipv6(ip))) => ip.is_loopback(),
        _ => listen.ip().is_loopback(),
    }
}

fn at_least_one(name: &str, value: Option<usize>, default: usize) -> Result<usize, Wrong> {
    match value.unwrap_or(default) {
        0 => Err(Wrong(format!("{name}: 0 lets nobody in; give 1 or more"))),
        n => Ok(n),
    }
}

fn real_cluster(
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    kind: bool,
) -> Result<Option<RealCluster>, Wrong> {
    if let Some(path) = &kubeconfig
        && !path.is_file()
    {
        return Err(Wrong(format!(
            "kubeconfig: there is no file {}",
            path.display()
        )));
    }
    Ok(match (kubeconfig, context, kind) {
        (None, None, false) => None,
        (None, Some(_), false) => {
            return Err(Wrong(
                "context: it chooses within a kubeconfig; give --kubeconfig FILE too".into(),
            ));
        }
        (kubeconfig, context, true) => Some(RealCluster {
            kubeconfig,
            context: context.or(Some("kind-kind".into())),
        }),
        (kubeconfig, context, false) => Some(RealCluster {
            kubeconfig,
            context,
        }),
    })
}

/// The folder for data: as set, `none`, or the user's data folder by the XDG rules.
fn data_folder(set: Option<PathBuf>) -> Option<PathBuf> {
    match set {
        Some(path) if path.as_os_str() == "none" => None,
        Some(path) => Some(path),
        None => {
            let folder = |name: &str| {
                std::env::var_os(name)
                    .filter(|v| !v.is_empty())
                    .map(PathBuf::from)
            };
            folder("XDG_DATA_HOME")
                .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
                .map(|share| share.join("podschool"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: ServeArgs, expect: &str) {
        let said = match args.check() {
            Ok(settings) => format!(
                "{} {:?} {:?}",
                settings.listen,
                settings.public_url.map(String::from),
                settings.preview_domain
            ),
            Err(wrong) => wrong.to_string(),
        };
        assert_eq!(said, expect);
    }

    #[test]
    fn loopback_needs_nothing() {
        check(
            ServeArgs::default(),
            r#"127.0.0.1:8080 None Some("localhost")"#,
        );
    }

    #[test]
    fn the_public_url_decides() {
        let args = ServeArgs {
            listen: Some("0.0.0.0:80".into()),
            public_url: Some("https://learn.example.org/podschool".into()),
            ..ServeArgs::default()
        };
        check(
            args,
            r#"0.0.0.0:80 Some("https://learn.example.org/podschool/") None"#,
        );
    }

    #[test]
    fn a_wrong_setting_is_one_sentence() {
        let listen = |text: &str| ServeArgs {
            listen: Some(text.into()),
            ..ServeArgs::default()
        };
        check(
            listen("8080"),
            "listen: `8080` is not an address and a port, such as 127.0.0.1:8080",
        );
        check(
            listen("0.0.0.0:80"),
            "public-url: listening on 0.0.0.0:80 needs the address that browsers use, such as --public-url http://classroom.example:80/",
        );
        let none = ServeArgs {
            max_sessions: Some(0),
            ..ServeArgs::default()
        };
        check(none, "max-sessions: 0 lets nobody in; give 1 or more");
        let context = ServeArgs {
            context: Some("kind-a".into()),
            ..ServeArgs::default()
        };
        check(
            context,
            "context: it chooses within a kubeconfig; give --kubeconfig FILE too",
        );
    }

    #[test]
    fn flags_come_before_the_file() {
        let file: ServeArgs =
            toml::from_str("listen = '127.0.0.1:1'\nmax-sessions = 5").expect("the file reads");
        let args = ServeArgs {
            listen: Some("127.0.0.1:2".into()),
            ..ServeArgs::default()
        }
        .over(file);
        assert_eq!(
            (args.listen.as_deref(), args.max_sessions),
            (Some("127.0.0.1:2"), Some(5))
        );
        assert!(toml::from_str::<ServeArgs>("lisen = 'x'").is_err());
    }
}

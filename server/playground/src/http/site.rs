//! Where this server is reached: its origins, its base path, its preview names. Everything that links or checks an origin asks here.

use std::net::SocketAddr;

use url::Url;

use crate::settings::Settings;

/// The server's place in the world, once its port is known.
#[derive(Debug, Clone)]
pub struct Site {
    /// The address to give to people, with a slash at its end.
    pub url: Url,
    /// The origins whose pages may open sockets and post: exactly these.
    pub origins: Vec<String>,
    /// The `Host` values that are served.
    hosts: Vec<String>,
    /// Path of everything, with a slash at its end.
    pub base: String,
    /// Host suffix of previews with its port, as in `localhost:8080`; `None`: previews by path.
    preview: Option<String>,
    /// Cookies may be `Secure` and carry the `__Host-` prefix.
    pub secure: bool,
}

impl Site {
    /// `bound` is the address really listened on.
    pub fn new(settings: &Settings, bound: SocketAddr) -> Site {
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let port = bound.port();
        let mut urls = Vec::new();
        match &settings.public_url {
            Some(url) => urls.push(url.clone()),
            None => {
                for host in [
                    bound.ip().to_string().as_str(),
                    "127.0.0.1",
                    "localhost",
                    "[::1]",
                ] {
                    let host = if host.contains("::") && !host.starts_with('[') {
                        format!("[{host}]")
                    } else {
                        host.to_owned()
                    };
                    if let Ok(url) = Url::parse(&format!("{scheme}://{host}:{port}/"))
                        && !urls.contains(&url)
                    {
                        urls.push(url);
                    }
                }
            }
        }
        let url = urls[0].clone();
        let preview = settings
            .preview_domain
            .as_ref()
            .map(|domain| match url.port() {
                Some(port) => format!("{domain}:{port}"),
                None => domain.clone(),
            });
        Site {
            origins: urls
                .iter()
                .map(|url| url.origin().ascii_serialization())
                .collect(),
            hosts: urls.iter().map(authority).collect(),
            base: url.path().to_owned(),
            secure: url.scheme() == "https" || settings.public_url.is_none() || loopback_name(&url),
            preview,
            url,
        }
    }

    /// Whether requests with this `Host` are for the pages and the API.
    pub fn serves(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }

    /// The label of a preview's `Host`, if it is one.
    pub fn preview_label<'h>(&self, host: &'h str) -> Option<&'h str> {
        if self.serves(host) {
            // On a computer of one's own pages may have a name beside those of previews.
            return None;
        }
        let label = host
            .strip_suffix(self.preview.as_deref()?)?
            .strip_suffix('.')?;
        (!label.is_empty() && !label.contains('.')).then_some(label)
    }

    /// The whole address of a preview's first page.
    pub fn preview_url(&self, label: &str) -> String {
        match &self.preview {
            Some(domain) => format!("{}://{label}.{domain}/", self.url.scheme()),
            None => format!("{}preview/{label}/", self.url),
        }
    }

    /// Sources for `frame-src`: where previews are framed from.
    pub fn frame_source(&self) -> String {
        match &self.preview {
            Some(domain) => format!("{}://*.{domain}", self.url.scheme()),
            None => "'self'".to_owned(),
        }
    }

    /// Name of the cookie that carries the learner's token.
    pub fn cookie_name(&self) -> &'static str {
        if self.secure {
            "__Host-podschool"
        } else {
            "podschool"
        }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn loopback_name(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServeArgs;

    fn site(public_url: Option<&str>) -> Site {
        let args = ServeArgs {
            public_url: public_url.map(Into::into),
            data: Some("none".into()),
            ..ServeArgs::default()
        };
        Site::new(
            &args.settle().expect("settings"),
            "127.0.0.1:8080".parse().expect("address"),
        )
    }

    #[test]
    fn loopback_has_its_twins() {
        let site = site(None);
        assert_eq!(
            site.origins,
            [
                "http://127.0.0.1:8080",
                "http://localhost:8080",
                "http://[::1]:8080"
            ]
        );
        assert!(
            site.serves("localhost:8080")
                && !site.serves("localhost")
                && !site.serves("evil.example:8080")
        );
        assert_eq!(site.preview_label("abc.localhost:8080"), Some("abc"));
        assert_eq!(site.preview_label("a.b.localhost:8080"), None);
        assert_eq!(site.preview_label("xlocalhost:8080"), None);
        assert_eq!(site.cookie_name(), "__Host-podschool");
    }

    #[test]
    fn pages_beside_previews_stay_pages() {
        let site = site(Some("http://school.localhost:8080"));
        assert_eq!(site.preview_label("school.localhost:8080"), None);
        assert_eq!(site.preview_label("abc.localhost:8080"), Some("abc"));
    }

    #[test]
    fn a_classroom_has_one_origin() {
        let site = site(Some("http://school.example/pods"));
        assert_eq!(
            (site.base.as_str(), site.origins.as_slice()),
            ("/pods/", &["http://school.example".to_owned()][..])
        );
        assert_eq!(site.cookie_name(), "podschool");
        assert_eq!(
            site.preview_url("abc"),
            "http://school.example/pods/preview/abc/"
        );
    }
}

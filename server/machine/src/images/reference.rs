//! Image references: `nginx`, `nginx:1.27`, `gcr.io/a/b@sha256:…`, and their normal form
//! (distribution reference grammar).

use core::fmt;

/// A reference in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With registry, such as `docker.io/library/nginx`.
    pub repository: String,
    /// `latest` when none was given. Empty with a digest alone.
    pub tag: String,
    /// `sha256:…`, or empty.
    pub digest: String,
}

impl Reference {
    /// None: not a reference.
    #[must_use]
    pub fn parse(text: &str) -> Option<Reference> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, digest),
            None => (text, ""),
        };
        if !digest.is_empty() {
            let hex = digest.strip_prefix("sha256:")?;
            if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
        }
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match name[slash..].rfind(':') {
            Some(at) => (&name[..slash + at], &name[slash + at + 1..]),
            None => (name, if digest.is_empty() { "latest" } else { "" }),
        };
        let tag_fits = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if tag.len() > 128 || !tag.bytes().all(tag_fits) || (tag.is_empty() && digest.is_empty()) {
            return None;
        }
        let repository = normal(name)?;
        Some(Reference {
            repository,
            tag: tag.into(),
            digest: digest.into(),
        })
    }

    /// The registry's host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.repository.split('/').next().unwrap_or("")
    }

    /// The repository without the host.
    #[must_use]
    pub fn path(&self) -> &str {
        self.repository.split_once('/').map_or("", |(_, path)| path)
    }
}

fn normal(name: &str) -> Option<String> {
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("docker.io", name),
    };
    let fits = |part: &str| {
        let edges = part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric());
        edges
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    if path.is_empty() || !path.split('/').all(fits) {
        return None;
    }
    let host_fits = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b));
    if !host_fits {
        return None;
    }
    let host = if host == "index.docker.io" {
        "docker.io"
    } else {
        host
    };
    let library = host == "docker.io" && !path.contains('/');
    Some(if library {
        format!("{host}/library/{path}")
    } else {
        format!("{host}/{path}")
    })
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if !self.tag.is_empty() {
            write!(f, ":{}", self.tag)?;
        }
        if !self.digest.is_empty() {
            write!(f, "@{}", self.digest)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_form() {
        for (text, expect) in [
            ("nginx", Some("docker.io/library/nginx:latest")),
            ("nginx:1.27", Some("docker.io/library/nginx:1.27")),
            ("polinux/stress", Some("docker.io/polinux/stress:latest")),
            (
                "gcr.io/kuar-demo/kuard-amd64:blue",
                Some("gcr.io/kuar-demo/kuard-amd64:blue"),
            ),
            ("localhost:5000/x", Some("localhost:5000/x:latest")),
            ("Nginx", None),
            ("nginx:", None),
            ("", None),
            ("a b", None),
            ("nginx@sha256:12", None),
        ] {
            assert_eq!(
                Reference::parse(text).map(|r| r.to_string()).as_deref(),
                expect,
                "{text}"
            );
        }
    }
}

//! From a URL path to what it names in the API.

use objects::Resource;

/// What a path below `/api/VERSION` or `/apis/GROUP/VERSION` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiPath {
    pub group: String,
    pub version: String,
    pub namespace: String,
    /// Plural.
    pub resource: String,
    pub name: String,
    pub subresource: String,
    /// What follows the subresource (proxy), with its leading slash.
    pub rest: String,
    /// The old form `/api/v1/watch/…`.
    pub watch: bool,
}

/// Which document or object a path is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/api`, `/apis`.
    Groups {
        core: bool,
    },
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/VERSION`, `/apis/GROUP/VERSION`.
    Resources {
        group: String,
        version: String,
    },
    Api(ApiPath),
    /// Everything else.
    Other,
}

/// Reads a path; segments are percent-decoded.
pub fn parse(path: &str) -> Route {
    let decoded: Vec<String> = path.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let trimmed = match segments.as_slice() {
        [head @ .., ""] if head.len() > 1 && head.len() < 4 => head,
        all => all,
    };
    match trimmed {
        ["api"] => Route::Groups { core: true },
        ["apis"] | ["apis", ""] => Route::Groups { core: false },
        ["apis", group] => Route::Group((*group).into()),
        ["api", version] => Route::Resources {
            group: String::new(),
            version: (*version).into(),
        },
        ["apis", group, version] => Route::Resources {
            group: (*group).into(),
            version: (*version).into(),
        },
        ["api", version, rest @ ..] => Route::Api(below("", version, rest)),
        ["apis", group, version, rest @ ..] => Route::Api(below(group, version, rest)),
        _ => Route::Other,
    }
}

fn decode(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.into();
    }
    let bytes = segment.as_bytes();
    let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while i < bytes.len() {
        if bytes[i] == b'%'
            && let (Some(high), Some(low)) = (hex(i + 1), hex(i + 2))
        {
            out.push((high * 16 + low) as u8);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn below(group: &str, version: &str, mut rest: &[&str]) -> ApiPath {
    let mut path = ApiPath {
        group: group.into(),
        version: version.into(),
        namespace: String::new(),
        resource: String::new(),
        name: String::new(),
        subresource: String::new(),
        rest: String::new(),
        watch: false,
    };
    if let ["watch", tail @ ..] = rest
        && !tail.is_empty()
    {
        path.watch = true;
        rest = tail;
    }
    // A namespace's own subresources look like resources in it.
    if let ["namespaces", namespace, resource, tail @ ..] = rest
        && !(tail.is_empty() && matches!(*resource, "status" | "finalize"))
        && !resource.is_empty()
    {
        path.namespace = (*namespace).into();
        path.resource = (*resource).into();
        rest = tail;
    } else if let [resource, tail @ ..] = rest {
        path.resource = (*resource).into();
        rest = tail;
    }
    if let [name, tail @ ..] = rest {
        path.name = (*name).into();
        rest = tail;
    }
    if let [subresource, tail @ ..] = rest {
        path.subresource = (*subresource).into();
        rest = tail;
    }
    if !rest.is_empty() {
        path.rest = format!("/{}", rest.join("/"));
    }
    path
}

impl ApiPath {
    /// The resource, if the API has it and its scope fits the path.
    pub fn resolve(&self) -> Option<&'static Resource> {
        let resource = objects::by_path(&self.group, &self.version, &self.resource)?;
        let fits = match (resource.namespaced, self.namespace.is_empty()) {
            (true, true) => self.name.is_empty(),
            (false, false) => false,
            _ => true,
        };
        (fits && (self.rest.is_empty() || self.subresource == "proxy")).then_some(resource)
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, parse};

    fn parts(path: &str) -> [String; 6] {
        match parse(path) {
            Route::Api(p) => [
                p.group,
                p.namespace,
                p.resource,
                p.name,
                p.subresource,
                p.rest,
            ],
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn reads_paths() {
        assert_eq!(parts("/api/v1/pods"), ["", "", "pods", "", "", ""]);
        assert_eq!(
            parts("/api/v1/namespaces/a"),
            ["", "", "namespaces", "a", "", ""]
        );
        assert_eq!(
            parts("/api/v1/namespaces/a/status"),
            ["", "", "namespaces", "a", "status", ""]
        );
        assert_eq!(
            parts("/api/v1/namespaces/a/pods/p/log"),
            ["", "a", "pods", "p", "log", ""]
        );
        assert_eq!(
            parts("/api/v1/namespaces/a/pods/p/proxy/x/y"),
            ["", "a", "pods", "p", "proxy", "/x/y"]
        );
        assert_eq!(
            parts("/apis/apps/v1/namespaces/a/deployments"),
            ["apps", "a", "deployments", "", "", ""]
        );
        assert_eq!(
            parts("/api/v1/watch/namespaces/a/pods"),
            ["", "a", "pods", "", "", ""]
        );
        assert_eq!(
            parts("/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode")[3],
            "system:node"
        );
    }

    #[test]
    fn reads_documents() {
        assert_eq!(parse("/api"), Route::Groups { core: true });
        assert_eq!(parse("/apis/"), Route::Groups { core: false });
        assert_eq!(parse("/apis/apps"), Route::Group("apps".into()));
        assert_eq!(
            parse("/api/v1"),
            Route::Resources {
                group: String::new(),
                version: "v1".into()
            }
        );
        assert_eq!(parse("/nope"), Route::Other);
    }
}

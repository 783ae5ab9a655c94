//! One run of one command: its words and flags, its computer, and the connection to the cluster (made when first needed).
//!
//! Not here: what a verb does. Requests carry the headers and the paths that kubectl sends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::clients::{Clients, DiscoveryCache, Target};
use crate::computer::{Computer, Stdio};
use crate::discovery::{Discovery, Kind};
use crate::failure::{Failure, Outcome, fail};
use crate::flags::Flags;
use crate::kubeconfig::{self, Kubeconfig};

/// What kubectl accepts where it prints tables.
pub(crate) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
/// What it accepts elsewhere.
pub(crate) const JSON: &str = "application/json";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Query parameters of a request.
pub(crate) type Query = Vec<(&'static str, String)>;

/// One run of one command.
pub(crate) struct Run {
    pub computer: Arc<dyn Computer>,
    pub clients: Arc<dyn Clients>,
    pub flags: Flags,
    pub words: Vec<String>,
    pub dash: Option<usize>,
    /// `kubectl get`, for messages.
    pub command: String,
    link: OnceCell<Link>,
    discovery: OnceCell<Arc<Discovery>>,
    warned: Mutex<BTreeSet<String>>,
}

/// The connection to the cluster.
struct Link {
    client: kube::Client,
    target: Target,
    cache: DiscoveryCache,
}

impl Run {
    /// A run that has not spoken to anything yet.
    pub fn new(
        computer: Arc<dyn Computer>,
        clients: Arc<dyn Clients>,
        line: crate::flags::Line,
        command: String,
    ) -> Run {
        Run {
            computer,
            clients,
            flags: line.flags,
            words: line.words,
            dash: line.dash,
            command,
            link: OnceCell::new(),
            discovery: OnceCell::new(),
            warned: Mutex::default(),
        }
    }

    /// Writes to standard output. A closed reader ends the command.
    pub async fn out(&self, text: &str) -> Outcome {
        self.out_bytes(text.as_bytes()).await
    }

    /// Writes bytes to standard output.
    pub async fn out_bytes(&self, bytes: &[u8]) -> Outcome {
        if bytes.is_empty() {
            return Ok(());
        }
        self.computer
            .write(Stdio::Out, bytes)
            .await
            .map_err(|_| Failure::Exit(1))
    }

    /// Writes to standard error.
    pub async fn err(&self, text: &str) -> Outcome {
        if text.is_empty() {
            return Ok(());
        }
        self.computer
            .write(Stdio::Err, text.as_bytes())
            .await
            .map_err(|_| Failure::Exit(1))
    }

    /// Writes a warning to standard error in the form of kubectl's log (klog).
    pub async fn log(&self, warning: Option<&str>) -> Outcome {
        let Some(warning) = warning else {
            return Ok(());
        };
        let now = self.computer.now().strftime("%m%d %H:%M:%S.%6f");
        self.err(&format!("W{now}       1 helpers.go:703] {warning}\n"))
            .await
    }

    /// The kubeconfig files, merged.
    pub async fn kubeconfig(&self) -> Outcome<Kubeconfig> {
        kubeconfig::load(self.computer.as_ref(), &self.flags).await
    }

    async fn link(&self) -> Outcome<&Link> {
        self.link
            .get_or_try_init(|| async {
                let target = kubeconfig::target(&self.kubeconfig().await?, &self.flags)?;
                let client = self.clients.connect(&target).await.map_err(refusal)?;
                let cache = self.clients.discovery(&target);
                Ok(Link {
                    client,
                    target,
                    cache,
                })
            })
            .await
    }

    /// What the kubeconfig chose.
    pub async fn target(&self) -> Outcome<&Target> {
        Ok(&self.link().await?.target)
    }

    /// The kube client, for upgrades.
    pub async fn client(&self) -> Outcome<kube::Client> {
        Ok(self.link().await?.client.clone())
    }

    /// The namespace of the run.
    pub async fn namespace(&self) -> Outcome<String> {
        Ok(self.target().await?.namespace.clone())
    }

    /// The namespace of the run, or nothing with `-A`.
    pub async fn scope(&self) -> Outcome<String> {
        if self.flags.bool("all-namespaces") {
            Ok(String::new())
        } else {
            self.namespace().await
        }
    }

    /// What the cluster serves, from the cache where it is there.
    pub async fn discovery(&self) -> Outcome<Arc<Discovery>> {
        let found = self.discovery.get_or_try_init(|| async {
            let cache = &self.link().await?.cache;
            match cache.get() {
                Some(known) => Ok(known),
                None => self.discover().await,
            }
        });
        found.await.cloned()
    }

    async fn discover(&self) -> Outcome<Arc<Discovery>> {
        let mut found = Discovery::default();
        for root in ["/api", "/apis"] {
            let answer = self
                .ask(
                    Method::GET,
                    root,
                    vec![("timeout", "32s".into())],
                    None,
                    DISCOVERY,
                )
                .await?;
            found.add(&read(answer).await?);
        }
        let found = Arc::new(found);
        self.link().await?.cache.set(found.clone());
        Ok(found)
    }

    /// The resource that a word names; looks again when the cache may be stale.
    pub async fn kind(&self, word: &str) -> Outcome<Arc<Kind>> {
        if let Some(kind) = self.discovery().await?.named(word) {
            return Ok(kind);
        }
        match self.discover().await?.named(word) {
            Some(kind) => Ok(kind),
            None => Err(fail!(
                "the server doesn't have a resource type {:?}",
                word.split('.').next().unwrap_or(word)
            )),
        }
    }

    /// Pods, known even without a cluster (for `--dry-run=client`).
    pub async fn kind_or_pod(&self) -> Arc<Kind> {
        Arc::new(Kind {
            version: "v1".into(),
            plural: "pods".into(),
            singular: "pod".into(),
            kind: "Pod".into(),
            namespaced: true,
            ..Kind::default()
        })
    }

    /// One request; answers with any status below 400, prints warnings.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        query: Query,
        body: Option<(Vec<u8>, &str)>,
        accept: &str,
    ) -> Outcome<Response<Body>> {
        let link = self.link().await?;
        let uri = format!("{path}{}", encode(query));
        let mut request = Request::builder()
            .method(method.clone())
            .uri(&uri)
            .header(header::ACCEPT, accept)
            .header(
                header::USER_AGENT,
                "kubectl/v1.36.2 (linux/amd64) podschool",
            );
        if let Some((user, groups)) = &link.target.impersonate {
            request = request.header("Impersonate-User", user);
            for group in groups {
                request = request.header("Impersonate-Group", group);
            }
        }
        let body = match body {
            Some((bytes, kind)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                Body::from(bytes)
            }
            None => Body::empty(),
        };
        let request = request.body(body).map_err(|why| fail!("{why}"))?;
        let started = self.computer.now();
        let answer = link
            .client
            .send(request)
            .await
            .map_err(|why| unreachable_server(&why, &link.target.server))?;
        if self.flags.int("v") >= 6 {
            let took = (self.computer.now() - started)
                .total(jiff::Unit::Millisecond)
                .unwrap_or(0.0) as i64;
            let code = answer.status();
            let line = format!(
                "{method} {}{uri} {code} in {took} milliseconds\n",
                link.target.server
            );
            self.err(&line).await?;
        }
        let headers = answer.headers().clone();
        self.warn(&headers).await?;
        if answer.status().as_u16() >= 400 {
            Err(status(answer).await)
        } else {
            Ok(answer)
        }
    }

    async fn warn(&self, headers: &http::HeaderMap) -> Outcome {
        for value in headers.get_all(header::WARNING) {
            let Some((_, text)) = value.to_str().ok().and_then(|text| text.split_once('"')) else {
                continue;
            };
            let text = unquoted(text);
            let fresh = self
                .warned
                .lock()
                .is_ok_and(|mut all| all.insert(text.clone()));
            if fresh {
                self.err(&format!("Warning: {text}\n")).await?;
            }
        }
        Ok(())
    }

    /// GET of an object or a list.
    pub async fn get(&self, path: &str, query: Query) -> Outcome<Value> {
        read(self.ask(Method::GET, path, query, None, JSON).await?).await
    }

    /// GET as the server's table.
    pub async fn table(&self, path: &str, query: Query) -> Outcome<Value> {
        read(self.ask(Method::GET, path, query, None, TABLE).await?).await
    }

    /// A request with a JSON body (POST, PUT, DELETE).
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: Query,
        body: &Value,
    ) -> Outcome<Value> {
        let bytes = body.to_string().into_bytes();
        read(
            self.ask(method, path, query, Some((bytes, JSON)), JSON)
                .await?,
        )
        .await
    }

    /// PATCH; `kind` is `strategic-merge`, `merge`, `json` or `apply`.
    pub async fn patch(
        &self,
        path: &str,
        query: Query,
        kind: &str,
        body: &Value,
    ) -> Outcome<Value> {
        let content = match kind {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "apply" => "application/apply-patch+yaml",
            _ => "application/strategic-merge-patch+json",
        };
        let bytes = body.to_string().into_bytes();
        read(
            self.ask(Method::PATCH, path, query, Some((bytes, content)), JSON)
                .await?,
        )
        .await
    }

    /// GET whose body is read as it comes, line by line.
    pub async fn lines(&self, path: &str, query: Query, accept: &str) -> Outcome<Lines> {
        let answer = self.ask(Method::GET, path, query, None, accept).await?;
        Ok(Lines {
            body: answer.into_body(),
            kept: Vec::new(),
        })
    }

    /// All objects of a list, pages put together, each with its `apiVersion` and `kind`.
    pub async fn list(&self, kind: &Kind, namespace: &str, query: Query) -> Outcome<Vec<Value>> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let mut query = query.clone();
            query.push(("limit", "500".into()));
            if !next.is_empty() {
                query.push(("continue", next.clone()));
            }
            let page = self.get(&kind.path(namespace, ""), query.clone()).await;
            let mut page = page.map_err(|failure| failure.listing(kind, &query))?;
            for mut item in page["items"]
                .as_array_mut()
                .map(std::mem::take)
                .unwrap_or_default()
            {
                typed(&mut item, kind);
                items.push(item);
            }
            next = page["metadata"]["continue"]
                .as_str()
                .unwrap_or("")
                .to_string();
            if next.is_empty() {
                return Ok(items);
            }
        }
    }
}

/// Gives an item of a list its `apiVersion` and `kind`.
pub(crate) fn typed(item: &mut Value, kind: &Kind) {
    if let Some(map) = item.as_object_mut() {
        map.insert("apiVersion".into(), kind.api_version().into());
        map.insert("kind".into(), kind.kind.clone().into());
    }
}

/// The body of an answer as JSON.
pub(crate) async fn read(answer: Response<Body>) -> Outcome<Value> {
    let bytes = bytes(answer).await?;
    serde_json::from_slice(&bytes).map_err(|_| fail!("{}", String::from_utf8_lossy(&bytes)))
}

/// The body of an answer.
pub(crate) async fn bytes(answer: Response<Body>) -> Outcome<Bytes> {
    Ok(answer
        .into_body()
        .collect()
        .await
        .map_err(|why| fail!("{why}"))?
        .to_bytes())
}

async fn status(answer: Response<Body>) -> Failure {
    let code = answer.status();
    let bytes = bytes(answer).await.unwrap_or_default();
    if let Ok(value) = serde_json::from_slice::<Value>(&bytes)
        && value["kind"] == "Status"
    {
        return Failure::Status(Box::new(value));
    }
    if code == 404 {
        return Failure::Status(Box::new(
            json!({"reason": "NotFound", "code": 404, "message": "the server could not find the requested resource"}),
        ));
    }
    let text = String::from_utf8_lossy(&bytes).trim().to_string();
    let text = if text.is_empty() {
        format!(
            "the server responded with the status code {}",
            code.as_u16()
        )
    } else {
        text
    };
    Failure::Status(Box::new(
        json!({"reason": "", "code": code.as_u16(), "message": text}),
    ))
}

fn refusal(text: String) -> Failure {
    if text.starts_with("The connection to the server") {
        Failure::Plain(text)
    } else {
        Failure::Text(text)
    }
}

/// What kubectl says of a failed connection.
pub(crate) fn unreachable_server(why: &kube::Error, server: &str) -> Failure {
    if let kube::Error::Api(status) = why {
        return Failure::Status(Box::new(serde_json::to_value(status).unwrap_or_default()));
    }
    let (mut text, mut cause) = (why.to_string(), std::error::Error::source(why));
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    let host = server
        .split("://")
        .last()
        .unwrap_or(server)
        .trim_end_matches('/')
        .to_string();
    if text.contains("refused") {
        return Failure::Plain(format!(
            "The connection to the server {host} was refused - did you specify the right host or port?"
        ));
    }
    Failure::Plain(format!("Unable to connect to the server: {text}"))
}

/// Encodes a query as Go's `url.Values` does: sorted by key, spaces as `+`.
pub(crate) fn encode(mut query: Query) -> String {
    query.sort_by_key(|(key, _)| *key);
    let mut text = String::new();
    for (key, value) in query {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    text.push(byte as char)
                }
                b' ' => text.push('+'),
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    text
}

/// An answer that is read as it comes.
pub(crate) struct Lines {
    body: Body,
    kept: Vec<u8>,
}

impl Lines {
    /// The next bytes, as they came; nothing at the end.
    pub async fn chunk(&mut self) -> Option<Bytes> {
        loop {
            match self.body.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(data);
                    }
                }
                Err(_) => return None,
            }
        }
    }

    /// The next whole line without its end.
    pub async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.kept.iter().position(|b| *b == b'\n') {
                let rest = self.kept.split_off(at + 1);
                let mut line = std::mem::replace(&mut self.kept, rest);
                line.pop();
                return Some(line);
            }
            match self.chunk().await {
                Some(data) => self.kept.extend_from_slice(&data),
                None if self.kept.is_empty() => return None,
                None => return Some(std::mem::take(&mut self.kept)),
            }
        }
    }

    /// The next event of a watch.
    pub async fn event(&mut self) -> Option<Value> {
        while let Some(line) = self.line().await {
            if let Ok(event) = serde_json::from_slice(&line) {
                return Some(event);
            }
        }
        None
    }
}

/// A quoted text of HTTP behind its first quotation mark: up to the last one, with what a backslash stands before as it is.
fn unquoted(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_unquoted_once() {
        let check = |header: &str, expect: &str| assert_eq!(unquoted(header), expect);
        check(r#"unknown field \"spec.x\"""#, r#"unknown field "spec.x""#);
        check(r#"a \\ b" "date""#, r"a \ b");
    }

    #[test]
    fn encodes_queries_as_go_does() {
        assert_eq!(
            encode(vec![
                ("limit", "500".into()),
                ("labelSelector", "app in (web,x)".into())
            ]),
            "?labelSelector=app+in+%28web%2Cx%29&limit=500"
        );
        assert_eq!(encode(Vec::new()), "");
    }
}

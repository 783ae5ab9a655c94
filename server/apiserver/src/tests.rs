//! The router in process: requests and answers as a client sees them.

use crate::{AuditEntry, Identity, Options, duplex, router_with};
use axum::Router;
use axum::body::Body;
use host::{ClockCommand, ClusterSpec, Shards, WorldSpec};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use objects::UserInfo;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

struct Api {
    router: Router,
    audit: Arc<Mutex<Vec<AuditEntry>>>,
}

impl Api {
    /// A cluster without nodes at a time that stands.
    async fn new() -> Api {
        let cluster = ClusterSpec {
            nodes: Vec::new(),
            ..ClusterSpec::default()
        };
        let start = Some(host::Time::from_seconds(1_700_000_000));
        let spec = WorldSpec {
            start,
            cluster: Some(cluster),
            ..WorldSpec::default()
        };
        let handle = Shards::new(1).create(spec).await.expect("a world");
        handle.clock(ClockCommand::Pause).await.expect("paused");
        let audit = Arc::new(Mutex::new(Vec::new()));
        let sink = audit.clone();
        let hook: crate::AuditHook = Arc::new(move |entry: &AuditEntry| {
            sink.lock().expect("no panic before").push(entry.clone());
        });
        let user = UserInfo {
            name: "admin".into(),
            ..UserInfo::default()
        };
        let options = Options {
            identity: Identity::Fixed(user),
            audit: Some(hook),
            metrics: true,
            wall_time: false,
        };
        Api {
            router: router_with(handle, options),
            audit,
        }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, http::HeaderMap, Vec<u8>) {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (parts.status, parts.headers, bytes.to_vec())
    }

    async fn get(&self, path: &str, accept: &str) -> (StatusCode, Value) {
        let request = Request::get(path)
            .header("accept", accept)
            .body(Body::empty())
            .expect("a request");
        let (status, _, bytes) = self.send(request).await;
        (
            status,
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))),
        )
    }

    async fn write(
        &self,
        method: &str,
        path: &str,
        media: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media);
        let (status, _, bytes) = self
            .send(request.body(body.to_string().into()).expect("a request"))
            .await;
        (
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

fn config_map(name: &str) -> String {
    json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, "data": {"a": "b"}})
        .to_string()
}

#[tokio::test]
async fn version_health_and_paths_that_lead_nowhere() {
    let api = Api::new().await;
    assert_eq!(api.get("/version", "").await.1["gitVersion"], "v1.36.2");
    assert_eq!(api.get("/readyz", "").await, (StatusCode::OK, json!("ok")));
    assert!(
        api.get("/livez?verbose", "")
            .await
            .1
            .as_str()
            .is_some_and(|t| t.ends_with("livez check passed\n"))
    );
    let (_, root) = api.get("/", "").await;
    for path in root["paths"].as_array().expect("paths") {
        let path = path.as_str().expect("text");
        assert_eq!(api.get(path, "").await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(
        api.get("/nope", "").await,
        (StatusCode::NOT_FOUND, json!("404 page not found\n"))
    );
    let (status, body) = api.get("/api/v1/namespaces/default/foos", "").await;
    assert_eq!(
        (status, &body["message"]),
        (
            StatusCode::NOT_FOUND,
            &json!("the server could not find the requested resource")
        )
    );
}

#[tokio::test]
async fn discovery_in_both_forms() {
    let api = Api::new().await;
    let accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let request = Request::get("/apis")
        .header("accept", accept)
        .body(Body::empty())
        .expect("a request");
    let (_, headers, body) = api.send(request).await;
    assert_eq!(
        headers["content-type"],
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    );
    let list: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(list["kind"], "APIGroupDiscoveryList");
    let (_, plain) = api.get("/apis/apps/v1", "application/json").await;
    assert_eq!(plain["resources"][0]["name"], "controllerrevisions");
}

#[tokio::test]
async fn openapi_says_what_kubectl_looks_for() {
    let api = Api::new().await;
    let (_, index) = api.get("/openapi/v3", "application/json").await;
    for (path, at) in index["paths"].as_object().expect("paths") {
        let url = at["serverRelativeURL"].as_str().expect("text");
        let (status, document) = api.get(url, "application/json").await;
        assert_eq!(
            (status, &document["openapi"]),
            (StatusCode::OK, &json!("3.0.0")),
            "{path}"
        );
    }
    let url = index["paths"]["api/v1"]["serverRelativeURL"]
        .as_str()
        .expect("a URL")
        .to_string();
    let (_, doc) = api.get(&url, "application/json").await;
    let patch = &doc["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Pod");
    assert!(
        patch["parameters"]
            .as_array()
            .is_some_and(|p| p.iter().any(|p| p["name"] == "fieldValidation"))
    );
    let spec = &doc["components"]["schemas"]["io.k8s.api.core.v1.PodSpec"];
    assert_eq!(
        spec["properties"]["containers"]["x-kubernetes-patch-merge-key"],
        "name"
    );
}

#[tokio::test]
async fn objects_are_written_and_read_in_every_form() {
    let api = Api::new().await;
    let (status, made) = api
        .write("POST", MAPS, "application/json", &config_map("one"))
        .await;
    assert_eq!(
        (status, &made["metadata"]["name"]),
        (StatusCode::CREATED, &json!("one"))
    );
    let (status, _) = api
        .write("POST", MAPS, "application/json", &config_map("one"))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let mut changed = made.clone();
    changed["data"]["c"] = json!("d");
    let (_, patched) = api
        .write(
            "PUT",
            &format!("{MAPS}/one"),
            "application/json",
            &changed.to_string(),
        )
        .await;
    assert_eq!(patched["data"], json!({"a": "b", "c": "d"}));
    let (_, table) = api.get(&format!("{MAPS}/one"), TABLE).await;
    assert_eq!(table["rows"][0]["cells"], json!(["one", 2, "0s"]));
    let (_, partial) = api
        .get(
            &format!("{MAPS}/one"),
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        )
        .await;
    assert_eq!(
        (&partial["kind"], partial.get("data")),
        (&json!("PartialObjectMetadata"), None)
    );
    let (_, list) = api.get(MAPS, "application/json").await;
    assert!(
        list["items"]
            .as_array()
            .is_some_and(|items| items.iter().all(|i| i.get("kind").is_none()))
    );
    let (status, _) = api
        .write("DELETE", &format!("{MAPS}/one"), "application/json", "")
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        api.get(&format!("{MAPS}/one"), "").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn refuses_what_is_too_large_or_unknown() {
    let api = Api::new().await;
    let large = "x".repeat(crate::body::LIMIT_BYTES + 1);
    assert_eq!(
        api.write("POST", MAPS, "application/json", &large).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let (status, body) = api
        .write("PATCH", &format!("{MAPS}/one"), "text/plain", "{}")
        .await;
    assert_eq!(
        (status, &body["reason"]),
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &json!("UnsupportedMediaType")
        )
    );
    assert_eq!(
        api.get(MAPS, "application/xml").await.0,
        StatusCode::NOT_ACCEPTABLE
    );
    assert_eq!(
        api.write("POST", &format!("{MAPS}/one"), "", "{}").await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused_in_the_words_of_the_api() {
    let api = Api::new().await;
    let check = async |query: &str, code: u16, message: &str| {
        let (status, body) = api
            .get(&format!("{MAPS}?{query}"), "application/json")
            .await;
        assert_eq!(
            (status.as_u16(), &body["message"]),
            (code, &json!(message)),
            "{query}"
        );
    };
    let no_number = "strconv.ParseInt: parsing \"x\": invalid syntax";
    for query in ["limit=x", "timeoutSeconds=x", "watch=1&timeoutSeconds=x"] {
        check(query, 400, no_number).await;
    }
    let none = "strconv.ParseInt: parsing \"\": invalid syntax";
    check("limit=", 400, none).await;
    let far = "strconv.ParseInt: parsing \"9223372036854775808\": value out of range";
    check("limit=9223372036854775808", 400, far).await;
    let gone = "The resourceVersion for the provided list is too old.";
    check("resourceVersion=1&resourceVersionMatch=Exact", 410, gone).await;
    let (status, body) = api
        .write(
            "DELETE",
            &format!("{MAPS}/one?gracePeriodSeconds=x"),
            "",
            "",
        )
        .await;
    assert_eq!(
        (status.as_u16(), &body["message"]),
        (400, &json!(no_number))
    );
}

#[tokio::test]
async fn a_token_lives_for_ten_minutes_at_least() {
    let api = Api::new().await;
    let path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    for (seconds, why) in [
        (599, "may not specify a duration less than 10 minutes"),
        (-1, "may not specify a duration less than 10 minutes"),
        (
            0x1_0000_0001_i64,
            "may not specify a duration larger than 2^32 seconds",
        ),
    ] {
        let asked = json!({"spec": {"expirationSeconds": seconds}}).to_string();
        let (status, body) = api.write("POST", path, "application/json", &asked).await;
        let message = format!(
            "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: {why}"
        );
        assert_eq!((status.as_u16(), &body["message"]), (422, &json!(message)));
    }
    let asked = json!({"spec": {"expirationSeconds": 600}}).to_string();
    let (status, body) = api.write("POST", path, "application/json", &asked).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
}

#[tokio::test]
async fn every_answer_is_audited() {
    let api = Api::new().await;
    api.get(&format!("{MAPS}/nope?x=1"), "").await;
    let seen = api
        .audit
        .lock()
        .expect("no panic before")
        .pop()
        .expect("an entry");
    assert_eq!(
        (
            seen.verb.as_str(),
            seen.resource.as_str(),
            seen.name.as_str(),
            seen.code
        ),
        ("get", "configmaps", "nope", 404)
    );
    assert_eq!(
        (seen.user.as_str(), seen.namespace.as_str()),
        ("admin", "default")
    );
    assert_eq!(seen.query, [("x".to_string(), "1".to_string())]);
}

/// Reads the next line of a watch that goes through the in-process client.
async fn line(body: &mut hyper::body::Incoming, rest: &mut Vec<u8>) -> Value {
    loop {
        if let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            return serde_json::from_slice(&line).expect("JSON");
        }
        let frame = body
            .frame()
            .await
            .expect("the watch goes on")
            .expect("no error");
        rest.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
}

#[tokio::test]
async fn watches_stream_over_the_in_process_client() {
    let api = Api::new().await;
    api.write("POST", MAPS, "application/json", &config_map("early"))
        .await;
    let client = duplex::client::<Body>(api.router.clone());
    let path = format!(
        "http://cluster{MAPS}?watch=true&fieldSelector=metadata.name%21%3Dkube-root-ca.crt&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let mut body = client
        .request(request)
        .await
        .expect("an answer")
        .into_body();
    let mut rest = Vec::new();
    let first = line(&mut body, &mut rest).await;
    assert_eq!(
        (&first["type"], &first["object"]["metadata"]["name"]),
        (&json!("ADDED"), &json!("early"))
    );
    let mark = line(&mut body, &mut rest).await;
    assert_eq!(mark["type"], "BOOKMARK");
    assert_eq!(
        mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    api.write("POST", MAPS, "application/json", &config_map("late"))
        .await;
    let second = line(&mut body, &mut rest).await;
    assert_eq!(
        (&second["type"], &second["object"]["metadata"]["name"]),
        (&json!("ADDED"), &json!("late"))
    );
    api.write("DELETE", &format!("{MAPS}/late"), "application/json", "")
        .await;
    assert_eq!(line(&mut body, &mut rest).await["type"], "DELETED");
}

#[tokio::test]
async fn streams_ask_for_a_pod_and_for_an_upgrade() {
    let api = Api::new().await;
    let pod = "/api/v1/namespaces/default/pods/nope";
    for end in [
        "exec?command=date&stdout=true",
        "attach?stdout=true",
        "portforward?ports=80",
        "log",
    ] {
        let (status, body) = api.get(&format!("{pod}/{end}"), "").await;
        assert_eq!(
            (status, &body["message"]),
            (StatusCode::NOT_FOUND, &json!("pods \"nope\" not found")),
            "{end}"
        );
    }
}

/// The payload of the next message of a server: small, and not masked.
async fn message(
    connection: &mut hyper_util::rt::TokioIo<hyper::upgrade::Upgraded>,
) -> (u8, Vec<u8>) {
    use tokio::io::AsyncReadExt;
    let kind = connection.read_u8().await.expect("a message");
    let length = match connection.read_u8().await.expect("a length") {
        126 => connection.read_u16().await.expect("a length").into(),
        small => usize::from(small),
    };
    let mut payload = vec![0; length];
    connection
        .read_exact(&mut payload)
        .await
        .expect("a payload");
    (kind, payload)
}

#[tokio::test]
async fn a_watch_goes_over_a_web_socket() {
    let api = Api::new().await;
    api.write("POST", MAPS, "application/json", &config_map("a"))
        .await;
    let request = Request::get(format!(
        "http://cluster{MAPS}?watch=true&fieldSelector=metadata.name%3Da&timeoutSeconds=1"
    ))
    .header("connection", "Upgrade")
    .header("upgrade", "websocket")
    .header("sec-websocket-version", "13")
    .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    .header(
        "sec-websocket-protocol",
        "base64.binary.k8s.io, base64url.bearer.authorization.k8s.io.eA",
    )
    .body(Body::empty())
    .expect("a request");
    let response = duplex::client(api.router.clone())
        .request(request)
        .await
        .expect("answered");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    // the token is no protocol
    assert_eq!(
        response.headers()["sec-websocket-protocol"],
        "base64.binary.k8s.io"
    );
    let upgraded = hyper::upgrade::on(response).await.expect("upgraded");
    let mut connection = hyper_util::rt::TokioIo::new(upgraded);
    let (kind, payload) = message(&mut connection).await;
    let event: Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!(
        (kind, &event["type"], &event["object"]["metadata"]["name"]),
        (0x81, &json!("ADDED"), &json!("a"))
    );
    assert_eq!(message(&mut connection).await.0, 0x88, "a goodbye");
}

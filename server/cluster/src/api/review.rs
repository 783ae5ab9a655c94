//! Resources that are answered and not stored: reviews of access and identity, tokens, metrics, component statuses.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use objects::{Answer, Body, FieldError, Object, Resource, Status, Verb, meta};
use serde_json::{Value, json};

use super::Call;
use crate::{metrics, view};

pub(super) fn is_virtual(resource: &Resource) -> bool {
    matches!(
        resource.group,
        "authorization.k8s.io" | "authentication.k8s.io" | "metrics.k8s.io"
    ) || resource.plural == "componentstatuses"
}

pub(super) fn serve(call: Call<'_>) -> Result<Answer, Status> {
    match (call.request.verb, call.resource.plural) {
        (Verb::Get, _) if call.resource.group == "metrics.k8s.io" => {
            let found = metrics::get(
                call.cluster,
                call.resource,
                &call.request.namespace,
                &call.request.name,
            )?;
            Ok(Answer {
                code: 200,
                object: found.into(),
                warnings: Vec::new(),
            })
        }
        (Verb::Get, "componentstatuses") => {
            let all = component_statuses();
            let found = all.into_iter().find(|c| meta::name(c) == call.request.name);
            let found =
                found.ok_or_else(|| Status::not_found(call.resource, &call.request.name))?;
            Ok(Answer {
                code: 200,
                object: found,
                warnings: Vec::new(),
            })
        }
        (Verb::Create, plural) => {
            let object = review(&call, plural)?;
            Ok(Answer {
                code: 201,
                object: object.into(),
                warnings: Vec::new(),
            })
        }
        _ => Err(Status::method_not_allowed()),
    }
}

/// The items of a list of virtual objects; `None` for a resource that is stored.
pub(super) fn list(call: &Call<'_>) -> Result<Option<Vec<Object>>, Status> {
    match (call.resource.group, call.resource.plural) {
        ("metrics.k8s.io", _) => {
            let labels =
                objects::selector::LabelSelector::parse(&call.request.options.label_selector)
                    .map_err(Status::bad_request)?;
            let all = metrics::list(call.cluster, call.resource, &call.request.namespace)?;
            Ok(Some(
                all.into_iter()
                    .filter(|m| labels.matches_object(m))
                    .map(Object::new)
                    .collect(),
            ))
        }
        ("", "componentstatuses") => Ok(Some(component_statuses())),
        _ => Ok(None),
    }
}

fn component_statuses() -> Vec<Object> {
    [("controller-manager", "ok"), ("etcd-0", "ok"), ("scheduler", "ok")]
        .into_iter()
        .map(|(name, message)| {
            let condition = json!({"type": "Healthy", "status": "True", "message": message});
            Object::new(json!({"kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name}, "conditions": [condition]}))
        })
        .collect()
}

fn review(call: &Call<'_>, plural: &str) -> Result<Value, Status> {
    let Body::Object(asked) = &call.request.body else {
        return Err(Status::bad_request("the request has no object"));
    };
    let mut object = asked.clone();
    object["kind"] = call.resource.kind.into();
    object["apiVersion"] = call.resource.api_version().into();
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    match plural {
        "selfsubjectaccessreviews" | "subjectaccessreviews" | "localsubjectaccessreviews" => {
            object["status"] = json!({"allowed": true});
        }
        "selfsubjectrulesreviews" => {
            object["status"] = json!({
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                "incomplete": false,
            });
        }
        "selfsubjectreviews" => {
            let user = &call.request.user;
            let mut groups = user.groups.clone();
            if !groups.iter().any(|g| g == "system:authenticated") {
                groups.push("system:authenticated".into());
            }
            let mut info = json!({"username": user.name, "groups": groups});
            if !user.uid.is_empty() {
                info["uid"] = user.uid.clone().into();
            }
            if !user.extra.is_empty() {
                info["extra"] = json!(user.extra);
            }
            meta::set(&mut object, "creationTimestamp", call.now_text());
            object["status"] = json!({"userInfo": info});
        }
        "tokenreviews" => object["status"] = json!({"user": {}, "error": "invalid bearer token"}),
        _ => return Err(Status::method_not_allowed()),
    }
    Ok(object)
}

/// `serviceaccounts/token`: a token for a service account. It is shaped like a JWT; its signature is chance.
pub(super) fn token(call: Call<'_>) -> Result<Answer, Status> {
    let Body::Object(asked) = &call.request.body else {
        return Err(Status::bad_request("the request has no object"));
    };
    let account = call.live()?;
    let seconds = view::int(asked, &["spec", "expirationSeconds"]).unwrap_or(3600);
    check_lifetime(seconds)?;
    let mut audiences = view::texts(asked, &["spec", "audiences"]);
    if audiences.is_empty() {
        audiences.push(ISSUER.into());
    }
    let bound = view::at(asked, &["spec", "boundObjectRef"]).clone();
    let now = call.now.0.div_euclid(1_000_000_000);
    let token = signed(&account, &json!({}), &audiences, now, seconds, &call.chance);
    let answer = json!({
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": meta::name(&account), "namespace": meta::namespace(&account), "creationTimestamp": call.now_text()},
        "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": bound},
        "status": {"token": token, "expirationTimestamp": objects::time::rfc3339(now + seconds)},
    });
    Ok(Answer {
        code: 201,
        object: answer.into(),
        warnings: call.warnings,
    })
}

/// Ten minutes to 2^32 seconds.
fn check_lifetime(seconds: i64) -> Result<(), Status> {
    let why = match seconds {
        ..600 => "may not specify a duration less than 10 minutes",
        600..=0x1_0000_0000 => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let error = FieldError::invalid("spec.expirationSeconds", seconds, why);
    let kind = "TokenRequest.authentication.k8s.io";
    Err(Status::invalid(kind, "", vec![error]))
}

/// Who signs tokens and whom they are for by default.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// A token of a service account with the claims of a real one; `bound` holds the claims about pod and node.
pub(crate) fn signed(
    account: &Value,
    bound: &Value,
    audiences: &[String],
    now: i64,
    seconds: i64,
    chance: &machine::Chance,
) -> String {
    let (namespace, name) = (meta::namespace(account), meta::name(account));
    let mut about = json!({"namespace": namespace, "serviceaccount": {"name": name, "uid": meta::uid(account)}});
    for (key, value) in view::members(bound, &[]) {
        about[key] = value.clone();
    }
    let claims = json!({
        "aud": audiences, "exp": now + seconds, "iat": now, "iss": ISSUER, "jti": super::create::uid(chance),
        "kubernetes.io": about, "nbf": now, "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let header = json!({"alg": "RS256", "kid": "podschool"});
    let signature: Vec<u8> = (0..32)
        .flat_map(|_| chance.next_u64().to_le_bytes())
        .collect();
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    format!(
        "{}.{}.{}",
        part(&header),
        part(&claims),
        URL_SAFE_NO_PAD.encode(signature)
    )
}

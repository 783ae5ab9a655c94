//! Patches, case by case.

use serde_json::json;

use super::*;
use crate::{apply_defaults, meta};

fn pod_kind() -> Gvk {
    Gvk::new("", "v1", "Pod")
}

fn pod() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}})
}

fn strategic(original: Value, patch: Value, path: &str, expect: Value) {
    let options = Options {
        field_validation: FieldValidation::Strict,
        ..Options::default()
    };
    let (got, _) = super::patch(
        &pod_kind(),
        &original,
        PatchKind::Strategic,
        &patch.to_string(),
        &options,
    )
    .expect("patches");
    assert_eq!(
        got.pointer(path).cloned().unwrap_or_default(),
        expect,
        "{patch}"
    );
}

fn names(value: &Value) -> Vec<&str> {
    value["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|c| c["name"].as_str())
        .collect()
}

#[test]
fn strategic_merge() {
    strategic(
        pod(),
        json!({"spec": {"containers": [{"name": "b", "image": "3"}]}}),
        "/spec/containers/1/image",
        json!("3"),
    );
    strategic(
        pod(),
        json!({"spec": {"containers": [{"name": "c", "image": "3"}]}}),
        "/spec/containers/0/name",
        json!("c"),
    );
    strategic(
        pod(),
        json!({"spec": {"containers": [{"$patch": "delete", "name": "a"}]}}),
        "/spec/containers/0/name",
        json!("b"),
    );
    strategic(
        pod(),
        json!({"metadata": {"labels": {"a": "b", "c": null}}}),
        "/metadata/labels",
        json!({"a": "b"}),
    );
    strategic(
        pod(),
        json!({"metadata": {"labels": {"$patch": "replace", "a": "b"}}}),
        "/metadata/labels",
        json!(null),
    );
    let labelled = || json!({"metadata": {"labels": {"x": "y"}, "finalizers": ["a/b", "c/d"]}});
    strategic(
        labelled(),
        json!({"metadata": {"labels": {"$patch": "replace", "a": "b"}}}),
        "/metadata/labels",
        json!({"a": "b"}),
    );
    strategic(
        labelled(),
        json!({"metadata": {"labels": {"x": null}}}),
        "/metadata/labels",
        json!(null),
    );
    strategic(
        labelled(),
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b"]}}),
        "/metadata/finalizers",
        json!(["c/d"]),
    );
    strategic(
        labelled(),
        json!({"metadata": {"finalizers": ["e/f"]}}),
        "/metadata/finalizers",
        json!(["e/f", "a/b", "c/d"]),
    );
    let volumes = json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}});
    let patch = json!({"spec": {"volumes": [{"$retainKeys": ["name", "hostPath"], "name": "v", "hostPath": {"path": "/x"}}]}});
    strategic(
        volumes,
        patch,
        "/spec/volumes/0",
        json!({"name": "v", "hostPath": {"path": "/x"}}),
    );
}

#[test]
fn element_order() {
    let patch = json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "9"}]}});
    let (got, _) = super::patch(
        &pod_kind(),
        &pod(),
        PatchKind::Strategic,
        &patch.to_string(),
        &Options::default(),
    )
    .expect("patches");
    assert_eq!(names(&got), ["b", "a"]);
    assert_eq!(got["spec"]["containers"][1]["image"], "9");
}

fn refused(kind: PatchKind, text: &str, code: u16, message: &str) {
    let options = Options {
        field_validation: FieldValidation::Strict,
        ..Options::default()
    };
    let status = super::patch(&pod_kind(), &pod(), kind, text, &options).expect_err(text);
    assert_eq!(
        (status.code(), status.message.as_str()),
        (code, message),
        "{text}"
    );
}

#[test]
fn strategic_refusals() {
    let merge = |patch: Value, code, message| {
        refused(PatchKind::Strategic, &patch.to_string(), code, message);
    };
    merge(
        json!({"spec": {"containers": [{"image": "x"}]}}),
        500,
        "map: map[image:x] does not contain declared merge key: name",
    );
    merge(
        json!({"spec": {"containers": [{"name": "a", "$patch": "foo"}]}}),
        500,
        "unknown patch type: foo in map: map[$patch:foo name:a]",
    );
    merge(
        json!({"metadata": {"$patch": "foo"}}),
        500,
        "unknown patch type: foo in map: map[$patch:foo]",
    );
    merge(
        json!({"spec": {"$retainKeys": ["x"], "hostname": "h"}}),
        400,
        "invalid patch format of retainKeys",
    );
    merge(
        json!({"spec": {"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a", "image": "z"}]}}),
        500,
        "The order in patch list:\n[map[image:z name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    );
}

#[test]
fn refusals() {
    let rejected = "the server rejected our request due to an error in our request";
    refused(
        PatchKind::Json,
        r#"[{"op":"test","path":"/metadata/name","value":"x"}]"#,
        422,
        rejected,
    );
    refused(
        PatchKind::Json,
        r#"[{"op":"nope","path":"/x"}]"#,
        422,
        rejected,
    );
    refused(
        PatchKind::Json,
        r#"[{"op":"remove","path":"/spec/nope"}]"#,
        422,
        rejected,
    );
    refused(
        PatchKind::Merge,
        "{x",
        400,
        "error decoding patch: invalid character 'x' looking for beginning of object key string",
    );
    refused(
        PatchKind::Strategic,
        "[]",
        400,
        "json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    refused(
        PatchKind::Strategic,
        r#"{"spec":{"foo":1}}"#,
        422,
        r#" "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo""#,
    );
}

#[test]
fn tracks_updates() {
    let mut first = pod();
    apply_defaults(&pod_kind(), &mut first);
    track(&pod_kind(), "", None, &mut first, "m", 0);
    let fields = &first["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(
        fields["f:spec"]["f:containers"][r#"k:{"name":"a"}"#]["."],
        json!({})
    );
    assert!(
        fields["f:spec"]["f:containers"].get(".").is_none() && fields.get("f:status").is_none()
    );
    let mut second = first.clone();
    meta::set(&mut second, "labels", json!({"a": "b"}));
    second["spec"]["containers"][0]["image"] = "new".into();
    track(&pod_kind(), "", Some(&first), &mut second, "other", 5);
    let entries = second["metadata"]["managedFields"]
        .as_array()
        .expect("entries")
        .clone();
    assert_eq!(entries.len(), 2);
    let expect = json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {"f:image": {}}}}});
    assert_eq!(entries[1]["fieldsV1"], expect);
    assert!(
        entries[0]["fieldsV1"]["f:spec"]["f:containers"][r#"k:{"name":"a"}"#]
            .get("f:image")
            .is_none()
    );
    let mut third = second.clone();
    meta::remove(&mut third, "labels");
    track(&pod_kind(), "", Some(&second), &mut third, "m", 9);
    assert!(
        third["metadata"]["managedFields"][1]["fieldsV1"]
            .get("f:metadata")
            .is_none()
    );
}

fn applied(
    live: Option<&Value>,
    manager: &str,
    force: bool,
    change: Value,
) -> Result<Value, Status> {
    let mut config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    json_patch::merge(&mut config, &change);
    let options = Options {
        field_manager: manager.into(),
        force,
        ..Options::default()
    };
    apply(
        &Gvk::new("", "v1", "ConfigMap"),
        "",
        live,
        &config.to_string(),
        &options,
        0,
    )
    .map(|(v, _)| v)
}

#[test]
fn server_side_apply() {
    let one = applied(None, "m1", false, json!({"data": {"a": "1", "b": "2"}})).expect("creates");
    let entry = json!({"manager": "m1", "operation": "Apply", "apiVersion": "v1", "time": "1970-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}, "f:b": {}}}});
    assert_eq!(one["metadata"]["managedFields"], json!([entry]));
    let conflict =
        applied(Some(&one), "m2", false, json!({"data": {"a": "9"}})).expect_err("conflicts");
    assert_eq!(
        conflict.message,
        "Apply failed with 1 conflict: conflict with \"m1\": .data.a"
    );
    let two = applied(Some(&one), "m2", true, json!({"data": {"a": "9"}})).expect("forces");
    assert_eq!(
        two["metadata"]["managedFields"][0]["fieldsV1"],
        json!({"f:data": {"f:b": {}}})
    );
    let three = applied(Some(&two), "m1", false, json!({})).expect("drops b");
    assert_eq!(three["data"], json!({"a": "9"}));
    let shared = applied(Some(&one), "m2", false, json!({"data": {"a": "1"}})).expect("same value");
    assert_eq!(
        shared["metadata"]["managedFields"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn apply_refuses() {
    let unknown = applied(None, "m", false, json!({"nope": 1})).expect_err("unknown");
    assert_eq!(
        (unknown.code(), unknown.message.as_str()),
        (
            500,
            "failed to create typed patch object (/c; /v1, Kind=ConfigMap): .nope: field not declared in schema"
        )
    );
    let managed =
        applied(None, "m", false, json!({"metadata": {"managedFields": []}})).expect_err("managed");
    assert_eq!(managed.message, "metadata.managedFields must be nil");
}

#[test]
fn sets_come_back() {
    let fields = json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"k:{\"x\":1}": {".": {}}}, "f:d": {}});
    assert_eq!(
        FieldSet::from_fields(&fields).to_fields(),
        json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"k:{\"x\":1}": {}}, "f:d": {}})
    );
}

#[test]
fn a_patch_cannot_multiply_what_is_there() {
    let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}});
    let copies: Vec<Value> = (0..64)
        .map(|n| json!({"op": "copy", "from": "/data", "path": format!("/data/x{n}")}))
        .collect();
    let text = Value::from(copies).to_string();
    let gvk = Gvk::new("", "v1", "ConfigMap");
    let failure = patch(&gvk, &live, PatchKind::Json, &text, &Options::default());
    assert_eq!(failure.unwrap_err().code, 422);
}

#[test]
fn a_patch_of_very_many_keys_is_read_in_one_go() {
    let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}});
    let members: Vec<String> = (0..200_000).map(|n| format!("\"k{n}\":null")).collect();
    let text = format!("{{\"data\":{{{}}}}}", members.join(","));
    let gvk = Gvk::new("", "v1", "ConfigMap");
    let patched = patch(&gvk, &live, PatchKind::Merge, &text, &Options::default());
    assert_eq!(patched.unwrap().0["data"], json!({"a": "b"}));
}

//! What decoding answers, case by case.

use serde_json::json;

use super::*;

fn pods() -> Gvk {
    Gvk::new("", "v1", "Pod")
}

fn check(body: &str, gvk: &Gvk, expect: Result<Value, &str>) {
    let got = decode(
        "application/json",
        body.as_bytes(),
        gvk,
        FieldValidation::Strict,
    );
    assert_eq!(
        got.map(|(v, _)| v).map_err(|s| s.message),
        expect.map_err(String::from),
        "{body}"
    );
}

fn pod(spec: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{spec}}}"#)
}

#[test]
fn kinds() {
    check(
        "{}",
        &pods(),
        Ok(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": null}, "status": {}}),
        ),
    );
    check(
        r#"{"kind":"Node","apiVersion":"v1"}"#,
        &pods(),
        Err(
            r#"Node in version "v1" cannot be handled as a Pod: converting (v1.Node) to (core.Pod): unknown conversion"#,
        ),
    );
    check(
        r#"{"kind":"Pod","apiVersion":"v9"}"#,
        &pods(),
        Err(
            r#"Pod in version "v9" cannot be handled as a Pod: no kind "Pod" is registered for version "v9" in scheme "pkg/api/legacyscheme/scheme.go:30""#,
        ),
    );
    check(
        r#"{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v1"}"#,
        &Gvk::new("autoscaling", "v2", "HorizontalPodAutoscaler"),
        Err(
            "the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)",
        ),
    );
    check(
        "{x",
        &pods(),
        Err(
            "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'x' looking for beginning of object key string ({x)",
        ),
    );
}

#[test]
fn types() {
    let head = r#"Pod in version "v1" cannot be handled as a Pod: "#;
    for (spec, expect) in [
        (
            r#"{"containers":[{"tty":"x"}]}"#,
            "json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool",
        ),
        (
            r#"{"containers":{}}"#,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            r#"{"restartPolicy":5}"#,
            "json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (
            r#"{"priority":1.5}"#,
            "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32",
        ),
        (
            r#"{"nodeSelector":{"a":true}}"#,
            "json: cannot unmarshal bool into Go struct field PodSpec.spec.nodeSelector of type string",
        ),
        (
            r#"{"containers":[{"command":"x"}]}"#,
            "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
        ),
        (
            r#"{"containers":[{"resources":{"limits":{"cpu":"1x"}}}]}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            r#"{"containers":[{"resources":{"limits":{"cpu":"1K"}}}]}"#,
            "unable to parse quantity's suffix",
        ),
        (
            r#""x""#,
            "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec",
        ),
    ] {
        check(&pod(spec), &pods(), Err(&format!("{head}{expect}")));
    }
}

#[test]
fn strictness() {
    let body = r#"{"spec":{"foo":1,"containers":[{"bar":{},"name":"a","name":"b"}]},"metadata":{"x":1,"labels":{"k":"1","k":"2"}}}"#;
    let expect = [
        r#"unknown field "spec.foo""#,
        r#"unknown field "spec.containers[0].bar""#,
        r#"duplicate field "spec.containers[0].name""#,
        r#"unknown field "metadata.x""#,
        r#"duplicate field "metadata.labels.k""#,
    ];
    let (value, warnings) =
        decode("", body.as_bytes(), &pods(), FieldValidation::Warn).expect("decodes");
    assert_eq!(warnings, expect);
    assert_eq!(value["spec"]["containers"][0]["name"], "b");
    let error = decode("", body.as_bytes(), &pods(), FieldValidation::Strict).expect_err("strict");
    assert!(
        error
            .message
            .ends_with(&format!("strict decoding error: {}", expect.join(", "))),
        "{}",
        error.message
    );
    let (_, none) = decode("", body.as_bytes(), &pods(), FieldValidation::Ignore).expect("decodes");
    assert!(none.is_empty());
}

#[test]
fn scalars() {
    let secret = Gvk::new("", "v1", "Secret");
    for (data, byte) in [
        ("not base64!", 3),
        ("YQ", 0),
        ("YWI=x", 4),
        ("YQ=", 3),
        ("a", 0),
    ] {
        let body = format!(r#"{{"data":{{"a":"{data}"}}}}"#);
        let expect = format!(
            r#"Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte {byte}"#
        );
        check(&body, &secret, Err(&expect));
    }
    let body = r#"{"metadata":{"creationTimestamp":"yesterday"}}"#;
    let expect = r#"Secret in version "v1" cannot be handled as a Secret: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#;
    check(body, &secret, Err(expect));
}

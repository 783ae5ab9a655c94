//! Kubernetes' protobuf, read by the table of fields. Only reading: answers are always JSON.
//!
//! Mirrors apimachinery's `runtime/serializer/protobuf`: four magic bytes, then `Unknown{typeMeta, raw, contentEncoding, contentType}`.

use base64::Engine as _;
use serde_json::{Map, Value};

use crate::json::{self, MAX_DEPTH};
use crate::table::normalize::normalize_struct;
use crate::table::{Field, Shape, Type, type_of};
use crate::{Gvk, Quantity, duration, time};

const MAGIC: &[u8] = b"k8s\0";

/// Decodes an enveloped object: its kind and its value, which has no `apiVersion` and `kind` itself. Fields that the table does not number
/// are dropped. The error is a short text.
pub fn decode(bytes: &[u8]) -> Result<(Gvk, Value), String> {
    let envelope = bytes.strip_prefix(MAGIC).ok_or(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    )?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for field in Fields(envelope) {
        match field? {
            (1, Wire::Bytes(meta)) => {
                for field in Fields(meta) {
                    match field? {
                        (1, Wire::Bytes(text)) => api_version = utf8(text)?,
                        (2, Wire::Bytes(text)) => kind = utf8(text)?,
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let gvk = Gvk::from_api_version(&api_version, &kind);
    let Some(of) = type_of(&gvk) else {
        return Ok((gvk, Value::Object(Map::new())));
    };
    let mut value = message(of, raw, 0)?;
    if let Value::Object(members) = &mut value {
        normalize_struct(of, members);
    }
    Ok((gvk, value))
}

/// One field as it is on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Iterates over the fields of a message.
struct Fields<'a>(&'a [u8]);

const BROKEN: &str = "unexpected EOF";

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, String> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(BROKEN)?;
            self.0 = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err("proto: integer overflow".into())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let length = usize::try_from(length)
            .ok()
            .filter(|l| *l <= self.0.len())
            .ok_or(BROKEN)?;
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(taken)
    }

    fn read(&mut self) -> Result<(u32, Wire<'a>), String> {
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Number(little_endian(self.take(8)?)),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Number(little_endian(self.take(4)?)),
            other => return Err(format!("proto: wiretype {other} is not allowed")),
        };
        Ok(((tag >> 3) as u32, wire))
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Wire<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "proto: invalid UTF-8 string".to_string())
}

fn message(of: &'static Type, bytes: &[u8], depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err("exceeded max depth".into());
    }
    let mut members = Map::new();
    fields(of, &[], bytes, depth, &mut members)?;
    Ok(Value::Object(members))
}

/// Reads a message, or one nested at `path` that JSON inlines, into the members of `of`.
fn fields(
    of: &'static Type,
    path: &[u32],
    bytes: &[u8],
    depth: usize,
    members: &mut Map<String, Value>,
) -> Result<(), String> {
    for field in Fields(bytes) {
        let (number, wire) = field?;
        let here: Vec<u32> = path.iter().copied().chain([number]).collect();
        if let Some(field) = of.fields.iter().find(|f| f.proto == here) {
            member(field, wire, depth, members)?;
        } else if let Wire::Bytes(inner) = wire
            && here.len() < 3
            && of
                .fields
                .iter()
                .any(|f| f.proto.len() > here.len() && f.proto.starts_with(&here))
        {
            fields(of, &here, inner, depth, members)?;
        }
    }
    Ok(())
}

fn member(
    field: &'static Field,
    wire: Wire<'_>,
    depth: usize,
    members: &mut Map<String, Value>,
) -> Result<(), String> {
    match (field.shape, wire) {
        (Shape::List(inner), wire) => {
            let list = members
                .entry(field.name)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = list {
                packed(inner, wire, depth, items)?;
            }
        }
        (Shape::Map(inner), Wire::Bytes(entry)) => {
            let (mut key, mut value) = (String::new(), None);
            for part in Fields(entry) {
                match part? {
                    (1, Wire::Bytes(text)) => key = utf8(text)?,
                    (2, wire) => value = Some(single(inner, wire, depth)?),
                    _ => {}
                }
            }
            let map = members
                .entry(field.name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(map) = map {
                map.insert(key, value.unwrap_or_else(|| "".into()));
            }
        }
        (_, wire) => {
            let value = single(&field.shape, wire, depth)?;
            members.insert(field.name.to_string(), value);
        }
    }
    Ok(())
}

/// An element of a list; numbers may come packed.
fn packed(
    inner: &'static Shape,
    wire: Wire<'_>,
    depth: usize,
    items: &mut Vec<Value>,
) -> Result<(), String> {
    match (inner, wire) {
        (Shape::Int32 | Shape::Int64 | Shape::Bool, Wire::Bytes(bytes)) => {
            let mut rest = Fields(bytes);
            while !rest.0.is_empty() {
                let n = rest.varint()?;
                items.push(single(inner, Wire::Number(n), depth)?);
            }
        }
        (inner, wire) => items.push(single(inner, wire, depth)?),
    }
    Ok(())
}

fn single(shape: &'static Shape, wire: Wire<'_>, depth: usize) -> Result<Value, String> {
    Ok(match (shape, wire) {
        (Shape::String, Wire::Bytes(text)) => utf8(text)?.into(),
        (Shape::Bool, Wire::Number(n)) => (n != 0).into(),
        (Shape::Int32 | Shape::Int64, Wire::Number(n)) => (n as i64).into(),
        (Shape::Double, Wire::Number(n)) => f64::from_bits(n).into(),
        (Shape::Bytes, Wire::Bytes(bytes)) => base64::engine::general_purpose::STANDARD
            .encode(bytes)
            .into(),
        (Shape::Struct(id), Wire::Bytes(bytes)) => message(id.get(), bytes, depth + 1)?,
        // wrappers of lists: ExtraValue, Verbs
        (Shape::List(inner), Wire::Bytes(bytes)) => {
            let mut items = Vec::new();
            for field in Fields(bytes) {
                if let (1, wire) = field? {
                    packed(inner, wire, depth, &mut items)?;
                }
            }
            Value::Array(items)
        }
        (Shape::Quantity, Wire::Bytes(bytes)) => {
            let text = first_text(bytes)?;
            text.parse::<Quantity>()
                .map_err(|e| e.to_string())?
                .to_string()
                .into()
        }
        (Shape::Json, Wire::Bytes(bytes)) => embedded(bytes)?,
        (
            Shape::Time | Shape::MicroTime | Shape::Duration | Shape::IntOrString,
            Wire::Bytes(bytes),
        ) => special(shape, bytes)?,
        _ => Value::Null,
    })
}

fn first_text(bytes: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    for field in Fields(bytes) {
        if let (1, Wire::Bytes(bytes)) = field? {
            text = utf8(bytes)?;
        }
    }
    Ok(text)
}

/// RawExtension, FieldsV1, JSON: bytes that hold JSON or an enveloped object.
fn embedded(bytes: &[u8]) -> Result<Value, String> {
    for field in Fields(bytes) {
        if let (1, Wire::Bytes(raw)) = field? {
            if !raw.starts_with(MAGIC) {
                return json::parse_value(raw);
            }
            let (gvk, mut value) = decode(raw)?;
            if let Value::Object(members) = &mut value {
                members.insert("apiVersion".into(), gvk.api_version().into());
                members.insert("kind".into(), gvk.kind.into());
            }
            return Ok(value);
        }
    }
    Ok(Value::Null)
}

fn special(shape: &Shape, bytes: &[u8]) -> Result<Value, String> {
    let (mut first, mut second, mut text) = (0i64, 0i64, String::new());
    for field in Fields(bytes) {
        match field? {
            (1, Wire::Number(n)) => first = n as i64,
            (2, Wire::Number(n)) => second = n as i64,
            (3, Wire::Bytes(bytes)) => text = utf8(bytes)?,
            _ => {}
        }
    }
    Ok(match shape {
        _ if bytes.is_empty() && matches!(shape, Shape::Time | Shape::MicroTime) => Value::Null,
        Shape::Time => time::rfc3339(first.clamp(-62_135_596_800, 253_402_300_799)).into(),
        Shape::MicroTime => {
            let nanos = first
                .checked_mul(1_000_000_000)
                .and_then(|n| n.checked_add(second))
                .unwrap_or_default();
            time::rfc3339_micros(nanos).into()
        }
        Shape::Duration => duration::go(first).into(),
        _ if first == 1 => text.into(),
        _ => second.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC, &field(1, &meta), &field(2, raw)].concat()
    }

    #[test]
    fn configmaps_and_secrets() {
        let entry = [field(1, b"k"), field(2, b"v")].concat();
        let raw = [field(1, &field(1, b"n")), field(2, &entry)].concat();
        let (gvk, value) = decode(&envelope("v1", "ConfigMap", &raw)).expect("decodes");
        assert_eq!(
            (gvk.kind.as_str(), value),
            (
                "ConfigMap",
                json!({"metadata": {"name": "n"}, "data": {"k": "v"}})
            )
        );
        let (_, value) = decode(&envelope("v1", "Secret", &raw)).expect("decodes");
        assert_eq!(value["data"], json!({"k": "dg=="}));
    }

    #[test]
    fn deployments() {
        // replicas: 0 is kept (a pointer), minReadySeconds: 0 is not; the strategy is written though it is empty
        let spec = [vec![8, 0, 40, 0], field(4, b"")].concat();
        let (_, value) =
            decode(&envelope("apps/v1", "Deployment", &field(2, &spec))).expect("decodes");
        assert_eq!(value["spec"]["replicas"], 0);
        assert_eq!(value["spec"]["strategy"], json!({}));
        assert!(value["spec"].get("minReadySeconds").is_none());
    }

    #[test]
    fn inlined_and_special() {
        // spec.volumes[0] { name, volumeSource { emptyDir {} } }; containers[0].livenessProbe.handler.httpGet.port "http"
        let volume = [field(1, b"v"), field(2, &field(2, b""))].concat();
        let port = [vec![8, 1, 16, 0], field(3, b"http")].concat();
        let probe = field(1, &field(2, &field(2, &port)));
        let container = [field(1, b"c"), field(10, &probe)].concat();
        let spec = [field(1, &volume), field(2, &container)].concat();
        let (_, value) = decode(&envelope("v1", "Pod", &field(2, &spec))).expect("decodes");
        assert_eq!(
            value["spec"]["volumes"],
            json!([{"name": "v", "emptyDir": {}}])
        );
        assert_eq!(
            value["spec"]["containers"][0]["livenessProbe"],
            json!({"httpGet": {"port": "http"}})
        );
    }

    #[test]
    fn refuses() {
        for bytes in [
            &b""[..],
            b"{}",
            b"k8s\0\x0a\xff",
            b"k8s\0\x12\x05abc",
            b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }
}

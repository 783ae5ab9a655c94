//! Decodes a document by the table: drops what the type does not have, tells it, and stops at nothing.

use base64::Engine as _;
use serde_json::{Map, Value};

use super::go_time;
use crate::json::{Node, number};
use crate::table::normalize::{add_always, is_left_out};
use crate::table::{Field, Shape, Type};
use crate::{Quantity, duration, time};

/// After this many unknown and duplicate fields no more are told.
const STRICT_MAX: usize = 100;

/// A decoded document.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    /// Without unknown fields, in the form in which the API server writes it.
    pub value: Value,
    /// `unknown field "spec.foo"`, `duplicate field "spec.foo"`, in the order of the document.
    pub strict: Vec<String>,
    /// The first value of a wrong type, in Go's words.
    pub error: Option<String>,
}

/// Decodes a document that should have the type.
pub fn decode_node(of: &'static Type, node: Node) -> Decoded {
    let mut decoder = Decoder {
        path: String::new(),
        names: Vec::new(),
        holder: None,
        strict: Vec::new(),
        error: None,
    };
    let value = match node {
        Node::Object(members) => decoder.object(of, members),
        other => {
            let go = of.go_name();
            decoder.error = Some(format!(
                "json: cannot unmarshal {} into Go value of type {go}",
                other.type_name()
            ));
            Value::Null
        }
    };
    Decoded {
        value,
        strict: decoder.strict,
        error: decoder.error,
    }
}

struct Decoder {
    /// `spec.containers[0].name`, for unknown fields.
    path: String,
    /// `spec`, `containers`, `name`: as Go's type errors join them.
    names: Vec<&'static str>,
    /// The struct that holds the current field, and the field.
    holder: Option<(&'static Type, &'static Field)>,
    strict: Vec<String>,
    error: Option<String>,
}

impl Decoder {
    fn told(&mut self, what: &str) {
        if self.strict.len() < STRICT_MAX {
            self.strict.push(format!(
                "{what} field {}",
                crate::quote::go_quote(&self.path)
            ));
        }
    }

    fn fail(&mut self, why: impl Into<String>) -> Value {
        self.error.get_or_insert_with(|| why.into());
        Value::Null
    }

    /// Goes into a member, does something, comes back.
    fn inside<T>(&mut self, name: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        let result = act(self);
        self.path.truncate(length);
        result
    }

    fn object(&mut self, of: &'static Type, members: Vec<(String, Node)>) -> Value {
        let mut out = Map::new();
        let mut seen: Vec<&'static str> = Vec::new();
        for (name, node) in members {
            let Some(field) = of.field(&name) else {
                self.inside(&name, |d| d.told("unknown"));
                continue;
            };
            if seen.contains(&field.name) {
                self.inside(&name, |d| d.told("duplicate"));
            }
            seen.push(field.name);
            out.remove(field.name);
            if node == Node::Null {
                continue;
            }
            let value = self.inside(&name, |d| {
                let before = d.holder.replace((of, field));
                d.names.push(field.name);
                let value = d.value(&field.shape, node);
                d.names.pop();
                d.holder = before;
                value
            });
            if !is_left_out(field, &value) {
                out.insert(name, value);
            }
        }
        add_always(of, &mut out);
        Value::Object(out)
    }

    fn value(&mut self, shape: &'static Shape, node: Node) -> Value {
        match (shape, node) {
            (Shape::Json, node) => node.into_value(),
            (Shape::String, Node::String(text)) => text.into(),
            (Shape::Bool, Node::Bool(b)) => b.into(),
            (Shape::Int32, Node::Number(text)) => match text.parse::<i32>() {
                Ok(n) => n.into(),
                Err(_) => self.wrong(shape, &format!("number {text}")),
            },
            (Shape::Int64, Node::Number(text)) => match text.parse::<i64>() {
                Ok(n) => n.into(),
                Err(_) => self.wrong(shape, &format!("number {text}")),
            },
            (Shape::Double, Node::Number(text)) => number(&text),
            (Shape::Bytes, Node::String(text)) => self.bytes(&text),
            (Shape::Quantity, node) => self.quantity(node),
            (Shape::IntOrString, node) => self.int_or_string(node),
            (Shape::Time | Shape::MicroTime | Shape::Duration, Node::String(text)) => {
                self.moment(shape, &text)
            }
            (Shape::Time | Shape::MicroTime | Shape::Duration, node) => {
                let kind = node.type_name();
                self.fail(format!(
                    "json: cannot unmarshal {kind} into Go value of type string"
                ))
            }
            (Shape::Struct(id), Node::Object(members)) => self.object(id.get(), members),
            (Shape::List(inner), Node::Array(items)) => self.list(inner, items),
            (Shape::Map(inner), Node::Object(members)) => self.map(inner, members),
            (shape, node) => self.wrong(shape, node.type_name()),
        }
    }

    fn list(&mut self, inner: &'static Shape, items: Vec<Node>) -> Value {
        let mut out = Vec::with_capacity(items.len());
        let length = self.path.len();
        for (i, item) in items.into_iter().enumerate() {
            self.path.push_str(&format!("[{i}]"));
            let item = if item == Node::Null {
                zero_item(inner)
            } else {
                item
            };
            out.push(self.value(inner, item));
            self.path.truncate(length);
        }
        Value::Array(out)
    }

    fn map(&mut self, inner: &'static Shape, members: Vec<(String, Node)>) -> Value {
        let mut out = Map::new();
        for (key, node) in members {
            let value = self.inside(&key, |d| {
                if out.contains_key(&key) {
                    d.told("duplicate");
                }
                d.value(
                    inner,
                    if node == Node::Null {
                        zero_item(inner)
                    } else {
                        node
                    },
                )
            });
            out.insert(key, value);
        }
        Value::Object(out)
    }

    /// Go's UnmarshalTypeError.
    fn wrong(&mut self, shape: &Shape, what: &str) -> Value {
        let Some((holder, field)) = self.holder else {
            return Value::Null;
        };
        let scalar = matches!(shape, Shape::String);
        let kind = if scalar && !field.go.is_empty() {
            if field.go.contains('.') {
                field.go.to_string()
            } else {
                format!("{}.{}", version(holder), field.go)
            }
        } else {
            go_type(shape)
        };
        let path = self.names.join(".");
        let holder = holder.short_name();
        self.fail(format!(
            "json: cannot unmarshal {what} into Go struct field {holder}.{path} of type {kind}"
        ))
    }

    fn quantity(&mut self, node: Node) -> Value {
        let text = match &node {
            Node::String(text) => text.trim(),
            Node::Number(text) => text,
            Node::Bool(true) => "true",
            _ => "x",
        };
        match text.parse::<Quantity>() {
            Ok(quantity) => quantity.to_string().into(),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn int_or_string(&mut self, node: Node) -> Value {
        match node {
            Node::String(text) => text.into(),
            Node::Number(text) => match text.parse::<i32>() {
                Ok(n) => n.into(),
                Err(_) => self.fail(format!(
                    "json: cannot unmarshal number {text} into Go value of type int32"
                )),
            },
            other => {
                let kind = other.type_name();
                self.fail(format!(
                    "json: cannot unmarshal {kind} into Go value of type int32"
                ))
            }
        }
    }

    fn moment(&mut self, shape: &Shape, text: &str) -> Value {
        match shape {
            Shape::Duration => match duration::parse(text) {
                Some(nanos) => duration::go(nanos).into(),
                None => self.fail(format!(
                    "time: invalid duration {}",
                    crate::quote::go_quote(text)
                )),
            },
            _ => match (time::parse_nanos(text), shape) {
                (Some(nanos), Shape::MicroTime) => time::rfc3339_micros(nanos).into(),
                (Some(nanos), _) => time::rfc3339(nanos.div_euclid(1_000_000_000)).into(),
                (None, _) => self.fail(go_time::error(text, *shape == Shape::MicroTime)),
            },
        }
    }

    fn bytes(&mut self, text: &str) -> Value {
        let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        match base64::engine::general_purpose::STANDARD.decode(&compact) {
            Ok(_) => compact.into(),
            Err(_) => self.fail(format!(
                "illegal base64 data at input byte {}",
                illegal_base64_at(text)
            )),
        }
    }
}

/// Where Go's decoder stops.
fn illegal_base64_at(text: &str) -> usize {
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let mut count = 0;
    for (i, b) in text
        .bytes()
        .enumerate()
        .filter(|(_, b)| !matches!(b, b'\n' | b'\r'))
    {
        if alphabet(b) {
            count += 1;
            continue;
        }
        if b != b'=' || count % 4 < 2 {
            return i;
        }
        // padding: what follows must be nothing, or one more sign
        let rest: Vec<u8> = text
            .bytes()
            .skip(i + 1)
            .filter(|b| !matches!(b, b'\n' | b'\r'))
            .collect();
        let wanted = 3 - count % 4;
        return match rest.iter().position(|&b| b != b'=') {
            Some(n) => i + 1 + n,
            None if rest.len() < wanted => text.len(),
            None => i + 1 + wanted,
        };
    }
    text.len() - count % 4
}

/// What `null` as an element of a list or map becomes.
fn zero_item(shape: &Shape) -> Node {
    match shape {
        Shape::String | Shape::Bytes => Node::String(String::new()),
        Shape::Bool => Node::Bool(false),
        Shape::Struct(_) | Shape::Map(_) => Node::Object(Vec::new()),
        Shape::List(_) => Node::Array(Vec::new()),
        Shape::Json => Node::Null,
        _ => Node::Number("0".into()),
    }
}

fn version(of: &Type) -> &'static str {
    of.go_name().split('.').next().unwrap_or_default()
}

/// The Go type of a shape, as errors tell it.
fn go_type(shape: &Shape) -> String {
    match shape {
        Shape::String => "string".into(),
        Shape::Bool => "bool".into(),
        Shape::Int32 => "int32".into(),
        Shape::Int64 => "int64".into(),
        Shape::Double => "float64".into(),
        Shape::Bytes => "[]uint8".into(),
        Shape::Quantity => "resource.Quantity".into(),
        Shape::Time => "v1.Time".into(),
        Shape::MicroTime => "v1.MicroTime".into(),
        Shape::Duration => "v1.Duration".into(),
        Shape::IntOrString => "intstr.IntOrString".into(),
        Shape::Json => "runtime.RawExtension".into(),
        Shape::Struct(id) => id.get().go_name().into(),
        Shape::List(inner) => format!("[]{}", go_type(inner)),
        Shape::Map(inner) if **inner == Shape::Quantity => "v1.ResourceList".into(),
        Shape::Map(inner) => format!("map[string]{}", go_type(inner)),
    }
}

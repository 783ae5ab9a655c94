//! Reads the generated file of fields.

use std::collections::HashMap;

use super::{Field, ListType, Shape, Table, Type, TypeId};
use crate::Gvk;

pub(super) fn parse(text: &'static str) -> Table {
    let mut by_name = HashMap::new();
    for (i, line) in text.lines().filter(|l| l.starts_with('@')).enumerate() {
        let name = line[1..].split(' ').next().unwrap_or_default();
        by_name.insert(name, TypeId(i as u16));
    }
    let mut types: Vec<Type> = Vec::with_capacity(by_name.len());
    let mut by_kind = HashMap::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        if let Some(head) = line.strip_prefix('@') {
            let mut words = head.split(' ');
            let name = words.next().unwrap_or_default();
            let mut one = Type {
                name,
                fields: Vec::new(),
                atomic: false,
                kinds: Vec::new(),
            };
            for word in words {
                if let Some([group, version, kind]) = word.strip_prefix("kind=").and_then(three) {
                    by_kind.insert((group, version, kind), TypeId(types.len() as u16));
                    one.kinds.push(Gvk::new(group, version, kind));
                } else if word == "atomic" {
                    one.atomic = true;
                }
            }
            types.push(one);
        } else if let Some(last) = types.last_mut() {
            last.fields.push(field(line, &by_name));
        }
    }
    Table {
        types,
        by_kind,
        by_name,
    }
}

fn three(text: &'static str) -> Option<[&'static str; 3]> {
    let mut parts = text.split('/');
    Some([parts.next()?, parts.next()?, parts.next()?])
}

fn field(line: &'static str, types: &HashMap<&'static str, TypeId>) -> Field {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default();
    let shape = shape(words.next().unwrap_or_default(), types);
    let proto: Vec<u32> = words
        .next()
        .unwrap_or_default()
        .split('.')
        .filter_map(|n| n.parse().ok())
        .collect();
    let mut field = Field {
        name,
        shape,
        go: "",
        proto: if proto == [0] { &[] } else { proto.leak() },
        always: false,
        pointer: false,
        required: false,
        atomic: false,
        list: ListType::Atomic,
        merge_key: "",
        merge: false,
        retain_keys: false,
        replace: false,
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("!", _) => field.always = true,
            ("*", _) => field.pointer = true,
            ("required", _) => field.required = true,
            ("atomic", _) => field.atomic = true,
            ("set", _) => field.list = ListType::Set,
            ("map", keys) => field.list = ListType::Map(keys.split(',').collect::<Vec<_>>().leak()),
            ("go", go) => field.go = go,
            ("merge", key) => field.merge_key = key,
            ("strategy", strategies) => {
                for strategy in strategies.split(',') {
                    match strategy {
                        "merge" => field.merge = true,
                        "retainKeys" => field.retain_keys = true,
                        _ => field.replace = true,
                    }
                }
            }
            _ => {}
        }
    }
    field
}

fn shape(text: &'static str, types: &HashMap<&'static str, TypeId>) -> Shape {
    if let Some(inner) = text.strip_prefix("[]") {
        return Shape::List(Box::leak(Box::new(shape(inner, types))));
    }
    if let Some(inner) = text.strip_prefix("{}") {
        return Shape::Map(Box::leak(Box::new(shape(inner, types))));
    }
    match text {
        "s" => Shape::String,
        "b" => Shape::Bool,
        "i" => Shape::Int32,
        "l" => Shape::Int64,
        "d" => Shape::Double,
        "y" => Shape::Bytes,
        "q" => Shape::Quantity,
        "t" => Shape::Time,
        "m" => Shape::MicroTime,
        "u" => Shape::Duration,
        "x" => Shape::IntOrString,
        name => types.get(name).map_or(Shape::Json, |id| Shape::Struct(*id)),
    }
}

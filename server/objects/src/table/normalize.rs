//! What the Go types of Kubernetes do to every object that passes through them: empty members that are not pointers are left out, members
//! without `omitempty` are written even when they are empty, unknown members are gone.

use serde_json::{Map, Value};

use super::{Field, Shape, Type, type_of};
use crate::{Gvk, Quantity};

/// Brings an object into the form in which the API server would write it. Kinds that the table does not know are left alone.
///
/// Reading it again gives the same; `decode` does it already. Values of the wrong type stay as they are.
pub fn normalize(gvk: &Gvk, object: &mut Value) {
    if let (Some(kind), Value::Object(members)) = (type_of(gvk), object) {
        normalize_struct(kind, members);
    }
}

pub(crate) fn normalize_struct(of: &Type, members: &mut Map<String, Value>) {
    members.retain(|name, value| match of.field(name) {
        Some(field) => {
            normalize_value(&field.shape, value);
            !is_left_out(field, value)
        }
        None => false,
    });
    add_always(of, members);
}

/// Adds what is written even when it is empty.
pub(crate) fn add_always(of: &Type, members: &mut Map<String, Value>) {
    for field in of.fields.iter().filter(|f| f.always) {
        if !members.contains_key(field.name) {
            members.insert(field.name.to_string(), zero(&field.shape));
        }
    }
}

fn normalize_value(shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Struct(id), Value::Object(members)) => normalize_struct(id.get(), members),
        (Shape::List(inner), Value::Array(items)) => {
            items.iter_mut().for_each(|i| normalize_value(inner, i))
        }
        (Shape::Map(Shape::Quantity), Value::Object(members)) => {
            members.values_mut().for_each(round_to_millis);
        }
        (Shape::Map(inner), Value::Object(members)) => {
            members.values_mut().for_each(|v| normalize_value(inner, v));
        }
        _ => {}
    }
}

/// Amounts of resources are kept to the thousandth.
fn round_to_millis(value: &mut Value) {
    if let Some(quantity) = Quantity::of(value).filter(|q| !q.is_whole_millis()) {
        *value = quantity.to_millis().to_string().into();
    }
}

/// Whether `omitempty` leaves the value out.
pub(crate) fn is_left_out(field: &Field, value: &Value) -> bool {
    let empty = match value {
        Value::Null => return true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => matches!(field.shape, Shape::Map(_)) && members.is_empty(),
        Value::String(text) => text.is_empty() && field.shape != Shape::IntOrString,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0) && field.shape != Shape::IntOrString,
    };
    empty && !field.always && !field.pointer
}

fn zero(shape: &Shape) -> Value {
    match shape {
        Shape::String | Shape::Bytes => "".into(),
        Shape::Bool => false.into(),
        Shape::Int32 | Shape::Int64 | Shape::Double | Shape::IntOrString => 0.into(),
        Shape::Quantity => "0".into(),
        Shape::Duration => "0s".into(),
        Shape::Struct(id) => {
            let mut members = Map::new();
            add_always(id.get(), &mut members);
            Value::Object(members)
        }
        Shape::Time | Shape::MicroTime | Shape::Json | Shape::List(_) | Shape::Map(_) => {
            Value::Null
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(gvk: &str, mut object: Value, expect: Value) {
        let (version, kind) = gvk.rsplit_once(' ').expect("version kind");
        normalize(&Gvk::from_api_version(version, kind), &mut object);
        assert_eq!(object, expect);
    }

    #[test]
    fn writes_as_go() {
        let pod = json!({"spec": {"hostNetwork": false, "volumes": [], "containers": [{"name": "c", "ports": [{"hostPort": 0, "containerPort": 1}]}], "priority": 0, "foo": 1}});
        let expect = json!({"metadata": {}, "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1}], "resources": {}}], "priority": 0}, "status": {}});
        check("v1 Pod", pod, expect);
        let expect = json!({"metadata": {}, "spec": {}, "status": {"loadBalancer": {}}});
        check(
            "v1 Service",
            json!({"spec": {"selector": {}, "clusterIP": ""}}),
            expect,
        );
        let configmap = json!({"data": {"a": ""}, "immutable": false});
        check(
            "v1 ConfigMap",
            configmap,
            json!({"metadata": {}, "data": {"a": ""}, "immutable": false}),
        );
    }
}

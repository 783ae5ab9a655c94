//! The descriptions of types and fields, for OpenAPI and `kubectl explain`. They are read once, on first use.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The texts of one type.
#[derive(Debug, Default)]
struct Texts {
    own: &'static str,
    fields: HashMap<&'static str, &'static str>,
}

/// Descriptions by type (`core/v1.Pod`) and field.
#[derive(Debug)]
pub struct Descriptions(HashMap<&'static str, Texts>);

static DESCRIPTIONS: LazyLock<Descriptions> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, Texts> = HashMap::new();
    let mut name = "";
    for line in include_str!("descriptions.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let (key, text) = line.split_once('\t').unwrap_or((line, ""));
        if let Some(type_name) = key.strip_prefix('@') {
            name = type_name;
            all.entry(name).or_default().own = text;
        } else {
            all.entry(name).or_default().fields.insert(key, text);
        }
    }
    Descriptions(all)
});

/// All descriptions.
pub fn descriptions() -> &'static Descriptions {
    &DESCRIPTIONS
}

impl Descriptions {
    /// Of a type; empty when it has none.
    pub fn of_type(&self, name: &str) -> Cow<'static, str> {
        unescape(self.0.get(name).map_or("", |t| t.own))
    }

    /// Of a field; empty when it has none.
    pub fn of_field(&self, name: &str, field: &str) -> Cow<'static, str> {
        unescape(
            self.0
                .get(name)
                .and_then(|t| t.fields.get(field))
                .copied()
                .unwrap_or_default(),
        )
    }
}

fn unescape(text: &'static str) -> Cow<'static, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(if chars.next() == Some('n') {
                '\n'
            } else {
                '\\'
            }),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells() {
        let all = descriptions();
        assert!(
            all.of_type("core/v1.Pod")
                .starts_with("Pod is a collection of containers")
        );
        assert!(
            all.of_field("core/v1.Pod", "kind")
                .contains("Cannot be updated")
        );
        assert!(all.of_type("meta/v1.FieldsV1").is_empty() && all.of_field("x", "y").is_empty());
    }
}

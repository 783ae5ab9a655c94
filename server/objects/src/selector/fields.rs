//! Field selectors: `status.phase!=Running,spec.nodeName=node-1`.

use crate::quote::go_quote;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    pub field: String,
    /// `!=` instead of `=`.
    pub negated: bool,
    pub value: String,
}

/// A conjunction of requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    pub requirements: Vec<FieldRequirement>,
}

impl FieldSelector {
    /// From the text of a query. The error is the text of the API server; whether a kind has the field is not looked at here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split_terms(text).into_iter().filter(|p| !p.is_empty()) {
            let Some((field, operator, value)) = split_term(part) else {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                ));
            };
            let value = unescape(value)?;
            requirements.push(FieldRequirement {
                field: field.into(),
                negated: operator == "!=",
                value,
            });
        }
        Ok(FieldSelector { requirements })
    }

    /// Whether an object satisfies it; `read` gives the text of a field of that object, empty when it is not set.
    pub fn matches(&self, read: impl Fn(&str) -> String) -> bool {
        self.requirements
            .iter()
            .all(|r| (read(&r.field) == r.value) != r.negated)
    }

    /// The value that a field must be equal to, if it is asked for.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.requirements
            .iter()
            .find(|r| r.field == field && !r.negated)
            .map(|r| r.value.as_str())
    }

    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn split_term(term: &str) -> Option<(&str, &'static str, &str)> {
    for (i, _) in term.char_indices() {
        for operator in ["!=", "==", "="] {
            if let Some(value) = term[i..].strip_prefix(operator) {
                return Some((&term[..i], operator, value));
            }
        }
    }
    None
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = std::iter::once('\\').chain(other).collect();
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: {}",
                        sequence
                    ));
                }
            },
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    go_quote(&c.to_string()).trim_matches('"')
                ));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        let read = |field: &str| match field {
            "status.phase" => "Running".to_string(),
            "metadata.name" => "a,b".to_string(),
            _ => String::new(),
        };
        assert_eq!(
            FieldSelector::parse(text).expect(text).matches(read),
            expect,
            "{text}"
        );
    }

    #[test]
    fn matches() {
        check("", true);
        check("status.phase=Running", true);
        check("status.phase==Running,spec.nodeName=", true);
        check("status.phase!=Running", false);
        check(r"metadata.name=a\,b", true);
    }

    #[test]
    fn refuses() {
        let expect = "invalid selector: 'a'; can't understand 'a'".to_string();
        assert_eq!(FieldSelector::parse("a"), Err(expect));
        assert!(FieldSelector::parse(r"a=\x").is_err());
    }
}

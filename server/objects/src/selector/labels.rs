//! Label selectors: the text of `-l`, and the `matchLabels`/`matchExpressions` of objects.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::lexer::{Token, tokens};
use crate::names;
use crate::status::FieldError;

/// What a requirement asks of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Exists,
    DoesNotExist,
    Greater,
    Less,
}

/// One requirement; all of a selector must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub key: String,
    pub operator: Operator,
    pub values: BTreeSet<String>,
}

/// A conjunction of requirements; without any it takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    pub requirements: Vec<Requirement>,
    /// Takes nothing at all: what an absent `LabelSelector` means.
    pub nothing: bool,
}

impl LabelSelector {
    /// Takes nothing.
    pub fn nothing() -> Self {
        LabelSelector {
            requirements: Vec::new(),
            nothing: true,
        }
    }

    /// From the text of a query: `app=web,tier in (a, b),!old`. The error is the text of the API server.
    pub fn parse(text: &str) -> Result<Self, String> {
        let requirements = Parser {
            tokens: tokens(text),
            at: 0,
        }
        .requirements()?;
        Ok(LabelSelector {
            requirements,
            nothing: false,
        })
    }

    /// From a `LabelSelector` of meta/v1. `Null` takes nothing, an empty one everything; unknown operators take nothing.
    pub fn from_object(selector: &Value) -> Self {
        let Some(selector) = selector.as_object() else {
            return LabelSelector::nothing();
        };
        let mut all = LabelSelector::from_map(selector.get("matchLabels").unwrap_or(&Value::Null));
        let expressions = selector.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let operator = match expression["operator"].as_str() {
                Some("In") => Operator::In,
                Some("NotIn") => Operator::NotIn,
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::DoesNotExist,
                _ => return LabelSelector::nothing(),
            };
            let values = expression["values"].as_array().into_iter().flatten();
            let values = values.filter_map(Value::as_str).map(String::from).collect();
            let key = expression["key"].as_str().unwrap_or_default().to_string();
            all.requirements.push(Requirement {
                key,
                operator,
                values,
            });
        }
        all
    }

    /// From a plain map of labels (`spec.selector` of a Service): all must be equal. An empty or absent map takes everything.
    pub fn from_map(map: &Value) -> Self {
        let pairs = map.as_object().into_iter().flatten();
        let equal = |(key, value): (&String, &Value)| Requirement {
            key: key.clone(),
            operator: Operator::Equals,
            values: BTreeSet::from([value.as_str().unwrap_or_default().to_string()]),
        };
        LabelSelector {
            requirements: pairs.map(equal).collect(),
            nothing: false,
        }
    }

    /// Whether it takes everything.
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Whether labels (`None`: there are none) satisfy it.
    pub fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }

    /// Whether the labels of an object satisfy it.
    pub fn matches_object(&self, object: &Value) -> bool {
        self.matches(crate::meta::labels(object))
    }
}

impl Requirement {
    fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = labels
            .and_then(|l| l.get(&self.key))
            .and_then(Value::as_str);
        let number = |text: &str| text.parse::<i64>().ok();
        let limit = || self.values.first().and_then(|v| number(v));
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                value.is_some_and(|v| self.values.contains(v))
            }
            Operator::NotIn | Operator::NotEquals => value.is_none_or(|v| !self.values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Greater => {
                matches!((value.and_then(number), limit()), (Some(v), Some(l)) if v > l)
            }
            Operator::Less => {
                matches!((value.and_then(number), limit()), (Some(v), Some(l)) if v < l)
            }
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self
            .values
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(",");
        let key = &self.key;
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::Greater => write!(f, "{key}>{values}"),
            Operator::Less => write!(f, "{key}<{values}"),
        }
    }
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> (Token, &str) {
        let (token, text) = &self.tokens[self.at.min(self.tokens.len() - 1)];
        (*token, text)
    }

    fn next(&mut self) -> (Token, String) {
        let (token, text) = self.peek();
        let taken = (token, text.to_string());
        self.at += 1;
        taken
    }

    fn requirements(mut self) -> Result<Vec<Requirement>, String> {
        let mut all = Vec::new();
        loop {
            match self.peek() {
                (Token::Word | Token::Not, _) => {
                    let one = self
                        .requirement()
                        .map_err(|e| format!("unable to parse requirement: {e}"))?;
                    all.push(one);
                }
                (Token::End, _) => break,
                (_, text) => {
                    return Err(format!(
                        "found '{text}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            match self.next() {
                (Token::End, _) => break,
                (Token::Comma, _) => match self.peek() {
                    (Token::Word | Token::Not, _) => {}
                    (_, text) => {
                        return Err(format!("found '{text}', expected: identifier after ','"));
                    }
                },
                (_, text) => {
                    return Err(format!("found '{text}', expected: ',' or 'end of string'"));
                }
            }
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.next();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.next();
        }
        if token != Token::Word {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let errors = names::qualified_name(&key);
        if !errors.is_empty() {
            return Err(FieldError::invalid("<nil>", key, errors.join("; ")).to_string());
        }
        let ends = matches!(self.peek().0, Token::End | Token::Comma);
        if negated || ends {
            let operator = if negated {
                Operator::DoesNotExist
            } else {
                Operator::Exists
            };
            return Ok(Requirement {
                key,
                operator,
                values: BTreeSet::new(),
            });
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => self.exact_value()?,
        };
        check_values(&key, operator, &values)?;
        Ok(Requirement {
            key,
            operator,
            values,
        })
    }

    fn operator(&mut self) -> Result<Operator, String> {
        match self.next() {
            (Token::Word, text) if text == "in" => Ok(Operator::In),
            (Token::Word, text) if text == "notin" => Ok(Operator::NotIn),
            (Token::Equals, _) => Ok(Operator::Equals),
            (Token::DoubleEquals, _) => Ok(Operator::DoubleEquals),
            (Token::NotEquals, _) => Ok(Operator::NotEquals),
            (Token::Greater, _) => Ok(Operator::Greater),
            (Token::Less, _) => Ok(Operator::Less),
            (_, text) => Err(format!(
                "found '{text}', expected: in, notin, =, ==, !=, gt, lt"
            )),
        }
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let (token, text) = self.next();
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        let first = self.peek().1.to_string();
        match self.peek().0 {
            Token::Word | Token::Comma => {
                let values = self.value_list()?;
                match self.next() {
                    (Token::Close, _) => Ok(values),
                    _ => Err(format!("found '{first}', expected: ')'")),
                }
            }
            Token::Close => {
                self.next();
                Ok(BTreeSet::new())
            }
            _ => Err(format!("found '{first}', expected: ',', ')' or identifier")),
        }
    }

    fn value_list(&mut self) -> Result<BTreeSet<String>, String> {
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                (Token::Word, text) => {
                    values.insert(text);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    match self.peek().0 {
                        Token::Close => {
                            values.insert(String::new());
                            return Ok(values);
                        }
                        Token::Comma => {
                            self.next();
                            values.insert(String::new());
                        }
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }

    fn exact_value(&mut self) -> Result<BTreeSet<String>, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok(BTreeSet::from([String::new()]));
        }
        match self.next() {
            (Token::Word, text) => Ok(BTreeSet::from([text])),
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }
}

fn check_values(key: &str, operator: Operator, values: &BTreeSet<String>) -> Result<(), String> {
    if values.is_empty() {
        let detail = "for 'in', 'notin' operators, values set can't be empty";
        return Err(FieldError::invalid("values", Value::Array(Vec::new()), detail).to_string());
    }
    for (i, value) in values.iter().enumerate() {
        if matches!(operator, Operator::Greater | Operator::Less) && value.parse::<i64>().is_err() {
            let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
            return Err(
                FieldError::invalid(format!("values[{i}]"), value.as_str(), detail).to_string(),
            );
        }
        let errors = names::label_value(value);
        if !errors.is_empty() {
            let field = format!("values[{i}][{key}]");
            return Err(FieldError::invalid(field, value.as_str(), errors.join("; ")).to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matches() {
        let labels = json!({"app": "web", "n": "5", "e": ""});
        for (text, expect) in [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("x!=web", true),
            ("app in (a, web)", true),
            ("app notin (a)", true),
            ("x notin (a)", true),
            ("x in (a)", false),
            ("app", true),
            ("!app", false),
            ("!x", true),
            ("n>4", true),
            ("n<5", false),
            ("e=", true),
            ("app=web,n>9", false),
            ("in in (in)", false),
            ("e in (,a)", true),
        ] {
            let selector = LabelSelector::parse(text).expect(text);
            assert_eq!(selector.matches(labels.as_object()), expect, "{text}");
        }
    }

    #[test]
    fn errors() {
        for (text, expect) in [
            ("app=web)", "found ')', expected: ',' or 'end of string'"),
            (
                "app in web",
                "unable to parse requirement: found 'web' expected: '('",
            ),
            (
                "app is web",
                "unable to parse requirement: found 'is', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("a=b,", "found '', expected: identifier after ','"),
            (
                "=a",
                "found '=', expected: !, identifier, or 'end of string'",
            ),
            (
                "n>x",
                r#"unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer"#,
            ),
        ] {
            assert_eq!(
                LabelSelector::parse(text),
                Err(expect.to_string()),
                "{text}"
            );
        }
    }

    #[test]
    fn from_objects() {
        let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["d", "e"]}]});
        let selector = LabelSelector::from_object(&selector);
        assert_eq!(selector.to_string(), "a=b,c in (d,e)");
        assert!(selector.matches(json!({"a": "b", "c": "e"}).as_object()));
        assert!(!LabelSelector::from_object(&Value::Null).matches(None));
        assert!(LabelSelector::from_object(&json!({})).matches(None));
    }
}

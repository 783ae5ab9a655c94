//! How much work a template may make. It is whatever somebody typed, and it runs beside the work of others: a few nested ranges, or a
//! few `..`, can ask for more than any machine has.

use serde_json::Value;

/// Blocks in blocks, brackets in brackets.
pub(super) const DEEPEST: usize = 100;

/// Bytes that are written, and values that are looked at, each of which counts as much as some bytes.
const MOST: usize = 16 << 20;
const LOOK: usize = 8;

/// What is left for filling in one template.
pub(super) struct Effort(usize);

impl Effort {
    pub fn new() -> Effort {
        Effort(MOST)
    }

    /// So many values are looked at. Errors: it is more than a template may ask for.
    pub fn look(&mut self, values: usize) -> Result<(), String> {
        self.take(values.saturating_mul(LOOK))
    }

    /// Text is written. Errors: as above.
    pub fn write(&mut self, text: &str, out: &mut String) -> Result<(), String> {
        self.take(text.len())?;
        out.push_str(text);
        Ok(())
    }

    /// A value of one's own. Errors: as above.
    pub fn copy(&mut self, value: &Value) -> Result<Value, String> {
        self.look(weight(value))?;
        Ok(value.clone())
    }

    fn take(&mut self, count: usize) -> Result<(), String> {
        let left = self.0.checked_sub(count);
        self.0 = left.ok_or("the template asks for too much work, or writes more than 16 MiB")?;
        Ok(())
    }
}

/// How many values a value is made of.
fn weight(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(weight).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(weight).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{jsonpath, template};
    use super::*;
    use serde_json::json;

    fn list() -> Value {
        let item = json!({"metadata": {"name": "a", "labels": {"a": "b"}}, "spec": [[1, 2], [3]]});
        json!({"items": vec![item; 100]})
    }

    #[test]
    fn what_asks_for_too_much_is_refused() {
        let ranges = |open: &str, end: &str| format!("{}x{}", open.repeat(9), end.repeat(9));
        for text in [
            ranges("{range $.items[*]}", "{end}"),
            "{..................}".into(),
            "{$}".repeat(10_000),
            format!("{{[{}]}}", "*,".repeat(9) + "*").repeat(20_000),
        ] {
            let failure = jsonpath::parse(&text).and_then(|template| template.render(&list()));
            let sentence = failure.unwrap_err().sentence();
            assert!(
                sentence.contains("too much work"),
                "{text:.40}: {sentence:.200}"
            );
        }
        for text in [
            ranges("{{range $.items}}", "{{end}}"),
            "{{$}}".repeat(10_000),
            "{{$a := $}}".repeat(10_000),
        ] {
            let failure = template::parse(&text).and_then(|template| template.render(&list()));
            let sentence = failure.unwrap_err().sentence();
            assert!(
                sentence.contains("too much work"),
                "{text:.40}: {sentence:.200}"
            );
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_no_template() {
        let nested = |open: &str, end: &str| open.repeat(20_000) + &end.repeat(20_000);
        for text in [
            nested("{range .items}", "{end}"),
            format!("{{{}}}", nested("[?(@", ")]")),
        ] {
            let sentence = jsonpath::parse(&text).unwrap_err().sentence();
            assert!(sentence.ends_with("exceeded max depth"), "{sentence:.80}");
        }
        for text in [
            nested("{{if .}}", "{{end}}"),
            "{{if .}}{{else if .}}".to_owned() + &"{{else if .}}".repeat(20_000),
            format!("{{{{print {} }}}}", nested("(", ")")),
        ] {
            let sentence = template::parse(&text).unwrap_err().sentence();
            assert!(sentence.ends_with("exceeded max depth"), "{sentence:.80}");
        }
    }
}

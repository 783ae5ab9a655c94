//! Fields: what a word becomes, while it is being expanded and split.
//!
//! Pure. Keeps beside each field's text the same text as a pattern, in which quoted characters are escaped. Mirrors POSIX
//! XCU 2.6.5 (field splitting).

use super::pattern;

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its text.
    pub text: String,
    /// The same as a pattern.
    pub pattern: String,
    /// Whether an unquoted special character is in it.
    pub special: bool,
}

/// Fields being gathered.
#[derive(Debug)]
pub struct Fields {
    done: Vec<Field>,
    current: Option<Field>,
    /// `None`: nothing is split (assignments, here-documents, patterns).
    ifs: Option<String>,
    /// The last field was ended by IFS white space, and no other separator came yet.
    after_space: bool,
}

impl Fields {
    /// Fields split at the characters of `ifs`; not split at all for `None`.
    pub fn new(ifs: Option<String>) -> Fields {
        Fields {
            done: Vec::new(),
            current: None,
            ifs,
            after_space: false,
        }
    }

    /// Whether unquoted values are split.
    pub fn splits(&self) -> bool {
        self.ifs.is_some()
    }

    /// Rough size in bytes.
    pub fn size(&self) -> usize {
        let all = self.done.iter().chain(&self.current);
        all.map(|field| field.text.len() + field.pattern.len() + size_of::<Field>())
            .sum()
    }

    fn field(&mut self) -> &mut Field {
        self.after_space = false;
        self.current.get_or_insert_default()
    }

    /// Text in quotes: kept as it is, and makes a field even when empty.
    pub fn quoted(&mut self, text: &str) {
        let field = self.field();
        field.text.push_str(text);
        pattern::push_literal(&mut field.pattern, text);
    }

    /// Unquoted text of the script: patterns are active, nothing is split.
    pub fn literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let field = self.field();
        field.text.push_str(text);
        field.pattern.push_str(text);
        field.special |= text.contains(['*', '?', '[']);
    }

    /// An unquoted value: split, and patterns are active in it.
    pub fn value(&mut self, text: &str) {
        let Some(ifs) = self.ifs.clone() else {
            if !text.is_empty() {
                self.piece(text);
            }
            return;
        };
        if !text.contains(|c| ifs.contains(c)) {
            if !text.is_empty() {
                self.piece(text);
            }
            return;
        }
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let space = matches!(c, ' ' | '\t' | '\n');
            if !ifs.contains(c) {
                let end = rest.find(|c| ifs.contains(c)).unwrap_or(rest.len());
                self.piece(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            if space {
                if self.current.is_some() {
                    self.end_field();
                    self.after_space = true;
                }
            } else if self.after_space {
                self.after_space = false;
            } else {
                self.current.get_or_insert_default();
                self.end_field();
            }
        }
    }

    fn piece(&mut self, text: &str) {
        let special = text.contains(['*', '?', '[']);
        let field = self.field();
        field.text.push_str(text);
        if text.contains('\\') {
            field.pattern.push_str(&text.replace('\\', "\\\\"));
        } else {
            field.pattern.push_str(text);
        }
        field.special |= special;
    }

    /// Ends the current field (between the parts of `"$@"`).
    pub fn end_field(&mut self) {
        self.done.extend(self.current.take());
    }

    /// All fields.
    pub fn finish(mut self) -> Vec<Field> {
        self.end_field();
        self.done
    }

    /// All as one field, joined by blanks.
    pub fn join(self) -> Field {
        let mut all = self.finish().into_iter();
        let mut first = all.next().unwrap_or_default();
        for field in all {
            first.text.push(' ');
            first.text.push_str(&field.text);
            first.pattern.push(' ');
            first.pattern.push_str(&field.pattern);
            first.special |= field.special;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(ifs: &str, text: &str) -> Vec<String> {
        let mut fields = Fields::new(Some(ifs.to_owned()));
        fields.value(text);
        fields
            .finish()
            .into_iter()
            .map(|field| field.text)
            .collect()
    }

    #[test]
    fn values_are_split_as_posix_says() {
        for (ifs, text, expect) in [
            (" \t\n", "  a  b ", vec!["a", "b"]),
            (":", "a:b:c", vec!["a", "b", "c"]),
            (":", "a::b:", vec!["a", "", "b"]),
            (": ", "a : b", vec!["a", "b"]),
            (":", ":a", vec!["", "a"]),
            ("", "a b", vec!["a b"]),
        ] {
            assert_eq!(split(ifs, text), expect, "{ifs:?} {text:?}");
        }
    }
}

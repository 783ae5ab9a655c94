//! Highlighting of code in lessons, as custom elements (`<a-k>`…) that the page's style sheet colours.

use std::cell::RefCell;

thread_local! {
    static HIGHLIGHTER: RefCell<arborium::Highlighter> = RefCell::new(arborium::Highlighter::new());
}

/// `code` as HTML; escaped plain text where the language is not known.
pub fn highlight(language: &str, code: &str) -> String {
    let language = match language {
        "sh" | "shell" | "console" => "bash",
        other => other,
    };
    let found = match language {
        "bash" | "yaml" | "json" => {
            HIGHLIGHTER.with(|h| h.borrow_mut().highlight(language, code).ok())
        }
        _ => None,
    };
    found.unwrap_or_else(|| escape(code))
}

/// `text` with the characters that HTML reads as markup escaped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

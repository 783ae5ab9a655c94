//! What names may look like: DNS labels and subdomains, label keys and values, and the texts that say so.
//!
//! Mirrors apimachinery's `util/validation`. Every function answers the errors, none when the name is good.

const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;

const LABEL_REGEX: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_REGEX: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const DNS1035_REGEX: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const DNS1035_TEXT: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_REGEX: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_TEXT: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_REGEX: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const LABEL_VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

fn max_length(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// Kubernetes' sentence for a text that a regular expression refuses.
pub(crate) fn regex_error(text: &str, regex: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{text} (regex used for validation is '{regex}')");
    }
    let mut out = format!("{text} (e.g. ");
    for (i, example) in examples.iter().enumerate() {
        if i > 0 {
            out.push_str(" or ");
        }
        out.push_str(&format!("'{example}', "));
    }
    format!("{out}regex used for validation is '{regex}')")
}

fn lower_or_digit(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn ends_well(text: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [] => false,
        [only] => edge(*only),
        [first, middle @ .., last] => {
            edge(*first) && edge(*last) && middle.iter().all(|&b| inner(b))
        }
    }
}

fn is_label(text: &str) -> bool {
    ends_well(text, lower_or_digit, |b| lower_or_digit(b) || b == b'-')
}

/// `[A-Za-z0-9]` at both ends, `-_.` between.
fn is_qualified(text: &str) -> bool {
    ends_well(
        text,
        |b| b.is_ascii_alphanumeric(),
        |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b),
    )
}

/// RFC 1123 label: containers, namespaces, volumes, services.
pub fn dns_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > LABEL_MAX {
        errors.push(max_length(LABEL_MAX));
    }
    if is_label(text) {
        return errors;
    }
    if text.split('.').all(is_label) {
        errors.push("must not contain dots".to_string());
    } else {
        errors.push(regex_error(
            LABEL_TEXT,
            LABEL_REGEX,
            &["my-name", "123-abc"],
        ));
    }
    errors
}

/// RFC 1123 subdomain: the names of most objects.
pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        errors.push(max_length(SUBDOMAIN_MAX));
    }
    if !text.split('.').all(is_label) {
        errors.push(regex_error(
            SUBDOMAIN_TEXT,
            SUBDOMAIN_REGEX,
            &["example.com"],
        ));
    }
    errors
}

/// RFC 1123 subdomain whose labels may have underscores: search paths of DNS.
pub fn dns_search_path(text: &str) -> Vec<String> {
    const REGEX: &str = r"[a-z0-9_]([-_a-z0-9]*[a-z0-9])?(\.[a-z0-9_]([-_a-z0-9]*[a-z0-9])?)*";
    const TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
    let good = |label: &str| {
        let start = |b: u8| lower_or_digit(b) || b == b'_';
        let bytes = label.as_bytes();
        bytes.first().is_some_and(|b| start(*b))
            && bytes.iter().all(|b| start(*b) || *b == b'-')
            && (bytes.len() == 1 || bytes.last().is_some_and(|b| lower_or_digit(*b)))
    };
    let mut errors = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        errors.push(max_length(SUBDOMAIN_MAX));
    }
    if !text.split('.').all(good) {
        errors.push(regex_error(TEXT, REGEX, &["example.com"]));
    }
    errors
}

/// RFC 1035 label.
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > LABEL_MAX {
        errors.push(max_length(LABEL_MAX));
    }
    if !is_label(text) || text.as_bytes()[0].is_ascii_digit() {
        errors.push(regex_error(
            DNS1035_TEXT,
            DNS1035_REGEX,
            &["my-name", "abc-123"],
        ));
    }
    errors
}

/// `name` or `prefix/name`: label and annotation keys.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_string());
            } else {
                errors.extend(
                    dns_subdomain(prefix)
                        .into_iter()
                        .map(|e| format!("prefix part {e}")),
                );
            }
            name
        }
        _ => {
            let text = "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
            let error = regex_error(text, QUALIFIED_REGEX, &["MyName", "my.name", "123-abc"]);
            return vec![format!(
                "{error} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_string());
    } else if name.len() > LABEL_MAX {
        errors.push(format!("name part {}", max_length(LABEL_MAX)));
    }
    if !is_qualified(name) {
        let error = regex_error(
            QUALIFIED_TEXT,
            QUALIFIED_REGEX,
            &["MyName", "my.name", "123-abc"],
        );
        errors.push(format!("name part {error}"));
    }
    errors
}

/// The value of a label; may be empty.
pub fn label_value(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > LABEL_MAX {
        errors.push(max_length(LABEL_MAX));
    }
    if !text.is_empty() && !is_qualified(text) {
        errors.push(regex_error(
            LABEL_VALUE_TEXT,
            LABEL_VALUE_REGEX,
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

/// Names that are parts of paths (RBAC objects): anything but `.`, `..`, `/` and `%`.
pub fn path_segment(text: &str) -> Vec<String> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    let inside = ["/", "%"].into_iter().filter(|c| text.contains(c));
    inside.map(|c| format!("may not contain '{c}'")).collect()
}

/// Names of environment variables: printable ASCII without `=` (relaxed since 1.34).
pub fn env_var(text: &str) -> Vec<String> {
    let good = !text.is_empty() && text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'=');
    if good {
        return Vec::new();
    }
    let text = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    vec![regex_error(text, "^[ -<>-~]+$", &[])]
}

/// Keys of ConfigMaps and Secrets.
pub fn config_key(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        errors.push(max_length(SUBDOMAIN_MAX));
    }
    if text.is_empty()
        || !text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    {
        let sentence =
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        errors.push(regex_error(
            sentence,
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match text {
        "." => errors.push("must not be '.'".to_string()),
        ".." => errors.push("must not be '..'".to_string()),
        text if text.starts_with("..") => errors.push("must not start with '..'".to_string()),
        _ => {}
    }
    errors
}

/// Names of ports.
pub fn port_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 15 {
        errors.push("must be no more than 15 characters".to_string());
    }
    if !text.bytes().all(|b| lower_or_digit(b) || b == b'-') {
        errors.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_string(),
        );
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_string());
    }
    if text.contains("--") {
        errors.push("must not contain consecutive hyphens".to_string());
    }
    if text.starts_with('-') || text.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_string());
    }
    errors
}

/// Names of HTTP headers in probes.
pub fn http_header(text: &str) -> Vec<String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let sentence = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(sentence, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(good: fn(&str) -> Vec<String>, texts: &[(&str, usize)]) {
        for (text, errors) in texts {
            assert_eq!(good(text).len(), *errors, "{text}: {:?}", good(text));
        }
    }

    #[test]
    fn counts_of_errors() {
        check(
            dns_label,
            &[
                ("a", 0),
                ("a-b", 0),
                ("", 1),
                ("-a", 1),
                ("A", 1),
                ("a.b", 1),
                ("é", 1),
            ],
        );
        check(
            dns_subdomain,
            &[("a.b-c.d", 0), ("a..b", 1), ("a.", 1), ("", 1), ("a_b", 1)],
        );
        check(dns1035_label, &[("a1", 0), ("1a", 1), ("", 1)]);
        check(
            qualified_name,
            &[
                ("a", 0),
                ("a.b/C_d", 0),
                ("/a", 1),
                ("a/", 2),
                ("a/b/c", 1),
                ("", 2),
                ("A/b", 1),
            ],
        );
        check(label_value, &[("", 0), ("a", 0), ("a b", 1), ("-", 1)]);
        check(
            config_key,
            &[("a.b_c-D", 0), ("", 1), ("..a", 1), (".", 1), ("a/b", 1)],
        );
        check(
            port_name,
            &[
                ("http", 0),
                ("80", 1),
                ("Http", 1),
                ("a--b", 1),
                ("-a", 1),
                ("abcdefghijklmnop", 1),
            ],
        );
    }

    #[test]
    fn the_sentence() {
        let expect = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
        assert_eq!(dns_label("A"), [expect]);
    }
}

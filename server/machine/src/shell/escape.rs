//! Backslash escapes of `echo -e`, `printf` and `$'…'`.
//!
//! Mirrors POSIX XCU `printf` (format escapes) and `echo` (XSI), as busybox reads them.

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `echo -e` and `%b`: octal is `\0nnn`, `\c` ends the output.
    Echo,
    /// The format of `printf`: octal is `\nnn`.
    Format,
    /// `$'…'`: as a format, and `\'`, `\"`.
    Dollar,
}

/// Replaces the escapes in `text`; the second value is true when `\c` ended the output.
pub fn unescape(text: &str, style: Style) -> (Vec<u8>, bool) {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if byte != b'\\' || at >= bytes.len() {
            out.push(byte);
            continue;
        }
        let kind = bytes[at];
        at += 1;
        let simple = match kind {
            b'a' => Some(7),
            b'b' => Some(8),
            b'e' => Some(27),
            b'f' => Some(12),
            b'n' => Some(10),
            b'r' => Some(13),
            b't' => Some(9),
            b'v' => Some(11),
            b'\\' => Some(b'\\'),
            b'\'' | b'"' if style != Style::Echo => Some(kind),
            _ => None,
        };
        if let Some(value) = simple {
            out.push(value);
            continue;
        }
        match kind {
            b'c' if style != Style::Dollar => return (out, true),
            b'x' => {
                let (value, used) = digits(&bytes[at..], 16, 2);
                if used == 0 {
                    out.extend_from_slice(b"\\x");
                } else {
                    out.push(value);
                    at += used;
                }
            }
            b'0'..=b'7' => {
                let start = if style == Style::Echo && kind == b'0' {
                    at
                } else {
                    at - 1
                };
                let (value, used) = digits(&bytes[start..], 8, 3);
                out.push(value);
                at = start + used;
            }
            _ => out.extend_from_slice(&[b'\\', kind]),
        }
    }
    (out, false)
}

fn digits(bytes: &[u8], base: u32, most: usize) -> (u8, usize) {
    let mut value: u32 = 0;
    let mut used = 0;
    while used < most {
        let Some(digit) = bytes.get(used).and_then(|b| char::from(*b).to_digit(base)) else {
            break;
        };
        value = value * base + digit;
        used += 1;
    }
    ((value & 0xff) as u8, used)
}

/// `text` in single quotes where the shell would need them to read it back (`set -x`, `export`, `alias`).
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// As [`quote`], but only when something in `text` is special; as `set -x` prints words.
pub fn quote_if_needed(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-+=./:,@%^".contains(c) || !c.is_ascii();
    if !text.is_empty() && text.chars().all(safe) {
        text.to_owned()
    } else {
        quote(text)
    }
}

//! The keys of a terminal as characters: those that are none stand in a private range.

// Keys that are no character, in a private range.
pub(crate) const UP: char = '\u{e000}';
pub(crate) const DOWN: char = '\u{e001}';
pub(crate) const RIGHT: char = '\u{e002}';
pub(crate) const LEFT: char = '\u{e003}';
pub(crate) const HOME: char = '\u{e004}';
pub(crate) const END: char = '\u{e005}';
pub(crate) const DELETE: char = '\u{e006}';
pub(crate) const PAGE_UP: char = '\u{e007}';
pub(crate) const PAGE_DOWN: char = '\u{e008}';
pub(crate) const NOTHING: char = '\u{e0ff}';

/// The first key of `bytes` and how many bytes it has. A lone escape is the escape key: terminals send sequences whole.
pub(crate) fn next_key(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first == 0x1b {
        if !matches!(bytes.get(1), Some(b'[' | b'O')) {
            return Some(('\x1b', 1));
        }
        let end = bytes[2..]
            .iter()
            .position(|byte| (0x40..=0x7e).contains(byte))
            .map(|at| at + 3);
        let Some(end) = end else {
            return if bytes.len() > 16 {
                Some((NOTHING, bytes.len()))
            } else {
                None
            };
        };
        let key = match &bytes[2..end] {
            b"A" => UP,
            b"B" => DOWN,
            b"C" => RIGHT,
            b"D" => LEFT,
            b"H" | b"1~" | b"7~" => HOME,
            b"F" | b"4~" | b"8~" => END,
            b"3~" => DELETE,
            b"5~" => PAGE_UP,
            b"6~" => PAGE_DOWN,
            _ => NOTHING,
        };
        return Some((key, end));
    }
    let length = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((NOTHING, 1)),
    };
    if bytes.len() < length {
        return None;
    }
    let key = core::str::from_utf8(&bytes[..length])
        .ok()
        .and_then(|text| text.chars().next())
        .unwrap_or(NOTHING);
    Some((key, length))
}

//! Terminal bytes in binary messages: `[kind: u8][terminal: u32, big endian][payload]`.
//!
//! `kind` is [`INPUT`] from page to server, [`OUTPUT`] from server to page. Anything else is nonsense.

/// Keys and pastes, page to server.
pub const INPUT: u8 = 0;
/// What the terminal printed, server to page.
pub const OUTPUT: u8 = 1;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 5;

/// One binary message, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct TerminalBytes<'a> {
    pub kind: u8,
    pub terminal: u32,
    pub payload: &'a [u8],
}

/// Reads a message; `None` when it is shorter than its header or of an unknown kind.
pub fn decode(message: &[u8]) -> Option<TerminalBytes<'_>> {
    let (header, payload) = message.split_at_checked(HEADER_BYTES)?;
    let kind = header[0];
    let terminal = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
    matches!(kind, INPUT | OUTPUT).then_some(TerminalBytes {
        kind,
        terminal,
        payload,
    })
}

/// Writes a message.
pub fn encode(kind: u8, terminal: u32, payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER_BYTES + payload.len());
    message.push(kind);
    message.extend_from_slice(&terminal.to_be_bytes());
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message = encode(OUTPUT, 7, b"$ ");
        assert_eq!(
            decode(&message),
            Some(TerminalBytes {
                kind: OUTPUT,
                terminal: 7,
                payload: b"$ "
            })
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(decode(b""), None);
        assert_eq!(decode(&[0, 0, 0, 0]), None);
        assert_eq!(decode(&[9, 0, 0, 0, 1, 65]), None);
    }
}

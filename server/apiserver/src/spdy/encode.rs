//! From frames to bytes. Header blocks are stored uncompressed within the zlib stream, which every peer can read.

use bytes::{BufMut, Bytes, BytesMut};

/// Writes frames. One a connection: header blocks share one zlib stream.
#[derive(Default)]
pub struct Encoder {
    /// Whether the zlib header has been sent.
    begun: bool,
}

impl Encoder {
    /// Accepts a stream, with no headers.
    pub fn reply(&mut self, id: u32) -> Bytes {
        let block = self.block(&[0, 0, 0, 0]);
        let mut out = control(2, 0, 4 + block.len());
        out.put_u32(id);
        out.put_slice(&block);
        out.freeze()
    }

    /// Data, perhaps empty; `fin` ends this direction.
    pub fn data(&self, id: u32, fin: bool, bytes: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(8 + bytes.len());
        out.put_u32(id & 0x7fff_ffff);
        out.put_u32((u32::from(fin) << 24) | bytes.len() as u32);
        out.put_slice(bytes);
        out.freeze()
    }

    /// Ends a stream in both directions; see [`super::reset`].
    pub fn reset(&self, id: u32, status: u32) -> Bytes {
        let mut out = control(3, 0, 8);
        out.put_u32(id);
        out.put_u32(status);
        out.freeze()
    }

    /// Answers a ping.
    pub fn ping(&self, id: u32) -> Bytes {
        let mut out = control(6, 0, 4);
        out.put_u32(id);
        out.freeze()
    }

    /// Opens a stream, as a client does.
    pub fn open(&mut self, id: u32, fin: bool, headers: &[(&str, &str)]) -> Bytes {
        let mut plain = BytesMut::new();
        plain.put_u32(headers.len() as u32);
        for text in headers.iter().flat_map(|(name, value)| [name, value]) {
            plain.put_u32(text.len() as u32);
            plain.put_slice(text.as_bytes());
        }
        let block = self.block(&plain);
        let mut out = control(1, u8::from(fin), 10 + block.len());
        out.put_u32(id);
        out.put_u32(0);
        out.put_u16(0);
        out.put_slice(&block);
        out.freeze()
    }

    /// One header block: a stored block, then the empty one of a sync flush, without which Go's reader waits for more.
    fn block(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(plain.len() + 12);
        if !std::mem::replace(&mut self.begun, true) {
            out.extend([0x78, 0x01]);
        }
        for piece in plain.chunks(u16::MAX as usize) {
            let length = piece.len() as u16;
            out.push(0);
            out.extend(length.to_le_bytes());
            out.extend((!length).to_le_bytes());
            out.extend(piece);
        }
        out.extend([0, 0, 0, 0xff, 0xff]);
        out
    }
}

fn control(kind: u16, flags: u8, length: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(8 + length);
    out.put_u16(0x8003);
    out.put_u16(kind);
    out.put_u32((u32::from(flags) << 24) | length as u32);
    out
}

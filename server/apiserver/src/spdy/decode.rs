//! From bytes to frames. Fed in pieces of any size.

use super::{Frame, MAX_FRAME_BYTES, dictionary};
use bytes::{Buf, Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};

/// Limits of one header block after decompression.
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;

/// The peer does not speak this protocol; the connection is to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpdyError {
    #[error("frame of {0} bytes is too long")]
    TooLong(usize),
    #[error("not a SPDY/3 frame")]
    Version,
    #[error("frame of type {0} is cut short")]
    Short(u16),
    #[error("header block cannot be read: {0}")]
    Headers(&'static str),
}

/// Reads frames. One a connection: header blocks share one compression.
pub struct Decoder {
    buffer: BytesMut,
    inflate: Decompress,
    /// Whether the zlib header of the first block is still to come.
    fresh: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            buffer: BytesMut::new(),
            inflate: Decompress::new(false),
            fresh: true,
        }
    }
}

impl Decoder {
    /// Takes in bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if it is there.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, SpdyError> {
        if self.buffer.len() < 8 {
            return Ok(None);
        }
        let length =
            u32::from_be_bytes([0, self.buffer[5], self.buffer[6], self.buffer[7]]) as usize;
        if length > MAX_FRAME_BYTES {
            return Err(SpdyError::TooLong(length));
        }
        if self.buffer[0] & 0x80 != 0 && self.buffer[..2] != [0x80, 0x03] {
            return Err(SpdyError::Version);
        }
        if self.buffer.len() < 8 + length {
            return Ok(None);
        }
        let head = self.buffer.split_to(8);
        let body = self.buffer.split_to(length).freeze();
        let fin = head[4] & 1 != 0;
        if head[0] & 0x80 == 0 {
            let id = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            return Ok(Some(Frame::Data {
                id,
                fin,
                bytes: body,
            }));
        }
        self.control(u16::from_be_bytes([head[2], head[3]]), fin, body)
            .map(Some)
    }

    fn control(&mut self, kind: u16, fin: bool, mut body: Bytes) -> Result<Frame, SpdyError> {
        let word = |body: &mut Bytes| body.try_get_u32().map_err(|_| SpdyError::Short(kind));
        Ok(match kind {
            1 => {
                let id = word(&mut body)? & 0x7fff_ffff;
                word(&mut body)?;
                body.try_get_u16().map_err(|_| SpdyError::Short(kind))?;
                Frame::Open {
                    id,
                    fin,
                    headers: self.headers(&body)?,
                }
            }
            2 | 8 => {
                // Replies and late headers say nothing here, but their blocks belong to the compression's history.
                word(&mut body)?;
                self.headers(&body)?;
                Frame::Ignored
            }
            3 => Frame::Reset {
                id: word(&mut body)? & 0x7fff_ffff,
                status: word(&mut body)?,
            },
            6 => Frame::Ping(word(&mut body)?),
            7 => Frame::GoAway,
            _ => Frame::Ignored,
        })
    }

    fn headers(&mut self, block: &[u8]) -> Result<Vec<(String, String)>, SpdyError> {
        let plain = self.inflate_block(block)?;
        parse_headers(&plain)
    }

    fn inflate_block(&mut self, mut block: &[u8]) -> Result<Vec<u8>, SpdyError> {
        if self.fresh && !block.is_empty() {
            // zlib header with a preset dictionary: 2 bytes, then the dictionary's checksum. The deflate stream
            // behind it is read raw, its window filled by way of one stored block that holds the dictionary.
            let skip = match block {
                [_, flags, ..] if flags & 0x20 != 0 => 6,
                _ => 2,
            };
            block = block
                .get(skip..)
                .ok_or(SpdyError::Headers("no zlib header"))?;
            self.prime()?;
            self.fresh = false;
        }
        self.run(block, MAX_HEADER_BYTES)
    }

    fn prime(&mut self) -> Result<(), SpdyError> {
        let words = dictionary::bytes();
        let length = words.len() as u16;
        let mut stored = vec![0];
        stored.extend(length.to_le_bytes());
        stored.extend((!length).to_le_bytes());
        stored.extend(&words);
        self.run(&stored, words.len() + 1).map(drop)
    }

    fn run(&mut self, mut input: &[u8], limit: usize) -> Result<Vec<u8>, SpdyError> {
        let mut out = Vec::new();
        let mut piece = [0u8; 4096];
        loop {
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(input, &mut piece, FlushDecompress::Sync)
                .map_err(|_| SpdyError::Headers("not a deflate stream"))?;
            let read = (self.inflate.total_in() - read) as usize;
            let written = (self.inflate.total_out() - written) as usize;
            input = &input[read..];
            out.extend_from_slice(&piece[..written]);
            if out.len() > limit {
                return Err(SpdyError::Headers("too long"));
            }
            if status == Status::StreamEnd {
                return Err(SpdyError::Headers("the deflate stream has ended"));
            }
            if written < piece.len() && (input.is_empty() || read == 0) {
                return if input.is_empty() {
                    Ok(out)
                } else {
                    Err(SpdyError::Headers("cut short"))
                };
            }
        }
    }
}

fn parse_headers(plain: &[u8]) -> Result<Vec<(String, String)>, SpdyError> {
    const SHORT: SpdyError = SpdyError::Headers("cut short");
    let mut rest = plain;
    let text = |rest: &mut &[u8]| -> Result<String, SpdyError> {
        let length = rest.try_get_u32().map_err(|_| SHORT)? as usize;
        let bytes = rest.get(..length).ok_or(SHORT)?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        rest.advance(length);
        Ok(text)
    };
    let count = rest.try_get_u32().map_err(|_| SHORT)? as usize;
    if count > MAX_HEADERS {
        return Err(SpdyError::Headers("too many"));
    }
    (0..count)
        .map(|_| Ok((text(&mut rest)?.to_ascii_lowercase(), text(&mut rest)?)))
        .collect()
}

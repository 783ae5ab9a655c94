//! The codec against itself, against a compressed header block with the dictionary, and against nonsense.

use super::{Decoder, Encoder, Frame, dictionary};
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

fn frames(decoder: &mut Decoder, bytes: &[u8], piece: usize) -> Vec<Frame> {
    let mut out = Vec::new();
    for part in bytes.chunks(piece.max(1)) {
        decoder.feed(part);
        while let Some(frame) = decoder.next_frame().expect("frames of our own making") {
            out.push(frame);
        }
    }
    out
}

/// A SYN_STREAM whose header block is compressed with the dictionary, as Go clients send it.
fn compressed_open(deflate: &mut Compress, id: u32, name: &str, value: &str) -> Vec<u8> {
    let mut plain = 1u32.to_be_bytes().to_vec();
    for text in [name, value] {
        plain.extend((text.len() as u32).to_be_bytes());
        plain.extend(text.bytes());
    }
    let mut block = Vec::with_capacity(4096);
    deflate
        .compress_vec(&plain, &mut block, FlushCompress::Sync)
        .expect("compress");
    let mut out = vec![0x80, 3, 0, 1];
    out.extend((10 + block.len() as u32).to_be_bytes());
    out.extend(id.to_be_bytes());
    out.extend([0; 6]);
    out.extend(block);
    out
}

#[test]
fn reads_blocks_compressed_with_the_dictionary() {
    let mut deflate = Compress::new(Compression::default(), true);
    deflate
        .set_dictionary(&dictionary::bytes())
        .expect("dictionary");
    let mut decoder = Decoder::default();
    for (id, value) in [(1, "error"), (3, "data"), (5, "error")] {
        let bytes = compressed_open(&mut deflate, id, "Streamtype", value);
        let headers = vec![("streamtype".to_string(), value.to_string())];
        assert_eq!(
            frames(&mut decoder, &bytes, 7),
            [Frame::Open {
                id,
                fin: false,
                headers
            }]
        );
    }
}

#[test]
fn writes_what_it_reads() {
    let mut encoder = Encoder::default();
    let mut bytes = Vec::new();
    bytes.extend(encoder.open(1, true, &[("port", "80"), ("requestid", "0")]));
    bytes.extend(encoder.reply(1));
    bytes.extend(encoder.data(1, true, b"hello"));
    bytes.extend(encoder.reset(1, 5));
    bytes.extend(encoder.ping(7));
    let headers = vec![
        ("port".into(), "80".into()),
        ("requestid".into(), "0".into()),
    ];
    let want = [
        Frame::Open {
            id: 1,
            fin: true,
            headers,
        },
        Frame::Ignored,
        Frame::Data {
            id: 1,
            fin: true,
            bytes: Bytes::from_static(b"hello"),
        },
        Frame::Reset { id: 1, status: 5 },
        Frame::Ping(7),
    ];
    assert_eq!(frames(&mut Decoder::default(), &bytes, 3), want);
}

#[test]
fn replies_in_the_bytes_that_go_clients_read() {
    let mut encoder = Encoder::default();
    let first = encoder.reply(1);
    assert_eq!(first[8..14], [0, 0, 0, 1, 0x78, 0x01]);
    assert_eq!(first[first.len() - 5..], [0, 0, 0, 0xff, 0xff]);
    assert_eq!(encoder.reply(3)[12], 0, "later blocks have no zlib header");
}

#[test]
fn refuses_frames_beyond_the_limit() {
    let mut decoder = Decoder::default();
    decoder.feed(&[0, 0, 0, 1, 0, 0xff, 0xff, 0xff]);
    assert_eq!(
        decoder.next_frame(),
        Err(super::SpdyError::TooLong(0xff_ffff))
    );
}

proptest! {
    #[test]
    fn any_data_in_any_pieces(data in proptest::collection::vec(any::<u8>(), 0..2000), piece in 1usize..500, id in 1u32..1000) {
        let bytes = Encoder::default().data(id, false, &data);
        let got = frames(&mut Decoder::default(), &bytes, piece);
        prop_assert_eq!(got, [Frame::Data { id, fin: false, bytes: Bytes::from(data) }]);
    }

    #[test]
    fn any_headers(headers in proptest::collection::vec(("[a-z-]{1,20}", "[ -~]{0,40}"), 0..10)) {
        let borrowed: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let bytes = Encoder::default().open(1, false, &borrowed);
        let got = frames(&mut Decoder::default(), &bytes, 11);
        prop_assert_eq!(got, [Frame::Open { id: 1, fin: false, headers }]);
    }

    #[test]
    fn nonsense_never_panics_and_ends(bytes in proptest::collection::vec(any::<u8>(), 0..4000), control in any::<bool>()) {
        let mut decoder = Decoder::default();
        if control {
            decoder.feed(&[0x80, 3, 0, 1, 0, 0, 1, 0]);
        }
        decoder.feed(&bytes);
        let mut seen = 0;
        while let Ok(Some(_)) = decoder.next_frame() {
            seen += 1;
        }
        prop_assert!(seen <= bytes.len() / 8 + 1);
    }
}

//! `gzip`, `gunzip`, `zcat`: packs and unpacks files. `-c -d -f -k -t -1..-9`. Mirrors busybox.
//!
//! [`Packer`] and [`Unpacker`] stream and serve `tar z` too.

use super::lines::Lines;
use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::{Fd, OpenFlags, Sys};
use crate::time::Duration;
use flate2::Compression;
use flate2::write::{GzEncoder, MultiGzDecoder};
use std::io::Write;

const PIECE: usize = 64 << 10;

/// Bytes in, gzip out.
pub struct Packer(GzEncoder<Vec<u8>>);

impl Packer {
    #[must_use]
    pub fn new(level: u32) -> Packer {
        Packer(GzEncoder::new(Vec::new(), Compression::new(level)))
    }

    /// Takes bytes; what came out.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Errno> {
        self.0.write_all(bytes).map_err(|_| Errno::EIO)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// The rest.
    pub fn finish(self) -> Result<Vec<u8>, Errno> {
        self.0.finish().map_err(|_| Errno::EIO)
    }
}

/// gzip in, bytes out. A small piece may hold very much: it is fed in small steps.
pub struct Unpacker(MultiGzDecoder<Vec<u8>>);

impl Default for Unpacker {
    fn default() -> Self {
        Unpacker(MultiGzDecoder::new(Vec::new()))
    }
}

impl Unpacker {
    /// How much may be pushed at once: it unpacks to at most about a mebibyte.
    pub const STEP: usize = 1024;

    /// Takes bytes; what came out. EINVAL: no gzip.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Errno> {
        self.0.write_all(bytes).map_err(|_| Errno::EINVAL)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// The rest. EINVAL: it ended too early.
    pub fn finish(mut self) -> Result<Vec<u8>, Errno> {
        self.0.try_finish().map_err(|_| Errno::EINVAL)?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

pub async fn main(sys: Sys) -> i32 {
    let name = options::name(&sys);
    let usage = "[-cfkdt123456789] [FILE]...\n\nCompress FILEs (or stdin)";
    let options = match options::read(
        &sys,
        "cfkdtqvn123456789",
        &[
            ("decompress", 'd'),
            ("stdout", 'c'),
            ("keep", 'k'),
            ("force", 'f'),
        ],
        usage,
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let unpack = name != "gzip" || options.has('d') || options.has('t');
    let to_output = options.has('c') || options.has('t') || name == "zcat";
    let level = options
        .last_of("123456789")
        .and_then(|digit| digit.to_digit(10))
        .unwrap_or(6);
    let mut files = options.rest.clone();
    if files.is_empty() {
        files.push("-".to_owned());
    }
    let mut status = 0;
    for file in &files {
        let place = if to_output || file == "-" {
            Ok(None)
        } else if unpack {
            file.strip_suffix(".gz")
                .map(str::to_owned)
                .or_else(|| file.strip_suffix(".tgz").map(|stem| format!("{stem}.tar")))
                .map(Some)
                .ok_or_else(|| format!("{file}: unknown suffix - ignored"))
        } else {
            Ok(Some(format!("{file}.gz")))
        };
        let result = match place {
            Ok(place) => {
                one(
                    &sys,
                    file,
                    place,
                    unpack.then_some(()).map_or(Some(level), |()| None),
                    &options,
                )
                .await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            complain(&sys, &error).await;
            status = 1;
        }
    }
    status
}

/// One file; `level` None unpacks.
async fn one(
    sys: &Sys,
    file: &str,
    place: Option<String>,
    level: Option<u32>,
    options: &options::Options,
) -> Result<(), String> {
    let mut input = Lines::open(sys, file).map_err(|error| {
        if error == Errno::EISDIR {
            format!("{file}: Is a directory")
        } else {
            format!("{file}: {}", error.text())
        }
    })?;
    if file == "-" && level.is_some() && sys.isatty(1) && !options.has('f') {
        return Err("compressed data not written to terminal, use -f to force it".to_owned());
    }
    let output = match &place {
        None => 1,
        Some(path) => {
            if sys.stat(path).is_ok() && !options.has('f') {
                return Err(format!("can't open '{path}': File exists"));
            }
            let mode = sys.stat(file).map_or(0o666, |stat| stat.mode);
            sys.open(path, OpenFlags::REPLACE, mode)
                .map_err(|error| format!("can't open '{path}': {}", error.text()))?
        }
    };
    let sink = if options.has('t') { None } else { Some(output) };
    let done = match level {
        Some(level) => pack(sys, &mut input, output, level).await,
        None => unpack(sys, &mut input, sink).await,
    };
    input.close();
    if let Some(path) = &place {
        let _ = sys.close(output);
        if done.is_err() {
            let _ = sys.unlink(path);
        } else if !options.has('k') {
            let _ = sys.unlink(file);
        }
    }
    done
}

pub(super) async fn pack(
    sys: &Sys,
    input: &mut Lines,
    output: Fd,
    level: u32,
) -> Result<(), String> {
    let mut packer = Packer::new(level);
    let wrong = |error: Errno| error.text().to_owned();
    loop {
        let piece = input.bytes(PIECE).await.map_err(wrong)?;
        if piece.is_empty() {
            break;
        }
        sys.cpu(Duration::from_nanos(20 * piece.len() as u64)).await;
        sys.write_all(output, &packer.push(&piece).map_err(wrong)?)
            .await
            .map_err(wrong)?;
    }
    sys.write_all(output, &packer.finish().map_err(wrong)?)
        .await
        .map_err(wrong)
}

pub(super) async fn unpack(sys: &Sys, input: &mut Lines, output: Option<Fd>) -> Result<(), String> {
    let mut unpacker = Unpacker::default();
    let mut first = true;
    loop {
        let piece = input
            .bytes(PIECE)
            .await
            .map_err(|error| error.text().to_owned())?;
        if piece.is_empty() {
            break;
        }
        if std::mem::take(&mut first) && !piece.starts_with(&[0x1f]) {
            return Err("invalid magic".to_owned());
        }
        for step in piece.chunks(Unpacker::STEP) {
            let bytes = unpacker
                .push(step)
                .map_err(|_| "corrupted data".to_owned())?;
            sys.cpu(Duration::from_nanos(1000 + 5 * bytes.len() as u64))
                .await;
            if let Some(output) = output {
                sys.write_all(output, &bytes)
                    .await
                    .map_err(|error| error.text().to_owned())?;
            }
        }
    }
    if first {
        return Err("short read".to_owned());
    }
    let rest = unpacker
        .finish()
        .map_err(|_| "unexpected end of file".to_owned())?;
    match output {
        Some(output) => sys
            .write_all(output, &rest)
            .await
            .map_err(|error| error.text().to_owned()),
        None => Ok(()),
    }
}

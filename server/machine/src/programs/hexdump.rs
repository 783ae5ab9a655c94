//! `hexdump [-C]`, `od [-A] [-t]`, `xxd [-p] [-r]`: bytes shown as numbers. Mirrors busybox.

use super::lines::{Lines, Output};
use super::options::{self, Options, complain};
use crate::sys::Sys;

/// The bytes of the files, one after another, in rows.
struct Rows {
    sys: Sys,
    files: Vec<String>,
    open: Option<Lines>,
    held: Vec<u8>,
    left: u64,
    status: i32,
}

impl Rows {
    fn new(sys: &Sys, files: &[String], limit: Option<u64>) -> Rows {
        let mut files: Vec<String> = files.iter().rev().cloned().collect();
        if files.is_empty() {
            files.push("-".to_owned());
        }
        Rows {
            sys: sys.clone(),
            files,
            open: None,
            held: Vec::new(),
            left: limit.unwrap_or(u64::MAX),
            status: 0,
        }
    }

    /// Up to `count` bytes; fewer only at the end.
    async fn next(&mut self, count: usize, out: &mut Output) -> Vec<u8> {
        while self.held.len() < count && (self.held.len() as u64) < self.left {
            let Some(open) = &mut self.open else {
                let Some(file) = self.files.pop() else { break };
                match Lines::open(&self.sys, &file) {
                    Ok(lines) => self.open = Some(lines),
                    Err(error) => {
                        complain(&self.sys, &format!("{file}: {}", error.text())).await;
                        self.status = 1;
                    }
                }
                continue;
            };
            out.flush().await;
            match open.bytes(4096).await {
                Ok(piece) if !piece.is_empty() => self.held.extend(piece),
                _ => self.open = None,
            }
        }
        let count = count
            .min(self.held.len())
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= count as u64;
        self.sys.cpu(crate::time::Duration::from_micros(8)).await;
        self.held.drain(..count).collect()
    }
}

fn printable(byte: u8) -> char {
    if (32..127).contains(&byte) {
        char::from(byte)
    } else {
        '.'
    }
}

/// Shows rows of 16; a row like the one before is a `*`. `head` the offset's text, `body` the row's.
async fn show(
    rows: &mut Rows,
    skip: u64,
    all: bool,
    head: impl Fn(u64) -> String,
    body: impl Fn(&[u8]) -> String,
    ended: bool,
) -> i32 {
    let mut out = Output::new(&rows.sys.clone());
    let mut at = 0;
    while at < skip {
        let piece = rows.next((skip - at).min(4096) as usize, &mut out).await;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
    }
    let mut last = Vec::new();
    let mut starred = false;
    loop {
        let row = rows.next(16, &mut out).await;
        if row.is_empty() {
            break;
        }
        if !all && row == last && row.len() == 16 {
            if !std::mem::replace(&mut starred, true) {
                out.put("*\n").await;
            }
        } else {
            starred = false;
            out.put(format!("{}{}\n", head(at), body(&row))).await;
        }
        at += row.len() as u64;
        last = row;
        if out.failed.is_some() {
            return 1;
        }
    }
    if ended && (at > skip || at > 0) {
        out.put(format!("{}\n", head(at).trim_end())).await;
    }
    out.flush().await;
    rows.status
}

fn words(row: &[u8], size: usize, each: impl Fn(u64) -> String) -> String {
    row.chunks(size)
        .map(|chunk| {
            each(
                chunk
                    .iter()
                    .rev()
                    .fold(0, |value, byte| value << 8 | u64::from(*byte)),
            )
        })
        .collect()
}

/// `hexdump [-bcCdovx] [-n LEN] [-s OFFSET] [FILE]...`
pub async fn hexdump(sys: Sys) -> i32 {
    let usage = "[-bcdoxCv] [-e FMT] [-f FMT_FILE] [-n LEN] [-s OFS] [FILE]...\n\nDisplay FILEs (or stdin) in a user specified format";
    let options = match options::read(&sys, "bcCdoxvn:s:e:f:R", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let canonical = options.has('C') || options::name(&sys) == "hd";
    let mut rows = Rows::new(
        &sys,
        &options.rest,
        options.value('n').and_then(options::count),
    );
    let skip = options.value('s').and_then(options::count).unwrap_or(0);
    let kind = if canonical {
        Some('C')
    } else {
        options.last_of("bcdox")
    };
    let body = move |row: &[u8]| {
        let shown = match kind {
            Some('C') => {
                let mut cells = String::new();
                for at in 0..16 {
                    cells.push_str(if at == 8 { "  " } else { " " });
                    cells.push_str(
                        &row.get(at)
                            .map_or("  ".to_owned(), |byte| format!("{byte:02x}")),
                    );
                }
                format!(
                    " {cells}  |{}|",
                    row.iter().map(|byte| printable(*byte)).collect::<String>()
                )
            }
            Some('b') => row.iter().map(|byte| format!(" {byte:03o}")).collect(),
            Some('c') => row
                .iter()
                .map(|byte| format!(" {:>3}", letter(*byte)))
                .collect(),
            Some('d') => words(row, 2, |word| format!("   {word:05}")),
            Some('o') => words(row, 2, |word| format!("  {word:06o}")),
            Some('x') => words(row, 2, |word| format!("    {word:04x}")),
            _ => words(row, 2, |word| format!(" {word:04x}")),
        };
        // A short row is as wide as a full one.
        let full = match kind {
            Some('C') => 0,
            None => 40,
            Some(_) => 64,
        };
        format!("{shown:<full$}")
    };
    let head = move |at: u64| {
        if canonical {
            format!("{at:08x}")
        } else {
            format!("{at:07x}")
        }
    };
    show(&mut rows, skip, options.has('v'), head, body, true).await
}

fn letter(byte: u8) -> String {
    match byte {
        0 => "\\0".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        9 => "\\t".to_owned(),
        10 => "\\n".to_owned(),
        11 => "\\v".to_owned(),
        12 => "\\f".to_owned(),
        13 => "\\r".to_owned(),
        32..127 => char::from(byte).to_string(),
        _ => format!("{byte:03o}"),
    }
}

/// `od [-abcdfhilovxs] [-t TYPE] [-A RADIX] [-N SIZE] [-j SKIP] [FILE]...`
pub async fn od(sys: Sys) -> i32 {
    let usage = "[-abcdfhilovxs] [-t TYPE] [-A RADIX] [-N SIZE] [-j SKIP] [-S MINSTR] [-w WIDTH] [FILE]...\n\nPrint FILEs (or stdin) unambiguously, as octal bytes by default";
    let options = match options::read(&sys, "A:N:abcdfhij:lot:vxsw:S:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut rows = Rows::new(
        &sys,
        &options.rest,
        options.value('N').and_then(options::count),
    );
    let skip = options.value('j').and_then(options::count).unwrap_or(0);
    let radix = options
        .value('A')
        .and_then(|text| text.chars().next())
        .unwrap_or('o');
    let form = od_form(&options);
    let body = move |row: &[u8]| match form.as_str() {
        "c" => row
            .iter()
            .map(|byte| format!(" {:>3}", letter(*byte)))
            .collect(),
        "x1" => row.iter().map(|byte| format!(" {byte:02x}")).collect(),
        "o1" => row.iter().map(|byte| format!(" {byte:03o}")).collect(),
        "u1" => row.iter().map(|byte| format!(" {byte:3}")).collect(),
        "d1" => row
            .iter()
            .map(|byte| format!(" {:4}", *byte as i8))
            .collect(),
        "x2" => words(row, 2, |word| format!(" {word:04x}")),
        "u2" => words(row, 2, |word| format!(" {word:5}")),
        "d2" => words(row, 2, |word| format!(" {:6}", word as i16)),
        "x4" => words(row, 4, |word| format!(" {word:08x}")),
        "u4" => words(row, 4, |word| format!(" {word:10}")),
        "d4" => words(row, 4, |word| format!(" {:11}", word as i32)),
        _ => words(row, 2, |word| format!(" {word:06o}")),
    };
    let head = move |at: u64| match radix {
        'x' => format!("{at:06x}"),
        'd' => format!("{at:07}"),
        'n' => String::new(),
        _ => format!("{at:07o}"),
    };
    show(&mut rows, skip, options.has('v'), head, body, radix != 'n').await
}

fn od_form(options: &Options) -> String {
    if let Some(kind) = options.value('t') {
        return match kind {
            "x" => "x4".to_owned(),
            "d" | "i" => "d4".to_owned(),
            "u" => "u4".to_owned(),
            "xC" => "x1".to_owned(),
            other => other.trim_end_matches('z').to_owned(),
        };
    }
    match options.last_of("bcdhilosx") {
        Some('b') => "o1",
        Some('c') => "c",
        Some('d') => "u2",
        Some('i' | 'l') => "d4",
        Some('s') => "d2",
        Some('x' | 'h') => "x2",
        _ => "o2",
    }
    .to_owned()
}

/// `xxd [-p] [-r] [-g N] [-c N] [-l N] [-s N] [FILE]`
pub async fn xxd(sys: Sys) -> i32 {
    let usage =
        "[-pri] [-g N] [-c N] [-l LEN] [-s OFS] [-o OFS] [FILE]\n\nHex dump FILE (or stdin)";
    let options = match options::read(&sys, "pric:g:l:s:o:u", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let number = |letter: char| options.value(letter).and_then(options::count);
    let mut rows = Rows::new(&sys, &options.rest, number('l'));
    let mut out = Output::new(&sys);
    let plain = options.has('p');
    if options.has('r') {
        return back(&mut rows, plain, &mut out).await;
    }
    let width = number('c')
        .unwrap_or(if plain { 30 } else { 16 })
        .clamp(1, 256) as usize;
    let group = number('g').unwrap_or(2).max(1) as usize;
    let mut at = 0;
    let skip = number('s').unwrap_or(0) as usize;
    if skip > 0 {
        at = rows.next(skip.min(1 << 20), &mut out).await.len() as u64;
    }
    loop {
        let row = rows.next(width, &mut out).await;
        if row.is_empty() {
            break;
        }
        let mut line = String::new();
        if !plain {
            line = format!("{at:08x}: ");
        }
        for (index, byte) in row.iter().enumerate() {
            line.push_str(&format!("{byte:02x}"));
            if !plain && (index + 1) % group == 0 {
                line.push(' ');
            }
        }
        if !plain {
            let cells = width * 2 + width.div_ceil(group) + 10;
            line = format!(
                "{line:<cells$} {}",
                row.iter().map(|byte| printable(*byte)).collect::<String>()
            );
        }
        at += row.len() as u64;
        out.put(line + "\n").await;
    }
    out.flush().await;
    rows.status
}

/// Hexadecimal text back to bytes.
async fn back(rows: &mut Rows, plain: bool, out: &mut Output) -> i32 {
    let mut text = Vec::new();
    loop {
        let piece = rows.next(4096, out).await;
        if piece.is_empty() || text.len() > 8 << 20 {
            break;
        }
        text.extend(piece);
    }
    for line in String::from_utf8_lossy(&text).lines() {
        let digits = if plain {
            line
        } else {
            line.split_once(": ")
                .map_or("", |(_, rest)| rest.split("  ").next().unwrap_or(""))
        };
        let nibbles: Vec<u8> = digits
            .chars()
            .filter_map(|c| c.to_digit(16))
            .map(|digit| digit as u8)
            .collect();
        let bytes: Vec<u8> = nibbles
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect();
        out.put(bytes).await;
    }
    out.flush().await;
    rows.status
}

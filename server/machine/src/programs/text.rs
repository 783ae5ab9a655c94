//! The tools that count and cut text: `wc`, `cut`, `tr`, `uniq`, `tee`, `tac`, `nl`. Mirrors busybox.

use super::lines::{Lines, Output, chomp, each_line};
use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::{Held, OpenFlags, Sys};

/// `wc [-lwcmL]`
pub async fn wc(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "lwcmL",
        &[],
        "[-cmlwL] [FILE]...\n\nCount lines, words, and bytes for FILEs (or stdin)",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut chosen: Vec<char> = "lwmcL"
        .chars()
        .filter(|letter| options.has(*letter))
        .collect();
    if chosen.is_empty() {
        chosen = vec!['l', 'w', 'c'];
    }
    let row = |counts: &[u64; 5], name: &str| {
        let at = |letter: &char| "lwmcL".find(*letter).unwrap_or(0);
        let cells: Vec<String> = if chosen.len() == 1 {
            vec![counts[at(&chosen[0])].to_string()]
        } else {
            chosen
                .iter()
                .map(|letter| format!("{:9}", counts[at(letter)]))
                .collect()
        };
        let joined = if chosen.len() == 1 {
            cells.concat()
        } else {
            cells.join(" ")
        };
        if name.is_empty() {
            format!("{joined}\n")
        } else {
            format!("{joined} {name}\n")
        }
    };
    let mut files = options.rest.clone();
    let named = !files.is_empty();
    if !named {
        files.push("-".to_owned());
    }
    let mut total = [0; 5];
    let mut status = 0;
    for file in &files {
        match count(&sys, file).await {
            Ok(counts) => {
                sys.print(row(&counts, if named { file } else { "" })).await;
                for (sum, value) in total.iter_mut().zip(counts) {
                    *sum += value;
                }
            }
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                status = 1;
            }
        }
    }
    if files.len() > 1 {
        sys.print(row(&total, "total")).await;
    }
    status
}

/// Lines, words, characters, bytes, longest line.
async fn count(sys: &Sys, file: &str) -> Result<[u64; 5], Errno> {
    let fd = if file == "-" {
        0
    } else {
        sys.open(file, OpenFlags::READ, 0)?
    };
    let mut counts = [0; 5];
    let (mut in_word, mut length) = (false, 0);
    loop {
        let chunk = match sys.read(fd, 64 << 10).await {
            Ok(chunk) => chunk,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        sys.cpu(crate::time::Duration::from_nanos(chunk.len() as u64 * 2))
            .await;
        counts[3] += chunk.len() as u64;
        for byte in chunk {
            counts[0] += u64::from(byte == b'\n');
            counts[2] += u64::from(byte & 0xc0 != 0x80);
            length = if byte == b'\n' { 0 } else { length + 1 };
            counts[4] = counts[4].max(length);
            let space = byte.is_ascii_whitespace() || byte == 11;
            counts[1] += u64::from(!space && !in_word);
            in_word = !space;
        }
    }
    if fd != 0 {
        let _ = sys.close(fd);
    }
    Ok(counts)
}

/// `cut -b|-c|-f LIST [-d SEP] [-s]`
pub async fn cut(sys: Sys) -> i32 {
    let long = [
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("output-delimiter", 'O'),
    ];
    let options = match options::read(&sys, "b:c:f:d:O:snD", &long, "{-b|c LIST | -f LIST [-d SEP] [-s]} [-D] [-O SEP] [FILE]...\n\nPrint selected fields from FILEs (or stdin)").await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(list) = options
        .value('f')
        .or(options.value('c'))
        .or(options.value('b'))
    else {
        complain(&sys, "expected a list of bytes, characters, or fields").await;
        return 1;
    };
    let Some(ranges) = ranges(list) else {
        complain(&sys, "invalid range").await;
        return 1;
    };
    let inside = |at: usize| {
        ranges
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&at))
    };
    let delimiter = options.value('d').unwrap_or("\t").to_owned();
    let joiner = options.value('O').unwrap_or(&delimiter).to_owned();
    let (fields, bytes, only) = (options.has('f'), options.has('b'), options.has('s'));
    let mut out = Output::new(&sys);
    let status = each_line(&sys, &options.rest, &mut out, |line, text| {
        let (line, _) = chomp(line);
        if fields {
            let line = String::from_utf8_lossy(line);
            if !line.contains(&delimiter) {
                if only {
                    return;
                }
                text.extend_from_slice(line.as_bytes());
            } else {
                let parts = line.split(delimiter.as_str()).enumerate();
                let chosen: Vec<&str> = parts
                    .filter(|(at, _)| inside(at + 1))
                    .map(|(_, part)| part)
                    .collect();
                text.extend(chosen.join(&joiner).into_bytes());
            }
        } else if bytes {
            text.extend(
                line.iter()
                    .enumerate()
                    .filter(|(at, _)| inside(at + 1))
                    .map(|(_, byte)| *byte),
            );
        } else {
            let line = String::from_utf8_lossy(line);
            let chosen: String = line
                .chars()
                .enumerate()
                .filter(|(at, _)| inside(at + 1))
                .map(|(_, c)| c)
                .collect();
            text.extend(chosen.into_bytes());
        }
        text.push(b'\n');
    })
    .await;
    out.flush().await;
    status
}

fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    list.split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let low = if low.is_empty() { 1 } else { low.parse().ok()? };
            let high = if high.is_empty() {
                usize::MAX
            } else {
                high.parse().ok()?
            };
            (low > 0 && high >= low).then_some((low, high))
        })
        .collect()
}

/// `tr [-cds] SET1 [SET2]`
pub async fn tr(sys: Sys) -> i32 {
    let usage = "[-cds] STRING1 [STRING2]\n\nTranslate, squeeze, or delete characters from stdin, writing to stdout";
    let options = match options::read(&sys, "+cCds", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let Some(first) = options.rest.first() else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let mut from = set(first);
    if options.has('c') || options.has('C') {
        from = (0..=255).filter(|byte| !from.contains(byte)).collect();
    }
    let to = options
        .rest
        .get(1)
        .map(|text| set(text))
        .unwrap_or_default();
    let delete = options.has('d');
    let squeeze = options.has('s');
    let mut map: Vec<Option<u8>> = (0..=255).map(Some).collect();
    for (index, byte) in from.iter().enumerate() {
        if delete {
            map[usize::from(*byte)] = None;
        } else if let Some(new) = to.get(index).or(to.last()) {
            map[usize::from(*byte)] = Some(*new);
        }
    }
    let squeezed = if to.is_empty() { &from } else { &to };
    let mut last = None;
    loop {
        let chunk = match sys.read(0, 64 << 10).await {
            Ok(chunk) if chunk.is_empty() => return 0,
            Ok(chunk) => chunk,
            Err(Errno::EINTR) => continue,
            Err(_) => return 1,
        };
        sys.cpu(crate::time::Duration::from_nanos(
            1000 + chunk.len() as u64 * 2,
        ))
        .await;
        let mut out = Vec::with_capacity(chunk.len());
        for byte in chunk {
            let Some(new) = map[usize::from(byte)] else {
                continue;
            };
            if squeeze && last == Some(new) && squeezed.contains(&new) {
                continue;
            }
            last = Some(new);
            out.push(new);
        }
        if sys.write_all(1, &out).await.is_err() {
            return 1;
        }
    }
}

/// The bytes of a set with ranges, classes and escapes.
fn set(text: &str) -> Vec<u8> {
    let (bytes, _) = crate::shell::escape::unescape(text, crate::shell::escape::Style::Format);
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"[:")
            && let Some(end) = rest.windows(2).position(|pair| pair == b":]")
        {
            let test: fn(&u8) -> bool = match &rest[2..end] {
                b"alpha" => u8::is_ascii_alphabetic,
                b"digit" => u8::is_ascii_digit,
                b"alnum" => u8::is_ascii_alphanumeric,
                b"upper" => u8::is_ascii_uppercase,
                b"lower" => u8::is_ascii_lowercase,
                b"space" => |byte| byte.is_ascii_whitespace() || *byte == 11,
                b"blank" => |byte| matches!(byte, b' ' | b'\t'),
                b"punct" => u8::is_ascii_punctuation,
                b"cntrl" => u8::is_ascii_control,
                b"xdigit" => u8::is_ascii_hexdigit,
                b"print" => |byte| (32..127).contains(byte),
                _ => u8::is_ascii_graphic,
            };
            out.extend((0..=255).filter(test));
            at += end + 2;
        } else if rest.len() >= 3 && rest[1] == b'-' && rest[2] >= rest[0] {
            out.extend(rest[0]..=rest[2]);
            at += 3;
        } else {
            out.push(rest[0]);
            at += 1;
        }
    }
    out
}

/// `uniq [-cduiz] [-f N] [-s N] [-w N] [FILE]`
pub async fn uniq(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "cduif:s:w:",
        &[],
        "[-cduiz] [-f,s,w N] [FILE [OUTFILE]]\n\nDiscard duplicate lines",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let file = options.rest.first().map_or("-", String::as_str);
    let mut lines = match Lines::open(&sys, file) {
        Ok(lines) => lines,
        Err(error) => {
            complain(&sys, &format!("{file}: {}", error.text())).await;
            return 1;
        }
    };
    let number = |letter: char| {
        options
            .value(letter)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let key = |line: &str| {
        let mut rest = line;
        for _ in 0..number('f').unwrap_or(0) {
            rest = rest
                .trim_start()
                .trim_start_matches(|c: char| !c.is_whitespace());
        }
        let text: String = rest
            .chars()
            .skip(number('s').unwrap_or(0))
            .take(number('w').unwrap_or(usize::MAX))
            .collect();
        if options.has('i') {
            text.to_lowercase()
        } else {
            text
        }
    };
    let mut out = Output::new(&sys);
    let mut held: Option<(String, String, u64)> = None;
    loop {
        let line = match lines.next(&mut out).await {
            Ok(Some(line)) => Some(String::from_utf8_lossy(chomp(&line).0).into_owned()),
            _ => None,
        };
        if let (Some(line), Some(held)) = (&line, &mut held)
            && key(line) == held.1
        {
            held.2 += 1;
            continue;
        }
        if let Some((text, _, count)) = held.take()
            && !(options.has('d') && count == 1)
            && !(options.has('u') && count > 1)
        {
            out.put(if options.has('c') {
                format!("{count:7} {text}\n")
            } else {
                format!("{text}\n")
            })
            .await;
        }
        match line {
            Some(line) => held = Some((line.clone(), key(&line), 1)),
            None => break,
        }
    }
    out.flush().await;
    0
}

/// `tee [-ai] [FILE]...`
pub async fn tee(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "ai",
        &[],
        "[-ai] [FILE]...\n\nCopy stdin to each FILE, and also to stdout",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let flags = if options.has('a') {
        OpenFlags::EXTEND
    } else {
        OpenFlags::REPLACE
    };
    let mut outputs = vec![1];
    let mut status = 0;
    for file in &options.rest {
        match sys.open(file, flags, 0o666) {
            Ok(fd) => outputs.push(fd),
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                status = 1;
            }
        }
    }
    loop {
        match sys.read(0, 64 << 10).await {
            Ok(chunk) if chunk.is_empty() => return status,
            Ok(chunk) => {
                for fd in &outputs {
                    if sys.write_all(*fd, &chunk).await.is_err() {
                        status = 1;
                    }
                }
            }
            Err(Errno::EINTR) => {}
            Err(_) => return 1,
        }
    }
}

/// `tac`
pub async fn tac(sys: Sys) -> i32 {
    let mut all = Vec::new();
    let mut out = Output::new(&sys);
    let files: Vec<String> = sys.args().into_iter().skip(1).collect();
    let mut status = 0;
    let mut held = Held::new(&sys);
    let files = if files.is_empty() {
        vec!["-".to_owned()]
    } else {
        files
    };
    for file in files {
        let mut lines = match Lines::open(&sys, &file) {
            Ok(lines) => lines,
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                status = 1;
                continue;
            }
        };
        while let Ok(Some(line)) = lines.next(&mut out).await {
            if held.add(line.len() + 32).await.is_err() {
                complain(&sys, "out of memory").await;
                return 1;
            }
            all.push(line);
        }
        lines.close();
    }
    for line in all.into_iter().rev() {
        out.put(line).await;
    }
    out.flush().await;
    status
}

/// `nl`
pub async fn nl(sys: Sys) -> i32 {
    let options = match options::read(
        &sys,
        "b:w:s:v:i:n:h:f:l:d:p",
        &[],
        "[OPTIONS] [FILE]...\n\nWrite FILEs to standard output with line numbers added",
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let all = options.value('b') == Some("a");
    let width = options
        .value('w')
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(6)
        .min(100);
    let separator = options.value('s').unwrap_or("\t").to_owned();
    let mut number = options
        .value('v')
        .and_then(|text| text.parse::<i64>().ok())
        .unwrap_or(1);
    let mut out = Output::new(&sys);
    let status = each_line(&sys, &options.rest, &mut out, |line, text| {
        if all || line != b"\n" {
            text.extend(format!("{number:width$}{separator}").into_bytes());
            number += 1;
        } else {
            text.extend(" ".repeat(width + separator.len()).into_bytes());
        }
        text.extend_from_slice(line);
    })
    .await;
    out.flush().await;
    status
}

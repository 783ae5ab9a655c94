//! The tools that count columns: `fold`, `expand`; and `comm`, which shows two sorted files in three. Mirrors busybox.

use super::lines::{Lines, Output, chomp, each_line};
use super::options::{self, complain};
use crate::sys::Sys;
use core::cmp::Ordering;

/// `fold [-bs] [-w WIDTH] [FILE]...`
pub async fn fold(sys: Sys) -> i32 {
    let usage = "[-bs] [-w WIDTH] [FILE]...\n\nWrap input lines in FILEs (or stdin)";
    let options = match options::read(&sys, "bsw:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let width = options.value('w').and_then(|text| text.parse().ok());
    let width: usize = width.unwrap_or(80).max(1);
    let at_blanks = options.has('s');
    let mut out = Output::new(&sys);
    let status = each_line(&sys, &options.rest, &mut out, |line, text| {
        let (line, ended) = chomp(line);
        let line = String::from_utf8_lossy(line).into_owned();
        let mut rest: Vec<char> = line.chars().collect();
        while rest.len() > width {
            let blank = rest[..width].iter().rposition(|c| c.is_whitespace());
            let cut = blank.filter(|_| at_blanks).map_or(width, |at| at + 1);
            let piece: String = rest.drain(..cut).collect();
            text.extend((piece + "\n").into_bytes());
        }
        text.extend(rest.iter().collect::<String>().into_bytes());
        if ended {
            text.push(b'\n');
        }
    })
    .await;
    out.flush().await;
    status
}

/// `expand [-i] [-t N] [FILE]...`
pub async fn expand(sys: Sys) -> i32 {
    let usage = "[-i] [-t N] [FILE]...\n\nConvert tabs to spaces";
    let options = match options::read(&sys, "it:", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let stop = options.value('t').and_then(|text| text.parse().ok());
    let stop: usize = stop.unwrap_or(8).clamp(1, 1000);
    let first_only = options.has('i');
    let mut out = Output::new(&sys);
    let status = each_line(&sys, &options.rest, &mut out, |line, text| {
        let mut column = 0;
        let mut leading = true;
        for byte in line {
            if *byte == b'\t' && (leading || !first_only) {
                let next = column / stop * stop + stop;
                text.extend(core::iter::repeat_n(b' ', next - column));
                column = next;
                continue;
            }
            leading &= *byte == b' ';
            // The later bytes of a character take no column.
            column += usize::from(byte & 0xc0 != 0x80);
            text.push(*byte);
        }
    })
    .await;
    out.flush().await;
    status
}

/// `comm [-123] FILE1 FILE2`
pub async fn comm(sys: Sys) -> i32 {
    let usage = "[-123] FILE1 FILE2\n\nCompare FILE1 with FILE2";
    let options = match options::read(&sys, "123", &[], usage).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let [first, second] = options.rest.as_slice() else {
        options::show_usage(&sys, usage).await;
        return 1;
    };
    let mut inputs = Vec::new();
    for file in [first, second] {
        match Lines::open(&sys, file) {
            Ok(lines) => inputs.push(lines),
            Err(error) => {
                complain(&sys, &format!("{file}: {}", error.text())).await;
                return 1;
            }
        }
    }
    let mut out = Output::new(&sys);
    let mut heads = [None, None];
    for (head, lines) in heads.iter_mut().zip(&mut inputs) {
        *head = lines.next(&mut out).await.unwrap_or_default();
    }
    loop {
        let order = match (&heads[0], &heads[1]) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => chomp(a).0.cmp(chomp(b).0),
        };
        let (letter, tabs) = match order {
            Ordering::Less => ('1', 0),
            Ordering::Greater => ('2', usize::from(!options.has('1'))),
            Ordering::Equal => (
                '3',
                usize::from(!options.has('1')) + usize::from(!options.has('2')),
            ),
        };
        let from = usize::from(order == Ordering::Greater);
        if let (Some(line), false) = (&heads[from], options.has(letter)) {
            let line = [&b"\t\t"[..tabs], chomp(line).0, b"\n"].concat();
            out.put(line).await;
        }
        for (at, head) in heads.iter_mut().enumerate() {
            if order == Ordering::Equal || at == from {
                *head = inputs[at].next(&mut out).await.unwrap_or_default();
            }
        }
    }
    out.flush().await;
    0
}

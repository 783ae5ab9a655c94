//! `diff [-u] [-q] [-r] [-N] [-i] [-b] [-w] [-B] FILE1 FILE2`: differences as unified hunks. Mirrors busybox.

use super::options::{self, Options, complain};
use crate::errno::Errno;
use crate::sys::Sys;
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeSet;

const USAGE: &str = "[-abBdiNqrTstw] [-L LABEL] [-S FILE] [-U LINES] FILE1 FILE2\n\nCompare files line by line and output the differences between them.\nThis implementation supports unified diffs only";
/// Lines that may differ: the time grows with their square.
const LINES_MAX: usize = 4000;
/// Bytes of a file that is compared line by line.
const LARGEST: usize = 4 << 20;

pub async fn main(sys: Sys) -> i32 {
    let long = [
        ("recursive", 'r'),
        ("brief", 'q'),
        ("new-file", 'N'),
        ("unified", 'u'),
        ("label", 'L'),
        ("ignore-case", 'i'),
        ("report-identical-files", 's'),
    ];
    let options = match options::read(&sys, "abBdiL:NqrsS:tTU:uw", &long, USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let [first, second] = options.rest.as_slice() else {
        options::show_usage(&sys, USAGE).await;
        return 2;
    };
    let directory = |path: &str| path != "-" && sys.stat(path).is_ok_and(|stat| stat.is_dir());
    let base = |path: &str| {
        path.trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or("")
            .to_owned()
    };
    match (directory(first), directory(second)) {
        (true, true) => trees(&sys, first, second, &options).await,
        (true, false) => {
            files(
                &sys,
                &format!("{}/{}", first.trim_end_matches('/'), base(second)),
                second,
                &options,
            )
            .await
        }
        (false, true) => {
            files(
                &sys,
                first,
                &format!("{}/{}", second.trim_end_matches('/'), base(first)),
                &options,
            )
            .await
        }
        (false, false) => files(&sys, first, second, &options).await,
    }
}

/// All paths below a directory, relative.
fn below(sys: &Sys, top: &str, deep: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![String::new()];
    while let Some(path) = pending.pop() {
        for entry in sys.readdir(&format!("{top}/{path}")).unwrap_or_default() {
            let path = if path.is_empty() {
                entry.name
            } else {
                format!("{path}/{}", entry.name)
            };
            if deep && entry.kind == crate::sys::FileKind::Directory {
                pending.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

async fn trees(sys: &Sys, first: &str, second: &str, options: &Options) -> i32 {
    let (first, second) = (first.trim_end_matches('/'), second.trim_end_matches('/'));
    let deep = options.has('r');
    let (left, right) = (below(sys, first, deep), below(sys, second, deep));
    let mut status = 0;
    let mut missing: Vec<String> = Vec::new();
    for path in left.union(&right) {
        if missing
            .iter()
            .any(|above| path.starts_with(&format!("{above}/")))
        {
            continue;
        }
        let (a, b) = (format!("{first}/{path}"), format!("{second}/{path}"));
        let is_dir = |path: &str| sys.stat(path).is_ok_and(|stat| stat.is_dir());
        if !left.contains(path) || !right.contains(path) {
            let (place, has) = if left.contains(path) {
                (first, &a)
            } else {
                (second, &b)
            };
            if !options.has('N') || is_dir(has) {
                let (directory, name) = path
                    .rsplit_once('/')
                    .map_or((place.to_owned(), path.as_str()), |(up, name)| {
                        (format!("{place}/{up}"), name)
                    });
                sys.print(format!("Only in {directory}: {name}\n")).await;
                missing.push(path.clone());
                status = status.max(1);
                continue;
            }
        } else if is_dir(&a) && is_dir(&b) {
            if !deep {
                sys.print(format!("Common subdirectories: {a} and {b}\n"))
                    .await;
            }
            continue;
        }
        status = status.max(files(sys, &a, &b, options).await);
    }
    status
}

async fn load(sys: &Sys, path: &str, absent_is_empty: bool) -> Result<Vec<u8>, Errno> {
    if path == "-" {
        return sys.read_to_end(0, LARGEST).await;
    }
    match sys.open(path, crate::sys::OpenFlags::READ, 0) {
        Ok(fd) => {
            let bytes = sys.read_to_end(fd, LARGEST).await;
            let _ = sys.close(fd);
            bytes
        }
        Err(Errno::ENOENT) if absent_is_empty => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn files(sys: &Sys, first: &str, second: &str, options: &Options) -> i32 {
    let mut texts = Vec::new();
    for path in [first, second] {
        match load(sys, path, options.has('N')).await {
            Ok(bytes) => texts.push(bytes),
            Err(error) => {
                complain(sys, &format!("can't stat '{path}': {}", error.text())).await;
                return 2;
            }
        }
    }
    let same = texts[0] == texts[1];
    if same {
        if options.has('s') {
            sys.print(format!("Files {first} and {second} are identical\n"))
                .await;
        }
        return 0;
    }
    let brief = format!("Files {first} and {second} differ\n");
    if !options.has('a') && texts.iter().any(|text| text.contains(&0)) {
        sys.print(brief).await;
        return 1;
    }
    sys.cpu(crate::time::Duration::from_nanos(
        texts.iter().map(|text| text.len() as u64 * 20).sum(),
    ))
    .await;
    let texts: Vec<String> = texts
        .iter()
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let labels: Vec<&str> = options.values('L').collect();
    let label = |at: usize, path: &str| {
        labels
            .get(at)
            .map_or_else(|| path.to_owned(), |label| (*label).to_owned())
    };
    let context = options
        .value('U')
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    if changed_lines(&texts) > LINES_MAX {
        complain(
            sys,
            &format!("{first} and {second} differ in too many lines to be compared here"),
        )
        .await;
        return 2;
    }
    let hunks = hunks(&texts, options, context);
    if hunks.is_empty() {
        return 0;
    }
    if options.has('q') {
        sys.print(brief).await;
    } else {
        sys.print(format!(
            "--- {}\n+++ {}\n{hunks}",
            label(0, first),
            label(1, second)
        ))
        .await;
    }
    1
}

/// Lines between the first and the last that differ, of both.
fn changed_lines(texts: &[String]) -> usize {
    let lines: Vec<Vec<&str>> = texts.iter().map(|text| text.lines().collect()).collect();
    let pairs = || lines[0].iter().zip(&lines[1]);
    let head = pairs().take_while(|(a, b)| a == b).count();
    let tails = lines[0][head..]
        .iter()
        .rev()
        .zip(lines[1][head..].iter().rev());
    let tail = tails.take_while(|(a, b)| a == b).count();
    lines.iter().map(|lines| lines.len() - head - tail).sum()
}

/// A line as it counts in the comparison.
fn key(line: &str, options: &Options) -> String {
    let mut text = line.to_owned();
    if options.has('w') {
        text.retain(|c| !c.is_whitespace());
    } else if options.has('b') {
        text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    if options.has('i') {
        text.to_lowercase()
    } else {
        text
    }
}

fn hunks(texts: &[String], options: &Options, context: usize) -> String {
    let lines: Vec<Vec<&str>> = texts
        .iter()
        .map(|text| text.split_inclusive('\n').collect())
        .collect();
    let keys: Vec<Vec<String>> = lines
        .iter()
        .map(|lines| lines.iter().map(|line| key(line, options)).collect())
        .collect();
    let (left, right): (Vec<&str>, Vec<&str>) = (
        keys[0].iter().map(String::as_str).collect(),
        keys[1].iter().map(String::as_str).collect(),
    );
    let diff = TextDiff::from_slices(&left, &right);
    let range = |start: usize, length: usize| match length {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        _ => format!("{},{length}", start + 1),
    };
    let mut out = String::new();
    for group in diff.grouped_ops(context) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let changes: Vec<_> = group.iter().flat_map(|op| diff.iter_changes(op)).collect();
        let blank = |change: &similar::Change<&str>| {
            change.tag() == ChangeTag::Equal || change.value().trim().is_empty()
        };
        if options.has('B') && changes.iter().all(blank) {
            continue;
        }
        let (old, new) = (
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(old.start, old.len()),
            range(new.start, new.len())
        ));
        for change in changes {
            let (sign, line) = match change.tag() {
                ChangeTag::Equal => (' ', change.old_index().map(|at| lines[0][at])),
                ChangeTag::Delete => ('-', change.old_index().map(|at| lines[0][at])),
                ChangeTag::Insert => ('+', change.new_index().map(|at| lines[1][at])),
            };
            let line = line.unwrap_or("");
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

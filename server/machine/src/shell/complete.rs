//! Tab completion: what stands before the cursor, and what it can become.
//!
//! The driver asks a [`Source`] for names; programs that complete their own arguments are asked by it too.

/// Where names for completion come from.
pub trait Source {
    /// Names of commands: builtins, functions, aliases, programs.
    fn commands(&self) -> Vec<String>;
    /// Names in a directory; the second value is true for directories.
    fn files(&self, directory: &str) -> Vec<(String, bool)>;
    /// Names of variables.
    fn variables(&self) -> Vec<String>;
}

/// What is to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Words of the command before the one at the cursor.
    pub words: Vec<String>,
    /// The start of the word at the cursor, without quotes.
    pub start: String,
    /// How many characters before the cursor it takes.
    pub back: usize,
}

/// A possible end of the word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word.
    pub text: String,
    /// Said beside it in the list, if not empty.
    pub note: String,
    /// A blank follows when it is the only one.
    pub complete: bool,
}

impl Candidate {
    /// A candidate that ends the word.
    pub fn word(text: &str) -> Candidate {
        Candidate {
            text: text.to_owned(),
            note: String::new(),
            complete: true,
        }
    }
}

/// What stands before byte `at` of `line`.
pub fn request(line: &str, at: usize) -> Request {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut raw = 0;
    let mut quote = None;
    let mut chars = line[..at].chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None) => {
                raw += 2;
                word.extend(chars.next());
            }
            (c, Some(open)) if c == open => {
                quote = None;
                raw += 1;
            }
            ('\'' | '"', None) => {
                quote = Some(c);
                raw += 1;
            }
            (' ' | '\t' | '\n' | ';' | '|' | '&' | '(' | '>' | '<', None) => {
                if raw > 0 {
                    words.push(std::mem::take(&mut word));
                }
                raw = 0;
                if matches!(c, ';' | '|' | '&' | '(' | '\n') {
                    words.clear();
                } else if matches!(c, '<' | '>') {
                    words.push(c.to_string());
                }
            }
            (c, _) => {
                word.push(c);
                raw += 1;
            }
        }
    }
    Request {
        words,
        start: word,
        back: raw,
    }
}

/// The candidates from commands, files and variables.
pub fn candidates(request: &Request, source: &dyn Source) -> Vec<Candidate> {
    let start = request.start.as_str();
    let mut found: Vec<Candidate> = Vec::new();
    if let Some(name) = start.strip_prefix('$') {
        let names = source
            .variables()
            .into_iter()
            .filter(|n| n.starts_with(name));
        found.extend(names.map(|name| Candidate {
            complete: false,
            ..Candidate::word(&format!("${name}"))
        }));
    } else if request.words.iter().all(|word| word.contains('=')) && !start.contains('/') {
        found.extend(
            source
                .commands()
                .iter()
                .filter(|name| name.starts_with(start))
                .map(|name| Candidate::word(name)),
        );
    } else {
        found = files(
            start,
            request.words.first().is_some_and(|word| word == "cd"),
            source,
        );
    }
    found.sort();
    found.dedup();
    found
}

fn files(start: &str, only_directories: bool, source: &dyn Source) -> Vec<Candidate> {
    let (directory, name) = match start.rfind('/') {
        Some(at) => start.split_at(at + 1),
        None => ("", start),
    };
    let mut found = Vec::new();
    for (file, is_directory) in source.files(if directory.is_empty() { "." } else { directory }) {
        let hidden = file.starts_with('.') && !name.starts_with('.');
        if !file.starts_with(name) || hidden || (only_directories && !is_directory) {
            continue;
        }
        let end = if is_directory { "/" } else { "" };
        found.push(Candidate {
            complete: !is_directory,
            ..Candidate::word(&format!("{directory}{file}{end}"))
        });
    }
    found
}

/// The longest start that all candidates share.
pub fn common_start(candidates: &[Candidate]) -> String {
    let Some(first) = candidates.first() else {
        return String::new();
    };
    let mut common: Vec<char> = first.text.chars().collect();
    for candidate in &candidates[1..] {
        let same = common
            .iter()
            .zip(candidate.text.chars())
            .take_while(|(a, b)| **a == *b)
            .count();
        common.truncate(same);
    }
    common.into_iter().collect()
}

/// A word with its special characters protected.
pub fn escape(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        if c.is_whitespace() || "\\'\"`();&|<>*?[#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The list of candidates in columns, as the terminal shows it.
pub fn list(candidates: &[Candidate], columns: usize) -> String {
    const MOST: usize = 200;
    let shown = &candidates[..candidates.len().min(MOST)];
    let mut out = String::new();
    if shown.iter().any(|candidate| !candidate.note.is_empty()) {
        let width = shown
            .iter()
            .map(|candidate| candidate.text.chars().count())
            .max()
            .unwrap_or(0);
        for candidate in shown {
            let line = format!("{:<width$}  {}", candidate.text, candidate.note);
            out.extend(line.trim_end().chars().take(columns.saturating_sub(1)));
            out.push('\n');
        }
    } else {
        let last = |text: &str| {
            let trimmed = text.trim_end_matches('/');
            trimmed
                .rfind('/')
                .map_or(text.to_owned(), |at| text[at + 1..].to_owned())
        };
        let names: Vec<String> = shown
            .iter()
            .map(|candidate| last(&candidate.text))
            .collect();
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0)
            + 2;
        let across = (columns / width).max(1);
        let rows = names.len().div_ceil(across);
        for row in 0..rows {
            let line: String = (0..across)
                .filter_map(|column| names.get(column * rows + row))
                .map(|name| format!("{name:<width$}"))
                .collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    if candidates.len() > MOST {
        out.push_str(&format!("... and {} more\n", candidates.len() - MOST));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Source for Fixed {
        fn commands(&self) -> Vec<String> {
            ["cat", "cd", "kubectl"].map(str::to_owned).to_vec()
        }
        fn files(&self, directory: &str) -> Vec<(String, bool)> {
            match directory {
                "." => vec![
                    ("pod.yaml".into(), false),
                    ("pods".into(), true),
                    (".hidden".into(), false),
                ],
                _ => vec![("inner".into(), false)],
            }
        }
        fn variables(&self) -> Vec<String> {
            vec!["HOME".into()]
        }
    }

    #[test]
    fn words_are_completed() {
        for (line, expect) in [
            ("c", vec!["cat", "cd"]),
            ("ls; ku", vec!["kubectl"]),
            ("A=1 ku", vec!["kubectl"]),
            ("cat po", vec!["pod.yaml", "pods/"]),
            ("cd po", vec!["pods/"]),
            ("cat pods/", vec!["pods/inner"]),
            ("echo $H", vec!["$HOME"]),
            ("cat <po", vec!["pod.yaml", "pods/"]),
        ] {
            let found = candidates(&request(line, line.len()), &Fixed);
            assert_eq!(
                found.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
                expect,
                "{line}"
            );
        }
        assert_eq!(
            common_start(&candidates(&request("cat p", 5), &Fixed)),
            "pod"
        );
    }
}

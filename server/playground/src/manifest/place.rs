//! Where the fields of a manifest stand: paths in their parts, and the lines on which they are written.
//!
//! Fields are found by indentation, so flow style (`{a: b}`) has the place of its first line.

/// A part of a path: a field's name, or an item's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Name(String),
    Item(usize),
}

/// Where something stands.
pub(super) struct Place {
    pub path: Vec<Part>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

pub(super) fn is_item(part: &Part) -> bool {
    matches!(part, Part::Item(_))
}

pub(super) fn names(path: &[Part]) -> Vec<&Part> {
    path.iter().filter(|part| !is_item(part)).collect()
}

/// `spec.containers[0].name` in its parts; `metadata.labels[a.b/c]` has a name in brackets.
pub(super) fn parts(path: &str) -> Vec<Part> {
    let (mut parts, mut name, mut bracket) = (Vec::new(), String::new(), None::<String>);
    let push = |name: &mut String, parts: &mut Vec<Part>| {
        if !name.is_empty() {
            parts.push(Part::Name(std::mem::take(name)));
        }
    };
    for c in path.chars() {
        match (&mut bracket, c) {
            (Some(inner), ']') => {
                parts.push(
                    inner
                        .parse()
                        .map_or_else(|_| Part::Name(inner.clone()), Part::Item),
                );
                bracket = None;
            }
            (Some(inner), c) => inner.push(c),
            (None, '.') => push(&mut name, &mut parts),
            (None, '[') => {
                push(&mut name, &mut parts);
                bracket = Some(String::new());
            }
            (None, c) => name.push(c),
        }
    }
    push(&mut name, &mut parts);
    parts
}

/// Every field of a document in block style, with its place.
pub(super) fn places(text: &str) -> Vec<Place> {
    let mut walk = Walk::default();
    let mut places = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(indent) = walk.take(line) {
            places.push(Place {
                path: walk.path(),
                line: number as u32 + 1,
                column: indent as u32 + 1,
            });
        }
    }
    places
}

/// Goes through a document line by line, and knows at which path it is.
#[derive(Default)]
pub(super) struct Walk {
    stack: Vec<(usize, Part)>,
    /// The indentation of the field whose block of text (`|`, `>`) is being read.
    literal: Option<usize>,
}

impl Walk {
    /// The path to the last field or item that was taken in.
    pub fn path(&self) -> Vec<Part> {
        self.stack.iter().map(|(_, part)| part.clone()).collect()
    }

    /// Takes in a line; the indentation of the field that it begins, if it begins one.
    pub fn take(&mut self, line: &str) -> Option<usize> {
        let (indent, rest) = self.enter(line)?;
        let (name, value) = rest
            .split_once(": ")
            .or(rest.trim_end().strip_suffix(':').map(|name| (name, "")))?;
        self.leave(indent);
        let name = name.trim_matches(['"', '\'']).to_owned();
        self.stack.push((indent, Part::Name(name)));
        if value.starts_with(['|', '>']) {
            self.literal = Some(indent);
        }
        Some(indent)
    }

    /// Goes through the dashes that a line begins with: what stands behind them, and how far from the margin. `None` for lines without
    /// structure: empty ones, comments, text in a block.
    pub fn enter<'l>(&mut self, line: &'l str) -> Option<(usize, &'l str)> {
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        let in_text = self.literal.is_some_and(|outer| indent > outer);
        if rest.is_empty() || rest.starts_with('#') || in_text {
            return None;
        }
        self.literal = None;
        while let Some(after) = rest
            .strip_prefix("- ")
            .or(rest.strip_prefix('-').filter(|r| r.is_empty()))
        {
            let mut item = 0;
            while let Some((at, part)) = self.stack.last() {
                match part {
                    Part::Item(before) if *at == indent => item = before + 1,
                    _ if *at > indent => {}
                    _ => break,
                }
                self.stack.pop();
            }
            self.stack.push((indent, Part::Item(item)));
            let trimmed = after.trim_start();
            indent += rest.len() - trimmed.len();
            rest = trimmed;
        }
        Some((indent, rest))
    }

    /// Leaves every field and item that ends before this indentation.
    pub fn leave(&mut self, indent: usize) {
        while self.stack.last().is_some_and(|(at, _)| *at >= indent) {
            self.stack.pop();
        }
    }

    /// Whether a line with this indentation is text of a block.
    pub fn is_text(&self, indent: usize) -> bool {
        self.literal.is_some_and(|outer| indent > outer)
    }
}

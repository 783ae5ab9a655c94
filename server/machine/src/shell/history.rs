//! The lines typed before, and `!` in a new one.
//!
//! Kept in `~/.ash_history`, as busybox does.

/// Most lines that are kept.
const MOST: usize = 1000;

/// The history of an interactive shell.
#[derive(Debug, Default)]
pub(crate) struct History {
    lines: Vec<String>,
}

impl History {
    /// From the text of a history file.
    pub(crate) fn load(text: &str) -> History {
        let mut history = History::default();
        text.lines().for_each(|line| history.add(line));
        history
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Adds a line, unless it is blank or the same as the last.
    pub(crate) fn add(&mut self, line: &str) {
        if line.trim().is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push(line.to_owned());
        if self.lines.len() > MOST {
            self.lines.remove(0);
        }
    }

    /// `line` with its `!!`, `!n`, `!-n`, `!text` and `!$` replaced: `None` when it has none, an error for an unknown one.
    pub(crate) fn expand(&self, line: &str) -> Result<Option<String>, String> {
        let mut out = String::new();
        let mut changed = false;
        let mut chars = line.char_indices().peekable();
        let mut single = false;
        while let Some((at, c)) = chars.next() {
            if c == '\'' {
                single = !single;
            }
            if c == '\\' {
                out.push(c);
                out.extend(chars.next().map(|(_, c)| c));
                continue;
            }
            let next = chars.peek().map(|(_, c)| *c);
            if c != '!'
                || single
                || next.is_none_or(|c| c.is_whitespace() || matches!(c, '=' | '(' | '"'))
            {
                out.push(c);
                continue;
            }
            let rest = &line[at + 1..];
            let length = match rest.chars().next() {
                Some('!' | '$') => 1,
                _ => rest
                    .find(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | '"'))
                    .unwrap_or(rest.len()),
            };
            let event = &rest[..length];
            let Some(text) = self.event(event) else {
                return Err(format!("!{event}: event not found"));
            };
            out.push_str(&text);
            changed = true;
            while chars
                .peek()
                .is_some_and(|(next, _)| *next < at + 1 + length)
            {
                chars.next();
            }
        }
        Ok(changed.then_some(out))
    }

    fn event(&self, event: &str) -> Option<String> {
        let last = self.lines.last()?;
        match event {
            "!" => Some(last.clone()),
            "$" => last.split_whitespace().last().map(str::to_owned),
            _ => match event.parse::<i64>() {
                Ok(number) if number < 0 => self
                    .lines
                    .get(
                        (self.lines.len() as i64 + number)
                            .try_into()
                            .unwrap_or(usize::MAX),
                    )
                    .cloned(),
                Ok(number) => self.lines.get(usize::try_from(number).ok()?).cloned(),
                Err(_) => self
                    .lines
                    .iter()
                    .rev()
                    .find(|line| line.starts_with(event))
                    .cloned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_replaced() {
        let history = History::load("ls -l /tmp\necho hi\n");
        for (line, expect) in [
            ("!!", Ok(Some("echo hi"))),
            ("sudo !!", Ok(Some("sudo echo hi"))),
            ("cat !$", Ok(Some("cat hi"))),
            ("!ls", Ok(Some("ls -l /tmp"))),
            ("!0; x", Ok(Some("ls -l /tmp; x"))),
            ("echo '!!'", Ok(None)),
            ("if ! true", Ok(None)),
            ("!nope", Err("!nope: event not found")),
        ] {
            let expect = expect
                .map(|text| text.map(str::to_owned))
                .map_err(str::to_owned);
            assert_eq!(history.expand(line), expect, "{line}");
        }
    }
}

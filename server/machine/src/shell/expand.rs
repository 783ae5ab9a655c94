//! Expansion of words: tilde, parameters, command substitution, arithmetic, splitting, file names.
//!
//! Mirrors POSIX XCU 2.6, with `${x:1:2}` and `${x/a/b}` as busybox ash has them.

use super::fields::{Field, Fields};
use super::memory::size_of;
use super::run::{Future, Stop};
use super::syntax::{List, Operator, Parameter, Part, Word};
use super::{Shell, arithmetic, pattern};
use crate::errno::Errno;
use std::rc::Rc;

/// Characters of IFS that count.
const MAX_IFS: usize = 256;

impl Shell {
    /// The arguments that `words` make.
    pub(crate) async fn expand_words(&mut self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let kept = self.weight.kept;
        let out = self.expand_each(words).await;
        self.weight.kept = kept;
        out
    }

    async fn expand_each(&mut self, words: &[Word]) -> Result<Vec<String>, Stop> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            if let Some(text) = word.plain()
                && !text.starts_with('~')
                && !text.contains(['*', '?', '['])
            {
                out.push(text.to_owned());
                continue;
            }
            let mut fields = Fields::new(Some(self.ifs()));
            self.expand_parts(word, &mut fields, false).await?;
            let known = out.len();
            for field in fields.finish() {
                self.push_matches(field, &mut out);
            }
            self.weight.kept += size_of(&out[known..]);
            self.pay(size_of(&out[known..])).await;
            self.weigh().await?;
        }
        Ok(out)
    }

    /// The one text that `word` makes: no splitting, no file names (assignments, redirections, `case`).
    pub(crate) async fn expand_text(&mut self, word: &Word) -> Result<String, Stop> {
        Ok(self.expand_field(word).await?.text)
    }

    /// The pattern that `word` makes, its quoted characters escaped.
    pub(crate) async fn expand_pattern(&mut self, word: &Word) -> Result<String, Stop> {
        Ok(self.expand_field(word).await?.pattern)
    }

    /// An assignment's value: as [`Shell::expand_text`], with a tilde after each colon too.
    pub(crate) async fn expand_assignment(&mut self, word: &Word) -> Result<String, Stop> {
        if let Some(text) = word.plain()
            && text.contains('~')
        {
            let parts: Vec<String> = text.split(':').map(|part| self.tilde(part)).collect();
            return Ok(parts.join(":"));
        }
        self.expand_text(word).await
    }

    async fn expand_field(&mut self, word: &Word) -> Result<Field, Stop> {
        let mut fields = Fields::new(None);
        self.expand_parts(word, &mut fields, false).await?;
        let field = fields.join();
        self.weigh_more(field.text.len() + field.pattern.len())
            .await?;
        Ok(field)
    }

    fn ifs(&self) -> String {
        self.vars.get("IFS").map_or_else(
            || " \t\n".to_owned(),
            |ifs| ifs.chars().take(MAX_IFS).collect(),
        )
    }

    fn push_matches(&self, field: Field, out: &mut Vec<String>) {
        if !field.special || self.options.noglob {
            out.push(field.text);
            return;
        }
        let list = |path: &str| self.directory(path);
        let exists = |path: &str| self.path_exists(path);
        let found = pattern::glob(&field.pattern, &list, &exists);
        if found.is_empty() {
            out.push(field.text)
        } else {
            out.extend(found)
        }
    }

    fn tilde(&self, text: &str) -> String {
        let Some(rest) = text.strip_prefix('~') else {
            return text.to_owned();
        };
        let (user, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let home = if user.is_empty() {
            self.vars.get("HOME").map(|home| home.to_string())
        } else {
            self.home_of(user)
        };
        home.map_or_else(|| text.to_owned(), |home| format!("{home}{path}"))
    }

    /// Expands into `fields`; `quoted` treats the whole word as if in double quotes.
    fn expand_parts<'a>(
        &'a mut self,
        word: &'a Word,
        fields: &'a mut Fields,
        quoted: bool,
    ) -> Future<'a, Result<(), Stop>> {
        Box::pin(async move {
            let nothing = self.positional.is_empty()
                && word
                    .parts
                    .iter()
                    .any(|part| matches!(part, Part::Parameter(p, true) if p.name == "@"));
            for (index, part) in word.parts.iter().enumerate() {
                match part {
                    Part::Text(text) if quoted => fields.quoted(text),
                    Part::Text(text) if index == 0 && text.starts_with('~') => {
                        let end = text.find('/').unwrap_or(text.len());
                        let home = self.tilde(&text[..end]);
                        if home == text[..end] {
                            fields.literal(text);
                        } else {
                            fields.quoted(&home);
                            fields.literal(&text[end..]);
                        }
                    }
                    Part::Text(text) => fields.literal(text),
                    Part::Quoted(text) if text.is_empty() && nothing => {}
                    Part::Quoted(text) => fields.quoted(text),
                    Part::Parameter(parameter, inner) => {
                        self.parameter(parameter, *inner || quoted, fields).await?
                    }
                    Part::Command(list, inner) => {
                        let kept = self.weight.kept;
                        self.weight.kept += fields.size();
                        let text = self.substitute(list).await;
                        self.weight.kept = kept;
                        let text = text?;
                        if *inner || quoted {
                            fields.quoted(&text)
                        } else {
                            fields.value(&text)
                        }
                    }
                    Part::Arithmetic(expression, inner) => {
                        let text = self.expand_text(expression).await?;
                        let value = self.arithmetic(&text).await?.to_string();
                        if *inner || quoted {
                            fields.quoted(&value)
                        } else {
                            fields.value(&value)
                        }
                    }
                }
            }
            Ok(())
        })
    }

    /// The value of an arithmetic expression; an error ends the command.
    pub(crate) async fn arithmetic(&mut self, text: &str) -> Result<i64, Stop> {
        struct Scope<'a>(&'a mut Shell, Option<String>);
        impl arithmetic::Variables for Scope<'_> {
            fn get(&mut self, name: &str) -> Option<String> {
                self.0.value_of(name)
            }
            fn set(&mut self, name: &str, value: i64) {
                if let Err(error) = self.0.vars.set(name, &value.to_string()) {
                    self.1 = Some(error);
                }
            }
        }
        let mut scope = Scope(self, None);
        let result = arithmetic::evaluate(text, &mut scope);
        let failed = scope.1.take();
        match (result, failed) {
            (Ok(value), None) => Ok(value),
            (Err(error), _) | (_, Some(error)) => Err(self.abort(&error).await),
        }
    }

    /// The value of a variable or special parameter (not `@` and `*`).
    pub(crate) fn value_of(&mut self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "#" => Some(self.positional.len().to_string()),
            "$" => Some(self.shell_pid.to_string()),
            "!" => self.last_background.map(|pid| pid.to_string()),
            "-" => Some(self.options.letters()),
            "0" => Some(self.name.to_string()),
            "LINENO" => Some(self.shown_line().to_string()),
            "RANDOM" => {
                self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12345);
                Some(((self.random >> 16) & 0x7fff).to_string())
            }
            "*" | "@" => Some(self.joined()),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => {
                let index: usize = name.parse().ok()?;
                self.positional.get(index.wrapping_sub(1)).cloned()
            }
            _ => self.vars.get(name).map(|value| value.to_string()),
        }
    }

    fn joined(&self) -> String {
        let ifs = self.vars.get("IFS");
        let separator = match &ifs {
            None => " ".to_owned(),
            Some(ifs) => ifs.chars().next().map(String::from).unwrap_or_default(),
        };
        self.positional.join(&separator)
    }

    async fn parameter(
        &mut self,
        parameter: &Parameter,
        quoted: bool,
        fields: &mut Fields,
    ) -> Result<(), Stop> {
        let name = parameter.name.as_str();
        if matches!(name, "@" | "*") && matches!(parameter.operator, Operator::Value) {
            self.all_positional(name == "@", quoted, fields);
            return Ok(());
        }
        let value = self.value_of(name);
        self.pay(value.as_ref().map_or(0, String::len)).await;
        let text = match &parameter.operator {
            Operator::Value => self.must_be_set(name, value).await?,
            Operator::Length => {
                let value = self.must_be_set(name, value).await?;
                let count = if matches!(name, "@" | "*") {
                    self.positional.len()
                } else {
                    value.chars().count()
                };
                count.to_string()
            }
            Operator::Default(colon, word) => match value.filter(|v| !(*colon && v.is_empty())) {
                Some(value) => value,
                None => return self.expand_parts(word, fields, quoted).await,
            },
            Operator::Alternate(colon, word) => {
                if value.is_some_and(|v| !(*colon && v.is_empty())) {
                    return self.expand_parts(word, fields, quoted).await;
                }
                String::new()
            }
            Operator::Assign(colon, word) => match value.filter(|v| !(*colon && v.is_empty())) {
                Some(value) => value,
                None => {
                    let value = self.expand_text(word).await?;
                    if !super::syntax::is_name(name) {
                        return Err(self.abort("bad substitution").await);
                    }
                    self.assign(name, &value).await?;
                    value
                }
            },
            Operator::Error(colon, word) => match value.filter(|v| !(*colon && v.is_empty())) {
                Some(value) => value,
                None => {
                    let mut message = self.expand_text(word).await?;
                    if message.is_empty() {
                        message = if *colon {
                            "parameter not set or null"
                        } else {
                            "parameter not set"
                        }
                        .to_owned();
                    }
                    return Err(self.abort(&format!("{name}: {message}")).await);
                }
            },
            Operator::Bad => return Err(self.abort("syntax error: bad substitution").await),
            operator => {
                let value = self.must_be_set(name, value).await?;
                self.edited(operator, &value).await?
            }
        };
        if quoted {
            fields.quoted(&text)
        } else {
            fields.value(&text)
        }
        Ok(())
    }

    /// The operators that give a part or a change of the value.
    async fn edited(&mut self, operator: &Operator, value: &str) -> Result<String, Stop> {
        Ok(match operator {
            Operator::Suffix(longest, word) => {
                pattern::without_suffix(value, &self.expand_pattern(word).await?, *longest)
            }
            Operator::Prefix(longest, word) => {
                pattern::without_prefix(value, &self.expand_pattern(word).await?, *longest)
            }
            Operator::Replace(all, search, with) => {
                let search = self.expand_pattern(search).await?;
                let with = self.expand_text(with).await?;
                pattern::replace(value, &search, &with, *all)
            }
            Operator::Substring(offset, length) => {
                let chars: Vec<char> = value.chars().collect();
                let text = self.expand_text(offset).await?;
                let count = chars.len() as i64;
                let mut start = self.arithmetic(&text).await?;
                if start < 0 {
                    start = (start + count).max(0);
                }
                let mut end = count;
                if let Some(word) = length {
                    let text = self.expand_text(word).await?;
                    let length = self.arithmetic(&text).await?;
                    end = if length < 0 {
                        count + length
                    } else {
                        start.saturating_add(length).min(count)
                    };
                }
                if start >= end {
                    String::new()
                } else {
                    chars[start as usize..end as usize].iter().collect()
                }
            }
            _ => value.to_owned(),
        })
    }

    async fn must_be_set(&mut self, name: &str, value: Option<String>) -> Result<String, Stop> {
        match value {
            Some(value) => Ok(value),
            None if self.options.nounset && !matches!(name, "@" | "*") => {
                Err(self.abort(&format!("{name}: parameter not set")).await)
            }
            None => Ok(String::new()),
        }
    }

    fn all_positional(&mut self, separate: bool, quoted: bool, fields: &mut Fields) {
        if quoted && !(separate && fields.splits()) {
            let joined = if separate {
                self.positional.join(" ")
            } else {
                self.joined()
            };
            fields.quoted(&joined);
            return;
        }
        let positional = self.positional.clone();
        for (index, value) in positional.iter().enumerate() {
            if index > 0 {
                fields.end_field();
            }
            if quoted {
                fields.quoted(value)
            } else {
                fields.value(value)
            }
        }
    }

    /// `$(list)`: what it prints, without the newlines at the end. Sets the status.
    async fn substitute(&mut self, list: &Rc<List>) -> Result<String, Stop> {
        if list.is_empty() {
            self.substituted = Some(0);
            return Ok(String::new());
        }
        let (reader, writer) = match self.sys.pipe() {
            Ok(ends) => ends,
            Err(error) => return Err(self.abort(&format!("pipe: {}", error.text())).await),
        };
        let list = list.clone();
        self.weigh().await?;
        let child = self.fork_shell(move |mut shell| async move {
            let _ = shell.sys.close(reader);
            let _ = shell.sys.dup2(writer, 1);
            if writer != 1 {
                let _ = shell.sys.close(writer);
            }
            shell.run_subshell(&list).await
        });
        let _ = self.sys.close(writer);
        let child = match child {
            Ok(child) => child,
            Err(error) => {
                let _ = self.sys.close(reader);
                return Err(self.abort(&format!("can't fork: {}", error.text())).await);
            }
        };
        let mut bytes = Vec::new();
        let mut stopped = None;
        loop {
            match self.sys.read(reader, 65536).await {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => bytes.extend(chunk),
                Err(Errno::EINTR) => {
                    if self.options.interactive && self.interrupted() {
                        break;
                    }
                }
                Err(_) => break,
            }
            if let Err(stop) = self.weigh_more(bytes.len()).await {
                stopped = Some(stop);
                break;
            }
        }
        let _ = self.sys.close(reader);
        self.substituted = Some(self.wait_child(child).await);
        if let Some(stop) = stopped {
            return Err(stop);
        }
        bytes.retain(|b| *b != 0);
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        text.truncate(text.trim_end_matches('\n').len());
        Ok(text)
    }
}

//! The words of `find` as an expression. Precedence: `!`, juxtaposition (`-a`), `-o`.

use super::{Expr, Plan, mode, regular};
use crate::programs::accounts::Accounts;
use crate::sys::{FileKind, Sys};
use core::cmp::Ordering;

/// Parentheses and negations inside one another.
const DEEPEST: usize = 100;

struct Parser<'a> {
    sys: &'a Sys,
    accounts: Accounts,
    words: &'a [String],
    at: usize,
    acts: bool,
    depth: usize,
    least: usize,
    most: usize,
    depth_first: bool,
    follow: bool,
    one_device: bool,
}

/// Reads the command line (without the program's name).
pub async fn plan(sys: &Sys, words: &[String]) -> Result<Plan, String> {
    let mut follow = false;
    let mut words = words;
    while let Some((first, rest)) = words
        .split_first()
        .filter(|(first, _)| matches!(first.as_str(), "-H" | "-L" | "-P"))
    {
        follow = first == "-L";
        words = rest;
    }
    let count = words
        .iter()
        .take_while(|word| !word.starts_with('-') && !matches!(word.as_str(), "!" | "("))
        .count();
    let mut paths = words[..count].to_vec();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let mut parser = Parser {
        sys,
        accounts: Accounts::load(sys).await,
        words: &words[count..],
        at: 0,
        acts: false,
        depth: 0,
        least: 0,
        most: usize::MAX,
        depth_first: false,
        follow,
        one_device: false,
    };
    let mut expr = if parser.words.is_empty() {
        Expr::True
    } else {
        parser.any()?
    };
    if let Some(word) = parser.words.get(parser.at) {
        return Err(format!("unrecognized: {word}"));
    }
    if !parser.acts {
        expr = Expr::And(vec![expr, Expr::Print("\n")]);
    }
    Ok(Plan {
        paths,
        expr,
        least: parser.least,
        most: parser.most,
        depth_first: parser.depth_first,
        follow: parser.follow,
        one_device: parser.one_device,
    })
}

impl Parser<'_> {
    fn is(&mut self, names: &[&str]) -> bool {
        let is = self
            .words
            .get(self.at)
            .is_some_and(|word| names.contains(&word.as_str()));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Expr, String> {
        let mut all = vec![self.all()?];
        while self.is(&["-o", "-or"]) {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Expr::Or(all)
        })
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut all = vec![self.one()?];
        loop {
            if self.is(&["-a", "-and"]) {
                all.push(self.one()?);
                continue;
            }
            match self.words.get(self.at).map(String::as_str) {
                None | Some("-o" | "-or" | ")") => break,
                Some(_) => all.push(self.one()?),
            }
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Expr::And(all)
        })
    }

    fn one(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("expression too deep".to_owned());
        }
        let expr = if self.is(&["!", "-not"]) {
            Expr::Not(Box::new(self.one()?))
        } else if self.is(&["(", "\\("]) {
            let inner = self.any()?;
            if !self.is(&[")", "\\)"]) {
                return Err("unmatched '('".to_owned());
            }
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn value(&mut self, name: &str) -> Result<String, String> {
        let value = self.words.get(self.at).cloned();
        self.at += 1;
        value.ok_or_else(|| {
            format!(
                "option requires an argument -- '{}'",
                name.trim_start_matches('-')
            )
        })
    }

    fn primary(&mut self) -> Result<Expr, String> {
        let Some(name) = self.words.get(self.at).cloned() else {
            return Err("bare words expected".to_owned());
        };
        self.at += 1;
        let number = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| format!("invalid number '{text}'"))
        };
        Ok(match name.as_str() {
            "-true" => Expr::True,
            "-false" => Expr::False,
            "-name" | "-iname" => Expr::Name(self.value(&name)?, name == "-iname"),
            "-path" | "-ipath" | "-wholename" => Expr::Path(self.value(&name)?, name == "-ipath"),
            "-regex" => Expr::Regex(Box::new(regular::compile(
                &format!("^\\({}\\)$", self.value(&name)?),
                false,
                false,
            )?)),
            "-type" => Expr::Kind(kind(&self.value(&name)?)?),
            "-size" => {
                let (order, text) = sign(&self.value(&name)?);
                let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
                let unit = match &text[digits.len()..] {
                    "" | "b" => 512,
                    "c" => 1,
                    "k" => 1024,
                    "M" => 1 << 20,
                    "G" => 1 << 30,
                    _ => return Err(format!("invalid number '{text}'")),
                };
                Expr::Size(order, number(digits)?, unit)
            }
            "-mtime" | "-atime" | "-ctime" | "-mmin" | "-amin" | "-cmin" => {
                let (order, text) = sign(&self.value(&name)?);
                // The age grows as the time falls: +1 is older than one.
                let unit = if name.ends_with("min") { 60 } else { 86_400 };
                Expr::Age(
                    name.chars().nth(1).unwrap_or('m'),
                    order,
                    number(&text)?,
                    unit,
                )
            }
            "-newer" => {
                let file = self.value(&name)?;
                let stat = self
                    .sys
                    .stat(&file)
                    .map_err(|error| format!("can't stat '{file}': {}", error.text()))?;
                Expr::Newer(stat.mtime)
            }
            "-perm" => {
                let text = self.value(&name)?;
                let (how, bits) = match text.chars().next() {
                    Some(c @ ('-' | '/' | '+')) => (if c == '-' { '-' } else { '/' }, &text[1..]),
                    _ => ('=', text.as_str()),
                };
                let bits = mode::parse(bits, 0, false, 0)
                    .ok_or_else(|| format!("invalid mode '{bits}'"))?;
                Expr::Perm(bits, how)
            }
            "-user" => {
                let user = self.value(&name)?;
                let uid = self
                    .accounts
                    .find_user(&user)
                    .map(|(uid, _)| uid)
                    .or_else(|| user.parse().ok());
                Expr::User(uid.ok_or_else(|| format!("unknown user {user}"))?)
            }
            "-group" => {
                let group = self.value(&name)?;
                let gid = self
                    .accounts
                    .find_group(&group)
                    .or_else(|| group.parse().ok());
                Expr::Group(gid.ok_or_else(|| format!("unknown group {group}"))?)
            }
            "-links" => {
                let (order, text) = sign(&self.value(&name)?);
                Expr::Links(order, number(&text)?)
            }
            "-inum" => Expr::Inode(number(&self.value(&name)?)?),
            "-empty" => Expr::Empty,
            "-executable" => Expr::Executable,
            "-prune" => Expr::Prune,
            "-maxdepth" | "-mindepth" => {
                let depth = number(&self.value(&name)?)? as usize;
                *(if name == "-maxdepth" {
                    &mut self.most
                } else {
                    &mut self.least
                }) = depth;
                Expr::True
            }
            "-depth" | "-d" => {
                self.depth_first = true;
                Expr::True
            }
            "-follow" => {
                self.follow = true;
                Expr::True
            }
            "-xdev" | "-mount" => {
                self.one_device = true;
                Expr::True
            }
            _ => return self.action(&name),
        })
    }

    fn action(&mut self, name: &str) -> Result<Expr, String> {
        self.acts = true;
        Ok(match name {
            "-print" => Expr::Print("\n"),
            "-print0" => Expr::Print("\0"),
            "-ls" => Expr::List,
            "-quit" => Expr::Quit,
            "-delete" => {
                self.depth_first = true;
                Expr::Delete
            }
            "-exec" | "-ok" => {
                let mut words = Vec::new();
                loop {
                    let word = self
                        .words
                        .get(self.at)
                        .cloned()
                        .ok_or("-exec requires an argument")?;
                    self.at += 1;
                    let gathers = word == "+" && words.last().is_some_and(|word| word == "{}");
                    if word != ";" && !gathers {
                        words.push(word);
                        continue;
                    }
                    if gathers {
                        words.pop();
                    }
                    if words.is_empty() {
                        return Err("-exec requires an argument".to_owned());
                    }
                    return Ok(Expr::Exec(words, gathers));
                }
            }
            _ => return Err(format!("unrecognized: {name}")),
        })
    }
}

fn sign(text: &str) -> (Ordering, String) {
    match text.chars().next() {
        Some('+') => (Ordering::Greater, text[1..].to_owned()),
        Some('-') => (Ordering::Less, text[1..].to_owned()),
        _ => (Ordering::Equal, text.to_owned()),
    }
}

fn kind(letter: &str) -> Result<FileKind, String> {
    Ok(match letter {
        "f" => FileKind::File,
        "d" => FileKind::Directory,
        "l" => FileKind::Symlink,
        "c" => FileKind::Character,
        "b" => FileKind::Block,
        "p" => FileKind::Fifo,
        "s" => FileKind::Socket,
        _ => return Err(format!("invalid argument '{letter}' to '-type'")),
    })
}

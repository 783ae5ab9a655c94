//! `test`: conditions on files, text and numbers.
//!
//! Shared by the builtins `test`, `[`, `[[` and the programs. Mirrors POSIX XCU `test`, with `==`, `=~`, `<`, `>`, `-nt`
//! and the `&&`, `||` of `[[ ]]`; errors are busybox's.

use crate::sys::{FileKind, Sys};

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    sys: &'a Sys,
    depth: u32,
    /// The right side of `==` is a pattern.
    patterns: bool,
}

/// Whether the condition holds; an error's text otherwise. An empty condition does not. `patterns`: as in `[[ ]]`.
pub fn evaluate(words: &[String], sys: &Sys, patterns: bool) -> Result<bool, String> {
    // POSIX decides by the number of words before any grammar.
    match words {
        [] => return Ok(false),
        [word] => return Ok(!word.is_empty()),
        [not, word] if not == "!" => return Ok(word.is_empty()),
        [a, op, b] if is_binary(op) => return binary(a, op, b, sys, patterns),
        _ => {}
    }
    let mut reader = Reader {
        words,
        at: 0,
        sys,
        depth: 0,
        patterns,
    };
    let value = reader.or()?;
    match reader.words.get(reader.at) {
        None => Ok(value),
        Some(word) => Err(format!("{word}: unknown operand")),
    }
}

fn is_binary(op: &str) -> bool {
    matches!(
        op,
        "=" | "=="
            | "!="
            | "<"
            | ">"
            | "=~"
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-nt"
            | "-ot"
            | "-ef"
    )
}

fn is_unary(op: &str) -> bool {
    op.len() == 2 && op.starts_with('-') && "bcdefghkLnOprsStuwxzG".contains(&op[1..])
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn or(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("nested too deeply".to_owned());
        }
        let mut value = self.and()?;
        while matches!(self.peek(), Some("-o" | "||")) {
            self.at += 1;
            let right = self.and()?;
            value |= right;
        }
        self.depth -= 1;
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut value = self.not()?;
        while matches!(self.peek(), Some("-a" | "&&")) {
            self.at += 1;
            let right = self.not()?;
            value &= right;
        }
        Ok(value)
    }

    fn not(&mut self) -> Result<bool, String> {
        let mut negated = false;
        while self.peek() == Some("!") && self.at + 1 < self.words.len() {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary()? != negated)
    }

    fn primary(&mut self) -> Result<bool, String> {
        let Some(word) = self.words.get(self.at).cloned() else {
            return Err("argument expected".to_owned());
        };
        let second = self.words.get(self.at + 1).cloned();
        if let (Some(op), Some(right)) = (&second, self.words.get(self.at + 2))
            && is_binary(op)
        {
            let value = binary(&word, op, right, self.sys, self.patterns);
            self.at += 3;
            return value;
        }
        if let Some(op) = second.as_ref().filter(|op| is_binary(op)) {
            return Err(format!("{op}: argument expected"));
        }
        if word == "(" {
            self.at += 1;
            let value = self.or()?;
            if self.peek() != Some(")") {
                return Err("closing paren expected".to_owned());
            }
            self.at += 1;
            return Ok(value);
        }
        if let Some(argument) = second.filter(|_| is_unary(&word)) {
            self.at += 2;
            return unary(&word, &argument, self.sys);
        }
        self.at += 1;
        Ok(!word.is_empty())
    }
}

fn integer(text: &str) -> Result<i64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{text}: bad number"))
}

fn binary(a: &str, op: &str, b: &str, sys: &Sys, patterns: bool) -> Result<bool, String> {
    Ok(match op {
        "=" | "==" if patterns => super::pattern::matches(b, a),
        "!=" if patterns => !super::pattern::matches(b, a),
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "=~" => crate::programs::regular::compile(b, true, false)
            .map_err(|_| "bad regex".to_owned())?
            .is_match(a.as_bytes()),
        "-eq" => integer(a)? == integer(b)?,
        "-ne" => integer(a)? != integer(b)?,
        "-lt" => integer(a)? < integer(b)?,
        "-le" => integer(a)? <= integer(b)?,
        "-gt" => integer(a)? > integer(b)?,
        "-ge" => integer(a)? >= integer(b)?,
        _ => match (sys.stat(a), sys.stat(b)) {
            (Ok(a), Ok(b)) => match op {
                "-nt" => a.mtime > b.mtime,
                "-ot" => a.mtime < b.mtime,
                _ => a.dev == b.dev && a.ino == b.ino,
            },
            (Ok(_), Err(_)) => op == "-nt",
            (Err(_), Ok(_)) => op == "-ot",
            _ => false,
        },
    })
}

fn unary(op: &str, argument: &str, sys: &Sys) -> Result<bool, String> {
    let kind = |wanted: FileKind| sys.stat(argument).is_ok_and(|stat| stat.kind == wanted);
    let mode = |bit: u32| sys.stat(argument).is_ok_and(|stat| stat.mode & bit != 0);
    Ok(match op {
        "-n" => !argument.is_empty(),
        "-z" => argument.is_empty(),
        "-e" => sys.stat(argument).is_ok(),
        "-f" => kind(FileKind::File),
        "-d" => kind(FileKind::Directory),
        "-c" => kind(FileKind::Character),
        "-b" => kind(FileKind::Block),
        "-p" => kind(FileKind::Fifo),
        "-S" => kind(FileKind::Socket),
        "-h" | "-L" => sys.lstat(argument).is_ok_and(|stat| stat.is_symlink()),
        "-s" => sys.stat(argument).is_ok_and(|stat| stat.size > 0),
        "-r" => sys.access(argument, 4).is_ok(),
        "-w" => sys.access(argument, 2).is_ok(),
        "-x" => sys.access(argument, 1).is_ok(),
        "-u" => mode(0o4000),
        "-g" => mode(0o2000),
        "-k" => mode(0o1000),
        "-t" => sys.isatty(integer(argument)? as i32),
        "-O" => sys.stat(argument).is_ok_and(|stat| stat.uid == sys.uid()),
        _ => sys.stat(argument).is_ok_and(|stat| stat.gid == sys.gid()),
    })
}

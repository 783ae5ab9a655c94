//! The grammar of nginx's configuration: words, `;` and `{ }`, with nginx's own errors.
//!
//! nginx obeys each directive as it reads it, so a fault at the end of a file is told only when all before it was well. Here a fault is
//! a node of the tree, and whoever obeys the tree meets it in its place. Mirrors `ngx_conf_file.c` of nginx 1.29.

use std::rc::Rc;

/// Blocks in blocks.
const DEPTH: usize = 50;

/// Where something stands, as errors tell it: ` in /etc/nginx/nginx.conf:3`, or ` in command line`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(Rc<str>, usize);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str(" in command line");
        }
        write!(f, " in {}:{}", self.0, self.1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub name: String,
    pub args: Vec<String>,
    pub place: Place,
    pub block: Option<Vec<Node>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Directive(Directive),
    /// What an `include` brought.
    Included(Vec<Node>),
    /// A fault: its message with its place.
    Broken(String),
}

/// Reads the text of a file. `file`: its path, or nothing for the directives of the command line.
pub(super) fn parse(file: &str, text: &str) -> Vec<Node> {
    let mut reader = Reader {
        file: file.into(),
        chars: text.chars().peekable(),
        line: 1,
    };
    reader.block(0)
}

enum Token {
    Word(String),
    End,
    Open,
    Close,
    Eof,
}

struct Reader<'a> {
    file: Rc<str>,
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn place(&self) -> Place {
        Place(self.file.clone(), self.line)
    }

    fn broken(&self, what: &str) -> Node {
        Node::Broken(format!("{what}{}", self.place()))
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn block(&mut self, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        loop {
            match self.statement(depth) {
                Ok(Some(node)) => nodes.push(node),
                Ok(None) => return nodes,
                Err(broken) => {
                    nodes.push(broken);
                    return nodes;
                }
            }
        }
    }

    /// One directive; nothing at the end of the block.
    fn statement(&mut self, depth: usize) -> Result<Option<Node>, Node> {
        let mut words: Vec<String> = Vec::new();
        loop {
            match self.token()? {
                Token::Word(word) => words.push(word),
                Token::Close if words.is_empty() && depth > 0 => return Ok(None),
                Token::Close => return Err(self.broken("unexpected \"}\"")),
                Token::Eof => return self.end(depth, words.is_empty()),
                Token::End if words.is_empty() => return Err(self.broken("unexpected \";\"")),
                Token::Open if words.is_empty() => return Err(self.broken("unexpected \"{\"")),
                Token::Open if depth == DEPTH => return Err(self.broken("too deep nesting")),
                end @ (Token::End | Token::Open) => {
                    let place = self.place();
                    let opens = matches!(end, Token::Open);
                    let block = opens.then(|| self.block(depth + 1));
                    let name = words.remove(0);
                    return Ok(Some(Node::Directive(Directive {
                        name,
                        args: words,
                        place,
                        block,
                    })));
                }
            }
        }
    }

    fn end(&self, depth: usize, complete: bool) -> Result<Option<Node>, Node> {
        match (complete, depth) {
            (true, 0) => Ok(None),
            (true, _) => Err(self.broken("unexpected end of file, expecting \"}\"")),
            (false, _) if self.file.is_empty() => {
                Err(self.broken("unexpected end of parameter, expecting \";\""))
            }
            (false, _) => Err(self.broken("unexpected end of file, expecting \";\" or \"}\"")),
        }
    }

    fn token(&mut self) -> Result<Token, Node> {
        loop {
            match self.next() {
                None => return Ok(Token::Eof),
                Some('#') => while self.next().is_some_and(|c| c != '\n') {},
                Some(c) if c.is_ascii_whitespace() => {}
                Some(';') => return Ok(Token::End),
                Some('{') => return Ok(Token::Open),
                Some('}') => return Ok(Token::Close),
                Some(quote @ ('"' | '\'')) => return self.quoted(quote),
                Some(c) => return Ok(Token::Word(self.bare(c))),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token, Node> {
        let mut word = String::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => self.escaped(&mut word),
                c if c == quote => {
                    return match self.chars.peek() {
                        Some(c) if !c.is_ascii_whitespace() && !";{)".contains(*c) => {
                            let what = format!("unexpected \"{c}\"");
                            Err(self.broken(&what))
                        }
                        _ => Ok(Token::Word(word)),
                    };
                }
                c => word.push(c),
            }
        }
        self.end(0, false).map(|_| Token::Eof)
    }

    fn bare(&mut self, first: char) -> String {
        let mut word = String::new();
        let mut next = Some(first);
        while let Some(c) = next {
            match c {
                '\\' => self.escaped(&mut word),
                '$' if self.chars.peek() == Some(&'{') => {
                    word.push('$');
                    while let Some(c) = self.next() {
                        word.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                }
                c => word.push(c),
            }
            next = match self.chars.peek() {
                Some(c) if c.is_ascii_whitespace() || matches!(c, ';' | '{') => None,
                _ => self.next(),
            };
        }
        word
    }

    fn escaped(&mut self, word: &mut String) {
        match self.next() {
            Some(c @ ('"' | '\'' | '\\')) => word.push(c),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(c) => word.extend(['\\', c]),
            None => word.push('\\'),
        }
    }
}

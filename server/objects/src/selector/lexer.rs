//! The tokens of a label selector.

/// One token. `In` and `NotIn` are words: whether they are operators depends on where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Error,
    Word,
    Comma,
    Open,
    Close,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less,
}

fn symbol(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        ">" => Token::Greater,
        "<" => Token::Less,
        "!=" => Token::NotEquals,
        "(" => Token::Open,
        _ => return None,
    })
}

fn is_symbol(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

/// All tokens with their texts; the last is `End` with an empty text.
pub(super) fn tokens(text: &str) -> Vec<(Token, String)> {
    let mut all = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while let Some(first) = rest.chars().next() {
        let (token, length) = if is_symbol(first) {
            let run = rest.find(|c| !is_symbol(c)).unwrap_or(rest.len());
            // the longest known symbol, growing from one character as long as it is one
            match (1..=run.min(2))
                .take_while(|&n| symbol(&rest[..n]).is_some())
                .last()
            {
                Some(n) => (symbol(&rest[..n]).unwrap_or(Token::Error), n),
                None => (Token::Error, run),
            }
        } else {
            let end = rest.find(|c: char| is_symbol(c) || matches!(c, ' ' | '\t' | '\r' | '\n'));
            (Token::Word, end.unwrap_or(rest.len()))
        };
        all.push((token, rest[..length].to_string()));
        rest = rest[length..].trim_start_matches([' ', '\t', '\r', '\n']);
    }
    all.push((Token::End, String::new()));
    all
}

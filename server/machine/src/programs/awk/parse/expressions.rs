//! awk's expressions, from the loosest operator to the tightest.

use super::*;

impl Parser {
    pub fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Self::assignment)
    }

    pub(super) fn assignment(&mut self) -> Parsed<Expr> {
        let left = self.choice()?;
        let target = matches!(left, Expr::Variable(_) | Expr::Element(..) | Expr::Field(_));
        if !target {
            return Ok(left);
        }
        for sign in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
            if self.sign(sign) {
                self.newlines();
                let right = self.expr()?;
                let operator = sign.chars().next().unwrap_or('=');
                return Ok(Expr::Assign(operator, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    pub(super) fn choice(&mut self) -> Parsed<Expr> {
        let condition = self.or()?;
        if !self.sign("?") {
            return Ok(condition);
        }
        self.newlines();
        let yes = self.expr()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let no = self.expr()?;
        Ok(Expr::Choose(
            Box::new(condition),
            Box::new(yes),
            Box::new(no),
        ))
    }

    pub(super) fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.sign("||") {
            self.newlines();
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    pub(super) fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.membership()?;
        while self.sign("&&") {
            self.newlines();
            left = Expr::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    pub(super) fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while !self.no_in && self.word("in") {
            let Token::Name(array) = self.next() else {
                return Err("unexpected token".to_owned());
            };
            left = Expr::In(vec![left], self.place(&array));
        }
        Ok(left)
    }

    pub(super) fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let not = if self.sign("~") {
                false
            } else if self.sign("!~") {
                true
            } else {
                return Ok(left);
            };
            left = Expr::Match(Box::new(left), Box::new(self.comparison()?), not);
        }
    }

    pub(super) fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.concatenation()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("<") => '<',
                Token::Sign("<=") => 'l',
                Token::Sign("==") => '=',
                Token::Sign("!=") => '!',
                Token::Sign(">") if !self.no_greater => '>',
                Token::Sign(">=") => 'g',
                Token::Sign("|") if matches!(self.words.get(self.at + 1), Some((Token::Name(name), _)) if name == "getline") =>
                {
                    self.at += 2;
                    let to = self.getline_target()?;
                    left = Expr::Getline(to, Source::Command(Box::new(left)));
                    continue;
                }
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Compare(operator, Box::new(left), Box::new(self.concatenation()?));
        }
    }

    pub(super) fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        let mut parts = 0;
        loop {
            let starts = match self.peek() {
                Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Called(_) => true,
                Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
                Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
                _ => false,
            };
            if !starts {
                return Ok(left);
            }
            parts += 1;
            if parts > 500 {
                return Err("expression too long".to_owned());
            }
            left = Expr::Concat(Box::new(left), Box::new(self.sum()?));
        }
    }

    pub(super) fn binary(
        &mut self,
        signs: &[&str],
        inner: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        let mut left = inner(self)?;
        let mut parts = 0;
        while let Token::Sign(sign) = *self.peek() {
            parts += 1;
            if !signs.contains(&sign) || parts > 500 {
                break;
            }
            self.at += 1;
            let operator = sign.chars().next().unwrap_or('+');
            left = Expr::Binary(operator, Box::new(left), Box::new(inner(self)?));
        }
        Ok(left)
    }

    pub(super) fn sum(&mut self) -> Parsed<Expr> {
        self.binary(&["+", "-"], Self::product)
    }

    pub(super) fn product(&mut self) -> Parsed<Expr> {
        self.binary(&["*", "/", "%"], Self::unary)
    }

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| {
            if parser.sign("!") {
                return Ok(Expr::Not(Box::new(parser.unary()?)));
            }
            if parser.sign("-") {
                return Ok(Expr::Negate(Box::new(parser.unary()?)));
            }
            if parser.sign("+") {
                return Ok(Expr::Plus(Box::new(parser.unary()?)));
            }
            parser.power()
        })
    }

    pub(super) fn power(&mut self) -> Parsed<Expr> {
        let base = self.postfix()?;
        if !self.sign("^") {
            return Ok(base);
        }
        // To the right, and binding tighter than a sign before it.
        Ok(Expr::Binary('^', Box::new(base), Box::new(self.unary()?)))
    }

    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
        for (sign, by) in [("++", 1.0), ("--", -1.0)] {
            if self.sign(sign) {
                return Ok(Expr::Step(Box::new(self.primary()?), by, true));
            }
        }
        let value = self.primary()?;
        if matches!(
            value,
            Expr::Variable(_) | Expr::Element(..) | Expr::Field(_)
        ) {
            for (sign, by) in [("++", 1.0), ("--", -1.0)] {
                if self.sign(sign) {
                    return Ok(Expr::Step(Box::new(value), by, false));
                }
            }
        }
        Ok(value)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        match self.next() {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Regex(text) => Ok(Expr::Regex(text)),
            Token::Sign("$") => self.deeper(|parser| {
                let by = if parser.sign("++") {
                    1.0
                } else if parser.sign("--") {
                    -1.0
                } else {
                    0.0
                };
                let inner = if parser.sign("-") {
                    Expr::Negate(Box::new(parser.primary()?))
                } else {
                    parser.primary()?
                };
                let inner = if by == 0.0 {
                    inner
                } else {
                    Expr::Step(Box::new(inner), by, true)
                };
                Ok(Expr::Field(Box::new(inner)))
            }),
            Token::Sign("(") => {
                let mut inner = self.list(")")?;
                if inner.len() == 1 {
                    return Ok(Expr::Grouped(Box::new(inner.remove(0))));
                }
                if inner.is_empty() || !self.word("in") {
                    return Err("unexpected token".to_owned());
                }
                let Token::Name(array) = self.next() else {
                    return Err("unexpected token".to_owned());
                };
                Ok(Expr::In(inner, self.place(&array)))
            }
            Token::Called(name) => {
                self.at += 1;
                let arguments = self.list(")")?;
                match BUILTINS.iter().find(|known| **known == name) {
                    Some(builtin) => Ok(Expr::Builtin(builtin, arguments)),
                    None => Ok(Expr::Call(self.function(&name), arguments)),
                }
            }
            Token::Name(name) if name == "getline" => {
                let to = self.getline_target()?;
                if self.sign("<") {
                    let file = self.postfix()?;
                    return Ok(Expr::Getline(to, Source::File(Box::new(file))));
                }
                Ok(Expr::Getline(to, Source::Main))
            }
            Token::Name(name) if BUILTINS.contains(&name.as_str()) => {
                if name != "length" {
                    self.at -= 1;
                    return Err("unexpected token".to_owned());
                }
                Ok(Expr::Builtin("length", Vec::new()))
            }
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                let place = self.place(&name);
                if self.sign("[") {
                    return Ok(Expr::Element(place, self.list("]")?));
                }
                Ok(Expr::Variable(place))
            }
            _ => {
                self.at -= 1;
                Err("unexpected token".to_owned())
            }
        }
    }

    pub(super) fn getline_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        let starts = match self.peek() {
            Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
            Token::Sign("$") => true,
            _ => false,
        };
        if starts {
            Ok(Some(Box::new(self.primary()?)))
        } else {
            Ok(None)
        }
    }
}

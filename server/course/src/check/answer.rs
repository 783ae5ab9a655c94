//! `answer:` and `choice:` what a learner says to a question. A wrong answer is told how it differs from the right one, never
//! what the right one is.

use super::Verdict;
use super::resource::distance;
use crate::cel;
use crate::format::{AnswerFile, ChoiceFile, Expect};
use crate::history::Seen;
use crate::sentence::Sentence;

/// Holds when the answer is right now.
pub(super) fn answer(question: &AnswerFile, seen: &Seen) -> Verdict {
    let Some(got) = seen.answers.get(&question.id) else {
        return Err(Sentence::new("no-answer"));
    };
    let want = right_answer(question, seen);
    if want
        .as_deref()
        .is_some_and(|want| same(&question.kind, got, want))
    {
        return Ok(Sentence::new("was-answered").with("got", got));
    }
    let plain = Sentence::new("wrong-answer");
    let why = want.map_or(plain, |want| how(&question.kind, got.trim(), want.trim()));
    Err(why.with("got", got))
}

/// What is right now; none where the expression cannot be answered.
pub fn right_answer(question: &AnswerFile, seen: &Seen) -> Option<String> {
    known(&question.expect, seen)
}

/// What is to be expected; none where the expression cannot be answered.
pub(crate) fn known(expect: &Expect, seen: &Seen) -> Option<String> {
    match expect {
        Expect::Value(value) => Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        ),
        Expect::Cel { cel: expression } => {
            cel::evaluate(expression, seen).ok().map(|v| cel::plain(&v))
        }
    }
}

pub(crate) fn same(kind: &str, got: &str, want: &str) -> bool {
    if kind == "number" {
        return got
            .trim()
            .parse::<f64>()
            .is_ok_and(|g| want.parse::<f64>().is_ok_and(|w| (g - w).abs() < 1e-9));
    }
    got.trim().eq_ignore_ascii_case(want.trim())
}

/// How a wrong answer differs from the right one.
fn how(kind: &str, got: &str, want: &str) -> Sentence {
    if kind == "number" {
        return match (got.parse::<f64>(), want.parse::<f64>()) {
            (Ok(got), Ok(want)) if got > want => Sentence::new("wrong-answer-high"),
            (Ok(_), Ok(_)) => Sentence::new("wrong-answer-low"),
            (Err(_), _) => Sentence::new("wrong-answer-number"),
            (_, Err(_)) => Sentence::new("wrong-answer"),
        };
    }
    let (said, right) = (got.to_lowercase(), want.to_lowercase());
    let length = |text: &str| text.chars().count();
    let (much, all) = (length(&said), length(&right));
    let id = match () {
        () if right.contains(&said) && 2 * much >= all => "wrong-answer-part",
        () if said.contains(&right) => "wrong-answer-over",
        () if distance(&said, &right) <= 1.max(all / 5) && all > 2 => "wrong-answer-near",
        () => return shape(want),
    };
    Sentence::new(id)
}

/// What the right answer looks like: a path, digits with signs between them, or one word.
fn shape(want: &str) -> Sentence {
    let sign = want.chars().find(|c| !c.is_alphanumeric());
    let is_digits = want.chars().all(|c| c.is_ascii_digit() || Some(c) == sign);
    match sign {
        _ if want.starts_with('/') => Sentence::new("wrong-answer-path"),
        Some(sign) if is_digits => Sentence::new("wrong-answer-digits").with("sign", sign),
        _ if want.contains(char::is_whitespace) => Sentence::new("wrong-answer"),
        _ => Sentence::new("wrong-answer-word").with("count", want.chars().count().to_string()),
    }
}

/// An option is named by the letter that stands before it on the page.
pub(super) fn choice(question: &ChoiceFile, seen: &Seen) -> Verdict {
    let Some(got) = seen.answers.get(&question.id) else {
        return Err(Sentence::new("no-answer"));
    };
    let letter = got.to_ascii_uppercase();
    match *got == question.correct {
        true => Ok(Sentence::new("was-chosen").with("letter", letter)),
        false => Err(Sentence::new("wrong-option").with("letter", letter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_told_how_it_differs() {
        let check = |kind: &str, want: &str, got: &str, expect: &str| {
            let id = how(kind, got, want).id;
            assert_eq!(id, format!("wrong-answer{expect}"), "{got} for {want}");
        };
        check("number", "80", "81", "-high");
        check("number", "80", "79", "-low");
        check("number", "80", "eighty", "-number");
        check("text", "2/2", "2/", "-part");
        check("text", "2/2", "READY 2/2", "-over");
        check("text", "2/2", "two", "-digits");
        check("text", "10.244.0.5", "kuard", "-digits");
        check("text", "node-1", "node-2", "-near");
        check("text", "node-1", "n", "-word");
        check("text", "/pause", "top", "-path");
        check("text", "nobody", "root", "-word");
        check("text", "out of memory", "root", "");
    }
}

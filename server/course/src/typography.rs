//! Languages as they are set. French: the spaces before `: ; ! ?` and within « » are such as no line ends at, and the apostrophe is
//! a curved one; authors type plain ones, and none too few. Japanese: see `japanese`. The other two need no rule.

mod japanese;

use crate::Lang;
use crate::load::{Course, Diagnostic, fault as diagnostic};

/// What stands for a piece of code while its sentence is looked at.
const CODE: char = '\u{fffc}';

/// A space where no line ends, and its narrow sister.
const FIXED: char = '\u{a0}';
const NARROW: char = '\u{202f}';

/// Keeps a line from ending where it stands, and takes no room.
const JOINED: char = '\u{2060}';

/// A language file, well set: no line ends within the name of a key, and French has its spaces. Code, in blocks and in lines, stays as
/// it is.
pub fn set(lang: Lang, text: &str) -> String {
    let mut fenced = false;
    let lines = text.split_inclusive('\n').map(|line| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        // A row of marks alone rules a table.
        match fenced || !line.contains(char::is_alphabetic) {
            true => line.to_owned(),
            false => outside_code(lang, line),
        }
    });
    lines.collect()
}

fn outside_code(lang: Lang, line: &str) -> String {
    let parts = line.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(at, part)| match at % 2 {
            0 if lang == Lang::Fr => keys(&spaces(part)),
            0 => keys(part),
            _ => part.to_owned(),
        })
        .collect();
    parts.join("`")
}

/// `Ctrl-C` is one word.
fn keys(part: &str) -> String {
    part.replace("Ctrl-", &format!("Ctrl-{JOINED}"))
}

fn spaces(part: &str) -> String {
    let mut said = String::with_capacity(part.len());
    let mut letters = part.chars().peekable();
    while let Some(letter) = letters.next() {
        let fixed = match (letter, letters.peek()) {
            (' ', Some(';' | '!' | '?')) => NARROW,
            (' ', Some(':' | '»')) => FIXED,
            (' ', _) if said.ends_with('«') => FIXED,
            ('\'', Some(_)) if said.ends_with(char::is_alphabetic) => '’',
            _ => letter,
        };
        said.push(fixed);
    }
    said
}

/// Where lessons are not typed as their language asks.
pub fn check(course: &Course) -> Vec<Diagnostic> {
    let texts = course.lessons().flat_map(|lesson| {
        let langs = lesson.prose.keys();
        langs.map(|lang| {
            (
                *lang,
                format!("{}/{}/{}.md", lesson.track, lesson.id, lang.tag()),
            )
        })
    });
    let found = texts.flat_map(|(lang, path)| {
        let text = course.texts().get(&path).map(String::as_str);
        let wrong = faults(lang, text.unwrap_or_default()).into_iter();
        wrong.map(move |(line, message)| diagnostic(&path, line, message))
    });
    found.collect()
}

/// Where the prose of a language file is not typed as its language asks: line and mend.
fn faults(lang: Lang, text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if !fenced && !fence && !line.starts_with(":::") {
            let wrong = pieces(line).iter().find_map(|piece| fault(lang, piece));
            found.extend(wrong.map(|message| (index + 1, message)));
        }
    }
    found
}

/// Where messages of the interface, in Fluent's form, are not set as their language is: line and mend. They are shown as they stand.
pub fn message_faults(lang: Lang, messages: &str) -> Vec<(usize, String)> {
    let lines = messages
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#'));
    let values = lines.filter_map(|(index, line)| {
        let (_, value) = line.split_once(" = ").or_else(|| line.split_once("] "))?;
        Some((index + 1, value))
    });
    let found = values.filter_map(|(line, value)| Some((line, message_fault(lang, value)?)));
    found.collect()
}

fn message_fault(lang: Lang, message: &str) -> Option<String> {
    let unset = message.replace([FIXED, NARROW], " ").replace('’', "'");
    // What is put in place of { $name } is known to nobody here.
    let said = |part: &str| {
        part.split_once('}')
            .map_or(part, |(_, after)| after)
            .to_owned()
    };
    let blank: Vec<String> = unset.split('{').map(said).collect();
    if let Some(wrong) = fault(lang, &blank.join("…")) {
        return Some(wrong);
    }
    // Messages have no keys to keep together.
    let as_set = set(lang, &unset).replace(JOINED, "");
    (lang == Lang::Fr && as_set != message).then(|| format!("write it as it is set: {as_set}"))
}

fn fault(lang: Lang, piece: &str) -> Option<String> {
    match lang {
        Lang::Fr => french_fault(piece),
        Lang::Ja => japanese::fault(piece),
        Lang::En | Lang::PtBr => None,
    }
}

/// The prose of a line, cell by cell: without what is Markdown's, and with one sign for each piece of code.
fn pieces(line: &str) -> Vec<String> {
    let code = line.split('`').enumerate();
    let line: String = code
        .map(|(at, part)| {
            if at % 2 == 0 {
                part.to_owned()
            } else {
                CODE.to_string()
            }
        })
        .collect();
    let cells = line
        .split('|')
        .filter(|cell| cell.contains(char::is_alphabetic) || cell.contains(CODE));
    cells
        .map(|cell| spoken(cell.trim()).trim().to_owned())
        .collect()
}

/// Without the id of a heading, the letter of an option, emphasis, and what stands behind a link.
fn spoken(cell: &str) -> String {
    let (sign, rest) = cell.split_once(' ').unwrap_or(("", cell));
    let rest = match sign {
        "##" => rest.split_once(": ").map_or(rest, |(_, title)| title),
        "-" => rest
            .split_once(": ")
            .filter(|(letter, _)| letter.len() == 1)
            .map_or(rest, |(_, option)| option),
        "#" => rest,
        _ => cell,
    };
    let mut out = String::new();
    let mut rest = rest.replace('*', "");
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        rest = after
            .split_once(')')
            .map_or(String::new(), |(_, rest)| rest.to_owned());
    }
    (out + &rest).replace('[', "")
}

/// French as authors type it: a plain space before each high mark and within « ».
fn french_fault(piece: &str) -> Option<String> {
    let letters: Vec<char> = piece.chars().collect();
    let near = |index: Option<usize>| index.and_then(|i| letters.get(i)).copied();
    (0..letters.len()).find_map(|at| {
        let (before, letter, after) = (near(at.checked_sub(1)), letters[at], near(Some(at + 1)));
        let alone = before.is_some_and(|c| c != ' ' && !"!?…".contains(c));
        // A colon within a word is part of it: 8081:80.
        let is_mark = "!?;»".contains(letter) || (letter == ':' && after.is_none_or(|c| c == ' '));
        match letter {
            FIXED | NARROW => Some("type a plain space: the page sets it".to_owned()),
            '"' | '“' | '”' => Some(format!("`{letter}` is not French: write « and »")),
            '«' if after != Some(' ') => Some("put a space after `«`".to_owned()),
            _ if is_mark && alone => Some(format!("put a space before `{letter}`")),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let shown = set(Lang::Fr, text).replace(FIXED, "_").replace(NARROW, "-");
        assert_eq!(shown, expect);
    }

    #[test]
    fn no_line_ends_within_a_key() {
        let shown = set(Lang::En, "End it with Ctrl-C; `Ctrl-C` is code.");
        assert_eq!(shown, "End it with Ctrl-\u{2060}C; `Ctrl-C` is code.");
    }

    #[test]
    fn marks_keep_to_their_words() {
        check(
            "Prêt ? Oui ! Non : « peut-être » ; bon.",
            "Prêt-? Oui-! Non_: «_peut-être_»-; bon.",
        );
        check("## why: Pourquoi `x` ?\n", "## why: Pourquoi `x`-?\n");
    }

    fn check_typed(lang: Lang, text: &str, expect: &[(usize, &str)]) {
        let found = faults(lang, text);
        let found: Vec<(usize, &str)> = found.iter().map(|(l, m)| (*l, m.as_str())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn what_is_typed_otherwise_is_told_by_its_line() {
        let fr = "# Prêt ?\n\n## a: Oui !\n\nVoici: `a` ; b.\n\n```sh\nx?\n```\n- a: Non?\n";
        check_typed(
            Lang::Fr,
            fr,
            &[
                (5, "put a space before `:`"),
                (10, "put a space before `?`"),
            ],
        );
        check_typed(Lang::Fr, "Port 8081:80 « ici » !\n", &[]);
        check_typed(Lang::Fr, "« ici»\n", &[(1, "put a space before `»`")]);
        let ja = "# Pod とは\n\n## a: *時間*の流れ\n\n[Pod](https://x.example/a:b)、`a`（b）\n| `a` は | (`b`) です |\n";
        check_typed(Lang::Ja, ja, &[(6, "`)` is half-width: write ）")]);
        check_typed(Lang::En, "Ready ? \"yes\"\n", &[]);
    }

    #[test]
    fn messages_stand_as_they_are_shown() {
        let wrong = |lang, text| message_fault(lang, text);
        assert_eq!(wrong(Lang::Fr, "{ $name }\u{a0}: c’est fait"), None);
        assert!(wrong(Lang::Fr, "{ $name } : fait").is_some());
        assert!(wrong(Lang::Fr, "C'est fait").is_some());
        assert_eq!(wrong(Lang::Ja, "{ $name }を閉じる（{ $count } 回）"), None);
        assert!(wrong(Lang::Ja, "やり直しますか?").is_some());
    }

    #[test]
    fn apostrophes_are_curved() {
        check("L'image d'`nginx` et l'`id`", "L’image d'`nginx` et l'`id`");
    }

    #[test]
    fn code_stays() {
        check("`a ? b : c` : oui", "`a ? b : c`_: oui");
        check(
            "```sh\n[ -f x ] ; ls ?\n```\nEt ?\n",
            "```sh\n[ -f x ] ; ls ?\n```\nEt-?\n",
        );
        check(
            "| a : | b |\n| :-- | :-- |\n",
            "| a_: | b |\n| :-- | :-- |\n",
        );
        check(":::question{#q}\n", ":::question{#q}\n");
    }
}

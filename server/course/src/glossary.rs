//! The words of the course: `glossary.yaml` says how each language says a term of Kubernetes, as Kubernetes' own documentation does.
//! Where the English text of a step uses a term, the same step says it in every language; what a language never says is refused.

use crate::load::{Course, Diagnostic, Lesson, Texts, fault};
use crate::{Lang, prose};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where the terms stand.
pub const FILE: &str = "glossary.yaml";

/// `glossary.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glossary {
    /// in the order of the alphabet
    pub terms: Vec<Term>,
}

/// One term. A field that is no language is an error of the map.
#[derive(Clone, Debug, Deserialize)]
pub struct Term {
    /// its English forms, whole words in small letters
    pub en: Vec<String>,
    /// English phrases in which the word is none: `out of service`
    #[serde(default)]
    pub except: Vec<String>,
    /// how the other languages say it
    #[serde(flatten)]
    pub said: BTreeMap<Lang, Said>,
}

/// How one language says a term.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// beginnings of words (in Japanese: words), one of which must be there
    #[serde(rename = "use")]
    pub uses: Vec<String>,
    /// words that are refused anywhere in this language
    #[serde(default)]
    pub never: Vec<String>,
}

/// Where a lesson's words are not those of the glossary.
pub fn check(course: &Course) -> Vec<Diagnostic> {
    let Some(text) = course.texts().get(FILE) else {
        return Vec::new();
    };
    let glossary: Glossary = match serde_saphyr::from_str(text) {
        Ok(glossary) => glossary,
        Err(error) => {
            let line = error.location().map_or(0, |l| l.line());
            let said = error.to_string();
            let said = said.lines().next().unwrap_or_default().to_owned();
            return vec![fault(FILE, usize::try_from(line).unwrap_or(0), said)];
        }
    };
    let lessons = course.lessons();
    lessons
        .flat_map(|lesson| words_of(course.texts(), lesson, &glossary))
        .collect()
}

/// A section of a language file: its id, the line of its heading, and its lines without code.
struct Section {
    id: String,
    line: usize,
    lines: Vec<(usize, String)>,
}

impl Section {
    fn has(&self, lang: Lang, words: &[String]) -> bool {
        let said = |line: &str| words.iter().any(|w| holds(line, w, lang, Ends::Open));
        self.lines.iter().any(|(_, line)| said(line))
    }
}

fn words_of(texts: &Texts, lesson: &Lesson, glossary: &Glossary) -> Vec<Diagnostic> {
    let path = |lang: Lang| format!("{}/{}/{}.md", lesson.track, lesson.id, lang.tag());
    let read = |lang: Lang| {
        texts
            .get(&path(lang))
            .map(|text| sections(text))
            .unwrap_or_default()
    };
    let english = read(Lang::En);
    let mut found = Vec::new();
    for lang in Lang::ALL.into_iter().filter(|l| *l != Lang::En) {
        let there = read(lang);
        for term in &glossary.terms {
            let Some(said) = term.said.get(&lang) else {
                continue;
            };
            for (original, section) in english.iter().zip(&there) {
                let used = |line: &String| {
                    let line = term
                        .except
                        .iter()
                        .fold(line.clone(), |l, e| l.replace(e, ""));
                    term.en
                        .iter()
                        .any(|w| holds(&line, w, Lang::En, Ends::Whole))
                };
                if original.lines.iter().any(|(_, l)| used(l)) && !section.has(lang, &said.uses) {
                    let message = format!(
                        "{}: the English text says `{}` here; say {}",
                        section.id,
                        term.en[0],
                        said.uses
                            .iter()
                            .map(|w| format!("`{w}`"))
                            .collect::<Vec<_>>()
                            .join(" or ")
                    );
                    found.push(fault(&path(lang), section.line, message));
                }
            }
            for (line, text) in there.iter().flat_map(|s| &s.lines) {
                for word in said
                    .never
                    .iter()
                    .filter(|w| holds(text, w, lang, Ends::Whole))
                {
                    let message = format!(
                        "`{word}` is not what Kubernetes' documentation says: write `{}`",
                        said.uses[0]
                    );
                    found.push(fault(&path(lang), *line, message));
                }
            }
        }
    }
    found
}

/// Whether a word has to end where the term does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Whole,
    Open,
}

/// Whether a line, in small letters, holds a word. Japanese has no blanks between its words, so there any place counts.
fn holds(line: &str, word: &str, lang: Lang, ends: Ends) -> bool {
    if lang == Lang::Ja {
        return line.contains(&word.to_lowercase());
    }
    let word = word.to_lowercase();
    let within = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(&word).any(|(at, _)| {
        let open = ends == Ends::Open || !within(line[at + word.len()..].chars().next());
        open && !within(line[..at].chars().next_back())
    })
}

/// The sections of a language file, in small letters, without code and addresses.
fn sections(text: &str) -> Vec<Section> {
    let mut found = Vec::new();
    for (line, heading, lines) in prose::sections(text) {
        let (id, title) = heading.and_then(|h| h.split_once(':')).unwrap_or(("", ""));
        let mut fenced = false;
        let mut kept = vec![(line, spoken(title))];
        for (index, text) in lines.iter().enumerate() {
            let fence = text.trim_start().starts_with("```");
            fenced ^= fence;
            if !fenced && !fence && !text.starts_with(":::") {
                kept.push((line + index + 1, spoken(text)));
            }
        }
        found.push(Section {
            id: id.trim().to_owned(),
            line,
            lines: kept,
        });
    }
    found
}

/// A line as it is said: without code spans and without what stands behind links, in small letters.
fn spoken(line: &str) -> String {
    let without_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join("·");
    let mut out = String::new();
    let mut rest = without_code.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_counts() {
        assert_eq!(
            spoken("The `node` of a [Pod](https://x.example/node)"),
            "the · of a [pod"
        );
        let all =
            sections("# T\n\nIntro\n\n## a: On a Node\n\n```sh\nnode\n```\n\n:::hint\nlook\n:::\n");
        assert_eq!(all[1].id, "a");
        assert_eq!(all[1].line, 5);
        assert!(
            all[1]
                .lines
                .iter()
                .any(|(line, text)| *line == 12 && text == "look")
        );
        assert!(!all[1].lines.iter().any(|(_, text)| text == "node"));
    }

    #[test]
    fn words_are_whole() {
        assert!(holds("the node falls", "node", Lang::En, Ends::Whole));
        assert!(!holds("the nodes fall", "node", Lang::En, Ends::Whole));
        assert!(holds("les nœuds tombent", "nœud", Lang::Fr, Ends::Open));
        assert!(!holds("anodine", "node", Lang::Fr, Ends::Whole));
        assert!(holds("このノードが", "ノード", Lang::Ja, Ends::Whole));
    }
}

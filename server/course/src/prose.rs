//! The prose of one lesson in one language: CommonMark with a few directives, made into HTML per step.
//!
//! `# Title`, an introduction, one `## <step-id>: Title` section a step, and a last section `## learned: Title`.
//! Directives: fenced code with `run`, `fails`, `file=NAME`; `:::hint`, `:::solution`, `:::note`, `:::deeper`, `:::question{#id}`, `:::predict{#id}`,
//! `:::rewind`.

use crate::highlight::{escape, highlight};
use crate::killercoda::{self, Suffix};
use comrak::nodes::{AstNode, NodeHtmlBlock, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};
use std::collections::BTreeSet;

/// The section that closes a lesson.
pub const LEARNED: &str = "learned";

/// A lesson's prose in one language.
#[derive(Clone, Debug, Default)]
pub struct Prose {
    /// the `# ` heading
    pub title: String,
    /// first paragraph of the introduction, plain text
    pub summary: String,
    /// HTML before the first step
    pub intro: String,
    /// in the order of the text
    pub steps: Vec<StepProse>,
    /// what was learned, and what to read; none where the section is missing
    pub learned: Option<StepProse>,
}

/// One section.
#[derive(Clone, Debug, Default)]
pub struct StepProse {
    /// step id
    pub id: String,
    /// heading without the id
    pub title: String,
    /// HTML of the section, without its heading
    pub html: String,
    /// runnable commands, in order
    pub runs: Vec<Run>,
    /// how many of them stand before each place where the cluster is rewound to the beginning of the step
    pub rewinds: BTreeSet<usize>,
    /// questions and their options' letters
    pub questions: Vec<Question>,
    /// line of the heading, from 1
    pub line: usize,
}

/// A runnable block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// shell text
    pub text: String,
    /// exit status other than 0 is expected
    pub fails: bool,
    /// it goes on until it is interrupted
    pub endless: bool,
    /// line in the file, from 1
    pub line: usize,
}

/// A question in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// as in `answer:`, `choice:` or `predict:`
    pub id: String,
    /// it asks for what comes
    pub predicts: bool,
    /// letters of its options; empty where the answer is typed
    pub options: Vec<String>,
}

/// Something wrong in the text: line and what to do.
pub type Fault = (usize, String);

/// Reads a language file. Faults do not stop the reading.
pub fn read(text: &str) -> (Prose, Vec<Fault>) {
    let mut prose = Prose::default();
    let mut faults = Vec::new();
    for (line, heading, body) in sections(text) {
        let mut section = StepProse {
            line,
            ..StepProse::default()
        };
        let offset = line;
        render_blocks(&body, offset, &mut section, &mut faults);
        match heading {
            None => {
                let title = body
                    .iter()
                    .find_map(|l| l.strip_prefix("# "))
                    .unwrap_or_default();
                prose.title = title.trim().to_owned();
                let summary = body
                    .iter()
                    .skip_while(|l| !l.starts_with("# "))
                    .skip(1)
                    .skip_while(|l| l.trim().is_empty())
                    .take_while(|l| !l.trim().is_empty())
                    .map(|l| l.trim())
                    .collect::<Vec<_>>()
                    .join(" ");
                prose.summary = plain(&summary);
                let without: Vec<&str> = body
                    .iter()
                    .copied()
                    .filter(|l| !l.starts_with("# "))
                    .collect();
                let mut intro = StepProse::default();
                render_blocks(&without, 1, &mut intro, &mut Vec::new());
                prose.intro = intro.html;
            }
            Some(h) => {
                let (id, title) = h.split_once(':').unwrap_or((h, ""));
                section.id = id.trim().to_owned();
                section.title = title.trim().to_owned();
                if section.title.is_empty() {
                    faults.push((
                        line,
                        format!(
                            "the heading `## {h}` has no title: write `## {}: Title`",
                            id.trim()
                        ),
                    ));
                }
                if section.id == LEARNED {
                    prose.learned = Some(section)
                } else {
                    prose.steps.push(section)
                }
            }
        }
    }
    if prose.title.is_empty() {
        faults.push((
            1,
            "the file has no title: begin it with `# Title`".to_owned(),
        ));
    }
    (prose, faults)
}

/// The commands of a text that can be run, in their order.
pub fn commands(text: &str) -> Vec<String> {
    let mut section = StepProse::default();
    let lines: Vec<&str> = text.lines().collect();
    render_blocks(&lines, 0, &mut section, &mut Vec::new());
    section.runs.into_iter().map(|run| run.text).collect()
}

/// Cuts a file at its `## ` headings: line of the heading (0 before the first), heading, lines.
pub(crate) fn sections(text: &str) -> Vec<(usize, Option<&str>, Vec<&str>)> {
    let mut found = vec![(0, None, Vec::new())];
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        match line.strip_prefix("## ").filter(|_| !fenced) {
            Some(heading) => found.push((index + 1, Some(heading.trim()), Vec::new())),
            None => {
                if let Some(last) = found.last_mut() {
                    last.2.push(line)
                }
            }
        }
    }
    found
}

fn render_blocks(lines: &[&str], offset: usize, section: &mut StepProse, faults: &mut Vec<Fault>) {
    let mut plain: Vec<&str> = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut fenced = false;
    while at < lines.len() {
        let line = lines[at];
        fenced ^= line.trim_start().starts_with("```");
        match line
            .strip_prefix(":::")
            .filter(|n| !fenced && !n.trim().is_empty())
        {
            Some(name) => {
                let html = markdown(&plain, offset + start, section, faults);
                section.html.push_str(&html);
                plain.clear();
                let end = lines[at + 1..]
                    .iter()
                    .position(|l| l.trim() == ":::")
                    .map(|n| at + 1 + n);
                let Some(end) = end else {
                    faults.push((
                        offset + at + 1,
                        format!(":::{name} is not closed: end it with a line `:::`"),
                    ));
                    return;
                };
                directive(
                    name.trim(),
                    &lines[at + 1..end],
                    offset + at + 1,
                    section,
                    faults,
                );
                at = end + 1;
                start = at;
            }
            None => {
                plain.push(line);
                at += 1;
            }
        }
    }
    let html = markdown(&plain, offset + start, section, faults);
    section.html.push_str(&html);
}

fn directive(
    name: &str,
    body: &[&str],
    line: usize,
    section: &mut StepProse,
    faults: &mut Vec<Fault>,
) {
    let (open, close) = match name.split('{').next().unwrap_or(name) {
        "hint" => (
            "<details class=\"hint\"><summary data-text=\"hint\"></summary>".to_owned(),
            "</details>",
        ),
        "solution" => (
            "<details class=\"solution\"><summary data-text=\"solution\"></summary>".to_owned(),
            "</details>",
        ),
        "note" => ("<aside class=\"note\">".to_owned(), "</aside>"),
        "rewind" => {
            section.rewinds.insert(section.runs.len());
            ("<aside class=\"note taken-back\">".to_owned(), "</aside>")
        }
        "deeper" => (
            "<details class=\"deeper\"><summary data-text=\"deeper\"></summary>".to_owned(),
            "</details>",
        ),
        "question" | "predict" => return question(name, body, line, section, faults),
        other => {
            faults.push((
                line,
                format!(":::{other} is not known: hint, solution, note, deeper, question, predict and rewind are"),
            ));
            return;
        }
    };
    let html = markdown(body, line, section, faults);
    section.html.push_str(&format!("{open}{html}{close}\n"));
}

fn question(
    name: &str,
    body: &[&str],
    line: usize,
    section: &mut StepProse,
    faults: &mut Vec<Fault>,
) {
    let id = name
        .split_once("{#")
        .and_then(|(_, r)| r.strip_suffix('}'))
        .unwrap_or_default();
    if id.is_empty() {
        faults.push((
            line,
            "a question needs an id: `:::question{#restarts}`".to_owned(),
        ));
    }
    let option = |l: &&str| -> Option<(String, String)> {
        let (letter, text) = l.strip_prefix("- ")?.split_once(": ")?;
        (letter.len() == 1).then(|| (letter.to_owned(), text.to_owned()))
    };
    let options: Vec<(String, String)> = body.iter().filter_map(option).collect();
    let ask: Vec<&str> = body
        .iter()
        .copied()
        .filter(|l| option(l).is_none())
        .collect();
    let predicts = name.starts_with("predict");
    if predicts && !options.is_empty() {
        let message = "a prediction is typed: it has no options".to_owned();
        faults.push((line, message));
    }
    let kind = match (predicts, options.is_empty()) {
        (true, _) => "predict",
        (false, true) => "answer",
        (false, false) => "choice",
    };
    let asked = markdown(&ask, line, section, faults);
    let mut html = format!(
        "<div class=\"question\" data-question=\"{}\" data-kind=\"{kind}\">{asked}",
        escape(id)
    );
    if !options.is_empty() {
        html.push_str("<ul class=\"options\">");
        for (letter, text) in &options {
            let text = markdown(&[text.as_str()], line, section, faults);
            html.push_str(&format!(
                "<li data-option=\"{letter}\">{}</li>",
                text.trim()
                    .trim_start_matches("<p>")
                    .trim_end_matches("</p>")
            ));
        }
        html.push_str("</ul>");
    }
    html.push_str("</div>\n");
    section.html.push_str(&html);
    section.questions.push(Question {
        id: id.to_owned(),
        predicts,
        options: options.into_iter().map(|o| o.0).collect(),
    });
}

/// The words of a paragraph without its marks.
fn plain(paragraph: &str) -> String {
    let mut options = Options::default();
    options.extension.cjk_friendly_emphasis = true;
    let arena = Arena::new();
    let mut words = String::new();
    for node in parse_document(&arena, paragraph, &options).descendants() {
        match &node.data().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

/// CommonMark to HTML; markup of the author's own is shown as text, code is highlighted, commands are noted.
fn markdown(
    lines: &[&str],
    offset: usize,
    section: &mut StepProse,
    faults: &mut Vec<Fault>,
) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.cjk_friendly_emphasis = true;
    options.render.r#unsafe = true;
    let arena = Arena::new();
    let text = killercoda::fences(lines).join("\n");
    let root = parse_document(&arena, &text, &options);
    for node in root.descendants().collect::<Vec<_>>() {
        suffixed(&arena, node);
    }
    for node in root.descendants() {
        let mut data = node.data_mut();
        let line = offset + data.sourcepos.start.line;
        match &mut data.value {
            NodeValue::CodeBlock(block) => {
                let html = code(&block.info, &block.literal, line, section, faults);
                data.value = NodeValue::HtmlBlock(NodeHtmlBlock {
                    block_type: 6,
                    literal: html,
                });
            }
            NodeValue::HtmlBlock(block) => block.literal = escape(&block.literal),
            NodeValue::HtmlInline(inline) => *inline = escape(inline),
            _ => {}
        }
    }
    let mut html = String::new();
    match format_html(root, &options, &mut html) {
        Ok(()) => html,
        Err(_) => escape(&text),
    }
}

/// Code within a sentence that Killercoda's suffix makes a command: the suffix goes, and the command follows the paragraph as a block.
fn suffixed<'a>(arena: &'a Arena<'a>, node: &'a AstNode<'a>) {
    let literal = match &node.data().value {
        NodeValue::Code(code) => code.literal.clone(),
        _ => return,
    };
    let Some(next) = node.next_sibling() else {
        return;
    };
    let found = match &next.data().value {
        NodeValue::Text(text) => {
            killercoda::suffix(text).map(|(kind, rest)| (kind, rest.to_owned()))
        }
        _ => None,
    };
    let Some((kind, rest)) = found else { return };
    let alone =
        node.previous_sibling().is_none() && rest.is_empty() && next.next_sibling().is_none();
    next.data_mut().value = NodeValue::Text(rest.into());
    if kind == Suffix::Copy && !alone {
        return;
    }
    let Some(paragraph) = node.ancestors().find(|n| n.data().value.block()) else {
        return;
    };
    let run = if kind == Suffix::Exec { "sh run" } else { "sh" };
    let block = NodeValue::CodeBlock(Box::new(comrak::nodes::NodeCodeBlock {
        info: run.to_owned(),
        literal,
        fenced: true,
        ..comrak::nodes::NodeCodeBlock::default()
    }));
    if alone && matches!(paragraph.data().value, NodeValue::Paragraph) {
        for child in paragraph.children() {
            child.detach();
        }
        paragraph.data_mut().value = block;
    } else {
        let at = paragraph.data().sourcepos.start;
        paragraph.insert_after(arena.alloc(AstNode::from(comrak::nodes::Ast::new(block, at))));
    }
}

fn code(
    info: &str,
    literal: &str,
    line: usize,
    section: &mut StepProse,
    faults: &mut Vec<Fault>,
) -> String {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default();
    let mut attributes = String::new();
    let mut run = Run {
        text: literal.trim_end().to_owned(),
        fails: false,
        endless: false,
        line,
    };
    let mut runs = false;
    for word in words {
        match word.split_once('=') {
            None if word == "run" => runs = true,
            None if word == "fails" => run.fails = true,
            None if word == "endless" => {
                run.endless = true;
                attributes.push_str(" data-endless");
            }
            Some(("file", name)) => {
                attributes.push_str(&format!(" data-file=\"{}\"", escape(name)))
            }
            _ => faults.push((
                line,
                format!("`{word}` after ``` is not known: run, fails, endless and file=NAME are"),
            )),
        }
    }
    if runs {
        attributes.push_str(" data-run");
        section.runs.push(run);
    }
    format!(
        "<div class=\"code\" data-lang=\"{}\"{attributes}><pre><code>{}</code></pre></div>\n",
        escape(language),
        highlight(language, literal.trim_end())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str], faults: usize) -> Prose {
        let (prose, found) = read(text);
        let all = prose
            .steps
            .iter()
            .map(|s| s.html.as_str())
            .collect::<String>()
            + &prose.intro;
        for part in expect {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        assert_eq!(found.len(), faults, "{found:?}");
        prose
    }

    #[test]
    fn a_lesson_is_cut_at_its_steps() {
        let text = "# First\n\nIt *begins*.\n\n## one: Start\n\n```sh run\nkubectl get pods\n```\n\n:::hint\nLook.\n:::\n\n## learned: Done\n\nAll.\n";
        let prose = check(text, &["<em>begins</em>", "data-run", "class=\"hint\""], 0);
        assert_eq!(prose.title, "First");
        assert_eq!(prose.summary, "It begins.");
        assert_eq!(prose.steps[0].runs[0].text, "kubectl get pods");
        assert_eq!(prose.steps[0].title, "Start");
        assert!(prose.learned.is_some());
    }

    #[test]
    fn markup_of_the_author_is_text() {
        check(
            "# T\n\n## a: A\n\n<script>alert(1)</script>\n\nx <b>y</b>\n",
            &["&lt;script&gt;", "&lt;b&gt;"],
            0,
        );
    }

    #[test]
    fn the_suffixes_of_killercoda_are_read() {
        let text = "# T\n\n## a: A\n\nFirst run `ls -l`{{exec}}, then look.\n\n`date`{{exec}}\n\n```plain\nls\n```{{exec}}\n\n```\nid\n```{{copy}}\n\nSee `x`{{copy}}.\n";
        let prose = check(text, &["<code>ls -l</code>, then look"], 0);
        let runs: Vec<&str> = prose.steps[0]
            .runs
            .iter()
            .map(|r| r.text.as_str())
            .collect();
        assert_eq!(runs, ["ls -l", "date", "ls"]);
        assert!(
            !prose.steps[0].html.contains("{{"),
            "{}",
            prose.steps[0].html
        );
    }

    #[test]
    fn faults_name_their_line() {
        let (_, faults) = read("# T\n\n## a: A\n\n:::wat\n:::\n");
        assert_eq!(faults[0].0, 5, "{faults:?}");
        check("# T\n\n## a: A\n\n:::hint\nopen\n", &[], 1);
    }

    #[test]
    fn a_rewind_stands_between_commands() {
        let text = "# T\n\n## a: A\n\n```sh run\nrm x\n```\n\n:::rewind\nBack.\n:::\n\n```sh run\ncat x\n```\n";
        let prose = check(text, &["<aside class=\"note taken-back\">"], 0);
        let step = &prose.steps[0];
        assert_eq!(step.runs.len(), 2);
        assert_eq!(step.rewinds, BTreeSet::from([1]));
    }

    #[test]
    fn questions_keep_their_options() {
        let prose = check(
            "# T\n\n## a: A\n\n:::question{#q}\nWhy?\n- a: this\n- b: that\n:::\n",
            &["data-option=\"b\"", "data-question=\"q\""],
            0,
        );
        assert_eq!(prose.steps[0].questions[0].options, ["a", "b"]);
    }
}

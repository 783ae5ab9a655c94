//! A tree printed back as one line, for `jobs` and for the names of subshells.
//!
//! Not a formatter: here-documents are left out.

use super::syntax::{AndOr, Command, Kind, List, Operator, Part, Pipeline, Target, Word};

/// An and-or list.
pub fn and_or(node: &AndOr) -> String {
    let mut text = pipeline(&node.first);
    for (and, next) in &node.rest {
        text.push_str(if *and { " && " } else { " || " });
        text.push_str(&pipeline(next));
    }
    text
}

/// A pipeline.
pub fn pipeline(node: &Pipeline) -> String {
    let commands: Vec<String> = node.commands.iter().map(|c| command(c)).collect();
    format!(
        "{}{}",
        if node.negated { "! " } else { "" },
        commands.join(" | ")
    )
}

fn list(node: &List) -> String {
    let items: Vec<String> = node
        .iter()
        .map(|item| and_or(&item.and_or) + if item.background { " &" } else { "" })
        .collect();
    items.join("; ")
}

/// A command with its redirections.
pub fn command(node: &Command) -> String {
    let mut text = match &node.kind {
        Kind::Simple {
            assigns,
            words: arguments,
        } => {
            let mut all: Vec<String> = assigns
                .iter()
                .map(|a| format!("{}={}", a.name, word(&a.value)))
                .collect();
            all.extend(arguments.iter().map(word));
            all.join(" ")
        }
        Kind::Group(body) => format!("{{ {}; }}", list(body)),
        Kind::Subshell(body) => format!("({})", list(body)),
        Kind::If(branches, otherwise) => {
            let mut text = String::new();
            for (index, (condition, body)) in branches.iter().enumerate() {
                let keyword = if index == 0 { "if" } else { "; elif" };
                text.push_str(&format!(
                    "{keyword} {}; then {}",
                    list(condition),
                    list(body)
                ));
            }
            if let Some(body) = otherwise {
                text.push_str(&format!("; else {}", list(body)));
            }
            text + "; fi"
        }
        Kind::While {
            until,
            condition,
            body,
        } => {
            format!(
                "{} {}; do {}; done",
                if *until { "until" } else { "while" },
                list(condition),
                list(body)
            )
        }
        Kind::For {
            name,
            words: arguments,
            body,
        } => {
            let arguments: Vec<String> = arguments.iter().flatten().map(word).collect();
            format!(
                "for {name} in {}; do {}; done",
                arguments.join(" "),
                list(body)
            )
        }
        Kind::Case(subject, arms) => {
            let arms: Vec<String> = arms
                .iter()
                .map(|(patterns, body)| {
                    format!(
                        "{}) {};; ",
                        patterns.iter().map(word).collect::<Vec<_>>().join("|"),
                        list(body)
                    )
                })
                .collect();
            format!("case {} in {}esac", word(subject), arms.concat())
        }
        Kind::Function(name, _) => format!("{name}() {{ ... }}"),
    };
    for redirect in &node.redirects {
        let (op, normal, target) = match &redirect.target {
            Target::Read(w) => ("<", 0, word(w)),
            Target::Write(w) => (">", 1, word(w)),
            Target::Clobber(w) => (">|", 1, word(w)),
            Target::Append(w) => (">>", 1, word(w)),
            Target::ReadWrite(w) => ("<>", 0, word(w)),
            Target::Copy(w) => (">&", 1, word(w)),
            Target::Both(w) => ("&>", 1, word(w)),
            Target::Here(_) => ("<<", 0, "...".to_owned()),
        };
        let fd = if redirect.fd == normal {
            String::new()
        } else {
            redirect.fd.to_string()
        };
        text.push_str(&format!(" {fd}{op}{target}"));
    }
    text
}

/// A word as it may have been written.
pub fn word(node: &Word) -> String {
    let mut text = String::new();
    for part in &node.parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Quoted(literal) => text.push_str(&format!("\"{literal}\"")),
            Part::Parameter(parameter, _) => {
                let inner = match &parameter.operator {
                    Operator::Value => String::new(),
                    Operator::Default(_, w) => format!("-{}", word(w)),
                    Operator::Assign(_, w) => format!("={}", word(w)),
                    Operator::Error(_, w) => format!("?{}", word(w)),
                    Operator::Alternate(_, w) => format!("+{}", word(w)),
                    Operator::Suffix(_, w) => format!("%{}", word(w)),
                    Operator::Prefix(_, w) => format!("#{}", word(w)),
                    _ => "...".to_owned(),
                };
                text.push_str(&format!("${{{}{inner}}}", parameter.name));
            }
            Part::Command(..) => text.push_str("$(...)"),
            Part::Arithmetic(inner, _) => text.push_str(&format!("$(({}))", word(inner))),
        }
    }
    text
}

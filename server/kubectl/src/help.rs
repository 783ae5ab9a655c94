//! Help texts: the overview of `kubectl`, the help of one verb, the list of global options.

use crate::flags::{self, Flag, Kind};
use crate::verb::{GLOBAL, Verb};
use crate::verbs;

/// `kubectl`, `kubectl help`.
pub(crate) fn overview() -> String {
    let mut text = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n",
    );
    let mut listed: Vec<&str> = Vec::new();
    for (title, names) in verbs::GROUPS {
        text.push_str(&format!("\n{title}:\n"));
        for name in *names {
            if let Some(verb) = verbs::ALL.iter().find(|v| v.name == *name) {
                text.push_str(&format!("  {name:<15} {}\n", verb.about));
                listed.push(name);
            }
        }
    }
    text.push_str("\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

/// `kubectl options`.
pub(crate) fn options() -> String {
    format!(
        "The following options can be passed to any command:\n\n{}",
        flag_list(&flags::table(GLOBAL))
    )
}

/// `kubectl VERB --help`.
pub(crate) fn verb(verb: &Verb, command: &str) -> String {
    let mut text = format!("{}.\n", verb.about.trim_end_matches('.'));
    if !verb.examples.trim().is_empty() {
        text.push_str("\nExamples:\n");
        for line in verb.examples.trim().lines() {
            if line.starts_with('#') && !text.ends_with("Examples:\n") {
                text.push_str("  \n");
            }
            text.push_str(&format!("  {line}\n"));
        }
    }
    if !verb.verbs.is_empty() {
        text.push_str("\nAvailable Commands:\n");
        let wide = verb
            .verbs
            .iter()
            .map(|v| v.name.len())
            .max()
            .unwrap_or(0)
            .max(15);
        for sub in verb.verbs {
            text.push_str(&format!("  {:<wide$} {}\n", sub.name, sub.about));
        }
    }
    let table = verb.table();
    if !table.is_empty() {
        text.push_str(&format!("\nOptions:\n{}", flag_list(&table)));
    } else {
        text.push('\n');
    }
    let usage = if verb.usage.is_empty() {
        "COMMAND"
    } else {
        verb.usage
    };
    let tail = if verb.verbs.is_empty() || verb.run.is_some() {
        "[options]"
    } else {
        ""
    };
    text.push_str(format!("Usage:\n  {command} {usage} {tail}").trim_end());
    text.push_str("\n\n");
    if !verb.verbs.is_empty() {
        text.push_str(&format!(
            "Use \"{command} <command> --help\" for more information about a given command.\n"
        ));
    }
    text.push_str("Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n");
    text
}

fn flag_list(table: &[Flag]) -> String {
    let mut table: Vec<&Flag> = table.iter().collect();
    table.sort_by_key(|flag| flag.name);
    let mut text = String::new();
    for flag in table {
        let default = match flag.kind {
            Kind::Text => format!("'{}'", flag.default),
            Kind::Array => "[]".into(),
            _ => flag.default.to_string(),
        };
        let short = flag.short.map(|s| format!("-{s}, ")).unwrap_or_default();
        text.push_str(&format!(
            "    {short}--{}={default}:\n\t{}\n\n",
            flag.name, flag.about
        ));
    }
    text
}

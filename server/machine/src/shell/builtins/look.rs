//! `alias`, `unalias`, `command`, `type`, `hash`, `help`, `history`, `ulimit`: names and settings looked at.

use crate::shell::Shell;
use crate::shell::escape::quote;
use crate::shell::parse;
use crate::shell::run::{Context, Stop};
use std::rc::Rc;

/// `alias [name[=value]]…`
pub(crate) async fn alias(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    if argv.len() == 1 {
        let aliases = shell.aliases.clone();
        let text: String = aliases
            .iter()
            .map(|(name, value)| format!("{name}={}\n", quote(value)))
            .collect();
        shell.print(text.as_bytes()).await;
        return Ok(());
    }
    for word in &argv[1..] {
        if let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) {
            shell.define_alias(name, value);
        } else if let Some(value) = shell.aliases.get(word).cloned() {
            shell
                .print(format!("{word}={}\n", quote(&value)).as_bytes())
                .await;
        } else {
            shell
                .print_error(&format!("alias: {word} not found\n"))
                .await;
            shell.status = 1;
        }
    }
    Ok(())
}

/// `unalias [-a] name…`
pub(crate) async fn unalias(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    for word in &argv[1..] {
        if word == "-a" {
            shell.aliases = Rc::default();
        } else if Rc::make_mut(&mut shell.aliases).remove(word).is_none() {
            shell
                .print_error(&format!("unalias: {word} not found\n"))
                .await;
            shell.status = 1;
        }
    }
    Ok(())
}

/// What `name` is, as `type` says it.
fn describe(shell: &Shell, name: &str, short: bool) -> Option<String> {
    if parse::is_reserved(name) {
        return Some(if short {
            name.to_owned()
        } else {
            format!("{name} is a shell keyword")
        });
    }
    if let Some(value) = shell.aliases.get(name) {
        return Some(if short {
            format!("alias {name}={}", quote(value))
        } else {
            format!("{name} is an alias for {value}")
        });
    }
    if shell.functions.contains_key(name) {
        return Some(if short {
            name.to_owned()
        } else {
            format!("{name} is a function")
        });
    }
    if let Some(builtin) = super::find(name) {
        let kind = if builtin.special {
            "special shell builtin"
        } else {
            "shell builtin"
        };
        let kind = if kind.starts_with("special") && posix_special(name) {
            kind
        } else {
            "shell builtin"
        };
        return Some(if short {
            name.to_owned()
        } else {
            format!("{name} is a {kind}")
        });
    }
    let path = shell.find_program(name).ok()?;
    if name.contains('/') && shell.sys.access(name, 1).is_err() {
        return None;
    }
    Some(if short {
        path
    } else {
        format!("{name} is {path}")
    })
}

fn posix_special(name: &str) -> bool {
    !matches!(name, "local" | "source")
}

/// `type name…`
pub(crate) async fn kind(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut words = &argv[1..];
    let short = words.first().is_some_and(|word| word == "-p");
    if short {
        words = &words[1..];
    }
    for word in words {
        match describe(shell, word, short) {
            Some(text) => {
                shell.print(format!("{text}\n").as_bytes()).await;
            }
            None => {
                if !short {
                    shell.print(format!("{word}: not found\n").as_bytes()).await;
                }
                shell.status = 127;
            }
        }
    }
    Ok(())
}

/// `command [-v|-V] name [arguments]`
pub(crate) async fn command(
    shell: &mut Shell,
    argv: &[String],
    context: Context,
) -> Result<(), Stop> {
    shell.status = 0;
    let mut words = &argv[1..];
    let mut look = None;
    while let Some(option) = words
        .first()
        .filter(|word| word.starts_with('-') && word.len() > 1)
    {
        words = &words[1..];
        match option.as_str() {
            "-v" => look = Some(true),
            "-V" => look = Some(false),
            "-p" => {}
            "--" => break,
            other => return Err(shell.abort(&format!("illegal option {other}")).await),
        }
    }
    if let Some(short) = look {
        for word in words.iter().take(1) {
            match describe(shell, word, short) {
                Some(text) => {
                    shell.print(format!("{text}\n").as_bytes()).await;
                }
                None => {
                    if !short {
                        shell.print(format!("{word}: not found\n").as_bytes()).await;
                    }
                    shell.status = 127;
                }
            }
        }
        return Ok(());
    }
    let Some(name) = words.first() else {
        return Ok(());
    };
    if let Some(builtin) = super::find(name) {
        shell.command_name = Some(name.clone());
        return match (builtin.run)(shell, words, context).await {
            Err(Stop::Abort) => Ok(()),
            other => other,
        };
    }
    shell.command_name = None;
    shell.start_external(words.to_vec()).await
}

/// `hash [-r]`: nothing is remembered, so there is nothing to tell.
pub(crate) async fn hash(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    for word in argv[1..].iter().filter(|word| !word.starts_with('-')) {
        if shell.find_program(word).is_err() {
            shell.complain(&format!("{word}: not found")).await;
            shell.status = 1;
        }
    }
    Ok(())
}

/// `help`
pub(crate) async fn help(shell: &mut Shell, _: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut text = "Built-in commands:\n------------------\n".to_owned();
    let mut column = 0;
    for name in super::names() {
        if column > 0 && column + name.len() + 1 > 62 {
            text.push('\n');
            column = 0;
        }
        text.push_str(if column == 0 { "\t" } else { " " });
        text.push_str(name);
        column += name.len() + 1;
    }
    text.push('\n');
    shell.print(text.as_bytes()).await;
    Ok(())
}

/// `history`
pub(crate) async fn history(shell: &mut Shell, _: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let text: String = {
        let history = shell.history.borrow();
        history
            .lines()
            .iter()
            .enumerate()
            .map(|(index, line)| format!("{index:4} {line}\n"))
            .collect()
    };
    shell.print(text.as_bytes()).await;
    Ok(())
}

/// `ulimit [-a]`: what a container sees; nothing can be set.
pub(crate) async fn ulimit(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let rows = [
        ("core file size (blocks)", 'c', "unlimited"),
        ("data seg size (kb)", 'd', "unlimited"),
        ("file size (blocks)", 'f', "unlimited"),
        ("open files", 'n', "1048576"),
        ("stack size (kb)", 's', "8192"),
        ("cpu time (seconds)", 't', "unlimited"),
        ("max user processes", 'u', "unlimited"),
        ("virtual memory (kb)", 'v', "unlimited"),
    ];
    let letter = argv
        .get(1)
        .and_then(|word| word.strip_prefix('-'))
        .and_then(|word| word.chars().last());
    let text = match letter {
        Some('a') => rows
            .iter()
            .map(|(name, letter, value)| format!("{name:<32}(-{letter}) {value}\n"))
            .collect(),
        letter => {
            let letter = letter.unwrap_or('f');
            match rows.iter().find(|row| row.1 == letter) {
                Some(row) => format!("{}\n", row.2),
                None => return Err(shell.abort(&format!("illegal option -{letter}")).await),
            }
        }
    };
    shell.print(text.as_bytes()).await;
    Ok(())
}

//! `cd`, `pwd`, `export`, `readonly`, `local`, `unset`, `set`, `shift`, `umask`: the shell's own state.

use super::number;
use crate::shell::Shell;
use crate::shell::escape::quote;
use crate::shell::run::{Context, Stop};
use crate::shell::syntax::is_name;
use std::rc::Rc;

/// `path` without `.`, `..` and doubled slashes, seen from `cwd`.
fn logical(cwd: &str, path: &str) -> String {
    let mut parts: Vec<&str> = if path.starts_with('/') {
        Vec::new()
    } else {
        cwd.split('/').collect()
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    format!("/{}", parts.join("/"))
}

/// `cd [-LP] [directory]`
pub(crate) async fn cd(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let mut words = &argv[1..];
    let mut physical = false;
    while let Some(option @ ("-L" | "-P" | "--")) = words.first().map(String::as_str) {
        physical = option == "-P";
        words = &words[1..];
    }
    let pwd = shell
        .vars
        .get("PWD")
        .map_or_else(|| shell.sys.cwd(), |pwd| pwd.to_string());
    let mut tell = false;
    let target = match words.first().map(String::as_str) {
        None => match shell.vars.get("HOME") {
            Some(home) => home.to_string(),
            None => return Err(shell.abort("HOME not set").await),
        },
        Some("-") => {
            tell = true;
            match shell.vars.get("OLDPWD") {
                Some(old) => old.to_string(),
                None => pwd.clone(),
            }
        }
        Some(directory) => directory.to_owned(),
    };
    shell.status = 0;
    let path = if physical {
        target.clone()
    } else {
        logical(&pwd, &target)
    };
    if target.is_empty() {
        return Ok(());
    }
    if let Err(error) = shell.sys.chdir(&path) {
        return Err(shell
            .abort(&format!("can't cd to {target}: {}", error.text()))
            .await);
    }
    let now = if physical { shell.sys.cwd() } else { path };
    shell.assign("OLDPWD", &pwd).await?;
    shell.assign("PWD", &now).await?;
    shell.vars.export("OLDPWD", true);
    if tell {
        shell.print(format!("{now}\n").as_bytes()).await;
    }
    Ok(())
}

/// `pwd [-P]`
pub(crate) async fn pwd(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let physical = argv.get(1).is_some_and(|word| word == "-P");
    let path = match shell.vars.get("PWD") {
        Some(pwd) if !physical && shell.sys.stat(&pwd).is_ok() => pwd.to_string(),
        _ => shell.sys.cwd(),
    };
    shell.print(format!("{path}\n").as_bytes()).await;
    Ok(())
}

/// `export [-np] [name[=value]]…`, `readonly …`
pub(crate) async fn export(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let readonly = argv[0] == "readonly";
    let mut words = &argv[1..];
    let mut on = true;
    while let Some(option) = words
        .first()
        .filter(|word| word.starts_with('-') && word.len() > 1)
    {
        match option.as_str() {
            "-n" if !readonly => on = false,
            "-p" | "--" => {}
            other => return Err(shell.abort(&format!("illegal option {other}")).await),
        }
        words = &words[1..];
    }
    if words.is_empty() {
        let mut text = String::new();
        for (name, variable) in shell.vars.iter() {
            if if readonly {
                variable.readonly
            } else {
                variable.exported
            } {
                text.push_str(&format!("{} {name}", argv[0]));
                if let Some(value) = &variable.value {
                    text.push_str(&format!("={}", quote(value)));
                }
                text.push('\n');
            }
        }
        shell.print(text.as_bytes()).await;
        return Ok(());
    }
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if !is_name(name) {
            return Err(shell.abort(&format!("{name}: bad variable name")).await);
        }
        if let Some(value) = value {
            shell.assign(name, value).await?;
        }
        if readonly {
            shell.vars.set_readonly(name);
        } else {
            shell.vars.export(name, on);
        }
    }
    Ok(())
}

/// `local [name[=value]]…`
pub(crate) async fn local(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    if shell.functions_running == 0 {
        return Err(shell.abort("not in a function").await);
    }
    for word in &argv[1..] {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if !is_name(name) {
            return Err(shell.abort(&format!("{name}: bad variable name")).await);
        }
        shell.vars.make_local(name);
        match value {
            Some(value) => shell.assign(name, value).await?,
            None => {
                let exported = shell
                    .vars
                    .variable(name)
                    .is_some_and(|variable| variable.exported);
                let _ = shell.vars.unset(name);
                shell.vars.export(name, exported);
            }
        }
    }
    Ok(())
}

/// `unset [-vf] name…`
pub(crate) async fn unset(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let mut words = &argv[1..];
    let mut functions = false;
    while let Some(option) = words.first().filter(|word| word.starts_with('-')) {
        match option.as_str() {
            "-v" | "--" => {}
            "-f" => functions = true,
            other => return Err(shell.abort(&format!("illegal option {other}")).await),
        }
        words = &words[1..];
    }
    for word in words {
        if functions {
            shell.forget_function(word);
        } else if !is_name(word) {
            return Err(shell.abort(&format!("{word}: bad variable name")).await);
        } else if let Err(error) = shell.vars.unset(word) {
            return Err(shell.abort(&error).await);
        }
    }
    Ok(())
}

/// `set [-+options] [--] [words]`
pub(crate) async fn set(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    if argv.len() == 1 {
        let mut text = String::new();
        for (name, variable) in shell.vars.iter() {
            if let Some(value) = &variable.value {
                text.push_str(&format!("{name}={}\n", quote(value)));
            }
        }
        shell.print(text.as_bytes()).await;
        return Ok(());
    }
    let rest = options(shell, &argv[1..]).await?;
    if let Some(rest) = rest {
        shell.positional = Rc::new(rest);
    }
    Ok(())
}

/// Reads options of `set` (and of `sh` itself); the words after them, if there are any or `--` asks for none.
pub(crate) async fn options(
    shell: &mut Shell,
    words: &[String],
) -> Result<Option<Vec<String>>, Stop> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let on = match word.chars().next() {
            Some('-') => true,
            Some('+') => false,
            _ => break,
        };
        at += 1;
        if word == "--" {
            return Ok(Some(words[at..].to_vec()));
        }
        if word == "-" {
            shell.options.xtrace = false;
            shell.options.verbose = false;
            return Ok(if at < words.len() {
                Some(words[at..].to_vec())
            } else {
                None
            });
        }
        for letter in word[1..].chars() {
            if letter != 'o' {
                let mut all = shell.options;
                let known = all
                    .table()
                    .into_iter()
                    .find(|(_, l, _)| *l == letter)
                    .map(|(_, _, value)| *value = on);
                if known.is_none() || letter == ' ' {
                    return Err(shell
                        .abort(&format!(
                            "illegal option {}{letter}",
                            if on { '-' } else { '+' }
                        ))
                        .await);
                }
                shell.options = all;
                continue;
            }
            match words.get(at) {
                Some(name) => {
                    at += 1;
                    let mut all = shell.options;
                    let known = all
                        .table()
                        .into_iter()
                        .take(14)
                        .find(|(n, ..)| n == name)
                        .map(|(.., value)| *value = on);
                    if known.is_none() {
                        shell
                            .complain(&format!(
                                "illegal option {}o {name}",
                                if on { '-' } else { '+' }
                            ))
                            .await;
                        shell.status = 1;
                    }
                    shell.options = all;
                }
                None => show_options(shell, on).await,
            }
        }
    }
    Ok(if at < words.len() {
        Some(words[at..].to_vec())
    } else {
        None
    })
}

async fn show_options(shell: &mut Shell, readable: bool) {
    let mut all = shell.options;
    let text: String = all
        .table()
        .iter()
        .take(14)
        .map(|(name, _, on)| match (readable, **on) {
            (true, on) => format!("{name:<16}{}\n", if on { "on" } else { "off" }),
            (false, on) => format!("set {}o {name}\n", if on { '-' } else { '+' }),
        })
        .collect();
    shell.print(text.as_bytes()).await;
}

/// `shift [n]`
pub(crate) async fn shift(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let count = match argv.get(1) {
        Some(text) => number(shell, text).await? as usize,
        None => 1,
    };
    shell.status = 0;
    if count > shell.positional.len() {
        shell.status = 1;
        return Ok(());
    }
    Rc::make_mut(&mut shell.positional).drain(..count);
    Ok(())
}

/// `umask [-S] [mode]`
pub(crate) async fn umask(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    let symbolic = argv.get(1).is_some_and(|word| word == "-S");
    let mask = shell.sys.umask(None);
    match argv.get(if symbolic { 2 } else { 1 }) {
        None if symbolic => {
            let bits = |shift: u32| {
                let allowed = !mask >> shift & 7;
                [(4, 'r'), (2, 'w'), (1, 'x')]
                    .iter()
                    .filter(|(bit, _)| allowed & bit != 0)
                    .map(|(_, c)| *c)
                    .collect::<String>()
            };
            let text = format!("u={},g={},o={}\n", bits(6), bits(3), bits(0));
            shell.print(text.as_bytes()).await;
        }
        None => {
            shell.print(format!("{mask:04o}\n").as_bytes()).await;
        }
        Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
            match u32::from_str_radix(text, 8) {
                Ok(mask) if mask <= 0o777 => {
                    shell.sys.umask(Some(mask));
                }
                _ => return Err(shell.abort(&format!("Illegal number: {text}")).await),
            }
        }
        Some(text) => match crate::programs::mode::parse(text, !mask & 0o777, false, 0) {
            Some(allowed) => {
                shell.sys.umask(Some(!allowed & 0o777));
            }
            None => return Err(shell.abort(&format!("illegal mode: {text}")).await),
        },
    }
    Ok(())
}

//! `echo`, `printf`, `test`, `let`, `true`, `false`, `:`: text and conditions.

use crate::shell::Shell;
use crate::shell::escape::{Style, unescape};
use crate::shell::run::{Context, Stop};
use crate::shell::{printf as format, test as condition};

/// `:` and `true`
pub(crate) async fn nothing(shell: &mut Shell, _: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    Ok(())
}

/// `false`
pub(crate) async fn failure(shell: &mut Shell, _: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 1;
    Ok(())
}

/// What `echo` with these arguments (without its name) prints.
pub fn echo_bytes(arguments: &[String]) -> Vec<u8> {
    let mut newline = true;
    let mut escapes = false;
    let mut words = arguments;
    while let Some(word) = words.first() {
        let letters = word.strip_prefix('-').unwrap_or("");
        if letters.is_empty() || !letters.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = &words[1..];
    }
    let text = words.join(" ");
    if !escapes {
        return if newline { text + "\n" } else { text }.into_bytes();
    }
    let (mut bytes, ended) = unescape(&text, Style::Echo);
    if newline && !ended {
        bytes.push(b'\n');
    }
    bytes
}

/// `echo [-neE] [words]`
pub(crate) async fn echo(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    shell.status = 0;
    shell.print(&echo_bytes(&argv[1..])).await;
    Ok(())
}

/// `printf format [arguments]`
pub(crate) async fn printf(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let name = shell.name.to_string();
    let done = format::printf(&argv[1..]);
    shell.status = done.status;
    let status = done.status;
    for error in done.errors {
        shell.print_error(&format!("{name}: {error}\n")).await;
    }
    if shell.print(&done.output).await {
        shell.status = status;
    }
    Ok(())
}

/// `test expression`, `[ expression ]`, `[[ expression ]]`
pub(crate) async fn test(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let mut words = &argv[1..];
    if argv[0] != "test" {
        let end = if argv[0] == "[" { "]" } else { "]]" };
        match words.split_last() {
            Some((last, rest)) if last == end => words = rest,
            _ => {
                shell
                    .print_error(&format!("{}: missing {end}\n", shell.name))
                    .await;
                shell.status = 2;
                return Ok(());
            }
        }
    }
    shell.status = match condition::evaluate(words, &shell.sys, argv[0] == "[[") {
        Ok(result) => i32::from(!result),
        Err(error) => {
            shell
                .print_error(&format!("{}: {error}\n", shell.name))
                .await;
            2
        }
    };
    Ok(())
}

/// `let expression…`
pub(crate) async fn arithmetic(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    if argv.len() == 1 {
        return Err(shell.abort("expression expected").await);
    }
    let mut value = 0;
    for word in &argv[1..] {
        value = shell.arithmetic(word).await?;
    }
    shell.status = i32::from(value == 0);
    Ok(())
}

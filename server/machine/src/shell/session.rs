//! `sh`: where a shell's text comes from — `-c`, a file, standard input — and its life from start to end.
//!
//! The interactive loop stands in `prompt.rs`. Mirrors POSIX XCU `sh`.

use super::parse::{Parsed, Script};
use super::run::{Context, Stop};
use super::{Shell, builtins};
use crate::errno::Errno;
use crate::sys::Sys;
use std::rc::Rc;

/// Bytes read at once from standard input.
const CHUNK: usize = 16 << 10;

/// The program `sh` (and `ash`, `bash`).
pub async fn main(sys: Sys) -> i32 {
    let args = sys.args();
    let mut shell = Box::new(Shell::new(sys));
    let zero = args.first().cloned().unwrap_or_else(|| "sh".to_owned());
    let login = zero.starts_with('-');
    let name = zero.trim_start_matches('-').to_owned();
    shell.name = name.as_str().into();
    let mut words = args.get(1..).unwrap_or_default().to_vec();
    let mut command = false;
    let mut login_option = false;
    // Options may stand before and after -c; those of `set` are read by it.
    while let Some(word) = words
        .first()
        .filter(|word| word.len() > 1 && word.starts_with(['-', '+']))
        .cloned()
    {
        words.remove(0);
        match word.as_str() {
            "--" => break,
            "--login" => login_option = true,
            "-o" | "+o" => {
                let mut pair = vec![word];
                if !words.is_empty() {
                    pair.push(words.remove(0));
                }
                if builtins::set_options(&mut shell, &pair).await.is_err() {
                    return 2;
                }
            }
            _ => {
                let letters: String = word[1..]
                    .chars()
                    .filter(|c| !matches!(c, 'c' | 'l'))
                    .collect();
                command |= word[1..].contains('c');
                login_option |= word[1..].contains('l');
                if !letters.is_empty() {
                    let option = format!("{}{letters}", &word[..1]);
                    if builtins::set_options(&mut shell, &[option]).await.is_err() {
                        return 2;
                    }
                }
            }
        }
    }
    if command {
        return run_command(&mut shell, words).await;
    }
    if let Some(path) = words.first().cloned().filter(|_| !shell.options.stdin) {
        return run_file(&mut shell, path, words).await;
    }
    shell.positional = Rc::new(words);
    shell.options.stdin = true;
    if shell.options.interactive || (shell.sys.isatty(0) && shell.sys.isatty(2)) {
        return shell.interactive(login || login_option).await;
    }
    run_input(&mut shell).await
}

async fn run_command(shell: &mut Shell, words: Vec<String>) -> i32 {
    let mut words = words.into_iter();
    let Some(text) = words.next() else {
        shell
            .print_error(&format!("{}: -c requires an argument\n", shell.name))
            .await;
        return 2;
    };
    if let Some(name) = words.next() {
        shell.name = name.as_str().into();
    }
    shell.positional = Rc::new(words.collect());
    shell.first_line = 0;
    shell.options.command = true;
    let result = shell
        .run_text(
            &text,
            Context {
                last: true,
                tested: false,
            },
        )
        .await;
    shell.leave(result).await
}

async fn run_file(shell: &mut Shell, path: String, words: Vec<String>) -> i32 {
    let mut bytes = shell.sys.read_file(&path).await;
    if bytes.is_err()
        && !path.contains('/')
        && let Ok(found) = shell.find_program(&path)
    {
        bytes = shell.sys.read_file(&found).await;
    }
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            shell
                .print_error(&format!(
                    "{}: can't open '{path}': {}\n",
                    shell.name,
                    error.text()
                ))
                .await;
            return 2;
        }
    };
    shell.name = path.as_str().into();
    shell.command_name = Some(path);
    shell.positional = Rc::new(words[1..].to_vec());
    let result = shell
        .run_text(
            &String::from_utf8_lossy(&bytes),
            Context {
                last: true,
                tested: false,
            },
        )
        .await;
    shell.leave(result).await
}

/// Reads and runs standard input until it ends.
async fn run_input(shell: &mut Shell) -> i32 {
    let mut script = Script::new();
    let mut partial = Vec::new();
    let result = loop {
        match script.next(&shell.aliases.clone()) {
            Parsed::Complete(list) => {
                shell.sync_line(&script);
                let result = shell.run_list(&list, Context::default()).await;
                match result {
                    Ok(()) | Err(Stop::Break(_) | Stop::Continue(_)) => {}
                    stop => break stop,
                }
            }
            Parsed::Error(error) => break Err(shell.syntax_error(&error, script.line()).await),
            Parsed::End => break Ok(()),
            Parsed::Incomplete => match shell.sys.read(0, CHUNK).await {
                Ok(chunk) if chunk.is_empty() => {
                    script.push(&String::from_utf8_lossy(&partial));
                    partial.clear();
                    script.finish();
                }
                Ok(chunk) => {
                    partial.extend(chunk);
                    let whole = whole_characters(&partial);
                    script.push(&String::from_utf8_lossy(&partial[..whole]));
                    partial.drain(..whole);
                }
                Err(Errno::EINTR) => {
                    if let Err(stop) = shell.run_traps().await {
                        break Err(stop);
                    }
                }
                Err(_) => break Ok(()),
            },
        }
    };
    shell.leave(result).await
}

/// How many bytes at the start are whole characters: all but a character cut off at the end.
pub(crate) fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

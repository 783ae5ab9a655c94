//! `.`, `break`, `continue`, `eval`, `exec`, `exit`, `return`: what comes next.

use super::number;
use crate::shell::Shell;
use crate::shell::run::{Context, Stop};
use std::rc::Rc;

/// `. file [arguments]`
pub(crate) async fn dot(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let Some(name) = argv.get(1) else {
        return Err(shell.abort("filename argument required").await);
    };
    let path = if name.contains('/') || shell.sys.stat(name).is_ok() {
        name.clone()
    } else {
        let path = shell.path();
        let found = path
            .split(':')
            .map(|dir| format!("{dir}/{name}"))
            .find(|path| shell.sys.access(path, 4).is_ok());
        match found {
            Some(path) => path,
            None => return Err(shell.abort(&format!("{name}: not found")).await),
        }
    };
    let bytes = match shell.sys.read_file(&path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return Err(shell
                .abort(&format!("can't open '{path}': {}", error.text()))
                .await);
        }
    };
    shell.enter_call().await?;
    let outer = shell.command_name.replace(path);
    let positional = (argv.len() > 2).then(|| {
        let arguments = Rc::new(argv[2..].to_vec());
        std::mem::replace(&mut shell.positional, arguments)
    });
    shell.status = 0;
    let result = shell
        .run_text(&String::from_utf8_lossy(&bytes), Context::default())
        .await;
    if let Some(positional) = positional {
        shell.positional = positional;
    }
    shell.command_name = outer;
    shell.calls = shell.calls.saturating_sub(1);
    match result {
        Err(Stop::Return) => Ok(()),
        other => other,
    }
}

/// `break [n]`, `continue [n]`
pub(crate) async fn break_loop(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let count = match argv.get(1) {
        Some(text) => match text.parse::<u32>() {
            Ok(count) if count > 0 => count,
            _ => return Err(shell.abort(&format!("Illegal number: {text}")).await),
        },
        None => 1,
    };
    shell.status = 0;
    let count = count.min(shell.loops);
    match (count, argv[0].as_str()) {
        (0, _) => Ok(()),
        (count, "break") => Err(Stop::Break(count)),
        (count, _) => Err(Stop::Continue(count)),
    }
}

/// `eval [words]`
pub(crate) async fn eval(shell: &mut Shell, argv: &[String], context: Context) -> Result<(), Stop> {
    shell.status = 0;
    shell.enter_call().await?;
    let text = argv[1..].join(" ");
    let result = shell
        .run_text(
            &text,
            Context {
                last: false,
                ..context
            },
        )
        .await;
    shell.calls = shell.calls.saturating_sub(1);
    result
}

/// `exec [command]`
pub(crate) async fn exec(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    let mut words = &argv[1..];
    if words.first().is_some_and(|word| word == "--") {
        words = &words[1..];
    }
    if words.is_empty() {
        shell.status = 0;
        return Ok(());
    }
    shell.status = shell.execute(words.to_vec()).await;
    if shell.options.interactive {
        Ok(())
    } else {
        Err(Stop::Exit)
    }
}

/// `exit [n]`
pub(crate) async fn exit(shell: &mut Shell, argv: &[String], _: Context) -> Result<(), Stop> {
    if let Some(text) = argv.get(1) {
        shell.status = number(shell, text).await? & 0xff;
    }
    Err(Stop::Exit)
}

/// `return [n]`
pub(crate) async fn return_from(
    shell: &mut Shell,
    argv: &[String],
    _: Context,
) -> Result<(), Stop> {
    if let Some(text) = argv.get(1) {
        shell.status = number(shell, text).await? & 0xff;
    }
    Err(Stop::Return)
}

//! `env` and `printenv`: the environment. Mirrors busybox `env [-i] [-u NAME] [NAME=VALUE]... [PROG ARGS]`.

use super::options::{self, complain};
use crate::errno::Errno;
use crate::sys::{Env, Sys};

pub async fn main(sys: Sys) -> i32 {
    let usage = "[-i0] [-u NAME]... [-] [NAME=VALUE]... [PROG ARGS]\n\nPrint current environment or run PROG after setting up environment";
    let options = match options::read(
        &sys,
        "+iu:0",
        &[("ignore-environment", 'i'), ("unset", 'u')],
        usage,
    )
    .await
    {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut env: Env = if options.has('i') {
        Env::new()
    } else {
        sys.env()
    };
    env.retain(|(name, _)| !options.values('u').any(|unset| unset == name));
    let mut words = options.rest.as_slice();
    if words.first().is_some_and(|word| word == "-") {
        env.clear();
        words = &words[1..];
    }
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        match env.iter_mut().find(|(known, _)| known == name) {
            Some(known) => value.clone_into(&mut known.1),
            None => env.push((name.to_owned(), value.to_owned())),
        }
        words = &words[1..];
    }
    if words.is_empty() {
        let end = if options.has('0') { "\0" } else { "\n" };
        sys.print(
            env.iter()
                .map(|(name, value)| format!("{name}={value}{end}"))
                .collect::<String>(),
        )
        .await;
        return 0;
    }
    run(&sys, words, env).await
}

/// Becomes the program `words`; the exit code when that fails.
pub async fn run(sys: &Sys, words: &[String], env: Env) -> i32 {
    let error = match find(sys, &words[0], &env) {
        Ok(path) => sys.exec(&path, words.to_vec(), env).await,
        Err(error) => error,
    };
    complain(
        sys,
        &format!("can't execute '{}': {}", words[0], error.text()),
    )
    .await;
    if error == Errno::ENOENT { 127 } else { 126 }
}

/// The file that runs for `name`, by the PATH in `env`.
pub fn find(sys: &Sys, name: &str, env: &Env) -> Result<String, Errno> {
    if name.contains('/') {
        return Ok(name.to_owned());
    }
    let path = env
        .iter()
        .find(|(known, _)| known == "PATH")
        .map_or("/sbin:/usr/sbin:/bin:/usr/bin", |(_, path)| path);
    let found = path
        .split(':')
        .map(|directory| format!("{directory}/{name}"));
    found
        .into_iter()
        .find(|path| sys.stat(path).is_ok_and(|stat| stat.is_file()) && sys.access(path, 1).is_ok())
        .ok_or(Errno::ENOENT)
}

/// `printenv [NAME]...`
pub async fn printenv(sys: Sys) -> i32 {
    let names = sys.args().split_off(1);
    let env = sys.env();
    if names.is_empty() {
        sys.print(
            env.iter()
                .map(|(name, value)| format!("{name}={value}\n"))
                .collect::<String>(),
        )
        .await;
        return 0;
    }
    let mut status = 0;
    for name in names {
        match env.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => sys.print(format!("{value}\n")).await,
            None => status = 1,
        }
    }
    status
}

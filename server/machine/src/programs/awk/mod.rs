//! `awk [-F SEP] [-v VAR=VAL] [-f FILE | PROGRAM] [FILE]...`: POSIX awk. Mirrors busybox awk.
//!
//! `lex` and `parse` make a tree (`syntax`), `arrays` finds which parameters are arrays, `run` walks the tree, `builtins` has the
//! functions, `streams` the files and commands, `value` the values and `printf`.

mod arrays;
mod builtins;
mod lex;
mod parse;
mod run;
mod streams;
mod syntax;
mod value;

use super::options::{self, complain};
use crate::sys::Sys;
use std::rc::Rc;

const USAGE: &str = "[OPTIONS] [AWK_PROGRAM] [FILE]...\n\n\t-v VAR=VAL\tSet variable\n\t-F SEP\t\tUse SEP as field separator\n\t-f FILE\t\tRead program from FILE";

pub async fn main(sys: Sys) -> i32 {
    let options = match options::read(&sys, "+F:v:f:e:", &[], USAGE).await {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut operands = options.rest.clone();
    let mut text = String::new();
    for file in options.values('f') {
        let bytes = if file == "-" {
            sys.read_to_end(0, 1 << 20).await
        } else {
            sys.read_file(file).await
        };
        match bytes {
            Ok(bytes) => text.push_str(&(String::from_utf8_lossy(&bytes).into_owned() + "\n")),
            Err(error) => {
                complain(&sys, &format!("can't open '{file}': {}", error.text())).await;
                return 1;
            }
        }
    }
    options
        .values('e')
        .for_each(|piece| text.push_str(&format!("{piece}\n")));
    if !options.has('f') && !options.has('e') {
        if operands.is_empty() {
            options::show_usage(&sys, USAGE).await;
            return 1;
        }
        text = operands.remove(0);
    }
    let program = match parse::parse(&text, &run::SPECIAL) {
        Ok(program) => Rc::new(program),
        Err(error) => {
            complain(&sys, &error).await;
            return 1;
        }
    };
    if program.functions.iter().any(|function| !function.defined) {
        complain(&sys, "cmd. line:1: Call to undefined function").await;
        return 1;
    }
    let mut machine = run::Machine::new(&sys, &program, &operands);
    for assignment in options.values('v') {
        if !machine.assign(assignment) {
            options::show_usage(&sys, USAGE).await;
            return 1;
        }
    }
    if let Some(separator) = options.value('F') {
        let separator = if separator == "t" { "\\t" } else { separator };
        machine.assign(&format!("FS={separator}"));
    }
    machine.run_all().await
}

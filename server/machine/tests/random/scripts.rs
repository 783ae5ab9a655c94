//! Random text to the shell and to the tools.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Desk, cases, on_a_shards_stack};

/// What shell text is made of.
const PIECES: &[&str] = &[
    " ",
    " ",
    " ",
    "\n",
    "\n",
    ";",
    ";;",
    "&",
    "&&",
    "||",
    "|",
    "(",
    ")",
    "{ ",
    " }",
    "`",
    "'",
    "\"",
    "\\",
    "$",
    "$(",
    "${",
    "}",
    "$((",
    "))",
    "<",
    ">",
    ">>",
    "<<E\n",
    "\nE\n",
    "<&",
    ">&",
    "<>",
    "2>&1",
    "[ ",
    " ]",
    "[[ ",
    " ]]",
    "!",
    "*",
    "?",
    "[a-z]",
    "~",
    "#",
    "%",
    "%%",
    "##",
    ":-",
    ":=",
    ":+",
    "/",
    "//",
    ":",
    "=",
    "x",
    "x=1",
    "$x",
    "${x",
    "\"$@\"",
    "$#",
    "$?",
    "$!",
    "1",
    "9",
    "-1",
    "if ",
    "then ",
    "else ",
    "fi",
    "for x in ",
    "do ",
    "done",
    "while ",
    "until ",
    "case ",
    " in ",
    "esac",
    "f() ",
    "f",
    "echo ",
    "eval ",
    "set -- ",
    "read x",
    "trap f USR1",
];
/// Commands that fill the rest.
const COMMANDS: &[&str] = &[
    "true",
    "false",
    ":",
    "cat",
    "exit 3",
    "return",
    "break",
    "continue 9",
    "shift",
    "local x",
    "export x",
    "unset x",
    "wait",
    "jobs",
    "kill -USR1 $$",
    "exec 3>&1",
    "getopts ab: x",
    "printf '%s %d\\n' a 1",
    "sleep 0.1",
    "test -f x",
    "alias a=f",
    "umask 0",
    "cd /",
    "seq 3",
];

fn shell_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(PIECES).prop_map(str::to_owned),
        2 => prop::sample::select(COMMANDS).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Runs a property on the large stack, with proptest's runner.
fn check<S>(count: u32, strategy: S, property: fn(S::Value))
where
    S: Strategy + Send + 'static,
    S::Value: std::fmt::Debug,
{
    on_a_shards_stack(move || {
        let mut runner = TestRunner::new(cases(count));
        let result = runner.run(&strategy, |value| {
            property(value);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}\n{runner}");
        }
    });
}

#[test]
fn any_text_is_a_script_or_an_error() {
    check(150, shell_text(), |text| {
        Desk::new().spawn(&["sh", "-c", &text], b"one\ntwo\n");
    });
}

#[test]
fn any_text_may_come_to_a_shell_in_pieces() {
    check(60, (shell_text(), shell_text()), |(first, second)| {
        let text = format!("{first}\n{second}");
        Desk::new().spawn(&["sh"], text.as_bytes());
    });
}

/// Scripts of the recordings.
fn recorded() -> Vec<String> {
    let texts = [
        include_str!("../fixtures/shell/scripts.json"),
        include_str!("../fixtures/shell/tools.json"),
        include_str!("../fixtures/shell/more.json"),
    ];
    let cases = texts.map(|text| serde_json::from_str::<Vec<serde_json::Value>>(text).unwrap());
    let scripts = cases.into_iter().flatten();
    scripts
        .map(|case| case["script"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn recorded_scripts_may_be_cut_and_mixed() {
    let cut = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let strategy = (
        prop::sample::select(recorded()),
        prop::sample::select(recorded()),
        prop::collection::vec((cut, prop::sample::select(PIECES)), 1..6),
    );
    check(120, strategy, |(mut text, other, changes)| {
        for (number, ((from, to), piece)) in changes.into_iter().enumerate() {
            let mut marks = [from, to].map(|index| index.index(text.len() + 1));
            marks.sort_unstable();
            let [from, to] = marks;
            if !text.is_char_boundary(from) || !text.is_char_boundary(to) {
                continue;
            }
            match number % 3 {
                0 => text.replace_range(from..to, piece),
                1 => text.insert_str(from, &other),
                _ => {
                    let again = text[from..to].to_owned();
                    text.insert_str(to, &again);
                }
            }
            text.truncate(
                (0..=4096.min(text.len()))
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0),
            );
        }
        Desk::new().spawn(&["sh", "-c", &text], b"a b c\n1 2 3\n");
    });
}

/// Tools, and what their arguments are made of.
const TOOLS: &[&str] = &[
    "sed",
    "awk",
    "grep",
    "printf",
    "tr",
    "cut",
    "sort",
    "uniq",
    "find",
    "xargs",
    "expr",
    "test",
    "date",
    "seq",
    "head",
    "tail",
    "wc",
    "dd",
    "od",
    "hexdump",
    "xxd",
    "base64",
    "diff",
    "cmp",
    "paste",
    "nl",
    "stat",
    "ls",
    "env",
    "timeout",
    "gzip",
    "sha256sum",
    "tee",
    "basename",
];
const ARGUMENTS: &[&str] = &[
    "-n",
    "-e",
    "-E",
    "-r",
    "-i",
    "-c",
    "-d",
    "-f",
    "-s",
    "-u",
    "-k",
    "-t",
    "-w",
    "-v",
    "-x",
    "-l",
    "-a",
    "-o",
    "-0",
    "-I{}",
    "-print",
    "-exec",
    "-name",
    ";",
    "+",
    "{}",
    "--",
    "-",
    "s/a/b/g",
    "s/\\(.\\)/[\\1]/2p",
    "y/abc/xyz/",
    "$!N;P;D",
    ":a;s/b/c/;ta",
    "1,3d",
    "/x/,/y/p",
    "2q",
    "a\\text",
    "{p;p}",
    "$=",
    "{ print $1, NF }",
    "BEGIN { printf \"%5.2f|%-5s|%c\", 3.14159, \"ab\", 65 }",
    "{ n[$1]++ } END { for (k in n) print k, n[k] }",
    "function f(x) { return x * 2 } { print f($1) }",
    "length > 2",
    "$1 ~ /a/",
    "{ gsub(/a/, \"&&\"); print substr($0, 2, 3), index($0, \"b\"), split($0, q, \"\") }",
    "{ while ((getline l) > 0) print l }",
    "a",
    "[a-",
    "[^]b]*",
    "a\\{2,3\\}",
    "(a|b)+",
    "^$",
    "\\",
    "*",
    "%d\\n",
    "%s|%5.3f|%x|%*d",
    "%b",
    "%%",
    "%",
    "0x1f",
    "08",
    "-5",
    "99999999999999999999",
    "1.5e3",
    "a-z",
    "A-Z",
    "[:upper:]",
    "1-",
    "-3",
    "2,4",
    "+%Y-%m-%dT%H:%M:%S",
    "@0",
    "if=/etc/passwd",
    "bs=3",
    "count=2",
    "skip=1",
    "conv=notrunc",
    "/etc/passwd",
    "/tmp",
    "/nope",
    "(",
    ")",
    "=",
    "!",
    "1,2p;3q",
];

#[test]
fn tools_take_any_arguments_and_input() {
    let argument = prop_oneof![
        5 => prop::sample::select(ARGUMENTS).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => "[-+*/()0-9a-z$^.\\[\\]{}\\\\,;:]{0,10}",
    ];
    let strategy = (
        prop::sample::select(TOOLS),
        prop::collection::vec(argument, 0..5),
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "([abxy0-9 .,:-]{0,20}\n){0,12}".prop_map(String::into_bytes),
        ],
    );
    check(400, strategy, |(tool, arguments, input)| {
        let mut argv = vec![tool];
        argv.extend(arguments.iter().map(String::as_str));
        Desk::new().spawn(&argv, &input);
    });
}

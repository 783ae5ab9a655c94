//! What the parser says to complete, open, wrong and hostile text.

use super::*;
use crate::shell::display;

fn parse(text: &str) -> String {
    let mut script = Script::whole(text);
    let mut shown = Vec::new();
    loop {
        match script.next(&Aliases::new()) {
            Parsed::Complete(list) => {
                for item in list.iter() {
                    shown.push(
                        display::and_or(&item.and_or) + if item.background { " &" } else { "" },
                    );
                }
            }
            Parsed::End => return shown.join(" / "),
            Parsed::Incomplete => return "incomplete".to_owned(),
            Parsed::Error(text) => return text,
        }
    }
}

#[test]
fn commands_are_read_back() {
    for (text, expect) in [
        ("echo a b; ls -l | wc >x &", "echo a b / ls -l | wc >x &"),
        (
            "if a; then b; elif c; then d; else e; fi",
            "if a; then b; elif c; then d; else e; fi",
        ),
        (
            "for i in 1 2\ndo echo $i\ndone",
            "for i in 1 2; do echo ${i}; done",
        ),
        (
            "case $x in a|b) echo 1;; *) echo 2; esac",
            "case ${x} in a|b) echo 1;; *) echo 2;; esac",
        ),
        ("f() { echo hi; }", "f() { ... }"),
        ("a && b || ! c", "a && b || ! c"),
        ("x=1 y=2 z 2>&1", "x=1 y=2 z 2>&1"),
        ("(a; b) | { c; }", "(a; b) | { c; }"),
        ("# nothing\n\n", ""),
        ("cat <<E\nbody\nE\necho x", "cat <<... / echo x"),
    ] {
        assert_eq!(parse(text), expect, "{text}");
    }
}

#[test]
fn errors_are_in_the_words_of_ash() {
    for (text, expect) in [
        ("fi", "unexpected \"fi\""),
        ("echo )", "unexpected \")\""),
        ("if true", "unexpected end of file (expecting \"then\")"),
        ("echo \"abc", "unterminated quoted string"),
        ("echo $(echo", "unexpected end of file (expecting \")\")"),
        ("echo ${x", "missing '}'"),
        ("echo $((1+", "missing '))'"),
        ("for", "bad for loop variable"),
        ("if; then :; fi", "unexpected \";\""),
        ("foo ( bar", "unexpected word (expecting \")\")"),
        (
            "case a in b) echo",
            "unexpected end of file (expecting \";;\")",
        ),
        ("cat <<< hi", "unexpected redirection"),
        ("a &&", "unexpected end of file"),
        ("echo >", "unexpected end of file"),
        ("{ echo a;", "unexpected end of file (expecting \"}\")"),
        ("echo a;;", "unexpected \";;\""),
    ] {
        assert_eq!(parse(text), expect, "{text}");
    }
}

#[test]
fn open_text_is_incomplete() {
    for text in [
        "if true",
        "echo \"a",
        "echo 'a",
        "cat <<E\nx\n",
        "a |",
        "a &&\n",
        "f() {",
        "case x in",
        "echo $(a",
        "echo \\",
        "for i in a",
        "while",
        "(",
    ] {
        let mut script = Script::new();
        script.push(text);
        assert!(
            matches!(script.next(&Aliases::new()), Parsed::Incomplete),
            "{text}"
        );
    }
}

#[test]
fn hostile_text_ends_quickly() {
    for piece in [
        "{ ",
        "$(",
        "${x:-",
        "if ",
        "(",
        "case a in a) ",
        "\"$(",
        "`",
        "$((",
        "! ",
        "a(){ ",
        "<<E ",
        "while ",
    ] {
        let text = format!("echo {}", piece.repeat(20_000));
        parse(&text);
        parse(&piece.repeat(20_000));
    }
}

#[test]
fn aliases_stand_for_their_text() {
    let aliases = Aliases::from([
        ("k".into(), "kubectl ".into()),
        ("po".into(), "pods".into()),
        ("ls".into(), "ls -l".into()),
    ]);
    for (text, expect) in [
        ("k get po", "kubectl get po"),
        ("k po", "kubectl pods"),
        ("ls x", "ls -l x"),
    ] {
        let mut script = Script::whole(text);
        let Parsed::Complete(list) = script.next(&aliases) else {
            panic!("{text}")
        };
        assert_eq!(display::and_or(&list[0].and_or), expect);
    }
}

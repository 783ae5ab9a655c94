//! What random tests found, each as a case with a name.

use super::Desk;

/// Runs a script; its output.
fn run(script: &str) -> String {
    let (output, code) = Desk::new().spawn(&["sh", "-c", script], b"");
    assert!(code.is_some(), "{script} did not end");
    String::from_utf8_lossy(&output).into_owned()
}

/// The precision came from an argument, and was taken as it was.
#[test]
fn printf_pads_no_further_than_it_should() {
    let out = run("printf '%.*d' 9999999999 1 | wc -c; printf '%.*f' 70000 1 | wc -c");
    let counts: Vec<usize> = out.lines().map(|line| line.parse().unwrap()).collect();
    assert!(counts.iter().all(|count| *count <= 10_010), "{out}");
}

/// A label of sed went on to the end of the line.
#[test]
fn a_label_of_sed_ends_at_a_semicolon() {
    assert_eq!(run("seq 3 | sed ':a;N;$!ba;s/\\n/,/g'"), "1,2,3\n");
    assert_eq!(run("echo aaa | sed ':x; s/a/b/; tx'"), "bbb\n");
}

/// What unpacked for tar was ended by the pipe that tar had closed, and tar with it.
#[test]
fn an_archive_may_end_before_its_packed_bytes_do() {
    let out = run(
        "mkdir d; echo x > d/f; { tar cf - d; head -c 300000 /dev/urandom; } | gzip > a.tgz; rm -r d; tar xzf a.tgz; echo $? $(cat d/f)",
    );
    assert_eq!(out, "0 x\n");
}

/// `comm` is no tool of Debian's busybox, so no recording has it.
#[test]
fn comm_shows_two_sorted_files() {
    let files = "printf 'a\\nb\\nc\\n' > x; printf 'b\\nc\\nd\\n' > y; ";
    assert_eq!(run(&format!("{files} comm x y")), "a\n\t\tb\n\t\tc\n\td\n");
    assert_eq!(run(&format!("{files} comm -12 x y")), "b\nc\n");
}

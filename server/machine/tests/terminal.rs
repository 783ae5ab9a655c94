//! The workstation's terminal: keys in, screen out; the line editor, job control and completion of the login shell.

mod desk;

use desk::{computer, drain};
use std::time::Duration;

/// Types `keys` with a pause after each; what the terminal showed.
fn session(keys: &[&str]) -> String {
    let (executor, _, computer) = computer("learner");
    let stdio = computer.open_terminal(80, 24).expect("a terminal");
    let stdin = stdio.stdin.clone().expect("keys");
    let shown = drain(&executor, stdio.stdout.clone());
    let pass = |time: Duration| {
        let end = executor.now() + time;
        executor.run_until(end, &mut 1_000_000);
    };
    pass(Duration::from_millis(100));
    for keys in keys {
        let (stdin, bytes) = (stdin.clone(), keys.as_bytes().to_vec());
        executor
            .spawn(async move {
                let _ = stdin.write_all(&bytes).await;
            })
            .detach();
        pass(Duration::from_millis(500));
    }
    let bytes = shown.borrow().clone();
    // The marks of bracketed paste stand around every line.
    String::from_utf8_lossy(&bytes)
        .replace("\x1b[?2004h", "")
        .replace("\x1b[?2004l", "")
}

#[test]
fn sessions_at_a_terminal() {
    for (keys, expect) in [
        (vec!["echo hi\r"], vec!["\r\nhi\r\n"]),
        (
            vec!["cat > f\r", "line\r", "\x04", "cat f\r"],
            vec!["cat f\r\nline\r\n"],
        ),
        (vec!["sleep 100\r", "\x03", "echo $?\r"], vec!["130\r\n"]),
        (
            vec!["sleep 100\r", "\x1a", "jobs\r", "kill %1\r"],
            vec!["[1]+  Stopped", "sleep 100"],
        ),
        (
            vec!["sleep 50 &\r", "jobs\r"],
            vec!["[1]+  Running                    sleep 50\r\n"],
        ),
        (
            vec!["if true\r", "then echo y\r", "fi\r"],
            vec!["> ", "\r\ny\r\n"],
        ),
        (vec!["echo one\r", "!!\r"], vec!["echo one\r\none\r\n"]),
        (vec!["echo abc\r", "\x1b[A\r"], vec!["abc\r\n"]),
        (
            vec!["touch wonder.txt\r", "echo won\t\r"],
            vec!["\r\nwonder.txt\r\n"],
        ),
        // What ends without a newline stays; the prompt gets a line of its own.
        (vec!["printf ok\r"], vec!["\r\nok\r\n"]),
        (vec!["nosuch\r"], vec!["sh: nosuch: not found\r\n"]),
        (
            vec!["fi\r", "echo ok\r"],
            vec!["syntax error: unexpected \"fi\"", "ok\r\n"],
        ),
        (
            vec!["while :; do :; done\r", "\x03", "echo back\r"],
            vec!["back\r\n"],
        ),
        (
            vec!["(sleep 100; echo no) | cat\r", "\x03", "echo $?\r"],
            vec!["130\r\n"],
        ),
    ] {
        let shown = session(&keys);
        for text in expect {
            assert!(
                shown.contains(text),
                "{keys:?}: {text:?} is not in {shown:?}"
            );
        }
    }
}

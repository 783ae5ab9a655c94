//! Keys at a terminal: the line editor of the shell, `vi`, `less`.

use proptest::prelude::*;

use super::{Desk, cases};

/// Keys, and what is often typed together.
const KEYS: &[&str] = &[
    "a",
    "b",
    " ",
    "0",
    "9",
    "$",
    "\r",
    "\x1b",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[H",
    "\x1b[F",
    "\x1b[3~",
    "\x1b[1;5C",
    "\x01",
    "\x02",
    "\x04",
    "\x05",
    "\x06",
    "\x0b",
    "\x0c",
    "\x0e",
    "\x10",
    "\x12",
    "\x14",
    "\x15",
    "\x17",
    "\x19",
    "\x7f",
    "\t",
    "é",
    "漢",
    "i",
    "o",
    "O",
    "x",
    "d",
    "dd",
    "yy",
    "p",
    "u",
    "w",
    "cw",
    "G",
    "gg",
    "/a\r",
    "n",
    "J",
    "r",
    "ZZ",
    ":w\r",
    ":q\r",
    ":q!\r",
    ":1,2d\r",
    ":s/a/b/g\r",
    ":%s/x\r",
    "\x1b[200~paste\x1b[201~",
    "\x1b[",
];

fn keys() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(KEYS), 0..60)
}

fn types(desk: &Desk, program: &str, keys: &[&str]) {
    let terminal = desk.computer.open_terminal(20, 6).unwrap();
    desk.run(50);
    let stdin = terminal.stdin.as_ref().expect("a keyboard");
    let _ = stdin.try_write(program.as_bytes());
    desk.run(100);
    for (number, key) in keys.iter().enumerate() {
        let _ = stdin.try_write(key.as_bytes());
        if number == 20 {
            terminal.resize(1, 1);
        }
        if number == 40 {
            terminal.resize(132, 43);
        }
        desk.run(5);
        let _ = terminal.stdout.try_read(1 << 20);
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn any_keys_may_be_typed_at_the_prompt(keys in keys()) {
        types(&Desk::new(), "", &keys);
    }

    #[test]
    fn any_keys_may_be_typed_in_vi(keys in keys()) {
        types(&Desk::new(), "seq 3 > f; vi f\r", &keys);
    }

    #[test]
    fn any_keys_may_be_typed_in_less(keys in keys()) {
        types(&Desk::new(), "seq 30 > f; less f\r", &keys);
    }
}

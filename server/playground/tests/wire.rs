//! Writes the TypeScript twins of the wire types to `web/src/wire/wire.ts`, and fails when what was there differed: they are committed.

use std::path::Path;

use playground::wire::*;
use ts_rs::{Config, TS};

#[test]
fn typescript_twins_are_up_to_date() {
    let config = Config::default();
    let mut text = String::from(
        "// Written by `cargo test -p playground --test wire` from server/playground/src/wire. Do not edit.\n",
    );
    for (name, value) in [
        ("PROTOCOL", u64::from(PROTOCOL)),
        ("MAX_MESSAGE_BYTES", MAX_MESSAGE_BYTES as u64),
        ("OUTPUT_WINDOW_BYTES", OUTPUT_WINDOW_BYTES),
        ("INPUT_WINDOW_BYTES", INPUT_WINDOW_BYTES),
        ("MAX_TERMINALS", MAX_TERMINALS as u64),
        ("MAX_FILE_BYTES", MAX_FILE_BYTES as u64),
        ("BINARY_INPUT", u64::from(binary::INPUT)),
        ("BINARY_OUTPUT", u64::from(binary::OUTPUT)),
        ("BINARY_HEADER_BYTES", binary::HEADER_BYTES as u64),
    ] {
        text.push_str(&format!("export const {name} = {value};\n"));
    }
    macro_rules! declare {
        ($($type:ty),* $(,)?) => { $(
            text.push_str(&format!("\nexport {}\n", <$type as TS>::decl(&config)));
        )* };
    }
    declare!(
        ClientFrame,
        Answer,
        ClockCommand,
        Fault,
        Health,
        Finding,
        Found,
        Verdict,
        ServerFrame,
        Backend,
        SessionState,
        TermState,
        StepState,
        StepStatus,
        StepCause,
        FileEntry,
        FileEvent,
        ObjectChange,
        ObjectOp,
        ClockState,
        Preview,
        Level,
        Problem,
        Choice,
        ChoiceKind,
        Explanation,
        Props,
        PageSession,
        PageLesson,
        PageStep,
        PageEmbed,
        Embedded,
        Ticket,
        Shared,
        Brought,
        Trouble,
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/wire/wire.ts");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    if before != text {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder for the types");
        std::fs::write(&path, &text).expect("write the types");
        panic!(
            "web/src/wire/wire.ts was out of date and has been written again: look at it and commit it"
        );
    }
}

//! The TypeScript types of the socket frames, written from the Rust types by a test of room `playground`.

use crate::run;

/// Writes `web/src/wire/*.ts` anew.
pub fn write() -> Result<(), String> {
    run::run_with(
        ".",
        &run::cargo(),
        &["test", "--quiet", "-p", "playground", "--test", "wire"],
        &[("PODSCHOOL_WRITE_WIRE", "1")],
    )
}

//! The benchmarks: `podschool bench` in the release profile, whose figures stand in the README.

use crate::run;

/// Runs the load generator of the release build, handing on `args`.
pub fn run(args: &[String]) -> Result<(), String> {
    let mut line = vec![
        "run",
        "--release",
        "--quiet",
        "--bin",
        "podschool",
        "--",
        "bench",
    ];
    line.extend(args.iter().map(String::as_str));
    run::run(".", &run::cargo(), &line)
}

//! Random lives of a cluster in the release profile: `cargo xtask simulate [LIVES | --seed N]`. The simulation and its checkers are
//! `server/host/tests/simulation`.

use crate::run;

const LIVES: &str = "2000";

/// Runs that many lives, or the one of a seed, telling what it did.
pub fn run(args: &[String]) -> Result<(), String> {
    let setting = match args {
        [] => ("PODSCHOOL_LIVES", LIVES),
        [flag, seed] if flag == "--seed" => ("PODSCHOOL_SEED", seed.as_str()),
        [lives] => ("PODSCHOOL_LIVES", lives.as_str()),
        _ => return Err("usage: cargo xtask simulate [LIVES | --seed N]".into()),
    };
    if setting.1.parse::<u64>().is_err() {
        return Err(format!("{:?} is no number", setting.1));
    }
    let line = "test --release --package host --test simulation -- random_lives --nocapture";
    let line: Vec<&str> = line.split(' ').collect();
    run::run_with(".", &run::cargo(), &line, &[setting])
}

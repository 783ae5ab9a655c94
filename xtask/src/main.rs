//! Tasks of the house: `cargo xtask test | tidy | simulate | bench | table | wire | record`. It runs cargo, npm and the binary;
//! it imports no room.

mod bench;
mod browser;
mod golden;
mod record;
mod run;
mod simulate;
mod table;
mod test;
mod tidy;
mod wire;

const USAGE: &str = "usage: cargo xtask TASK

  test      everything that proves the house: format, lints, walls, Rust, TypeScript, lessons, recordings, kubectl, browser
  tidy      the walls between rooms, the shape of files, the map
  simulate  random lives of a cluster under checkers: how many (2000), or --seed N for one
  bench     the benchmarks, in one table (podschool bench --help says what it takes)
  wire      writes the TypeScript types of the socket frames anew
  record    records fixtures from real programs anew
  table     generates the table of Kubernetes fields anew from published packages

  test takes names of its parts (cargo xtask test --list) to run only those.";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("test") => test::run(rest),
        Some("tidy") => tidy::run(),
        Some("simulate") => simulate::run(rest),
        Some("bench") => bench::run(rest),
        Some("wire") => wire::write(),
        Some("table") => table::write(),
        Some("record") => record::record().map_err(|why| why.to_string()),
        _ => Err(USAGE.to_owned()),
    };
    if let Err(why) = done {
        eprintln!("{why}");
        std::process::exit(1);
    }
}

//! Random lives of a cluster under checkers: thousands of sequences of commands and faults, each from a seed. After every step each
//! invariant is looked at, at the end everything must come to rest, then everything is deleted and nothing may be left; and the
//! same inputs, taken in by a second world in slices of another size, must make the same objects, logs and files, byte for byte.
//!
//! A moderate number runs with every test. `PODSCHOOL_LIVES=5000` runs that many, `PODSCHOOL_SEED=17` only that one and tells what
//! it did; `cargo xtask simulate 5000` does so in the release profile. A failure prints the seed, what was wrong and why the world
//! had not settled. A seed that was found becomes a test by its name, below, when its bug is mended.

mod acts;
mod checkers;
mod journals;
mod life;
mod recipes;
mod scene;
mod settled;
mod verbs;

use life::live;

/// Lives with every test.
const LIVES: u64 = 8;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_lives_hold_every_invariant() {
    if let Some(seed) = setting("PODSCHOOL_SEED") {
        return life::tell(seed);
    }
    let lives = setting("PODSCHOOL_LIVES").unwrap_or(LIVES);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let part = move |first| {
        (first..=lives)
            .step_by(threads as usize)
            .map(|s| (s, live(s)))
    };
    let wrong: Vec<(u64, String)> = std::thread::scope(|scope| {
        let failures = move |first| part(first).filter_map(|(s, r)| Some((s, r.err()?)));
        let start = |first| scope.spawn(move || failures(first).take(5).collect::<Vec<_>>());
        let running: Vec<_> = (1..=threads).map(start).collect();
        let all = running
            .into_iter()
            .flat_map(|r| r.join().expect("a life that panics names its seed"));
        all.collect()
    });
    let told: Vec<String> = wrong
        .iter()
        .map(|(s, why)| format!("seed {s}: {why}"))
        .collect();
    assert!(
        told.is_empty(),
        "{} of {lives} lives went wrong\n{}",
        told.len(),
        told.join("\n")
    );
}

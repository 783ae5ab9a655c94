//! Properties, on random input: whatever is typed, piped in or unpacked, nothing panics, time goes on, and what is held stays within
//! the ledger. A failing input is printed with its seed; what was found becomes a case with a name in `found.rs`.

#[path = "../desk/mod.rs"]
mod desk;
mod files;
mod found;
mod frames;
mod keys;
mod messages;
mod scripts;

use machine::sys::Spawn;
use machine::time::Duration;
use machine::{Computer, Executor, Kernel};
use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, Hasher, RandomState};

/// Bytes that processes of a world may hold (`kernel.rs`).
const HELD_MAX: u64 = 16 << 20;
/// The stack of a shard's thread (`host`), on which programs nest.
const STACK_BYTES: usize = 16 << 20;

/// The seed that every run has, so that a change is judged by what it changed.
const SEED: u64 = 1;

/// How often each property is tried. `PODSCHOOL_CASES=20` tries twenty times as often, from a seed that no run had before unless
/// `PODSCHOOL_SEED` names one.
#[expect(
    clippy::disallowed_methods,
    reason = "how often and from which seed is said by whoever runs the tests"
)]
fn cases(cases: u32) -> Config {
    let setting = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let times = setting("PODSCHOOL_CASES");
    let seed = setting("PODSCHOOL_SEED").unwrap_or_else(|| match times {
        Some(_) => RandomState::new().build_hasher().finish(),
        None => SEED,
    });
    eprintln!("seed {seed}");
    Config {
        cases: cases * times.map_or(1, |times| times as u32),
        rng_seed: RngSeed::Fixed(seed),
        // The seed is in the message; the tree is not written to.
        failure_persistence: None,
        ..Config::default()
    }
}

/// A computer of root's.
struct Desk {
    executor: Executor,
    kernel: Kernel,
    computer: Computer,
}

impl Desk {
    fn new() -> Desk {
        let (executor, kernel, computer) = desk::computer("root");
        Desk {
            executor,
            kernel,
            computer,
        }
    }

    /// Time goes on by so much, at a bounded price.
    fn run(&self, millis: u64) {
        let end = self.executor.now() + Duration::from_millis(millis);
        assert!(
            self.executor.run_until(end, &mut 100_000),
            "time stands still"
        );
        let held = self.kernel.held_bytes();
        assert!(held <= HELD_MAX, "{held} bytes held");
    }

    /// Runs `argv` on `input` for two seconds; what it prints, and its exit code when it has ended.
    fn spawn(&self, argv: &[&str], input: &[u8]) -> (Vec<u8>, Option<i32>) {
        let mut spawn = Spawn::new(argv.iter().copied());
        spawn.cwd = Some("/tmp".into());
        let Ok((_, mut stdio)) = self.computer.spawn(spawn) else {
            return (Vec::new(), None);
        };
        let stdin = stdio.stdin.take().expect("an input");
        let (mut rest, mut output) = (input, Vec::new());
        for _ in 0..20 {
            if let Some(Ok(count)) = stdin.try_write(rest) {
                rest = &rest[count..];
            }
            self.run(50);
            while let Some(Ok(bytes)) = stdio.stdout.try_read(1 << 20) {
                if bytes.is_empty() {
                    break;
                }
                output.extend(bytes);
            }
            if rest.is_empty() {
                break;
            }
        }
        drop(stdin);
        for _ in 0..20 {
            self.run(50);
            let ended = stdio.exit.status().is_some();
            while let Some(Ok(bytes)) = stdio.stdout.try_read(1 << 20) {
                if bytes.is_empty() {
                    break;
                }
                output.extend(bytes);
            }
            if ended {
                break;
            }
        }
        let code = stdio.exit.status().map(|status| status.code());
        (output, code)
    }
}

/// Runs on a stack as large as a shard's.
fn on_a_shards_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    if let Err(panic) = thread.spawn(test).expect("a thread").join() {
        std::panic::resume_unwind(panic);
    }
}

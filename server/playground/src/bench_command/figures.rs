//! Figures: the spread of durations, the memory and CPU time of this process, and the row of the table that they stand in.

use std::time::Duration;

/// Durations, sorted when they are asked for.
#[derive(Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn join(&mut self, other: Spread) {
        self.0.extend(other.0);
    }

    /// `p50 1.2 ms, p99 3.4 ms, worst 5.6 ms (of 100)`
    pub fn said(mut self) -> String {
        self.0.sort();
        let ms = |d: Duration| d.as_secs_f64() * 1000.0;
        let at = |percent: usize| {
            self.0
                .get((self.0.len() * percent / 100).min(self.0.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        format!(
            "p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms (of {})",
            ms(at(50)),
            ms(at(99)),
            ms(at(100)),
            self.0.len()
        )
    }
}

/// One row of the table: what, the figure, what is promised.
pub struct Row {
    what: String,
    figure: String,
    promise: &'static str,
}

impl Row {
    pub fn new(what: &str, figure: String, promise: &'static str) -> Row {
        let what = what.to_owned();
        Row {
            what,
            figure,
            promise,
        }
    }

    pub fn head() {
        println!("| what | figure | promise |\n| --- | --- | --- |");
    }

    pub fn print(&self) {
        println!("| {} | {} | {} |", self.what, self.figure, self.promise);
    }
}

/// The machine in one line: cores, processor, memory.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|l| l.starts_with(key)).map(str::to_owned);
        line.and_then(|l| Some(l.split_once(':')?.1.trim().to_owned()))
    };
    let kib = after(&memory, "MemTotal").and_then(|m| m.split(' ').next()?.parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = after(&cpu, "model name").unwrap_or_else(|| "a processor that says no name".into());
    let gib = kib.unwrap_or(0) as f64 / 1024.0 / 1024.0;
    format!("{cores} cores of {model}, {gib:.0} GiB; server and visitors share them")
}

/// CPU time that this process has used, in steps of 10 ms; zero where the system does not tell.
pub fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold anything.
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|t| t.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Resident memory of this process, in bytes; 0 where the system does not tell.
pub fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmRSS:"));
    let kib = line
        .and_then(|l| l.split_whitespace().nth(1))
        .and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_said() {
        let mut spread = Spread::default();
        (1..=100).for_each(|n| spread.add(Duration::from_millis(n)));
        assert_eq!(
            spread.said(),
            "p50 51.0 ms, p99 100.0 ms, worst 100.0 ms (of 100)"
        );
    }
}

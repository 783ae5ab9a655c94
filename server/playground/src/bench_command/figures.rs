//! Figures: the spread of durations, and the memory of this process.

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

//! The turns that a client of the API server takes: so many requests at once, then so many a second.
//!
//! Mirrors client-go's `flowcontrol` (a token bucket), for the clients that can have thousands of requests to make.

use machine::{Duration, Time};

const SECOND_NANOS: i64 = 1_000_000_000;

/// A row of turns.
#[derive(Debug)]
pub(crate) struct Turns {
    burst: i64,
    /// From one turn to the next, when there is a queue.
    apart_nanos: i64,
    /// When the last turn that was given out is earned.
    earned: Time,
}

impl Turns {
    /// `burst` at once, then `a_second`.
    pub fn new(burst: u32, a_second: u32) -> Turns {
        Turns {
            burst: i64::from(burst),
            apart_nanos: SECOND_NANOS / i64::from(a_second.max(1)),
            earned: Time::EPOCH,
        }
    }

    /// Takes so many turns. Answers how long to wait until all of them have come.
    pub fn take(&mut self, count: u32, now: Time) -> Duration {
        let full = Time(now.0 - self.burst * self.apart_nanos);
        let from = self.earned.max(full);
        self.earned = Time(from.0 + i64::from(count) * self.apart_nanos);
        self.earned.since(now)
    }

    /// Takes a turn if it has come. Errors: how long until it comes.
    pub fn try_take(&mut self, now: Time) -> Result<(), Duration> {
        let before = self.earned;
        let wait = self.take(1, now);
        if wait.is_zero() {
            return Ok(());
        }
        self.earned = before;
        Err(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_then_one_after_the_other() {
        let now = Time::from_seconds(1000);
        let mut turns = Turns::new(3, 20);
        let waits = [(); 5].map(|()| turns.take(1, now).as_millis());
        assert_eq!(waits, [0, 0, 0, 50, 100]);
        assert_eq!(turns.try_take(now), Err(Duration::from_millis(150)));
        assert_eq!(turns.try_take(now + Duration::from_millis(150)), Ok(()));
        let later = Time::from_seconds(2000);
        assert_eq!(turns.take(4, later).as_millis(), 50);
    }
}

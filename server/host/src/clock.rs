//! The clock of a world: how wall time becomes simulated time. Pure arithmetic; it reads no clock itself.
//!
//! A running clock moves at `speed` simulated seconds a wall second. A world that cannot keep up slips: its clock
//! is re-based instead of running after the wall for ever.

use machine::Time;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Slowest and fastest speed that a clock takes.
pub const SPEED_RANGE: std::ops::RangeInclusive<f64> = 0.01..=10_000.0;

/// How far a running world may fall behind the wall, in wall time, before its clock is re-based.
const SLIP: Duration = Duration::from_secs(2);

/// What may be asked of a world's clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClockCommand {
    /// Changes nothing; answers with the state.
    Read,
    /// Stops simulated time. Requests are still answered.
    Pause,
    /// Lets simulated time flow again at the set speed.
    Resume,
    /// Simulated seconds per wall second; clamped to 0.01..=10000.
    Speed(f64),
    /// Moves time forward by exactly this much, as fast as the machine can, then goes on as before (paused stays paused).
    Step(Duration),
    /// Moves time forward until an object of the cluster changes, at most this far.
    UntilChange(Duration),
}

/// The state of a world's clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockState {
    /// Simulated time.
    pub now: Time,
    /// Simulated seconds per wall second while running.
    pub speed: f64,
    /// True while time stands.
    pub paused: bool,
    /// True once time was ever moved by hand (speed other than 1, step, pause): clients in wall time are warned.
    pub moved: bool,
}

/// Maps wall instants (as durations since an arbitrary origin) to simulated time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    base_wall: Duration,
    base: Time,
    speed: f64,
    paused: bool,
    moved: bool,
}

impl Clock {
    pub fn new(start: Time, wall: Duration, speed: f64) -> Clock {
        let speed = clamp(speed);
        Clock {
            base_wall: wall,
            base: start,
            speed,
            paused: false,
            moved: speed != 1.0,
        }
    }

    /// Where simulated time should be at this wall instant.
    pub fn target(&self, wall: Duration) -> Time {
        if self.paused {
            return self.base;
        }
        let passed = wall.saturating_sub(self.base_wall).as_secs_f64() * self.speed;
        self.base + Duration::from_secs_f64(passed)
    }

    /// Wall time left until simulated time `at`; `None` while paused.
    pub fn wall_until(&self, at: Time, wall: Duration) -> Option<Duration> {
        if self.paused {
            return None;
        }
        let ahead = (at.0 - self.target(wall).0).max(0) as f64 / self.speed;
        // Rounded up to a whole microsecond, so that a wake-up never comes a hair too early and spins.
        Some(Duration::from_nanos(ahead.ceil() as u64) + Duration::from_micros(1))
    }

    /// Starts a new mapping from here: the world stands at `now` at this wall instant.
    pub fn rebase(&mut self, now: Time, wall: Duration) {
        self.base = now;
        self.base_wall = wall;
    }

    /// Re-bases when the world has fallen behind by more than is worth catching up.
    pub fn slip(&mut self, now: Time, wall: Duration) {
        let behind = (self.target(wall).0 - now.0).max(0) as f64 / self.speed;
        if behind > SLIP.as_nanos() as f64 {
            self.rebase(now, wall);
        }
    }

    pub fn set_paused(&mut self, paused: bool, now: Time, wall: Duration) {
        self.rebase(now, wall);
        self.moved |= paused;
        self.paused = paused;
    }

    pub fn set_speed(&mut self, speed: f64, now: Time, wall: Duration) {
        self.rebase(now, wall);
        self.speed = clamp(speed);
        self.moved |= self.speed != 1.0;
    }

    pub fn mark_moved(&mut self) {
        self.moved = true;
    }

    pub fn state(&self, now: Time) -> ClockState {
        ClockState {
            now,
            speed: self.speed,
            paused: self.paused,
            moved: self.moved,
        }
    }
}

fn clamp(speed: f64) -> f64 {
    if speed.is_finite() {
        speed.clamp(*SPEED_RANGE.start(), *SPEED_RANGE.end())
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_000_000_000_000);

    fn at(clock: &Clock, wall_ms: u64) -> i64 {
        (clock.target(Duration::from_millis(wall_ms)).0 - START.0) / 1_000_000
    }

    #[test]
    fn runs_at_its_speed_and_stands_while_paused() {
        let mut clock = Clock::new(START, Duration::ZERO, 1.0);
        assert_eq!(at(&clock, 1500), 1500);
        clock.set_speed(
            10.0,
            START + Duration::from_millis(1500),
            Duration::from_millis(1500),
        );
        assert_eq!(at(&clock, 2500), 11_500);
        clock.set_paused(
            true,
            START + Duration::from_millis(11_500),
            Duration::from_millis(2500),
        );
        assert_eq!(at(&clock, 99_000), 11_500);
        clock.set_paused(
            false,
            START + Duration::from_millis(11_500),
            Duration::from_millis(99_000),
        );
        assert_eq!(at(&clock, 99_100), 12_500);
        assert!(clock.state(START).moved);
    }

    #[test]
    fn slips_only_when_far_behind() {
        let mut clock = Clock::new(START, Duration::ZERO, 1.0);
        clock.slip(START, Duration::from_secs(1));
        assert_eq!(at(&clock, 1000), 1000);
        clock.slip(START, Duration::from_secs(10));
        assert_eq!(at(&clock, 10_000), 0);
    }

    #[test]
    fn wakes_no_earlier_than_asked() {
        let clock = Clock::new(START, Duration::ZERO, 3.0);
        let due = START + Duration::from_secs(10);
        let wait = clock.wall_until(due, Duration::ZERO).unwrap();
        assert!(clock.target(wait) >= due);
    }
}

//! Tells how far the wall clock was set back, by comparing it with a monotonic one: what waits for a time on the wall
//! clock would wait that much longer.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// A smaller difference is no step: reading both clocks takes time, and clocks are slewed.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: DateTime<Utc>,
    steady: Instant,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            wall: Utc::now(),
            steady: Instant::now(),
        }
    }
}

impl Clock {
    /// How far the wall clock was set back since the last look.
    pub fn look(&mut self, wall: DateTime<Utc>, steady: Instant) -> Option<TimeDelta> {
        let passed = steady.saturating_duration_since(self.steady);
        let expected = TimeDelta::from_std(passed)
            .ok()
            .and_then(|passed| self.wall.checked_add_signed(passed));
        *self = Clock { wall, steady };
        let back = expected? - wall;
        (back > TOLERANCE).then_some(back)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_step_back_is_told_once_and_a_step_ahead_or_a_trim_is_none() {
        let mut clock = Clock::default();
        let Clock { wall, steady } = clock;
        let mut look = |wall_seconds, steady_seconds| {
            let steady = steady + Duration::from_secs(steady_seconds);
            let back = clock.look(wall + TimeDelta::seconds(wall_seconds), steady);
            back.map(|back| back.num_seconds())
        };
        assert_eq!(look(1, 1), None);
        assert_eq!(look(-3_598, 2), Some(3_600));
        assert_eq!(look(-3_597, 3), None);
        assert_eq!(look(100_000, 4), None);
        assert_eq!(look(100_000, 5), None);
        assert_eq!(look(6, 6), Some(99_995));
    }
}

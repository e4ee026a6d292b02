//! Waiting between retries: twice as long each time, up to a limit, with jitter so that workers do not march in step.

use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// Something failed: how long to wait now.
    pub fn fail(&mut self, first: Duration, limit: Duration, jitter: f64) -> Duration {
        let wait = first
            .saturating_mul(1 << self.failures.min(20))
            .min(limit)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.failures += 1;
        self.until = Some(Instant::now() + wait);
        wait
    }

    /// Something worked.
    pub fn succeed(&mut self) {
        *self = Backoff::default();
    }

    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// How long there is still to wait.
    pub fn remaining(&self) -> Option<Duration> {
        self.until
            .and_then(|until| until.checked_duration_since(Instant::now()))
            .filter(|wait| !wait.is_zero())
    }
}

/// A number between 0 and 1 for jitter, from the clock, which is random enough for that.
pub fn jitter() -> f64 {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    f64::from(nanos.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_over() {
        let (first, limit) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..6)
            .map(|_| backoff.fail(first, limit, 1.0).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        assert!(backoff.remaining().is_some());
        backoff.succeed();
        assert!(backoff.remaining().is_none());
        assert_eq!(backoff.fail(first, limit, 0.0).as_millis(), 50);
    }
}

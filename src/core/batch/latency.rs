//! How long messages took from Kafka to the commit.

use crate::batch::Batch;

/// Latencies of a batch's rows by span: p50, p99 and maximum, in milliseconds, up to `now_ms`. A message without a
/// timestamp does not count; to one whose producer's clock is fast it took no time.
pub fn latencies(batch: &Batch, now_ms: i64) -> Vec<Option<[f64; 3]>> {
    let mut times: Vec<Vec<i64>> = vec![Vec::new(); batch.spans.len()];
    for row in batch.rows.iter().filter(|row| row.time_ms >= 0) {
        times[row.span].push((now_ms - row.time_ms).max(0));
    }
    times.iter_mut().map(|times| percentiles(times)).collect()
}

fn percentiles(times: &mut [i64]) -> Option<[f64; 3]> {
    let last = times.len().checked_sub(1)?;
    let mut nth = |index: usize| *times.select_nth_unstable(index).1 as f64;
    Some([nth(last / 2), nth((last * 99).div_ceil(100)), nth(last)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentiles(&mut []), None);
        assert_eq!(percentiles(&mut [7]), Some([7.0; 3]));
        let mut times: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(percentiles(&mut times), Some([50.0, 100.0, 100.0]));
        let mut times: Vec<i64> = (0..=1000).rev().collect();
        assert_eq!(percentiles(&mut times), Some([500.0, 990.0, 1000.0]));
    }
}

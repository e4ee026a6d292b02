//! Which batches were not there when a fold ran: batches take their numbers before they commit, so that a lower number
//! may appear after a higher one was folded. A fold keeps the numbers it passed over until every transaction that ran
//! then has ended; what has not appeared by that time never will. Of a long transaction that may be thousands, and what
//! it has written so far is not to be read again and again: the ledger tells which of them have appeared.
//!
//! A transaction takes its id, then a number. A fold reads the last number, then the next id to be given out, then takes
//! its snapshot: whoever holds one of the numbers has an id below that one. A snapshot's own upper end will not do: it is
//! one above the latest transaction that has *ended*, and transactions that run may have ids above it.

use std::collections::BTreeSet;

/// Numbers passed over, and how to tell that they never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub low: i64,
    pub high: i64,
    /// The next transaction id to be given out when the gap was seen; transactions below it may hold its numbers.
    pub seen_at: i64,
}

/// Everything up to `high` is folded, but for the gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    pub high: i64,
    pub gaps: Vec<Gap>,
}

impl Folded {
    /// The highest number up to which everything is folded or never comes.
    pub fn floor(&self) -> i64 {
        self.gaps.first().map_or(self.high, |gap| gap.low - 1)
    }

    pub fn contains(&self, number: i64) -> bool {
        number <= self.high
            && !self
                .gaps
                .iter()
                .any(|gap| (gap.low..=gap.high).contains(&number))
    }

    /// The highest number up to which nothing committed is left to fold. `late`: numbers in the gaps that the ledger
    /// has by now. The ledger lists single numbers above `rolled_up` only; any number below may have committed.
    pub fn settled(&self, late: &BTreeSet<i64>, rolled_up: i64) -> i64 {
        match (self.gaps.first(), late.first()) {
            (Some(gap), _) if gap.low <= rolled_up => self.floor(),
            (Some(_), Some(number)) => number - 1,
            _ => self.high,
        }
    }

    /// State after a fold of everything visible and unfolded up to `to`: `seen` are the batches it found, `held` those
    /// of them that it left unfolded. In its snapshot all transactions below `xmin` had ended; `next` was the next id
    /// to be given out, read after `to` was given out and before the snapshot.
    pub fn after(
        &self,
        to: i64,
        seen: &BTreeSet<i64>,
        held: &BTreeSet<i64>,
        xmin: i64,
        next: i64,
    ) -> Folded {
        let high = to.max(self.high);
        let mut gaps = Vec::new();
        for &gap in &self.gaps {
            if gap.low <= to && gap.seen_at > xmin {
                let high = gap.high.min(to);
                split(Gap { high, ..gap }, seen, &mut gaps);
            }
            if gap.high > to {
                let low = gap.low.max(to + 1);
                push(Gap { low, ..gap }, &mut gaps);
            }
        }
        if high > self.high {
            let gap = Gap {
                low: self.high + 1,
                high,
                seen_at: next,
            };
            split(gap, seen, &mut gaps);
        }
        let mut folded = Folded { high, gaps };
        for &number in held {
            folded.keep_open(number, next);
        }
        folded
    }

    /// Makes a gap of one number, unless it lies in one.
    fn keep_open(&mut self, number: i64, seen_at: i64) {
        if self.contains(number) {
            let place = self.gaps.partition_point(|gap| gap.high < number);
            let (low, high) = (number, number);
            self.gaps.insert(place, Gap { low, high, seen_at });
        }
    }
}

/// What is left of a gap without the numbers seen.
fn split(gap: Gap, seen: &BTreeSet<i64>, out: &mut Vec<Gap>) {
    let mut low = gap.low;
    for &number in seen.range(gap.low..=gap.high) {
        let high = number - 1;
        push(Gap { low, high, ..gap }, out);
        low = number + 1;
    }
    push(Gap { low, ..gap }, out);
}

/// Puts a gap behind the others, or lengthens the last one; an empty one is left out.
fn push(gap: Gap, out: &mut Vec<Gap>) {
    match out.last_mut() {
        _ if gap.low > gap.high => {}
        Some(last) if last.high + 1 == gap.low && last.seen_at == gap.seen_at => {
            last.high = gap.high;
        }
        _ => out.push(gap),
    }
}

#[cfg(test)]
mod tests;

//! Which batches were not there when a fold ran: batches take their numbers before they commit, so that a lower number
//! may appear after a higher one was folded. A fold keeps the numbers it passed over until every transaction that ran
//! then has ended; what has not appeared by that time never will. Of a long transaction that may be thousands, and what
//! it has written so far is not to be read again and again: the ledger tells which of them have appeared.

use std::collections::BTreeSet;

/// Numbers passed over, and how to tell that they never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub low: i64,
    pub high: i64,
    /// The first transaction id not yet given out when the gap was seen; transactions below it may hold its numbers.
    pub seen_at: i64,
}

/// Everything up to `high` is folded, but for the gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    pub high: i64,
    pub gaps: Vec<Gap>,
}

impl Folded {
    /// The number below which nothing is left to fold, itself included.
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

    /// The number below which nothing is there to fold, itself included. `late`: numbers of the gaps that the ledger
    /// has by now. It tells single numbers above `rolled_up` alone; of those below, any may be there.
    pub fn settled(&self, late: &BTreeSet<i64>, rolled_up: i64) -> i64 {
        match (self.gaps.first(), late.first()) {
            (Some(gap), _) if gap.low <= rolled_up => self.floor(),
            (Some(_), Some(number)) => number - 1,
            _ => self.high,
        }
    }

    /// After a fold of everything visible up to `to` that was not folded: `seen` are the batches it found. In the
    /// fold's snapshot all transactions below `xmin` had ended and `xmax` was the next id to be given out.
    pub fn after(&self, to: i64, seen: &BTreeSet<i64>, xmin: i64, xmax: i64) -> Folded {
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
                seen_at: xmax,
            };
            split(gap, seen, &mut gaps);
        }
        Folded { high, gaps }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_passed_over_is_waited_for_until_it_cannot_come() {
        let start = Folded::default();
        let first = start.after(5, &BTreeSet::from([1, 2, 4]), 100, 103);
        assert_eq!(
            first.gaps,
            [
                Gap {
                    low: 3,
                    high: 3,
                    seen_at: 103
                },
                Gap {
                    low: 5,
                    high: 5,
                    seen_at: 103
                }
            ]
        );
        assert_eq!(first.floor(), 2);
        assert!(first.contains(4) && !first.contains(5) && !first.contains(6));
        let second = first.after(6, &BTreeSet::from([5, 6]), 102, 105);
        assert_eq!(
            second.gaps,
            [Gap {
                low: 3,
                high: 3,
                seen_at: 103
            }]
        );
        let third = second.after(6, &BTreeSet::new(), 103, 106);
        assert_eq!(
            third,
            Folded {
                high: 6,
                gaps: Vec::new()
            }
        );
        assert_eq!(third.floor(), 6);
    }

    #[test]
    fn a_portion_of_what_came_late_leaves_the_rest_for_the_next() {
        let open = Folded::default().after(9, &BTreeSet::from([1, 9]), 100, 101);
        let late = BTreeSet::from([4, 5, 8]);
        assert_eq!(open.settled(&BTreeSet::new(), 1), 9);
        assert_eq!(open.settled(&late, 1), 3);
        assert_eq!(open.settled(&late, 2), open.floor());
        // The transaction has ended: 2 and 3 never come, 6 to 8 were not looked at.
        let next = open.after(5, &BTreeSet::from([4, 5]), 101, 102);
        let rest = Gap {
            low: 6,
            high: 8,
            seen_at: 101,
        };
        assert_eq!((next.high, &next.gaps[..]), (9, &[rest][..]));
        assert_eq!(next.settled(&BTreeSet::from([8]), 1), 7);
    }

    proptest! {
        /// Transactions begin, take a number, and commit or abort in any order; folds of so many numbers come in between,
        /// and what is committed is rolled up in the ledger, folded or not.
        #[test]
        fn every_batch_is_folded_once(steps in prop::collection::vec((0_u8..6, any::<prop::sample::Index>()), 0..120)) {
            let (mut xid, mut number, mut rolled_up) = (10_i64, 0_i64, 0_i64);
            let mut running: Vec<(i64, i64)> = Vec::new();
            let mut committed = BTreeSet::new();
            let (mut folded, mut done) = (Folded::default(), Vec::<i64>::new());
            let mut fold = |folded: &mut Folded, running: &[(i64, i64)], xid: i64, number: i64, committed: &BTreeSet<i64>, rolled_up: i64, portion: i64| {
                let is_in_gap = |n: i64| n <= folded.high && !folded.contains(n);
                let late = committed.iter().copied().filter(|&n| n > rolled_up && is_in_gap(n)).collect();
                let settled = folded.settled(&late, rolled_up);
                let to = number.min(settled + portion);
                let new: BTreeSet<i64> = committed.iter().copied().filter(|&n| n > settled && n <= to && !folded.contains(n)).collect();
                done.extend(&new);
                let xmin = running.iter().map(|&(x, _)| x).min().unwrap_or(xid);
                *folded = folded.after(to, &new, xmin, xid);
            };
            for (what, which) in steps {
                match what {
                    0 | 1 => {
                        // The transaction id is taken before the number.
                        running.push((xid, number + 1));
                        xid += 1;
                        number += 1;
                    }
                    2 | 3 if !running.is_empty() => {
                        let (_, n) = running.swap_remove(which.index(running.len()));
                        if what == 2 {
                            committed.insert(n);
                        }
                    }
                    4 => rolled_up = rolled_up.max(committed.iter().nth(which.index(committed.len().max(1))).copied().unwrap_or(0)),
                    _ => fold(&mut folded, &running, xid, number, &committed, rolled_up, 1 + which.index(6) as i64),
                }
            }
            for (_, n) in running.drain(..) {
                committed.insert(n);
            }
            for portion in [3].into_iter().cycle().take(100).chain([1000; 2]) {
                fold(&mut folded, &running, xid, number, &committed, rolled_up, portion);
            }
            done.sort_unstable();
            prop_assert!(done.iter().eq(committed.iter()));
            prop_assert!(folded.gaps.is_empty());
        }
    }
}

//! Which batches were not there when a fold ran: batches take their numbers before they commit, so that a lower number
//! may appear after a higher one was folded. A fold keeps the numbers it passed over until every transaction that ran
//! then has ended; what has not appeared by that time never will.

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

    /// After a fold of everything visible up to `high` that was not folded: `seen` are the batches it found. In the
    /// fold's snapshot all transactions below `xmin` had ended and `xmax` was the next id to be given out.
    pub fn after(&self, high: i64, seen: &BTreeSet<i64>, xmin: i64, xmax: i64) -> Folded {
        let high = high.max(self.high);
        let mut gaps = Vec::new();
        for gap in self.gaps.iter().filter(|gap| gap.seen_at > xmin) {
            split(*gap, seen, &mut gaps);
        }
        if high > self.high {
            split(
                Gap {
                    low: self.high + 1,
                    high,
                    seen_at: xmax,
                },
                seen,
                &mut gaps,
            );
        }
        Folded { high, gaps }
    }
}

/// What is left of a gap without the numbers seen.
fn split(gap: Gap, seen: &BTreeSet<i64>, out: &mut Vec<Gap>) {
    let mut low = gap.low;
    for &number in seen.range(gap.low..=gap.high) {
        if number > low {
            out.push(Gap {
                low,
                high: number - 1,
                ..gap
            });
        }
        low = number + 1;
    }
    if low <= gap.high {
        out.push(Gap { low, ..gap });
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

    proptest! {
        /// Transactions begin, take a number, and commit or abort in any order; folds come in between.
        #[test]
        fn every_batch_is_folded_once(steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 0..120)) {
            let (mut xid, mut number) = (10_i64, 0_i64);
            let mut running: Vec<(i64, i64)> = Vec::new();
            let mut committed = BTreeSet::new();
            let (mut folded, mut done) = (Folded::default(), Vec::<i64>::new());
            let mut fold = |folded: &mut Folded, running: &[(i64, i64)], xid: i64, number: i64, committed: &BTreeSet<i64>| {
                let new: BTreeSet<i64> = committed.iter().copied().filter(|&n| !folded.contains(n) && n <= number).collect();
                done.extend(&new);
                let xmin = running.iter().map(|&(x, _)| x).min().unwrap_or(xid);
                *folded = folded.after(number, &new, xmin, xid);
            };
            for (what, which) in steps {
                match what {
                    0 => {
                        // The transaction id is taken before the number.
                        running.push((xid, number + 1));
                        xid += 1;
                        number += 1;
                    }
                    1 | 2 if !running.is_empty() => {
                        let (_, n) = running.swap_remove(which.index(running.len()));
                        if what == 1 {
                            committed.insert(n);
                        }
                    }
                    _ => fold(&mut folded, &running, xid, number, &committed),
                }
            }
            for (_, n) in running.drain(..) {
                committed.insert(n);
            }
            fold(&mut folded, &running, xid, number, &committed);
            fold(&mut folded, &running, xid, number, &committed);
            done.sort_unstable();
            prop_assert!(done.iter().eq(committed.iter()));
            prop_assert!(folded.gaps.is_empty());
        }
    }
}

use proptest::prelude::*;

use super::*;

const NONE: BTreeSet<i64> = BTreeSet::new();

fn gap(low: i64, high: i64, seen_at: i64) -> Gap {
    Gap { low, high, seen_at }
}

#[test]
fn a_number_passed_over_is_waited_for_until_it_cannot_come() {
    let start = Folded::default();
    let first = start.after(5, &BTreeSet::from([1, 2, 4]), &NONE, 100, 103);
    assert_eq!(first.gaps, [gap(3, 3, 103), gap(5, 5, 103)]);
    assert_eq!(first.floor(), 2);
    assert!(first.contains(4) && !first.contains(5) && !first.contains(6));
    let second = first.after(6, &BTreeSet::from([5, 6]), &NONE, 102, 105);
    assert_eq!(second.gaps, [gap(3, 3, 103)]);
    let third = second.after(6, &NONE, &NONE, 103, 106);
    assert_eq!((third.high, &third.gaps[..]), (6, &[][..]));
    assert_eq!(third.floor(), 6);
}

#[test]
fn a_portion_of_what_came_late_leaves_the_rest_for_the_next() {
    let open = Folded::default().after(9, &BTreeSet::from([1, 9]), &NONE, 100, 101);
    let late = BTreeSet::from([4, 5, 8]);
    assert_eq!(open.settled(&NONE, 1), 9);
    assert_eq!(open.settled(&late, 1), 3);
    assert_eq!(open.settled(&late, 2), open.floor());
    // The transaction has ended: 2 and 3 never come, 6 to 8 were not looked at.
    let next = open.after(5, &BTreeSet::from([4, 5]), &NONE, 101, 102);
    assert_eq!((next.high, &next.gaps[..]), (9, &[gap(6, 8, 101)][..]));
    assert_eq!(next.settled(&BTreeSet::from([8]), 1), 7);
}

#[test]
fn what_is_held_back_stays_open_though_every_transaction_has_ended() {
    let held = BTreeSet::from([2, 5]);
    let seen = BTreeSet::from([1, 3, 4, 6]);
    let first = Folded::default().after(6, &seen, &held, 100, 100);
    assert_eq!(first.gaps, [gap(2, 2, 100), gap(5, 5, 100)]);
    let second = first.after(7, &BTreeSet::from([5, 7]), &BTreeSet::from([2]), 101, 102);
    assert_eq!(second.gaps, [gap(2, 2, 102)]);
    let third = second.after(7, &BTreeSet::from([2]), &NONE, 103, 103);
    assert_eq!((third.floor(), third.gaps.len()), (7, 0));
}

/// Which transaction id a fold writes beside a gap.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// The next one to be given out, as read before the snapshot.
    Next,
    /// The snapshot's own upper end.
    Xmax,
}

/// A transaction of the server: ids are given out in order, and a number is taken by who has one.
struct Running {
    xid: i64,
    numbers: Vec<i64>,
}

/// Which ids are given out and ended, and which numbers taken and committed; and what folds made of it.
struct Server {
    bound: Bound,
    next_xid: i64,
    latest_completed: i64,
    last_number: i64,
    running: Vec<Running>,
    committed: BTreeSet<i64>,
    rolled_up: i64,
    folded: Folded,
    /// A fold under way: the last number and the next id that it read before its snapshot.
    begun: Option<(i64, i64)>,
    done: Vec<i64>,
}

impl Server {
    fn new(bound: Bound) -> Server {
        Server {
            bound,
            next_xid: 10,
            latest_completed: 9,
            last_number: 0,
            running: Vec::new(),
            committed: BTreeSet::new(),
            rolled_up: 0,
            folded: Folded::default(),
            begun: None,
            done: Vec::new(),
        }
    }

    fn begin(&mut self) {
        let (xid, numbers) = (self.next_xid, Vec::new());
        self.next_xid += 1;
        self.running.push(Running { xid, numbers });
    }

    /// A batch in this transaction, which may have one already; or one that is undone, as in a sub-transaction.
    fn take_number(&mut self, which: usize, is_kept: bool) {
        self.last_number += 1;
        if is_kept {
            self.running[which].numbers.push(self.last_number);
        }
    }

    fn end(&mut self, which: usize, commits: bool) {
        let ended = self.running.swap_remove(which);
        self.latest_completed = self.latest_completed.max(ended.xid);
        if commits {
            self.committed.extend(ended.numbers);
        }
    }

    fn begin_fold(&mut self) {
        self.begun = Some((self.last_number, self.next_xid));
    }

    /// Takes the snapshot, folds so many numbers at most, and commits. `held` of what it finds it leaves.
    fn fold(&mut self, portion: i64, held: impl Fn(i64) -> bool) {
        let Some((last, next)) = self.begun.take() else {
            return;
        };
        let xmax = self.latest_completed + 1;
        let running = self.running.iter().map(|running| running.xid);
        let xmin = running.filter(|&xid| xid < xmax).min().unwrap_or(xmax);
        let folded = &self.folded;
        let is_in_gap = |n: i64| n <= folded.high && !folded.contains(n);
        let visible = || self.committed.iter().copied();
        let late = visible()
            .filter(|&n| n > self.rolled_up && is_in_gap(n))
            .collect();
        let settled = folded.settled(&late, self.rolled_up);
        let to = last.min(settled + portion);
        let found = visible().filter(|&n| n > settled && n <= to && !folded.contains(n));
        let (held, seen): (BTreeSet<i64>, BTreeSet<i64>) = found.partition(|&n| held(n));
        self.done.extend(&seen);
        let bound = match self.bound {
            Bound::Next => next,
            Bound::Xmax => xmax,
        };
        self.folded = self.folded.after(to, &seen, &held, xmin, bound);
        // A fold that writes ends as a transaction with an id of its own.
        self.latest_completed = self.latest_completed.max(self.next_xid);
        self.next_xid += 1;
    }

    fn step(&mut self, what: u8, which: prop::sample::Index) {
        let any = (!self.running.is_empty()).then(|| which.index(self.running.len().max(1)));
        match (what, any) {
            (0, _) => self.begin(),
            (1 | 2, Some(any)) => self.take_number(any, true),
            (3, Some(any)) => self.take_number(any, false),
            (4 | 5, Some(any)) => self.end(any, true),
            (6, Some(any)) => self.end(any, false),
            (7, _) => {
                let nth = self.committed.iter().nth(which.index(8));
                self.rolled_up = self.rolled_up.max(nth.copied().unwrap_or(0));
            }
            (8 | 9, _) => self.begin_fold(),
            (10 | 11, _) => self.fold(1 + which.index(6) as i64, |n| n % 7 == 3),
            _ => {}
        }
    }

    /// Everything ends, and folds come until there is nothing left.
    fn settle(&mut self) {
        while !self.running.is_empty() {
            self.end(0, true);
        }
        for portion in [3].into_iter().cycle().take(60).chain([1000; 3]) {
            self.begin_fold();
            self.fold(portion, |_| false);
        }
        self.done.sort_unstable();
    }
}

#[test]
fn a_snapshots_upper_end_would_lose_a_batch() {
    let lost = |bound| {
        let mut server = Server::new(bound);
        for _ in 0..2 {
            server.begin();
            server.take_number(server.running.len() - 1, true);
        }
        server.end(0, true);
        // The other one runs, with an id that no ended one lies above.
        for _ in 0..2 {
            server.begin_fold();
            server.fold(1000, |_| false);
        }
        server.settle();
        server.committed.len() - server.done.len()
    };
    assert_eq!((lost(Bound::Xmax), lost(Bound::Next)), (1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    /// Transactions begin, take numbers, and commit or abort in any order, between what a fold reads and its snapshot
    /// too; folds take so many numbers, and hold some back; what is committed is rolled up in the ledger, folded or not.
    #[test]
    fn every_batch_is_folded_once(steps in prop::collection::vec((0_u8..12, any::<prop::sample::Index>()), 0..80)) {
        let mut server = Server::new(Bound::Next);
        for (what, which) in steps {
            server.step(what, which);
        }
        server.settle();
        prop_assert!(server.done.iter().eq(server.committed.iter()));
        prop_assert!(server.folded.gaps.is_empty());
    }
}

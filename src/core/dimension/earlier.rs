//! Keys of earlier versions: what late events, and lines of their orders, refer to in place of the current version. Asked once a row
//! or line, so an answer costs no more when there are many.

/// Key by place (a row or a line) and dimension.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// In order of place once sorted.
    keys: Vec<(usize, usize, i32)>,
}

impl Earlier {
    /// Adds keys, in any order. The last key for a place and dimension wins.
    pub fn add(&mut self, found: impl IntoIterator<Item = (usize, usize, i32)>) {
        let before = self.keys.len();
        self.keys.extend(found);
        if self.keys.len() > before {
            // What was there is sorted: runs are merged.
            self.keys
                .sort_by_key(|&(place, dimension, _)| (place, dimension));
        }
    }

    /// Dimensions and keys of one place.
    pub fn of(&self, place: usize) -> impl Iterator<Item = (usize, i32)> {
        self.between(place, place + 1)
            .iter()
            .map(|&(_, dimension, key)| (dimension, key))
    }

    /// Places with such keys, each once.
    pub fn places(&self, from: usize, to: usize) -> impl Iterator<Item = usize> {
        self.between(from, to)
            .chunk_by(|one, next| one.0 == next.0)
            .map(|keys| keys[0].0)
    }

    fn between(&self, from: usize, to: usize) -> &[(usize, usize, i32)] {
        let at = |place: usize| self.keys.partition_point(|key| key.0 < place);
        &self.keys[at(from)..at(to)]
    }
}

#[cfg(test)]
mod tests {
    use super::Earlier;

    #[test]
    fn each_place_has_its_own_keys_whatever_the_order_they_came_in() {
        let mut earlier = Earlier::default();
        earlier.add([(7, 1, 70), (2, 1, 20)]);
        earlier.add([(2, 0, 21), (5, 2, 50), (2, 1, 22)]);
        assert_eq!(
            earlier.of(2).collect::<Vec<_>>(),
            [(0, 21), (1, 20), (1, 22)]
        );
        assert_eq!(earlier.of(7).collect::<Vec<_>>(), [(1, 70)]);
        assert_eq!(earlier.of(3).count(), 0);
        assert_eq!(earlier.places(0, 8).collect::<Vec<_>>(), [2, 5, 7]);
        assert_eq!(earlier.places(3, 7).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn an_answer_reads_the_keys_of_its_place_alone() {
        let mut earlier = Earlier::default();
        let late = 200_000;
        earlier.add((0..late).map(|row| (row, 1, row as i32)));
        earlier.add((0..late).map(|row| (row, 2, -(row as i32))));
        let read: usize = (0..late).map(|row| earlier.of(row).count()).sum();
        assert_eq!(read, 2 * late);
        assert_eq!(earlier.of(late - 1).last(), Some((2, 1 - late as i32)));
    }
}

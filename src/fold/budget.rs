//! How much memory may be used for what is not folded yet: counted as it is read, so that a report ends with an error
//! rather than with the server's memory. A fold takes portions, and needs no bound.

use std::cell::Cell;

use crate::server::failure::Failure;

#[derive(Debug)]
pub struct Budget {
    limit: usize,
    used: Cell<usize>,
}

impl Budget {
    pub fn unlimited() -> Budget {
        Budget::new(usize::MAX)
    }

    pub fn new(limit: usize) -> Budget {
        Budget {
            limit,
            used: Cell::new(0),
        }
    }

    /// Counts bytes that are about to be held to the end.
    pub fn spend(&self, bytes: usize) -> Result<(), Failure> {
        let used = self.used.get().saturating_add(bytes);
        self.used.set(used);
        if used > self.limit {
            return Err(Failure::tail_too_large(self.limit));
        }
        Ok(())
    }

    pub fn used(&self) -> usize {
        self.used.get()
    }
}

//! A member of starsink_admin operates: it gets neither rights that are not its own nor another's data.

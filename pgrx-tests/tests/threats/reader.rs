//! A member of starsink_reader reads the warehouse, and nobody's personal data.

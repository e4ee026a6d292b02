//! A page tells of its products: it leads the crawler nowhere else.

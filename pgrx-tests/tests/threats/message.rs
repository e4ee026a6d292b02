//! A message is loaded or put aside: it takes no more memory, time or rights than its size gives it.

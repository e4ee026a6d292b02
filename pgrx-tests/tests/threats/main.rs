//! What nobody may do, by who would: each file is named after one who tries.
//!
//! # Layout
//! - `admin`: a member of starsink_admin; `reader`: a member of starsink_reader; `owner`: the owner of the database.
//! - `message`: whoever can put messages into the topic; `page`: whoever serves a page that the crawler visits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod message;
mod owner;
mod page;
mod reader;

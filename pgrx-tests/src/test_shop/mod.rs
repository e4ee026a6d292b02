//! A shop to be crawled: four national stores on loopback addresses of their own, pages in five styles, and all that
//! makes a crawler's life hard. It writes down every request, so that what a crawler did is known from the other side.
//!
//! # Layout
//! - [`goods`]  what is sold, in which language, and what each style of page says of it
//! - [`page`]   the five styles
//! - [`server`] the stores: paths, answers, the log

pub mod goods;
pub mod page;
pub mod server;

pub use goods::{Language, Product, Style, Truth};
pub use server::{Hit, TestShop};

//! Product pages: from an address to what the page says of its product.
//!
//! Owns how a page is fetched and read; knows nothing of PostgreSQL, so that it can be tested on its own. A page's
//! content never makes it fail: every visit has a [`visit::Outcome`].
//!
//! # Layout
//! - [`visit`]   one request of one job, and what came of it
//! - [`fetch`]   HTTP: limits, conditional requests, redirects handed back; [`resolver`] connects to checked addresses only
//! - [`hosts`]   which hosts may be visited, and [`hosts::Place`], a page's address; [`address`] which IP addresses
//! - [`robots`]  robots.txt (RFC 9309); [`sitemap`] sitemaps and their indexes
//! - [`verdict`] what follows from a visit
//! - [`retry`]   Retry-After, and waiting longer after each failure
//! - [`markup`]  HTML as a flat list of elements
//! - [`extract`] the product of a page

pub mod address;
pub mod extract;
pub mod fetch;
pub mod hosts;
pub mod markup;
pub mod resolver;
pub mod retry;
pub mod robots;
pub mod sitemap;
pub mod verdict;
pub mod visit;

//! The crawler's settings at one moment.

use std::time::Duration;

use crate::settings::guc::get;
use crate::settings::table::*;
use starsink_core::crawl::fetch::Limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crawl {
    /// Who is to be asked about the crawler; without it none runs.
    pub contact: String,
    pub allowed_hosts: String,
    /// When a page that was fetched is due again.
    pub refresh: Duration,
    /// Between two requests to a host.
    pub delay: Duration,
    /// Wait after the first failure.
    pub retry: Duration,
    /// Hosts that are asked at a time.
    pub connections: usize,
    pub sitemap: bool,
    pub limits: Limits,
}

impl Crawl {
    pub fn current() -> Crawl {
        let contact = get(&CRAWL_USER_AGENT_CONTACT);
        let seconds = |value: i32| Duration::from_secs(value.max(0) as u64);
        let millis = |value: i32| Duration::from_millis(value.max(0) as u64);
        Crawl {
            allowed_hosts: get(&CRAWL_ALLOWED_HOSTS),
            refresh: seconds(CRAWL_REFRESH.get()),
            delay: millis(CRAWL_DELAY.get()),
            retry: seconds(CRAWL_RETRY.get()),
            connections: CRAWL_CONNECTIONS.get().max(1) as usize,
            sitemap: CRAWL_SITEMAP.get(),
            limits: Limits {
                timeout: millis(CRAWL_TIMEOUT.get()),
                max_bytes: CRAWL_MAX_BYTES.get().max(1) as usize,
                allow_internal: CRAWL_ALLOW_PRIVATE_ADDRESSES.get(),
                user_agent: format!("starsink/{} (+{contact})", env!("CARGO_PKG_VERSION")),
            },
            contact,
        }
    }
}

//! What decoding needs to know of the warehouse: the key of its hashes, its own stores, what sites are known for.

use starsink_core::event::policy::Policy;
use starsink_core::event::traffic::source;

use crate::server::catalog::has_relation;
use crate::server::failure::Failure;
use crate::server::statement::Statement;

/// What is known at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    pub email_key: Vec<u8>,
    pub store_labels: Vec<String>,
    pub sites: String,
}

impl Knowledge {
    pub fn current() -> Result<Knowledge, Failure> {
        Ok(Knowledge {
            email_key: email_key()?,
            store_labels: store_labels()?,
            sites: sites()?,
        })
    }

    /// The policy with what is known.
    pub fn complete(self, policy: Policy) -> Policy {
        Policy {
            email_key: self.email_key,
            store_labels: self.store_labels,
            sites: self.sites,
            ..policy
        }
    }
}

/// The key of this warehouse's e-mail hashes.
pub fn email_key() -> Result<Vec<u8>, Failure> {
    let key = Statement::new(
        "SELECT value FROM starsink.secret WHERE name = 'email'",
        &[],
    )
    .first(&[], |row| row.get(1))?;
    Ok(key.unwrap_or_default())
}

/// Labels before the public suffix of the stores' domains: what makes a referrer internal. A store that only events have
/// named has the domain of an event, which anybody may write: it makes nothing internal until a merge completes it.
pub fn store_labels() -> Result<Vec<String>, Failure> {
    let mut labels = Vec::new();
    Statement::new(
        "SELECT DISTINCT pg_catalog.split_part(domain, '.', 1) FROM warehouse.dim_store WHERE is_current AND NOT is_inferred AND domain LIKE '%.%' ORDER BY 1",
        &[],
    )
    .each(&[], |row| {
        labels.push(row.get(1)?);
        Ok(())
    })?;
    Ok(labels)
}

/// What sites are known for, as the operator's table has it, a line each; what is built in where there is none yet.
pub fn sites() -> Result<String, Failure> {
    if !has_relation(c"site") {
        return Ok(source::seeded());
    }
    let table = Statement::new(
        "SELECT pg_catalog.string_agg(domain || E'\\t' || kind || E'\\t' || COALESCE(source, ''), E'\\n' ORDER BY domain) \
         FROM starsink.site",
        &[],
    )
    .first(&[], |row| row.optional::<String>(1))?;
    Ok(table.flatten().unwrap_or_default())
}

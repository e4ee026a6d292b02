//! Settings with a fixed set of values, in the words of librdkafka where it has them.

use pgrx::PostgresGucEnum;

/// Where to begin in a partition that has no committed offset yet: librdkafka's `auto.offset.reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub enum OffsetReset {
    #[name = c"earliest"]
    Earliest,
    #[name = c"latest"]
    Latest,
}

/// What to do when the committed offset is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub enum OnReset {
    #[name = c"earliest"]
    Earliest,
    #[name = c"latest"]
    Latest,
    #[name = c"pause"]
    Pause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum SecurityProtocol {
    #[name = c"plaintext"]
    Plaintext,
    #[name = c"ssl"]
    Ssl,
    #[name = c"sasl_plaintext"]
    SaslPlaintext,
    #[name = c"sasl_ssl"]
    SaslSsl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum SaslMechanism {
    #[name = c"PLAIN"]
    Plain,
    #[name = c"SCRAM-SHA-256"]
    ScramSha256,
    #[name = c"SCRAM-SHA-512"]
    ScramSha512,
    #[name = c"OAUTHBEARER"]
    OauthBearer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum IsolationLevel {
    #[name = c"read_committed"]
    ReadCommitted,
    #[name = c"read_uncommitted"]
    ReadUncommitted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum EndpointCheck {
    #[name = c"https"]
    Https,
    #[name = c"none"]
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum Email {
    #[name = c"none"]
    None,
    #[name = c"hash"]
    Hash,
    #[name = c"full"]
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum Ip {
    #[name = c"none"]
    None,
    #[name = c"truncated"]
    Truncated,
    #[name = c"full"]
    Full,
}

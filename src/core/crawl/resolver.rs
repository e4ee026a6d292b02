//! Names to addresses, once for each connection: what is connected to is what was checked, so that a name which
//! answers otherwise the next time gains nothing.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::is_internal;

/// ureq connects to this many at most.
const MAX_ADDRESSES: usize = 16;

/// Who knows the addresses of names.
pub trait Names: Send + Sync + 'static {
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The operating system.
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs()?.collect())
    }
}

/// A name has only addresses that may not be connected to.
#[derive(Debug)]
pub struct InternalAddress(pub SocketAddr);

impl fmt::Display for InternalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not on the Internet", self.0.ip())
    }
}

impl std::error::Error for InternalAddress {}

/// The resolver that keeps connections on the Internet.
pub struct Guard {
    pub names: Arc<dyn Names>,
    pub allow_internal: bool,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("allow_internal", &self.allow_internal)
            .finish()
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = uri
            .port_u16()
            .unwrap_or(if uri.scheme_str() == Some("http") {
                80
            } else {
                443
            });
        // The operating system's look-up cannot be told when to stop: it is left alone after the timeout.
        let (sender, receiver) = mpsc::sync_channel(1);
        let names = Arc::clone(&self.names);
        thread::Builder::new()
            .name("starsink names".to_owned())
            .spawn(move || sender.send(names.addresses(&host, port)))?;
        let found = match receiver.recv_timeout(*timeout.after) {
            Ok(found) => found.map_err(|_| ureq::Error::HostNotFound)?,
            Err(_) => return Err(ureq::Error::Timeout(timeout.reason)),
        };
        let mut allowed = self.empty();
        let permitted = |address: &&SocketAddr| self.allow_internal || !is_internal(address.ip());
        for address in found.iter().filter(permitted).take(MAX_ADDRESSES) {
            allowed.push(*address);
        }
        match (allowed.is_empty(), found.first()) {
            (false, _) => Ok(allowed),
            (true, Some(address)) => Err(ureq::Error::Other(Box::new(InternalAddress(*address)))),
            (true, None) => Err(ureq::Error::HostNotFound),
        }
    }
}

//! The visitor's country by IP address, from a file in the MaxMind DB format.
//!
//! The only place here that reads a file. It is read into memory: a mapped file that somebody writes over or cuts off
//! would end the process by a signal, which in a server's worker restarts the whole server.

use std::fs::{self, File};
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions};

/// Largest file that is read; databases of countries have some megabytes, of cities below a hundred.
const MAX_BYTES: u64 = 1 << 30;
/// Networks, with those of no data, in which a new database is searched for its first country.
const SAMPLE: usize = 10_000;
/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where the code stands in a record: in that of ip-location-db, and in that of GeoLite2 and GeoIP2.
const PLACES: [&[PathElement<'static>]; 2] = [
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
];

/// A database of countries by IP address.
#[derive(Debug)]
pub struct Countries {
    reader: Reader<Vec<u8>>,
    place: &'static [PathElement<'static>],
}

impl Countries {
    /// Reads a file; the error is for the operator.
    pub fn open(path: &Path) -> Result<Countries, String> {
        read(path)
            .and_then(Countries::from_bytes)
            .map_err(|reason| format!("{}: {reason}", path.display()))
    }

    /// Takes the bytes of a file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Countries, String> {
        let reader = Reader::from_source(bytes).map_err(|error| error.to_string())?;
        // All networks count, so that a damaged tree that leads back into itself is not walked for ever.
        let every = WithinOptions::default()
            .include_networks_without_data()
            .include_aliased_networks();
        let networks = || {
            let networks = reader.networks(every).ok().into_iter().flatten();
            networks.take(SAMPLE).flatten()
        };
        let place = PLACES
            .into_iter()
            .find(|place| networks().any(|network| matches!(code(&network, place), Ok(Some(_)))))
            .ok_or("it has no country codes")?;
        Ok(Countries { reader, place })
    }

    /// The alpha-2 code of the country that an address is in, if known. An error: the file is damaged.
    pub fn country(&self, ip: IpAddr) -> Result<Option<[u8; 2]>, MaxMindDbError> {
        match self.reader.lookup(ip.to_canonical()) {
            Ok(found) => code(&found, self.place),
            // An address of IPv6 in a file of IPv4.
            Err(MaxMindDbError::InvalidInput { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn code(
    found: &LookupResult<'_, Vec<u8>>,
    place: &[PathElement<'_>],
) -> Result<Option<[u8; 2]>, MaxMindDbError> {
    let code: Option<&str> = found.decode_path(place)?;
    let code: Option<[u8; 2]> = code.and_then(|code| code.as_bytes().try_into().ok());
    Ok(code
        .filter(|code| code.iter().all(u8::is_ascii_uppercase) && !matches!(code, b"XX" | b"ZZ")))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    // Before it is opened: to open a pipe is to wait for its writer.
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".to_owned());
    }
    if metadata.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The database at a path, whatever happens to the file: it is read again when it changed, and kept when it cannot be.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    countries: Option<Countries>,
    /// The file as it was when it was read.
    seen: Option<Stamp>,
    looked: Option<Instant>,
    /// Why the file as it is now is not in use, and whether that was told.
    error: Option<(String, bool)>,
}

/// What tells one state of a file from another. Rights count too, by the change time: they may let it be read.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Result<Stamp, String> {
        let metadata =
            fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Stamp {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Watched {
    /// Nothing is read yet.
    pub fn new(path: PathBuf) -> Watched {
        Watched {
            path,
            countries: None,
            seen: None,
            looked: None,
            error: None,
        }
    }

    /// The database as it is now, or was five seconds ago; `None` when there never was one.
    pub fn refreshed(&mut self, now: Instant) -> Option<&Countries> {
        let is_due = self
            .looked
            .is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK_EVERY);
        if is_due {
            self.looked = Some(now);
            self.look();
        }
        self.countries.as_ref()
    }

    /// The database as it was when it was last looked at.
    pub fn current(&self) -> Option<&Countries> {
        self.countries.as_ref()
    }

    /// What the operator should know of the file, once.
    pub fn take_error(&mut self) -> Option<String> {
        let (error, was_told) = self.error.as_mut().filter(|(_, was_told)| !was_told)?;
        *was_told = true;
        Some(error.clone())
    }

    fn look(&mut self) {
        let before = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => {
                self.seen = None;
                return self.fail(error);
            }
        };
        if self.seen.as_ref() == Some(&before) {
            return;
        }
        let opened = Countries::open(&self.path);
        // What changed while it was read is half one file and half another: it is left for the next look.
        if Stamp::of(&self.path).as_ref() != Ok(&before) {
            return;
        }
        self.seen = Some(before);
        match opened {
            Ok(countries) => {
                self.countries = Some(countries);
                self.error = None;
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: String) {
        if self.error.as_ref().is_none_or(|(known, _)| *known != error) {
            self.error = Some((error, false));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::IpAddr;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::{Countries, LOOK_EVERY, Watched};

    /// A record of the search tree.
    #[derive(Clone, Copy)]
    enum Record {
        Empty,
        Node(usize),
        Data(usize),
    }

    /// What the format has of types.
    enum Value {
        Text(&'static str),
        Short(u16),
        Long(u32),
        Epoch(u64),
        NoLanguages,
        Map(Vec<(&'static str, Value)>),
    }

    use Value::{Epoch, Long, Map, NoLanguages, Short, Text};

    impl Value {
        fn write(&self, out: &mut Vec<u8>) {
            let head = |kind: u8, length: usize| (kind << 5) | u8::try_from(length).unwrap();
            match self {
                Text(text) => {
                    assert!(text.len() < 29);
                    out.push(head(2, text.len()));
                    out.extend(text.as_bytes());
                }
                Short(number) => {
                    out.push(head(5, 2));
                    out.extend(number.to_be_bytes());
                }
                Long(number) => {
                    out.push(head(6, 4));
                    out.extend(number.to_be_bytes());
                }
                Epoch(seconds) => {
                    // A type above 7 follows in a byte of its own.
                    out.extend([head(0, 8), 9 - 7]);
                    out.extend(seconds.to_be_bytes());
                }
                NoLanguages => out.extend([head(0, 0), 11 - 7]),
                Map(entries) => {
                    out.push(head(7, entries.len()));
                    for (key, value) in entries {
                        Text(key).write(out);
                        value.write(out);
                    }
                }
            }
        }
    }

    /// A database of these networks, of IPv6 or of IPv4 only.
    fn database(version: u16, networks: Vec<(&str, Value)>) -> Vec<u8> {
        let mut nodes = vec![[Record::Empty; 2]];
        let mut data = Vec::new();
        for (network, value) in networks {
            let (ip, length) = network.split_once('/').unwrap();
            let mut length: u32 = length.parse().unwrap();
            let bits = match ip.parse().unwrap() {
                IpAddr::V4(ip) if version == 4 => u128::from(ip.to_bits()) << 96,
                IpAddr::V4(ip) => {
                    length += 96;
                    u128::from(ip.to_bits())
                }
                IpAddr::V6(ip) => ip.to_bits(),
            };
            let mut node = 0;
            for depth in 0..length {
                let bit = usize::from(bits << depth >> 127 == 1);
                if depth + 1 == length {
                    nodes[node][bit] = Record::Data(data.len());
                } else if let Record::Node(next) = nodes[node][bit] {
                    node = next;
                } else {
                    nodes.push([Record::Empty; 2]);
                    let next = nodes.len() - 1;
                    nodes[node][bit] = Record::Node(next);
                    node = next;
                }
            }
            value.write(&mut data);
        }
        let mut out = Vec::new();
        for record in nodes.iter().flatten() {
            let number = match record {
                Record::Empty => nodes.len(),
                Record::Node(node) => *node,
                Record::Data(at) => nodes.len() + 16 + at,
            };
            out.extend(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
        }
        out.extend([0; 16]);
        out.extend(data);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        Map(vec![
            ("binary_format_major_version", Short(2)),
            ("binary_format_minor_version", Short(0)),
            ("build_epoch", Epoch(1_591_266_092)),
            ("database_type", Text("test")),
            ("description", Map(vec![])),
            ("ip_version", Short(version)),
            ("languages", NoLanguages),
            ("node_count", Long(u32::try_from(nodes.len()).unwrap())),
            ("record_size", Short(24)),
        ])
        .write(&mut out);
        out
    }

    fn flat(code: &'static str) -> Value {
        Map(vec![("country_code", Text(code))])
    }

    fn nested(code: &'static str) -> Value {
        Map(vec![
            ("continent", Map(vec![("code", Text("EU"))])),
            (
                "country",
                Map(vec![
                    ("geoname_id", Long(2_921_044)),
                    ("iso_code", Text(code)),
                    ("names", Map(vec![("en", Text("Somewhere"))])),
                ]),
            ),
            ("registered_country", Map(vec![("iso_code", Text("US"))])),
        ])
    }

    fn three(version: u16, record: fn(&'static str) -> Value) -> Vec<u8> {
        let mut networks = vec![
            ("192.0.2.0/24", record("DE")),
            ("198.51.100.0/25", record("VN")),
            ("203.0.113.7/32", record("ZZ")),
        ];
        if version == 6 {
            networks.push(("2001:db8::/32", record("CL")));
        }
        database(version, networks)
    }

    fn country(countries: &Countries, ip: &str) -> Option<String> {
        let code = countries.country(ip.parse().unwrap()).ok()??;
        Some(String::from_utf8(code.to_vec()).unwrap())
    }

    #[test]
    fn addresses_have_the_country_of_their_network_in_both_forms() {
        for (version, record) in [
            (6, flat as fn(&'static str) -> Value),
            (6, nested),
            (4, flat),
            (4, nested),
        ] {
            let countries = Countries::from_bytes(three(version, record)).unwrap();
            for (ip, code) in [
                ("192.0.2.0", Some("DE")),
                ("192.0.2.255", Some("DE")),
                ("::ffff:192.0.2.1", Some("DE")),
                ("192.0.3.0", None),
                ("198.51.100.127", Some("VN")),
                ("198.51.100.128", None),
                ("203.0.113.7", None),
                ("127.0.0.1", None),
                ("2001:db8:1::1", Some("CL").filter(|_| version == 6)),
                ("2001:db9::1", None),
                ("::1", None),
            ] {
                assert_eq!(country(&countries, ip).as_deref(), code, "{ip}, {version}");
            }
        }
    }

    #[test]
    fn a_database_of_something_else_is_refused() {
        let of_networks = Map(vec![("autonomous_system_number", Long(64_496))]);
        for (bytes, reason) in [
            (
                database(6, vec![("192.0.2.0/24", of_networks)]),
                "no country codes",
            ),
            (
                database(6, vec![("192.0.2.0/24", flat("Germany"))]),
                "no country codes",
            ),
            (
                database(6, vec![("192.0.2.0/24", flat("de"))]),
                "no country codes",
            ),
            (database(6, vec![]), "no country codes"),
            (b"192.0.2.0/24,DE\n".to_vec(), "metadata"),
            (Vec::new(), "metadata"),
        ] {
            let error = Countries::from_bytes(bytes).unwrap_err();
            assert!(error.to_lowercase().contains(reason), "{error}");
        }
        for path in ["/nowhere/country.mmdb", "/dev/zero", "/"] {
            let error = Countries::open(Path::new(path)).unwrap_err();
            assert!(error.starts_with(&format!("{path}: ")), "{error}");
        }
    }

    #[test]
    fn no_damage_to_a_file_makes_it_panic() {
        let whole = three(6, nested);
        assert!(Countries::from_bytes(whole.clone()).is_ok());
        let mut failed = 0;
        for at in 0..whole.len() {
            for byte in [0, 0xFF, whole[at] ^ 1, whole[at] ^ 0x80] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(countries) = Countries::from_bytes(bytes) {
                    for ip in ["192.0.2.1", "198.51.100.1", "2001:db8::1", "::"] {
                        failed += usize::from(countries.country(ip.parse().unwrap()).is_err());
                    }
                }
            }
            assert!(Countries::from_bytes(whole[..at].to_vec()).is_err());
        }
        assert!(
            failed > 0,
            "damage that is met is told from an unknown address"
        );
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_one_that_breaks_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("country.mmdb");
        let one = |code| database(6, vec![("192.0.2.0/24", flat(code))]);
        let replace = |bytes: Vec<u8>| {
            let other = folder.path().join("new");
            fs::write(&other, bytes).unwrap();
            fs::rename(other, &path).unwrap();
        };
        let mut watched = Watched::new(path.clone());
        let mut now = Instant::now();
        let mut later = |by: Duration| {
            now += by;
            now
        };
        let read = |watched: &mut Watched, now| {
            let code = watched
                .refreshed(now)
                .and_then(|found| country(found, "192.0.2.1"));
            (code.unwrap_or_default(), watched.take_error().is_some())
        };
        let (at_once, second) = (Duration::ZERO, Duration::from_secs(1));
        let mut expect = |by, code: &str, is_error| {
            assert_eq!(read(&mut watched, later(by)), (code.to_owned(), is_error));
        };

        expect(at_once, "", true);
        expect(LOOK_EVERY, "", false);

        replace(one("DE"));
        expect(LOOK_EVERY - second, "", false);
        expect(second, "DE", false);

        replace(one("CL"));
        expect(LOOK_EVERY, "CL", false);

        fs::write(&path, b"half a fi").unwrap();
        expect(LOOK_EVERY, "CL", true);
        expect(LOOK_EVERY, "CL", false);
        fs::write(&path, b"half a file").unwrap();
        expect(LOOK_EVERY, "CL", false);

        fs::remove_file(&path).unwrap();
        expect(LOOK_EVERY, "CL", true);
        expect(LOOK_EVERY, "CL", false);

        replace(one("VN"));
        expect(LOOK_EVERY, "VN", false);
        fs::remove_file(&path).unwrap();
        expect(LOOK_EVERY, "VN", true);
    }
}

//! One request at a time, without a server of PostgreSQL's: which addresses are connected to, and what limits hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use starsink_core::crawl::fetch::{Fetcher, Limits, Request, Trouble};
use starsink_core::crawl::resolver::{Names, SystemNames};

/// A name server whose answers are written down beforehand: one for each look-up, the last one for ever.
struct Answers {
    answers: Mutex<Vec<Vec<SocketAddr>>>,
    look_ups: AtomicUsize,
}

impl Answers {
    fn new(answers: &[&[SocketAddr]]) -> Arc<Answers> {
        Arc::new(Answers {
            answers: Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect()),
            look_ups: AtomicUsize::new(0),
        })
    }

    fn look_ups(&self) -> usize {
        self.look_ups.load(Ordering::Relaxed)
    }
}

impl Names for Answers {
    fn addresses(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        self.look_ups.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let answer = answers[0].clone();
        if answers.len() > 1 {
            answers.remove(0);
        }
        Ok(answer)
    }
}

fn limits(allow_internal: bool) -> Limits {
    Limits {
        timeout: Duration::from_secs(2),
        max_bytes: 100_000,
        allow_internal,
        user_agent: "starsink/test (+x@example.com)".into(),
    }
}

fn get(fetcher: &Fetcher, url: &str) -> Result<u16, Trouble> {
    let request = Request {
        url: url.to_owned(),
        ..Request::default()
    };
    fetcher.get(&request).map(|answer| answer.status)
}

/// A server that answers each connection with these bytes; counts connections.
fn server(address: &str, answer: impl Into<Vec<u8>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let (counted, answer) = (Arc::clone(&connections), answer.into());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            serve(&stream, &answer);
        }
    });
    (address, connections)
}

fn serve(stream: &TcpStream, answer: &[u8]) {
    let mut lines = BufReader::new(stream).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let mut stream = stream;
    let _ = stream.write_all(answer);
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_name_that_rebinds_gains_nothing() {
    let (inside, connections) = server("127.0.0.1:0", ok(b"secret"));
    let port = inside.port();
    let url = format!("http://shop.example:{port}/");
    // The name leads within: the first time, or only the second.
    let outside: SocketAddr = format!("203.0.113.7:{port}").parse().unwrap();
    for inner in [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "0.0.0.0",
    ] {
        let names = Answers::new(&[&[format!("{inner}:{port}").parse().unwrap()]]);
        let fetcher = Fetcher::new(&limits(false), names);
        assert_eq!(get(&fetcher, &url), Err(Trouble::Internal), "{inner}");
    }
    for inner in [
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
    ] {
        let names = Answers::new(&[&[format!("{inner}:{port}").parse().unwrap()]]);
        assert_eq!(
            get(&Fetcher::new(&limits(false), names), &url),
            Err(Trouble::Internal),
            "{inner}"
        );
    }
    assert_eq!(connections.load(Ordering::Relaxed), 0);

    // One look-up for a request: what it answers is what is connected to, and the next request asks and checks anew.
    let (first, at_first) = server("127.0.0.2:0", ok(b"page"));
    let names = Answers::new(&[&[first], &[inside]]);
    let fetcher = Fetcher::new(&limits(true), Arc::clone(&names) as Arc<dyn Names>);
    assert_eq!(get(&fetcher, &url), Ok(200));
    assert_eq!(
        (
            names.look_ups(),
            at_first.load(Ordering::Relaxed),
            connections.load(Ordering::Relaxed)
        ),
        (1, 1, 0)
    );
    let names = Answers::new(&[&[outside], &[inside]]);
    let fetcher = Fetcher::new(&limits(false), Arc::clone(&names) as Arc<dyn Names>);
    let _ = get(&fetcher, &url);
    assert_eq!(get(&fetcher, &url), Err(Trouble::Internal));
    assert_eq!(
        (names.look_ups(), connections.load(Ordering::Relaxed)),
        (2, 0)
    );
    // Addresses in the URL itself, in every notation, and names of the system.
    let fetcher = Fetcher::new(&limits(false), Arc::new(SystemNames));
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "169.254.169.254",
        "[::ffff:7f00:1]",
        "0.0.0.0",
    ] {
        assert_eq!(
            get(&fetcher, &format!("http://{host}:{port}/")),
            Err(Trouble::Internal),
            "{host}"
        );
    }
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

#[test]
fn redirects_are_handed_back_and_not_followed() {
    let (inside, connections) = server("127.0.0.1:0", ok(b"secret"));
    let to = |target: &str| {
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {target}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
    };
    for target in [
        format!("http://127.0.0.1:{}/", inside.port()),
        "http://169.254.169.254/".into(),
        "http://[::1]/".into(),
    ] {
        let (shop, _) = server("127.0.0.2:0", to(&target));
        let fetcher = Fetcher::new(&limits(true), Arc::new(SystemNames));
        let request = Request {
            url: format!("http://{shop}/"),
            ..Request::default()
        };
        let answer = fetcher.get(&request).unwrap();
        assert_eq!(
            (answer.status, answer.location.as_deref()),
            (302, Some(target.as_str()))
        );
    }
    assert_eq!(connections.load(Ordering::Relaxed), 0, "followed");
}

#[test]
fn limits_hold_whatever_a_server_sends() {
    let zipped = |bytes: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; bytes]).unwrap();
        encoder.finish().unwrap()
    };
    let zip = |body: Vec<u8>| {
        [format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat()
    };
    let endless = [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(),
        vec![b'x'; 200_000],
    ]
    .concat();
    for (answer, expected) in [
        (ok(&vec![b'x'; 100_000]), Ok(200)),
        (ok(&vec![b'x'; 100_001]), Err(Trouble::TooLarge)),
        (endless, Err(Trouble::TooLarge)),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx".to_vec(),
            Err(Trouble::TooLarge),
        ),
        (zip(zipped(100_000)), Ok(200)),
        (zip(zipped(50 << 20)), Err(Trouble::TooLarge)),
        (zip(b"garbage".to_vec()), Err(Trouble::Encoding)),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx".to_vec(),
            Err(Trouble::Encoding),
        ),
        (
            [
                b"HTTP/1.1 200 OK\r\nX: ".to_vec(),
                vec![b'y'; 1 << 20],
                b"\r\n\r\n".to_vec(),
            ]
            .concat(),
            Err(Trouble::Protocol),
        ),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), Err(Trouble::Protocol)),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Ok(404),
        ),
    ] {
        let (shop, _) = server("127.0.0.1:0", answer.clone());
        let fetcher = Fetcher::new(&limits(true), Arc::new(SystemNames));
        let got = get(&fetcher, &format!("http://{shop}/"));
        assert_eq!(got, expected, "{:.60}", String::from_utf8_lossy(&answer));
    }

    // A server that says a byte a moment is given up when the time is over.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let slow = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(&stream, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            let mut stream = stream;
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        }
    });
    let begin = Instant::now();
    let fetcher = Fetcher::new(&limits(true), Arc::new(SystemNames));
    assert_eq!(
        get(&fetcher, &format!("http://{slow}/")),
        Err(Trouble::Timeout)
    );
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key"), folder.path().join("certificate"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut server = Command::new("openssl")
        .args(["s_server", "-quiet", "-www", "-accept", &free.to_string()])
        .arg("-key")
        .arg(&key)
        .arg("-cert")
        .arg(&certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(free).is_err() {
        assert!(Instant::now() < deadline, "the server does not come up");
        thread::sleep(Duration::from_millis(20));
    }
    let names = Answers::new(&[&[free]]);
    let got = get(
        &Fetcher::new(&limits(true), names),
        &format!("https://localhost:{}/", free.port()),
    );
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(got, Err(Trouble::Tls));
}

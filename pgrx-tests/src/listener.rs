//! An address that takes what is posted to it, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Which status answers a body.
type Judge = Box<dyn FnMut(&str) -> u16 + Send>;

pub struct Listener {
    port: u16,
    bodies: Receiver<serde_json::Value>,
}

impl Listener {
    /// The first requests are answered with these statuses, all others with 200.
    pub fn start(mut statuses: Vec<u16>) -> Listener {
        statuses.reverse();
        Listener::judging(Box::new(move |_| statuses.pop().unwrap_or(200)))
    }

    /// Requests whose body holds the word are refused for ever, all others taken.
    pub fn refusing(word: &'static str) -> Listener {
        Listener::judging(Box::new(
            move |body| {
                if body.contains(word) { 400 } else { 200 }
            },
        ))
    }

    fn judging(mut judge: Judge) -> Listener {
        let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = socket.local_addr().expect("an address").port();
        let (bodies, theirs) = channel();
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                if let Some(body) = answer(stream, &mut judge) {
                    let _ = bodies.send(body);
                }
            }
        });
        Listener {
            port,
            bodies: theirs,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/secret-token", self.port)
    }

    /// The next body, as JSON.
    pub fn next(&self, limit: Duration) -> serde_json::Value {
        self.bodies
            .recv_timeout(limit)
            .unwrap_or_else(|_| panic!("nothing was posted within {limit:?}"))
    }
}

fn answer(mut stream: TcpStream, judge: &mut Judge) -> Option<serde_json::Value> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let status = judge(&body);
    write!(
        stream,
        "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    serde_json::from_str(&body).ok()
}

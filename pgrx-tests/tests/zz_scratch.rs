#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use starsink_tests::{
    kafka::Kafka,
    producer::{Compression, Producer},
    shop::Shop,
};
use std::collections::BTreeMap;
use std::time::Instant;
#[test]
fn shares() {
    let mut shop = Shop::new(2).visitors(500);
    let mut m: BTreeMap<String, u32> = BTreeMap::new();
    let n = 60000;
    let mut dev = std::collections::HashSet::new();
    for i in 0..n {
        let e = shop.next(1_591_266_092_123_456 + i * 1000);
        let j: serde_json::Value = serde_json::from_slice(&e.json).unwrap();
        *m.entry(j["collection"].to_string()).or_default() += 1;
        dev.insert(e.key);
        if i % 6000 == 77 {
            println!("{}", String::from_utf8_lossy(&e.json));
        }
    }
    for (k, v) in m {
        println!("{k} {:.2}%", f64::from(v) * 100.0 / n as f64);
    }
    println!("{} per device", n as f64 / dev.len() as f64);
}
#[test]
fn speed() {
    let mut shop = Shop::new(2);
    let mut b = Vec::new();
    let mut total = 0;
    let t = Instant::now();
    for i in 0..1_000_000 {
        shop.fill(1_591_266_092_123_456 + i, &mut b);
        total += b.len();
    }
    println!(
        "shop: {:?} for 1M, {} bytes",
        t.elapsed(),
        total / 1_000_000
    );
}
#[test]
fn broker() {
    let t = Instant::now();
    let k = Kafka::start();
    println!("kafka start {:?}", t.elapsed());
    k.create_topic("t", 4, &[]);
    for c in [Compression::None, Compression::Lz4] {
        let p = Producer::bulk(&k.client(), c);
        let mut shop = Shop::new(2);
        let t = Instant::now();
        p.send_events("t", 4, &mut shop, 1_000_000, || 1_591_266_092_123_456);
        println!("sent {:?}", t.elapsed());
        p.flush();
        println!("{c:?} flushed {:?}", t.elapsed());
    }
    let t = Instant::now();
    k.kill();
    k.restart();
    println!("kill+restart {:?}", t.elapsed());
    let t = Instant::now();
    k.restart();
    println!("stop+restart {:?}", t.elapsed());
}

#[test]
fn decoder() {
    use starsink_tests::event::{reader::Reader, policy::Policy, event::Outcome};
    let mut shop = Shop::new(9).bad_ratio(0.1);
    let mut r = Reader::new(Policy::default());
    let mut m: BTreeMap<String, u32> = BTreeMap::new();
    let now = 1_591_266_092_123_456;
    for _ in 0..50_000 {
        let e = shop.next(now);
        let got = match r.read(Some(&e.json), now) {
            Outcome::Accepted(a) => { assert_eq!(a.id, e.id); format!("accepted {:?}", a.flags) }
            other => format!("{other:?}").chars().take(150).collect(),
        };
        *m.entry(format!("{:?} -> {got}", e.fault.map(|f| f.code()))).or_default() += 1;
    }
    for (k, v) in m { println!("{v:6} {k}"); }
}

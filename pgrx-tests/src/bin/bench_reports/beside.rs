//! The same reports while events stream in from Kafka.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::now_micros;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;

use crate::Arguments;
use crate::reports::{self, Timing};

const PARTITIONS: i32 = 4;
/// The broker, its JIT compiler above all, and the steward come to rest.
const WARM_UP: Duration = Duration::from_secs(20);

pub fn measure(pg: &Cluster, arguments: &Arguments) -> Vec<Timing> {
    let rate = arguments.beside;
    if rate == 0 {
        return Vec::new();
    }
    let kafka = Kafka::builder().heap_mb(512).start();
    let topic = kafka.topic(&format!("beside-{}", std::process::id()), PARTITIONS);
    pg.alter_system("starsink.bootstrap_servers", kafka.bootstrap());
    pg.alter_system("starsink.topic", &topic);
    pg.reload();
    let stop: Arc<AtomicBool> = Arc::default();
    let producing = thread::spawn({
        let (client, topic, stop) = (kafka.client(), topic.clone(), Arc::clone(&stop));
        move || {
            let began = Instant::now();
            let sent =
                Producer::new(&client).send_at_rate(&topic, PARTITIONS, rate, now_micros, |_| {
                    stop.load(Ordering::Relaxed)
                });
            sent as f64 / began.elapsed().as_secs_f64()
        }
    });
    thread::sleep(WARM_UP);
    let timings = reports::measure(pg, arguments);
    let lag: i64 = pg.one("SELECT sum(lag_messages)::bigint FROM starsink.status");
    stop.store(true, Ordering::Relaxed);
    println!(
        "beside it {:.0} events/s were produced, and {lag} were not committed yet at the end",
        producing.join().unwrap()
    );
    timings
}

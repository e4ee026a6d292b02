//! How a broker is made: server.properties, storage, first start.

use std::fs;
use std::sync::{Mutex, OnceLock};

use super::tls::{PASSWORD, Secure, USER};
use super::{Folder, Kafka, Port};

/// Any valid one: a cluster of one node has nobody to be mistaken for.
const CLUSTER_ID: &str = "c3RhcnNpbmstdGVzdHMtMA";

pub struct Builder {
    secure: bool,
    heap_mb: u32,
    properties: Vec<(String, String)>,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            secure: false,
            heap_mb: 512,
            properties: Vec::new(),
        }
    }
}

impl Builder {
    /// A SASL_SSL listener besides the PLAINTEXT one, for SCRAM-SHA-512 and PLAIN.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    pub fn heap_mb(mut self, heap: u32) -> Self {
        self.heap_mb = heap;
        self
    }

    /// A line of server.properties; it wins over the fixture's own.
    pub fn property(mut self, name: &str, value: impl ToString) -> Self {
        self.properties.push((name.into(), value.to_string()));
        self
    }

    pub fn start(self) -> Kafka {
        let folder = Folder::new("kafka");
        let secure = self.secure.then(|| {
            let port = Port::reserve();
            let secure = Secure::make(&folder, port.number());
            (port, secure)
        });
        let kafka = Kafka {
            server: Mutex::new(None),
            heap_mb: self.heap_mb,
            plain: Port::reserve(),
            controller: Port::reserve(),
            secure,
            admin: OnceLock::new(),
            folder,
        };
        fs::write(
            kafka.folder.join("server.properties"),
            self.server_properties(&kafka),
        )
        .expect("server.properties");
        self.format_storage(&kafka);
        kafka.boot();
        kafka
    }

    fn server_properties(&self, kafka: &Kafka) -> String {
        let (plain, controller) = (kafka.plain.number(), kafka.controller.number());
        let data = kafka.folder.join("data");
        let mut listeners = format!("PLAINTEXT://127.0.0.1:{plain}");
        let mut security = String::new();
        if let Some((port, secure)) = &kafka.secure {
            listeners += &format!(",SASL_SSL://127.0.0.1:{}", port.number());
            security = secure.broker_properties();
        }
        let own = format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL\n\
             listeners={listeners},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners={listeners}\n\
             log.dirs={data}\n\
             auto.create.topics.enable=false\n\
             offsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=1\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             transaction.state.log.num.partitions=1\n\
             group.initial.rebalance.delay.ms=0\n\
             broker.session.timeout.ms=3000\n\
             broker.heartbeat.interval.ms=500\n\
             group.coordinator.append.linger.ms=0\n\
             log.initial.task.delay.ms=200\n\
             log.retention.check.interval.ms=500\n\
             log.cleaner.backoff.ms=200\n\
             log.cleaner.dedupe.buffer.size=16777216\n\
             message.max.bytes=16777216\n\
             num.network.threads=2\n\
             num.io.threads=4\n",
            data = data.display(),
        );
        let wished: String = self
            .properties
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        own + &security + &wished
    }

    fn format_storage(&self, kafka: &Kafka) {
        let mut format = kafka.java("kafka.tools.StorageTool");
        format
            .args(["format", "--cluster-id", CLUSTER_ID, "--config"])
            .arg(kafka.folder.join("server.properties"));
        if self.secure {
            format
                .arg("--add-scram")
                .arg(format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]"));
        }
        let output = format
            .output()
            .unwrap_or_else(|error| panic!("java: {error}"));
        assert!(
            output.status.success(),
            "formatting Kafka's storage: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

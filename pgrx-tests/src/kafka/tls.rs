//! The SASL_SSL listener: an authority, a server and a client certificate made for one broker, and its one user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdkafka::config::ClientConfig;

use crate::folder::Folder;

pub(super) const USER: &str = "shop";
/// Easy to look for where no secret may appear.
pub(super) const PASSWORD: &str = "opal-sesame-9317";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    Plain,
    ScramSha512,
}

impl Mechanism {
    /// As `sasl.mechanism` wants it.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// What a client needs for the SASL_SSL listener. The files are readable by all: the server that is tested
/// may run as another user. A client certificate is asked for, not demanded.
pub struct Secure {
    pub bootstrap: String,
    pub user: &'static str,
    pub password: &'static str,
    pub ca: PathBuf,
    pub client_certificate: PathBuf,
    pub client_key: PathBuf,
    server_store: PathBuf,
}

impl Secure {
    pub(super) fn make(folder: &Folder, port: u16) -> Secure {
        let file = |name: &str| folder.join(name);
        let (ca, ca_key) = (file("ca.pem"), file("ca.key"));
        certificate(&ca, &ca_key, "starsink test authority", None);
        let (server, server_key) = (file("server.pem"), file("server.key"));
        certificate(&server, &server_key, "broker", Some((&ca, &ca_key)));
        let (client_certificate, client_key) = (file("client.pem"), file("client.key"));
        certificate(&client_certificate, &client_key, USER, Some((&ca, &ca_key)));
        let server_store = file("server-store.pem");
        let store = [server_key, server]
            .map(|part| fs::read_to_string(part).expect("a PEM file"))
            .concat();
        fs::write(&server_store, store).expect("the broker's key store");
        let bootstrap = format!("127.0.0.1:{port}");
        Secure {
            bootstrap,
            user: USER,
            password: PASSWORD,
            ca,
            client_certificate,
            client_key,
            server_store,
        }
    }

    pub fn client(&self, mechanism: Mechanism) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("security.protocol", "SASL_SSL")
            .set("sasl.mechanism", mechanism.name())
            .set("sasl.username", self.user)
            .set("sasl.password", self.password)
            .set("ssl.ca.location", self.ca.display().to_string());
        config
    }

    pub(super) fn broker_properties(&self) -> String {
        let listener = "listener.name.sasl_ssl";
        let login = "org.apache.kafka.common.security";
        format!(
            "ssl.keystore.type=PEM\n\
             ssl.keystore.location={store}\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={ca}\n\
             ssl.client.auth=requested\n\
             sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n\
             {listener}.plain.sasl.jaas.config={login}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n\
             {listener}.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;\n",
            store = self.server_store.display(),
            ca = self.ca.display(),
        )
    }
}

/// A self-signed authority, or a certificate that one signed for the loopback address.
fn certificate(path: &Path, key: &Path, name: &str, authority: Option<(&Path, &Path)>) {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-nodes",
        "-days",
        "2",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]);
    openssl
        .args(["-subj", &format!("/CN={name}")])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(path);
    if let Some((ca, ca_key)) = authority {
        openssl.arg("-CA").arg(ca).arg("-CAkey").arg(ca_key);
        openssl.args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    }
    let output = openssl
        .output()
        .unwrap_or_else(|error| panic!("openssl: {error}"));
    assert!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).expect("the key's rights");
}

//! The broker's jars, fetched once into the target folder by Maven as `kafka/pom.xml` says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The class path with every jar.
pub(super) fn class_path() -> String {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    format!("{}/*", JARS.get_or_init(fetched).display())
}

/// Test binaries run in parallel: the first fetches, the others wait for its lock. The folder appears
/// under its name only when it is whole, so a fetch that was interrupted is simply done again.
fn fetched() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package.parent().expect("the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    // Absolute stays as it is.
    let target = workspace.join(target);
    let jars = target.join("kafka-libs");
    let pom = package.join("kafka/pom.xml");
    let wanted = fs::read(&pom).expect("kafka/pom.xml");
    fs::create_dir_all(&target).expect("the target folder");
    let lock = File::create(target.join("kafka-libs.lock")).expect("the lock file");
    lock.lock().expect("the lock of Kafka's jars");
    // Another version in the pom is another set of jars.
    if fs::read(jars.join("pom.xml")).ok().as_ref() != Some(&wanted) {
        fetch(&pom, &jars);
    }
    jars
}

fn fetch(pom: &Path, jars: &Path) {
    let part = jars.with_extension("part");
    for stale in [&part, &jars.to_path_buf()] {
        if stale.exists() {
            fs::remove_dir_all(stale).expect("an old set of jars can be removed");
        }
    }
    let output = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(pom)
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", part.display()))
        .output()
        .unwrap_or_else(|error| panic!("mvn (Maven fetches Apache Kafka): {error}"));
    assert!(
        output.status.success(),
        "mvn: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    fs::copy(pom, part.join("pom.xml")).expect("the mark of the set");
    fs::rename(&part, jars).expect("the set of jars gets its name");
}

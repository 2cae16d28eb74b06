//! The certificate of the HTTPS door: requested, renewed, brought, refused, replaced, and nobody's connection dropped.

mod brought;
mod directory;

use std::time::{Duration, Instant};

use openssl::hash::MessageDigest;
use openssl::ssl::SslVerifyMode;
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use parvis::domain::role::Role;

use crate::harness::people::Visitor;
use crate::harness::{LIBRARY, PATIENCE, Server, TestParvis};

/// A Parvis that does not run yet, with decisions and further settings.
fn prepared(settings: impl Fn(&str, &std::path::Path) -> String) -> TestParvis {
    let server = Server::shared();
    let database = server.database();
    let parvis = TestParvis::prepare(server, database, "");
    let path = parvis.directory.join("parvis.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = format!(
        "decisions = \"{}/decided.toml\"\n{text}{}",
        parvis.directory.display(),
        settings(parvis.host(), &parvis.directory)
    );
    std::fs::write(path, text).unwrap();
    parvis.apply(LIBRARY);
    parvis
}

async fn running(mut parvis: TestParvis) -> TestParvis {
    parvis.serve();
    parvis.wait_until_ready().await;
    parvis
}

/// The chain that a new connection is shown, the service's own first.
async fn served(parvis: &TestParvis) -> Vec<X509> {
    let tls = parvis.connect().await;
    let chain = tls.ssl().peer_cert_chain().unwrap();
    chain.iter().map(ToOwned::to_owned).collect()
}

fn fingerprint(certificate: &X509) -> String {
    let digest = certificate.digest(MessageDigest::sha256()).unwrap();
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

async fn served_fingerprint(parvis: &TestParvis) -> String {
    fingerprint(&served(parvis).await[0])
}

/// Waits until new connections are shown another certificate than this one.
async fn wait_for_another(parvis: &TestParvis, than: &str) -> String {
    let since = Instant::now();
    loop {
        let now = served_fingerprint(parvis).await;
        if now != than {
            return now;
        }
        let log = parvis.log();
        assert!(since.elapsed() < PATIENCE, "still {than}: {log}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A connection that believes one root only.
async fn trusting(parvis: &TestParvis, root: &X509) -> Result<(), String> {
    let root = root.clone();
    let connection = parvis.connect_with(move |ssl| {
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(root).unwrap();
        ssl.set_cert_store(store.build());
        ssl.set_verify(SslVerifyMode::PEER);
    });
    connection.await.map(drop)
}

fn administrator(parvis: &TestParvis) -> Visitor {
    parvis.sign_in("Ada", &[(Role::InstitutionAdministrator, None)])
}

//! TLS of the service as testssl grades it.

#[path = "../service/authority.rs"]
#[expect(
    dead_code,
    reason = "one of its keys and one of its certificates are enough here"
)]
mod authority;
#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "one service that runs is enough here")]
mod harness;
mod testssl;

use authority::{Authority, Wish, key, pem_of};
use harness::{LIBRARY, Server, TestParvis};

#[tokio::test]
async fn the_grade_is_a_plus() {
    let server = Server::shared();
    let database = server.database();
    let mut parvis = TestParvis::prepare(server, database, "");
    let (ours, key) = (Authority::new(), key());
    let leaf = ours.issue(&key, &Wish::of(&[parvis.host()]));
    let chain = Authority::pem(&[&leaf, &ours.intermediate]);
    parvis.write("certificate.pem", chain);
    parvis.write("key.pem", pem_of(&key));
    parvis.apply(LIBRARY);
    parvis.serve();
    parvis.wait_until_ready().await;
    let address = format!("{}:21443", parvis.host());
    testssl::assert_a_plus(&address, &ours.root.to_pem().unwrap());
}

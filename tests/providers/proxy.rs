//! The way to providers through the proxy of the campus.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::Browser;
use crate::world::World;

/// `user:secret`, as the proxy wants it.
const PROOF: &str = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=";

/// A proxy (RFC 9110, 9.3.6) that wants a user and a password.
#[derive(Clone, Default)]
struct Proxy {
    asked: Arc<Mutex<Vec<String>>>,
    refused: Arc<AtomicUsize>,
}

impl Proxy {
    /// Begins to listen; its port.
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(proxy.clone().serve(stream));
            }
        });
        port
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split_whitespace().nth(1).unwrap().to_owned();
        let has_proof = head.lines().any(|line| line.eq_ignore_ascii_case(PROOF));
        if !head.starts_with("CONNECT ") || !has_proof {
            self.refused.fetch_add(1, Ordering::Relaxed);
            let refusal =
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refusal).await.unwrap();
            return;
        }
        self.asked.lock().unwrap().push(target.clone());
        let mut beyond = TcpStream::connect(&target).await.unwrap();
        let opened = b"HTTP/1.1 200 Connection established\r\n\r\n";
        stream.write_all(opened).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut beyond).await;
    }
}

#[tokio::test]
async fn providers_are_asked_through_the_proxy() {
    let proxy = Proxy::default();
    let port = proxy.listen().await;
    let world = World::start(&format!(
        "proxy = \"http://user:secret@127.0.0.1:{port}\"\n"
    ))
    .await;
    let page = world.sign_in(&Browser::new(), "bob").await;
    assert_eq!((page.status.as_u16(), page.url.path()), (200, "/me"));
    let host = world.issuer.strip_prefix("https://").unwrap();
    let asked = proxy.asked.lock().unwrap().clone();
    assert!(
        !asked.is_empty() && asked.iter().all(|target| target == host),
        "{asked:?}"
    );
    assert_eq!(proxy.refused.load(Ordering::Relaxed), 0);
    assert!(!world.parvis.log().contains("secret"));
}

#[tokio::test]
async fn a_host_that_needs_no_proxy_is_asked_directly() {
    let proxy = Proxy::default();
    let port = proxy.listen().await;
    let settings =
        format!("proxy = \"http://user:secret@127.0.0.1:{port}\"\nno_proxy = [\"127.0.0.1\"]\n");
    let world = World::start(&settings).await;
    let page = world.sign_in(&Browser::new(), "bob").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(proxy.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_the_rest_works() {
    let proxy = Proxy::default();
    let port = proxy.listen().await;
    let world = World::start(&format!("proxy = \"http://user:wrong@127.0.0.1:{port}\"\n")).await;
    let page = world.sign_in(&Browser::new(), "bob").await;
    assert!(page.is_refused_with("SSO-UNREACHABLE"), "{}", page.text);
    assert!(proxy.refused.load(Ordering::Relaxed) > 0);
    assert_eq!(Browser::new().get(&world.at("/")).await.status, 200);
    let log = world.parvis.log();
    assert!(!log.contains("wrong@"), "{log}");
}

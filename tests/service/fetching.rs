//! Releases on a server: what is fetched of them, and what is said when the server has none, breaks off or does not end.

use std::path::{Path, PathBuf};

use parvis::appliance::releases::fetch::{Extent, Server, fetch};
use parvis::domain::release::{Failure, Why};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LIST: &str = "0000  parvis-cloud_0.4.0.efi\n\
    0000 *parvis-cloud_0.4.0_899e14fe82b7d63523d6b2759ffa3c14.root\n\
    0000  parvis-cloud_0.4.0_11ad53559ae45058a906003c67b01613.verity\n\
    0000  parvis-cloud_0.3.0.efi\n\
    0000  parvis-metal_0.5.0.efi\n";

const ROOT: &str = "parvis-cloud_0.4.0_899e14fe82b7d63523d6b2759ffa3c14.root";

/// How a server goes wrong with the root.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    NoList,
    NoSignature,
    NoRoot,
    Busy,
    BreaksOff,
    TooLarge,
}

/// Serves a release under /r/, with a fault; its address.
async fn serve(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/r/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, fault));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, fault: Fault) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let name = head.split_whitespace().nth(1).unwrap();
    let name = name.strip_prefix("/r/").unwrap();
    let (status, length, content) = match (name, fault) {
        ("SHA256SUMS", Fault::NoList)
        | ("SHA256SUMS.gpg", Fault::NoSignature)
        | (ROOT, Fault::NoRoot) => ("404 Not Found", 0, String::new()),
        (ROOT, Fault::Busy) => ("503 Service Unavailable", 0, String::new()),
        (ROOT, Fault::BreaksOff) => ("200 OK", 1000, "half".to_owned()),
        (ROOT, Fault::TooLarge) => ("200 OK", 1 << 40, String::new()),
        ("SHA256SUMS", _) => ("200 OK", LIST.len(), LIST.to_owned()),
        (name, _) => ("200 OK", name.len(), name.to_owned()),
    };
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(content.as_bytes()).await.unwrap();
    stream.shutdown().await.ok();
}

/// A directory to fetch into.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fetching-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    async fn fetch(&self, address: &str, image: &str, extent: Extent) -> Result<(), Failure> {
        let server = Server {
            address: address.to_owned(),
            proxy: None,
            direct: Vec::new(),
        };
        fetch(&server, image, extent, &self.0).await
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join("bundle")).unwrap().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[tokio::test]
async fn the_newest_release_is_fetched_whole_or_its_list_only() {
    let (place, address) = (Place::new("whole"), serve(Fault::None).await);
    let list = Extent::List;
    place.fetch(&address, "parvis-cloud", list).await.unwrap();
    assert_eq!(place.names(), ["SHA256SUMS", "SHA256SUMS.gpg"]);
    let whole = Extent::Release;
    for _ in 0..2 {
        place.fetch(&address, "parvis-cloud", whole).await.unwrap();
        let names = place.names();
        assert_eq!(names.len(), 5, "{names:?}");
        let root = std::fs::read_to_string(place.0.join("bundle").join(ROOT)).unwrap();
        assert_eq!(root, ROOT);
    }
}

#[tokio::test]
async fn that_a_signature_is_missing_is_not_for_the_fetcher_to_say() {
    let (place, address) = (Place::new("unsigned"), serve(Fault::NoSignature).await);
    let list = Extent::List;
    place.fetch(&address, "parvis-cloud", list).await.unwrap();
    assert_eq!(place.names(), ["SHA256SUMS"]);
}

#[tokio::test]
async fn a_server_that_fails_is_told_with_its_address_and_the_reason() {
    for (fault, image, why, words) in [
        (
            Fault::NoList,
            "parvis-cloud",
            Why::Unreachable,
            "/r/SHA256SUMS is not there",
        ),
        (
            Fault::NoRoot,
            "parvis-cloud",
            Why::Damaged,
            "the list names it",
        ),
        (Fault::Busy, "parvis-cloud", Why::Unreachable, "503"),
        (Fault::BreaksOff, "parvis-cloud", Why::Unreachable, ROOT),
        (Fault::TooLarge, "parvis-cloud", Why::Bundle, "larger than"),
        (
            Fault::None,
            "parvis-desk",
            Why::NotForThisMachine,
            "parvis-desk",
        ),
    ] {
        let (place, address) = (Place::new("fails"), serve(fault).await);
        let failure = place.fetch(&address, image, Extent::Release).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.why, why, "{failure}");
        assert!(failure.detail.contains(words), "{failure}");
        assert_eq!(told(&place.0), failure);
    }
    let place = Place::new("nobody");
    let nobody = place.fetch("http://127.0.0.1:1/r/", "parvis-cloud", Extent::List);
    let failure = nobody.await.unwrap_err();
    assert_eq!(failure.why, Why::Unreachable);
    assert!(failure.detail.contains("127.0.0.1:1"), "{failure}");
}

/// What is told to whoever waits for the unit.
fn told(directory: &Path) -> Failure {
    let text = std::fs::read_to_string(directory.join("told.json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(told["failed"].clone()).unwrap()
}

//! Who listens on this machine, as the kernel tells in `/proc/self/net`: for any process to read, without a right.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::domain::ports::{Listener, Protocol};
use crate::error::Error;

/// The tables, what they are of, and the state of a socket that takes what comes: `TCP_LISTEN`, and `TCP_CLOSE` for
/// datagrams, which is a socket that is tied to nobody.
const TABLES: [(&str, Protocol, &str); 4] = [
    ("tcp", Protocol::Tcp, "0A"),
    ("tcp6", Protocol::Tcp, "0A"),
    ("udp", Protocol::Udp, "07"),
    ("udp6", Protocol::Udp, "07"),
];

/// All that listen.
///
/// # Errors
/// When the kernel does not tell.
pub fn all() -> Result<Vec<Listener>, Error> {
    let mut found = Vec::new();
    for (table, protocol, state) in TABLES {
        let path = format!("/proc/self/net/{table}");
        match std::fs::read_to_string(&path) {
            Ok(text) => found.extend(
                text.lines()
                    .skip(1)
                    .filter_map(|line| listener(line, protocol, state)),
            ),
            // A kernel without IPv6 has no table of it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::internal(error)),
        }
    }
    Ok(found)
}

/// A line: number, own address, other address, state, queues, timer, retransmissions, user.
fn listener(line: &str, protocol: Protocol, state: &str) -> Option<Listener> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let at = address(fields.next()?)?;
    let mut rest = fields.skip(1);
    if rest.next()? != state {
        return None;
    }
    let user = rest.nth(3)?.parse().ok()?;
    Some(Listener { protocol, at, user })
}

/// An address as the kernel writes it: words of 32 bits in the order of the machine's bytes, a colon, the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for word in address.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_this_very_test_are_found_and_those_tied_to_somebody_are_not() {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
        let tied = std::net::UdpSocket::bind("127.0.0.3:0").unwrap();
        tied.connect(udp.local_addr().unwrap()).unwrap();
        let user = nix::unistd::getuid().as_raw();
        let found = all().unwrap();
        for (protocol, at) in [
            (Protocol::Tcp, tcp.local_addr().unwrap()),
            (Protocol::Udp, udp.local_addr().unwrap()),
        ] {
            assert!(
                found.contains(&Listener { protocol, at, user }),
                "{found:?}"
            );
        }
        assert!(
            !found
                .iter()
                .any(|listener| listener.at == tied.local_addr().unwrap())
        );
    }

    #[test]
    fn both_families_are_read() {
        let line = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   977        0 4711 1 0 100 0 0 10 0";
        let found = listener(line, Protocol::Tcp, "0A").unwrap();
        assert_eq!(found.to_string(), "tcp [::1]:8080 of user 977");
        assert_eq!(listener(line, Protocol::Tcp, "07"), None);
        assert_eq!(listener("nonsense", Protocol::Tcp, "0A"), None);
    }
}

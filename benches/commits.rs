//! The least that a server must do which commits each delivery by itself: a thread and a connection to PostgreSQL for each
//! client, the decoder and the statement of Parvis, and no rule in between. A reference to compare with, not a server.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use anyhow::bail;
use openssl::ssl::{Ssl, SslContext};
use parvis::appliance::certificate::Files;
use parvis::appliance::tls;
use parvis::clock::Clock;
use parvis::domain::gateway::Family;
use parvis::domain::ids::ChannelId;
use parvis::domain::reading::{ClockVerdict, Identity, Reading};
use parvis::gateways::{Decoder, Payload};
use parvis::persistence::{Recording, readings};

use crate::driver::{content_length, head_length};

/// Larger than any request of the load.
const REQUEST: usize = 16 * 1_024;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n{\"stored\":1,\"duplicates\":0}\n";

/// Serves until it is killed: Xovis packages into a database, over TLS with a certificate and its key.
pub(crate) fn run(
    address: &str,
    database: &str,
    certificate: &str,
    key: &str,
) -> anyhow::Result<()> {
    let files = Files::of(Path::new(certificate), Path::new(key));
    let context = tls::context(&files.read()?)?;
    let listener = TcpListener::bind(address)?;
    std::thread::scope(|scope| {
        for tcp in listener.incoming().flatten() {
            // Whoever hangs up meanwhile is nobody's concern here.
            scope.spawn(|| serve(tcp, &context, database));
        }
    });
    Ok(())
}

fn serve(tcp: TcpStream, context: &SslContext, database: &str) -> anyhow::Result<()> {
    tcp.set_nodelay(true)?;
    let mut tls = Ssl::new(context)?.accept(tcp)?;
    let mut recording = Recording::new(database, "parvis bench");
    let decoder = Decoder {
        family: Family::Xovis5,
        mapping: None,
        model_of: &|_| None,
        event: None,
    };
    let mut request = [0; REQUEST];
    let mut length = 0;
    loop {
        let read = tls.read(request.get_mut(length..).unwrap_or_default())?;
        if read == 0 {
            return Ok(());
        }
        length += read;
        let told = request.get(..length).unwrap_or_default();
        let Some((head, body)) = head_length(told).and_then(|head| told.split_at_checked(head))
        else {
            continue;
        };
        if body.len() < content_length(head)? {
            continue;
        }
        let Ok(payload) = decoder.decode(body) else {
            bail!("what the load sends is not understood");
        };
        let rows = rows(&payload);
        recording.each(|tx| readings::append(tx, 1, &rows))?;
        tls.write_all(ANSWER)?;
        length = 0;
    }
}

fn rows(payload: &Payload) -> Vec<Reading> {
    let now = Clock::System.now();
    let observations = payload
        .messages
        .iter()
        .flat_map(|message| &message.readings);
    let row = |observation: &parvis::gateways::Observation| Reading {
        channel: ChannelId(1),
        identity: Identity {
            at: observation.at.unwrap_or(now),
            since: observation.since,
            total: observation.total.unwrap_or_default(),
            period: observation.period.unwrap_or_default(),
            level: observation.level,
            mark: None,
        },
        received_at: now,
        clock: ClockVerdict::InStep,
    };
    observations.map(row).collect()
}

//! Sensors that have something new to say in every request: Xovis packages, prebuilt, with only their numbers written anew.

use std::time::SystemTime;

use crate::campus::{GATEWAY, serial_number};
use crate::driver::Sender;

/// Milliseconds that one record covers.
const RECORD: u64 = 1_000;

/// How far back the first record of a sensor lies, in milliseconds: all that a run tells fits between then and now.
const BEGIN: u64 = 6 * 3_600_000;

/// The sensors of one connection, which speak in turn; each tells of the time after what it told last.
pub(crate) struct Fleet {
    request: Vec<u8>,
    sensors: Vec<String>,
    turn: usize,
    /// Where the serial number stands in the request, and the first of the times in milliseconds.
    serial_number: usize,
    times: Vec<usize>,
    /// When the next record begins, in milliseconds.
    next: u64,
}

impl Fleet {
    /// Sensors that tell so many records in each package.
    pub(crate) fn new(secret: &str, sensors: impl Iterator<Item = usize>, records: usize) -> Self {
        let (mut body, serial_number, times) = package(records);
        let head = format!(
            "POST /ingest/{GATEWAY} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {secret}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut request = head.into_bytes();
        let before = request.len();
        request.append(&mut body);
        Self {
            request,
            sensors: sensors.map(self::serial_number).collect(),
            turn: 0,
            serial_number: before + serial_number,
            times: times.into_iter().map(|time| before + time).collect(),
            next: now() - BEGIN,
        }
    }

    /// Goes on at the present.
    pub(crate) fn skip_to_now(&mut self) {
        self.next = now();
    }

    fn write(request: &mut [u8], at: usize, text: &[u8]) {
        if let Some(place) = request.get_mut(at..at + text.len()) {
            place.copy_from_slice(text);
        }
    }
}

/// A package without its numbers, the place of its serial number, and the places of its times.
fn package(records: usize) -> (Vec<u8>, usize, Vec<usize>) {
    let mut body =
        b"{\"logics_data\":{\"package_info\":{\"version\":\"5.0\",\"id\":28,\"agent_id\":1008},\
        \"sensor_info\":{\"serial_number\":\""
            .to_vec();
    let serial_number = body.len();
    body.extend(self::serial_number(0).bytes());
    body.extend(
        b"\",\"type\":\"SINGLE_SENSOR\"},\"logics\":[{\"id\":1,\"name\":\"Line\",\
        \"info\":\"XLT_LINE_IN_OUT_COUNT\",\"records\":[",
    );
    let mut times = Vec::new();
    for record in 0..records {
        if record > 0 {
            body.push(b',');
        }
        for name in ["{\"from\":", ",\"to\":"] {
            body.extend(name.bytes());
            times.push(body.len());
            body.extend(b"0000000000000");
        }
        let counts = format!(
            ",\"samples\":1,\"samples_expected\":1,\"counts\":[{{\"id\":2,\"name\":\"fw\",\"value\":1}},\
             {{\"id\":3,\"name\":\"bw\",\"value\":{}}}]}}",
            record % 2
        );
        body.extend(counts.bytes());
    }
    body.extend(b"]}]}}");
    (body, serial_number, times)
}

impl Sender for Fleet {
    fn next(&mut self) -> &[u8] {
        if let Some(sensor) = self.sensors.get(self.turn) {
            Self::write(&mut self.request, self.serial_number, sensor.as_bytes());
        }
        let mut time = self.next;
        for pair in self.times.chunks(2) {
            for (at, time) in pair.iter().zip([time, time + RECORD]) {
                Self::write(&mut self.request, *at, time.to_string().as_bytes());
            }
            time += RECORD;
        }
        self.turn += 1;
        if self.turn == self.sensors.len() {
            self.turn = 0;
            self.next = time;
        }
        &self.request
    }
}

/// The present in milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

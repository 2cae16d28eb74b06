//! Milesight people counters over LoRaWAN: the bytes of an uplink, channel by channel.
//!
//! Source: the payload tables Milesight publishes for each device (github.com/Milesight-IoT/SensorDecoders, `vs-series`).
//! A frame is a row of (channel id, channel type, value); multi-byte values are little-endian. Settings that a device repeats
//! are left out by their published length. An unknown channel has an unknown length, so reading stops there and keeps what
//! came before.
//!
//! Where this differs from decoders in circulation: VS121 region bits are shifted (`>>`), not compared; VS121 counts are
//! unsigned as in the table, although upstream reads the period counts as signed; the "out" of a VS133 or VS135 child
//! period belongs to its own line.

mod frame;
mod vs121;
mod vs13x;
mod vs35x;

use serde_json::json;

use crate::domain::gateway::Family;

use super::observation::Message;
use frame::{Bytes, Frame, Stop};

/// Reads one channel's value into the frame, or says why it cannot.
type ReadChannel = fn(&mut Frame, u8, u8, &mut Bytes<'_>) -> Result<(), Stop>;

/// The message of a frame, and what an installer should know of it.
pub(super) fn decode(model: Option<Family>, bytes: &[u8]) -> (Message, Vec<String>) {
    let readers: &[ReadChannel] = match model {
        Some(Family::MilesightVs121) => &[vs121::read],
        Some(Family::MilesightVs132 | Family::MilesightVs133 | Family::MilesightVs135) => {
            &[vs13x::read]
        }
        Some(Family::MilesightVs350 | Family::MilesightVs351 | Family::MilesightVs360) => {
            &[vs35x::read]
        }
        Some(
            Family::Xovis5
            | Family::Xovis4
            | Family::ChirpStack
            | Family::TheThingsStack
            | Family::Json,
        )
        | None => &[vs35x::read, vs13x::read, vs121::read],
    };
    // Without a model, the reader that understands most of the frame is right: they disagree on lengths only.
    let read = readers.iter().map(|reader| read_frame(*reader, bytes));
    let (frame, stop) = read
        .reduce(|best, other| {
            if other.0.understood > best.0.understood {
                other
            } else {
                best
            }
        })
        .unwrap_or_default();
    let notes = stop
        .map(|stop| stop.note(frame.understood))
        .into_iter()
        .collect();
    (frame.into_message(), notes)
}

fn read_frame(read: ReadChannel, bytes: &[u8]) -> (Frame, Option<Stop>) {
    let mut frame = Frame::default();
    let mut rest = Bytes(bytes);
    while let Some((id, kind)) = rest.channel() {
        let outcome = match id {
            0xff => attribute(&mut frame, read, kind, &mut rest),
            _ => read(&mut frame, id, kind, &mut rest),
        };
        if let Err(stop) = outcome {
            return (frame, Some(stop));
        }
        frame.understood = bytes.len() - rest.0.len();
    }
    let stop = (!rest.0.is_empty()).then_some(Stop::Short { id: 0, kind: 0 });
    (frame, stop)
}

/// Channel 0xFF: what the device is, and settings that differ by device.
fn attribute(
    frame: &mut Frame,
    read: ReadChannel,
    kind: u8,
    bytes: &mut Bytes<'_>,
) -> Result<(), Stop> {
    let id = 0xff;
    let short = Stop::Short { id, kind };
    match kind {
        0x01 => frame.detail("protocol_version", json!(bytes.u8().ok_or(short)?)),
        0x08 => {
            let serial = bytes.take(serial_length(bytes.0)).ok_or(short)?;
            frame.detail("sn", json!(hex::encode(serial)));
        }
        0x16 => frame.detail("sn", json!(hex::encode(bytes.take(8).ok_or(short)?))),
        0x09 => frame.detail(
            "hardware_version",
            json!(dotted(bytes.take(2).ok_or(short)?)),
        ),
        0x1f => frame.detail(
            "firmware_version",
            json!(dotted(bytes.take(4).ok_or(short)?)),
        ),
        0x0a => {
            let version = bytes.take(2).ok_or(short)?;
            let digits: Vec<String> = version.iter().map(|byte| format!("{byte:x}")).collect();
            frame.detail("firmware_version", json!(format!("v{}", digits.join("."))));
        }
        0xff => frame.detail(
            "tsl_version",
            json!(format!("v{}", dotted(bytes.take(2).ok_or(short)?))),
        ),
        0x0f => {
            let class = ["Class A", "Class B", "Class C", "Class CtoB"];
            frame.detail(
                "lorawan_class",
                json!(named(&class, bytes.u8().ok_or(short)?)),
            );
        }
        0xfe => frame.happened("reset_event", "reset", bytes.u8().ok_or(short)?),
        0x0b => frame.happened("device_status", "on", bytes.u8().ok_or(short)?),
        0xcc => frame.detail("power_status", json!(bytes.u8().ok_or(short)?)),
        _ => return read(frame, id, kind, bytes),
    }
    Ok(())
}

/// A VS121 serial number has six bytes, or eight on newer hardware. Its bytes are pairs of decimal digits, so 0xFF begins
/// the next channel.
fn serial_length(rest: &[u8]) -> usize {
    let ends_at = |position: usize| rest.get(position).is_none_or(|byte| *byte == 0xff);
    if !ends_at(6) && ends_at(8) { 8 } else { 6 }
}

fn dotted(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(".")
}

/// The published word for a code.
fn named(words: &[&str], code: u8) -> String {
    words
        .get(usize::from(code))
        .filter(|word| !word.is_empty())
        .map_or_else(|| format!("unknown {code}"), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::reading::Crossings;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn decoded(model: Family, hex: &str) -> (Message, Vec<String>) {
        decode(Some(model), &bytes(hex))
    }

    fn detail(message: &Message, name: &str) -> Value {
        message
            .status
            .details
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    #[test]
    fn a_vs135_tells_the_totals_of_four_lines() {
        let (message, notes) = decoded(
            Family::MilesightVs135,
            "03d248000000 04d2c8000000 06d201000000 07d202000000 0cd2b4140000 0dd28d1a0000",
        );
        let totals: Vec<_> = message
            .readings
            .iter()
            .map(|r| (r.channel.as_str(), r.total.unwrap()))
            .collect();
        assert_eq!(
            totals,
            [
                ("line_1", Crossings::both(72, 200)),
                ("line_2", Crossings::both(1, 2)),
                ("line_4", Crossings::both(5300, 6797))
            ]
        );
        assert!(notes.is_empty());
    }

    #[test]
    fn a_vs350_tells_total_and_period_in_one_reading() {
        let (message, _) = decoded(
            Family::MilesightVs350,
            "017564 03670c01 04cc12001600 05cc13001400",
        );
        assert_eq!(message.status.battery, Some(100));
        assert_eq!(detail(&message, "temperature"), json!(26.8));
        let [reading] = message.readings.as_slice() else {
            panic!("one reading")
        };
        assert_eq!(reading.total, Some(Crossings::both(18, 22)));
        assert_eq!(reading.period, Some(Crossings::both(19, 20)));
    }

    #[test]
    fn history_frames_carry_their_own_time() {
        let (message, _) = decoded(
            Family::MilesightVs350,
            "20ce7b3af164000b000400 20ceff3df16401070002001d000800",
        );
        let [without, with] = message.readings.as_slice() else {
            panic!("two readings")
        };
        assert_eq!(without.at.unwrap().timestamp(), 1_693_530_747);
        assert_eq!(
            (without.period, without.total),
            (Some(Crossings::both(11, 4)), None)
        );
        assert_eq!(
            (with.period, with.total),
            (Some(Crossings::both(7, 2)), Some(Crossings::both(29, 8)))
        );
        assert!(with.from_history);
    }

    #[test]
    fn reading_stops_at_an_unknown_channel_and_invents_nothing() {
        let (message, notes) = decoded(
            Family::MilesightVs121,
            "ff0101 ff08660012345678 ff090100 4b04c90303000205cc0200010006cd05",
        );
        assert!(message.readings.is_empty());
        assert_eq!(detail(&message, "sn"), json!("660012345678"));
        assert_eq!(
            notes,
            ["unknown channel 0x4b type 0x04 at byte 15: the rest of the frame is left out"]
        );
    }

    #[test]
    fn what_follows_a_setting_is_still_read() {
        let vs350 = [
            "81ee05",
            "ffac01550000",
            "ffad01",
            "fe6801",
            "fe8e000a00",
            "f8100000",
            "f91001",
            "fe06110000000000000000",
            "fe96000101aabb0a0001",
            "ff35aabbccddeeff0011",
            "feef010400",
            "feed000400",
            "fe75010000000000",
            "fffd01",
        ];
        for setting in vs350 {
            let (message, notes) =
                decoded(Family::MilesightVs350, &format!("{setting} 04cc12001600"));
            assert_eq!(notes, Vec::<String>::new(), "{setting}");
            assert_eq!(
                message.readings[0].total,
                Some(Crossings::both(18, 22)),
                "{setting}"
            );
            assert!(message.status.details.is_empty(), "{setting}");
        }
        for setting in [
            "ff030a00",
            "fe11aabbccdd",
            "fe5101",
            "fe6a000a00",
            "f884010a0000",
            "f9850105",
            "f888020400",
        ] {
            let (message, notes) = decoded(
                Family::MilesightVs135,
                &format!("{setting} 03d248000000 04d2c8000000"),
            );
            assert_eq!(notes, Vec::<String>::new(), "{setting}");
            assert_eq!(
                message.readings[0].total,
                Some(Crossings::both(72, 200)),
                "{setting}"
            );
        }
        for setting in [
            "ff03580200",
            "fe46010a00",
            "f995017f7f000000",
            "f890000101020a0000",
            "f8d70101000800120000",
            "f9d001",
        ] {
            let (message, notes) =
                decoded(Family::MilesightVs121, &format!("{setting} 0dcc01000200"));
            assert_eq!(notes, Vec::<String>::new(), "{setting}");
            assert_eq!(
                message.readings[0].total,
                Some(Crossings::both(1, 2)),
                "{setting}"
            );
        }
        let (message, notes) = decoded(Family::MilesightVs350, "04cc12001600 feac");
        assert_eq!(message.readings.len(), 1);
        assert_eq!(
            notes,
            ["the frame ends inside channel 0xfe type 0xac at byte 6"]
        );
        let (_, notes) = decoded(Family::MilesightVs121, "fefc01 0dcc01000200");
        assert_eq!(
            notes,
            ["unknown channel 0xfe type 0xfc at byte 0: the rest of the frame is left out"]
        );
    }

    #[test]
    fn a_vs121_tells_people_regions_and_flows() {
        let (message, _) = decoded(
            Family::MilesightVs121,
            "04c9030800a1 06cd05 05cc02000100 09da0001000200000000",
        );
        assert_eq!(message.readings[0].level, Some(3));
        let regions: Vec<_> = (1..=8)
            .map(|region| detail(&message, &format!("region_{region}")))
            .collect();
        assert_eq!(regions, [1, 0, 0, 0, 0, 1, 0, 1].map(|bit| json!(bit)));
        assert_eq!(message.readings[1].period, Some(Crossings::both(2, 1)));
        let flow = message
            .readings
            .iter()
            .find(|reading| reading.channel == "a_to_b")
            .unwrap();
        assert_eq!(flow.period.unwrap().forward, Some(512));
    }

    #[test]
    fn without_a_model_the_frame_itself_tells() {
        let guess = |hex| decode(None, &bytes(hex)).0;
        assert_eq!(
            guess("84cc011108110185cce803e90301").readings[0].total,
            Some(Crossings::both(4353, 4360))
        );
        assert_eq!(
            guess("0dcc01000200").readings[0].total,
            Some(Crossings::both(1, 2))
        );
        assert_eq!(
            guess("20ce7b3af1640548000000").readings[0].period,
            Some(Crossings::both(72, 0))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..240), model in 0usize..8) {
            let models = [None, Some(Family::MilesightVs121), Some(Family::MilesightVs132), Some(Family::MilesightVs133),
                Some(Family::MilesightVs135), Some(Family::MilesightVs350), Some(Family::MilesightVs351),
                Some(Family::MilesightVs360)];
            let (message, _) = decode(models[model], &bytes);
            for reading in message.readings {
                let counts = [reading.total, reading.period].into_iter().flatten();
                for count in counts.flat_map(|both| [both.forward, both.backward]).flatten().chain(reading.level) {
                    prop_assert!((0..=i64::from(u32::MAX)).contains(&count));
                }
            }
        }
    }
}

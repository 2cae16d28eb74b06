//! Pictures of a site: made anew when they come in, so that nothing hides in them, shown, and taken down.

use std::io::Cursor;
use std::sync::OnceLock;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::picture::NewPicture;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::words::Words;
use crate::error::Error;
use crate::persistence::{Database, audit, pictures};

/// The largest picture that comes in, in pixels of a side and in bytes while it is read.
const SIDE_AT_MOST: u32 = 12_000;
const MEMORY_AT_MOST: u64 = 192 * 1024 * 1024;

/// The longer side of what is shown, in pixels.
const SHOWN: u32 = 1_600;

/// JPEG quality.
const QUALITY: u8 = 82;

/// The longest description, in characters of one language.
const LONGEST_ALT: usize = 300;

/// A picture made anew.
#[derive(Debug)]
struct Remade {
    content: Vec<u8>,
    width: u32,
    height: u32,
}

fn refuse(field: &str, rule: &str) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule: rule.to_owned(),
    }
}

/// Makes a picture anew: upright, small enough, JPEG, and nothing of what else the file held.
fn remade(bytes: &[u8]) -> Result<Remade, Error> {
    if is_cut_off(bytes) {
        return Err(refuse(
            "picture",
            "the picture is cut off; load the whole file",
        ));
    }
    let no_picture = || refuse("picture", "is not a JPEG, PNG or WebP picture");
    let too_large = || {
        refuse(
            "picture",
            "is too large: at most 12000 pixels a side, and about 60 million in all",
        )
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| no_picture())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_AT_MOST);
    limits.max_image_height = Some(SIDE_AT_MOST);
    limits.max_alloc = Some(MEMORY_AT_MOST);
    reader.limits(limits);
    let judged = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => too_large(),
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::Unsupported(_)
        | image::ImageError::IoError(_) => no_picture(),
    };
    let mut decoder = reader.into_decoder().map_err(judged)?;
    // What is told to be larger is not even begun: a few bytes can claim billions of pixels.
    if decoder.total_bytes() > MEMORY_AT_MOST {
        return Err(too_large());
    }
    let orientation = decoder.orientation().map_err(judged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(judged)?;
    if picture.width().max(picture.height()) > SHOWN {
        picture = picture.resize(SHOWN, SHOWN, FilterType::CatmullRom);
    }
    picture.apply_orientation(orientation);
    let picture = picture.into_rgb8();
    let mut content = Vec::new();
    JpegEncoder::new_with_quality(&mut content, QUALITY)
        .encode_image(&picture)
        .map_err(Error::internal)?;
    Ok(Remade {
        content,
        width: picture.width(),
        height: picture.height(),
    })
}

/// Whether a JPEG lacks its end. Its decoder fills with grey what is not there, and says nothing.
fn is_cut_off(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(&[0xff, 0xd8]) else {
        return false;
    };
    // From marker to marker: each begins a segment that tells its length, and only what is scanned lies between.
    loop {
        let is_marker =
            |two: &[u8]| matches!(two, [0xff, kind] if !matches!(kind, 0 | 0xff | 0xd0..=0xd7));
        let Some(at) = rest.windows(2).position(is_marker) else {
            return true;
        };
        rest = rest.get(at..).unwrap_or_default();
        let [_, kind, high, low, ..] = rest else {
            return !rest.starts_with(&[0xff, 0xd9]);
        };
        if *kind == 0xd9 {
            return false;
        }
        let length = 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some(after) = rest.get(length..) else {
            return true;
        };
        rest = after;
    }
}

/// Reads a picture on a thread that may be busy for a while, one at a time: each may need much memory.
async fn remade_elsewhere(bytes: Vec<u8>) -> Result<Remade, Error> {
    static ONE: OnceLock<Semaphore> = OnceLock::new();
    let _one = ONE
        .get_or_init(|| Semaphore::new(1))
        .acquire()
        .await
        .map_err(Error::internal)?;
    #[expect(
        clippy::disallowed_methods,
        reason = "no query: this only computes, and for longer than a worker may"
    )]
    let work = tokio::task::spawn_blocking(move || remade(&bytes));
    work.await.map_err(Error::internal)?
}

/// Shows a picture of a site.
///
/// # Errors
/// When it is no picture, or too large, when nothing says what it shows, the actor may not, or the database is not
/// available.
pub async fn publish(
    database: &Database,
    actor: &Actor,
    site: String,
    alt: Words,
    bytes: Vec<u8>,
    now: Moment,
) -> Result<(), Error> {
    actor.permit(Act::WriteContents, Place::Site(&site))?;
    if alt.is_empty() {
        return Err(refuse(
            "alt",
            "say what the picture shows, for who cannot see it",
        ));
    }
    if alt
        .0
        .values()
        .any(|text| text.chars().count() > LONGEST_ALT)
    {
        return Err(refuse("alt", "say it in at most 300 characters"));
    }
    let Remade {
        content,
        width,
        height,
    } = remade_elsewhere(bytes).await?;
    let pixels = |length: u32| i32::try_from(length).map_err(Error::internal);
    let new = NewPicture {
        digest: hex::encode(openssl::sha::sha256(&content)),
        site,
        alt,
        content,
        width: pixels(width)?,
        height: pixels(height)?,
    };
    let new = actor.allowed(Act::WriteContents, new)?;
    let actor = actor.clone();
    database
        .write(move |tx| {
            let id = pictures::add(tx, &new, now)?;
            let new = new.thing();
            let after = json!({ "alt": new.alt, "digest": new.digest, "width": new.width, "height": new.height });
            let event = Event::done(&actor, "add-picture", format!("picture {id}"))
                .at(Some(&new.site))
                .changing(None, Some(after));
            audit::note(tx, event, now)
        })
        .await
}

/// Takes a picture down.
///
/// # Errors
/// When there is none, the actor may not, or the database is not available.
pub async fn remove(database: &Database, actor: &Actor, id: i32, now: Moment) -> Result<(), Error> {
    let actor = actor.clone();
    database
        .write(move |tx| {
            let mut shown = pictures::current(tx)?.into_iter();
            let picture = shown
                .find(|picture| picture.id == id)
                .ok_or_else(|| Error::NotFound(format!("picture has the number {id}")))?;
            let picture = actor.allowed(Act::WriteContents, picture)?;
            pictures::remove(tx, &picture, now)?;
            let picture = picture.thing();
            let before = json!({ "alt": picture.alt, "digest": picture.digest });
            let event = Event::done(&actor, "remove-picture", format!("picture {id}"))
                .at(Some(&picture.site))
                .changing(Some(before), None);
            audit::note(tx, event, now)
        })
        .await
}

/// The content of a picture that is shown.
///
/// # Errors
/// When there is none, or the database is not available.
pub async fn content(database: &Database, digest: String) -> Result<Vec<u8>, Error> {
    database
        .read(move |view| pictures::content(view, &digest))
        .await
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbImage};

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::new(width, height)
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_becomes_a_small_jpeg_without_anything_else() {
        let made = remade(&png(3_200, 800)).unwrap();
        assert_eq!((made.width, made.height), (1_600, 400));
        assert_eq!(made.content.first_chunk(), Some(&[0xff, 0xd8, 0xff]));
        // A comment in the file, where a camera writes where it was.
        let mut jpeg = remade(&png(40, 30)).unwrap().content;
        let note = b"\xff\xfe\x00\x10somewhere else";
        jpeg.splice(2..2, note.iter().copied());
        let made = remade(&jpeg).unwrap();
        assert_eq!((made.width, made.height), (40, 30));
        let holds =
            |bytes: &[u8], words: &[u8]| bytes.windows(words.len()).any(|part| part == words);
        assert!(holds(&jpeg, b"somewhere") && !holds(&made.content, b"somewhere"));
    }

    #[test]
    fn a_jpeg_that_is_cut_off_is_refused() {
        let jpeg = remade(&png(400, 300)).unwrap().content;
        assert!(remade(&jpeg).is_ok());
        for length in [4, 100, jpeg.len() / 2, jpeg.len() - 2] {
            let error = remade(&jpeg[..length]).unwrap_err().to_string();
            assert!(error.contains("cut off"), "{length}: {error}");
        }
        // What a camera writes after the end is no part of the picture.
        assert!(remade(&[jpeg.as_slice(), b"\0more"].concat()).is_ok());
    }

    #[test]
    fn what_claims_to_be_huge_is_refused_before_it_is_read() {
        let mut bomb = png(1, 1);
        // Width and height stand in the first chunk; its checksum follows.
        bomb[16..24].copy_from_slice(&[0, 0, 0x2e, 0xe0, 0, 0, 0x2e, 0xe0]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        let error = remade(&bomb).unwrap_err().to_string();
        assert!(error.contains("too large"), "{error}");
        assert!(remade(b"<svg onload='alert(1)'/>").is_err());
        assert!(remade(&png(20, 20)[..40]).is_err());
    }

    /// CRC-32 of PNG.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
            })
        })
    }
}

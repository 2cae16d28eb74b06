//! A bundle: the files of one release as a tar or a directory, from wherever they were carried. Only files whose names are
//! those of a release are taken, flat, bounded, and never by following anything; whether they are genuine is for
//! systemd-sysupdate to say, as if they came over the network.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::fcntl::OFlag;
use tar::{Archive, EntryType};

use crate::domain::release::{Failure, Version, Why};

/// The list of a release and its signature.
pub(super) const LIST: &str = "SHA256SUMS";
pub(super) const SIGNATURE: &str = "SHA256SUMS.gpg";

/// What a release is made of: name endings, and whether they may be compressed.
const PAYLOADS: [(&str, bool); 3] = [("efi", false), ("root", true), ("verity", true)];

/// The largest list or signature, and the largest other file, in bytes. A slot of the root holds 1 GiB.
pub(super) const LIST_AT_MOST: u64 = 64 * 1024;
pub(super) const FILE_AT_MOST: u64 = 1 << 30;

/// The most entries of a tar that are looked at.
const ENTRIES_AT_MOST: usize = 32;

/// What stays free on the disk, in bytes: the database goes on.
const STAYS_FREE: u64 = 512 << 20;

/// The largest upload: all that a bundle may hold, and its frame.
pub const LARGEST: u64 = 3 * FILE_AT_MOST;

fn refuse(rule: impl Into<String>) -> Failure {
    Failure::new(Why::Bundle, rule)
}

pub(super) fn broken(path: &Path, error: &io::Error) -> Failure {
    if matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) {
        return Failure::new(Why::NoRoom, format!("{}: {error}", path.display()));
    }
    Failure::broken(format!("{}: {error}", path.display()))
}

/// The version that a file of a release belongs to; `None` for the list and its signature.
///
/// # Errors
/// When no file of a release is called so.
pub(super) fn version_of(name: &str) -> Result<Option<Version>, Failure> {
    if name == LIST || name == SIGNATURE {
        return Ok(None);
    }
    let stranger = || {
        refuse(format!(
            "{name:?} is no file of a release: they are {LIST}, {SIGNATURE} and NAME_VERSION.efi, .root and .verity"
        ))
    };
    let (plain, is_compressed) = match name.strip_suffix(".xz") {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let (stem, ending) = plain.rsplit_once('.').ok_or_else(stranger)?;
    let is_known = |(known, may): &(&str, bool)| *known == ending && (*may || !is_compressed);
    if !PAYLOADS.iter().any(is_known) {
        return Err(stranger());
    }
    let mut words = stem.split('_');
    let (image, version, identifier) = (words.next(), words.next(), words.next());
    let is_image = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
    };
    let is_identifier =
        |text: &str| text.len() == 32 && text.chars().all(|digit| digit.is_ascii_hexdigit());
    let needs_identifier = ending != "efi";
    if !image.is_some_and(is_image)
        || identifier.is_some() != needs_identifier
        || !identifier.is_none_or(is_identifier)
        || words.next().is_some()
    {
        return Err(stranger());
    }
    let version = version.and_then(|version| version.parse().ok());
    version.map(Some).ok_or_else(stranger)
}

/// Where files of a bundle are put: aside, and into place when all are there.
struct Intake {
    aside: PathBuf,
    place: PathBuf,
    names: Vec<String>,
    version: Option<Version>,
}

impl Intake {
    fn at(place: &Path) -> Result<Self, Failure> {
        let aside = place.with_extension("new");
        clear(&aside)?;
        fs::create_dir_all(&aside).map_err(|error| broken(&aside, &error))?;
        Ok(Self {
            aside,
            place: place.to_owned(),
            names: Vec::new(),
            version: None,
        })
    }

    fn take(&mut self, name: &str, size: u64, content: impl Read) -> Result<(), Failure> {
        let version = version_of(name)?;
        if self.names.iter().any(|known| known == name) {
            return Err(refuse(format!("{name} is in it twice")));
        }
        let at_most = if version.is_none() {
            LIST_AT_MOST
        } else {
            FILE_AT_MOST
        };
        if size > at_most {
            return Err(refuse(format!("{name} is larger than {at_most} bytes")));
        }
        match (&self.version, version) {
            (Some(known), Some(version)) if *known != version => {
                return Err(refuse(format!(
                    "it holds files of {known} and of {version}: a bundle is one release"
                )));
            }
            (None, version) => self.version = version,
            _ => {}
        }
        has_room(&self.aside, size)?;
        let path = self.aside.join(name);
        let mut file = File::create_new(&path).map_err(|error| broken(&path, &error))?;
        let written = io::copy(&mut content.take(size), &mut file).map_err(|error| {
            // What cannot be read is the bundle's fault, what cannot be written is not.
            let is_unread = matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
            );
            if is_unread {
                cut_off()
            } else {
                broken(&path, &error)
            }
        })?;
        if written != size {
            return Err(cut_off());
        }
        file.sync_all().map_err(|error| broken(&path, &error))?;
        self.names.push(name.to_owned());
        Ok(())
    }

    /// All of a release must be there; then it is put into place.
    fn finish(self) -> Result<Version, Failure> {
        for needed in [LIST, SIGNATURE] {
            if !self.names.iter().any(|name| name == needed) {
                return Err(refuse(format!("it holds no {needed}")));
            }
        }
        for (ending, _) in PAYLOADS {
            let of_kind = |name: &&String| {
                name.trim_end_matches(".xz")
                    .ends_with(&format!(".{ending}"))
            };
            let count = self.names.iter().filter(of_kind).count();
            if count != 1 {
                return Err(refuse(format!(
                    "it holds {count} files that end in .{ending}, not one"
                )));
            }
        }
        let version = self.version.clone();
        let version = version.ok_or_else(|| refuse("it holds no release"))?;
        self.put()?;
        Ok(version)
    }

    fn put(self) -> Result<(), Failure> {
        clear(&self.place)?;
        fs::rename(&self.aside, &self.place).map_err(|error| broken(&self.place, &error))
    }
}

fn cut_off() -> Failure {
    refuse("it ends too early: copy it again")
}

/// Whether there is room for so many bytes, and some more.
pub(super) fn has_room(directory: &Path, size: u64) -> Result<(), Failure> {
    let free = super::free_bytes(directory)?;
    if free >= size.saturating_add(STAYS_FREE) {
        return Ok(());
    }
    let (needs, free) = (size.saturating_add(STAYS_FREE) >> 20, free >> 20);
    let detail = format!(
        "{} has {free} MB free and needs {needs}",
        directory.display()
    );
    Err(Failure::new(Why::NoRoom, detail))
}

/// Removes a bundle, if there is one.
///
/// # Errors
/// When it cannot be removed.
pub fn clear(place: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(broken(place, &error)),
        _ => Ok(()),
    }
}

/// Reads a tar as it comes and puts its files into place; returns the version it says it is.
///
/// # Errors
/// When it is no tar, holds anything but the files of one release, or there is too little room.
pub fn unpack(tar: impl Read, place: &Path) -> Result<Version, Failure> {
    let mut intake = Intake::at(place)?;
    let unpacked = unpack_into(tar, &mut intake);
    finish(intake, unpacked)
}

fn unpack_into(tar: impl Read, intake: &mut Intake) -> Result<(), Failure> {
    let no_tar = |error: io::Error| refuse(format!("this is no whole tar: {error}"));
    let mut archive = Archive::new(tar);
    for (number, entry) in archive.entries().map_err(no_tar)?.enumerate() {
        let entry = entry.map_err(no_tar)?;
        if number >= ENTRIES_AT_MOST {
            return Err(refuse(format!(
                "it holds more than {ENTRIES_AT_MOST} entries"
            )));
        }
        let path = entry.path().map_err(no_tar)?.into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory {
            continue;
        }
        if kind != EntryType::Regular {
            let rule = format!("{} is a {kind:?}: only files are taken", path.display());
            return Err(refuse(rule));
        }
        let (name, size) = (flat_name(&path)?, entry.size());
        intake.take(&name, size, entry)?;
    }
    Ok(())
}

/// The name of a file that lies at the top of a tar, or in one directory of it.
fn flat_name(path: &Path) -> Result<String, Failure> {
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let depth = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .count();
    let name = path.file_name().and_then(|name| name.to_str());
    match name {
        Some(name) if is_plain && depth <= 2 => Ok(name.to_owned()),
        _ => Err(refuse(format!(
            "{} does not lie at the top of it",
            path.display()
        ))),
    }
}

/// Takes the files of a release out of a directory, and leaves everything else there alone.
///
/// # Errors
/// When it cannot be read, does not hold one whole release, or there is too little room.
pub fn take(directory: &Path, place: &Path) -> Result<Version, Failure> {
    let mut intake = Intake::at(place)?;
    let taken = take_into(directory, &mut intake, |name| version_of(name).is_ok());
    finish(intake, taken)
}

/// Takes no more of a directory than the list of a release and its signature, where there is one.
///
/// # Errors
/// When they cannot be read.
pub(super) fn take_list(directory: &Path, place: &Path) -> Result<(), Failure> {
    let mut intake = Intake::at(place)?;
    take_into(directory, &mut intake, |name| version_of(name) == Ok(None))?;
    intake.put()
}

fn take_into(
    directory: &Path,
    intake: &mut Intake,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let entries = fs::read_dir(directory)
        .map_err(|error| refuse(format!("{} cannot be read: {error}", directory.display())))?;
    for entry in entries.take(10_000) {
        let entry = entry.map_err(|error| broken(directory, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_wanted(&name) {
            continue;
        }
        let path = entry.path();
        let unread =
            |error: io::Error| refuse(format!("{} cannot be read: {error}", path.display()));
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = File::options()
            .read(true)
            .custom_flags(flags.bits())
            .open(&path)
            .map_err(unread)?;
        let metadata = file.metadata().map_err(unread)?;
        if !metadata.is_file() {
            return Err(refuse(format!("{} is no file", path.display())));
        }
        intake.take(&name, metadata.len(), file)?;
    }
    Ok(())
}

fn finish(intake: Intake, result: Result<(), Failure>) -> Result<Version, Failure> {
    let aside = intake.aside.clone();
    let finished = result.and_then(|()| intake.finish());
    if finished.is_err() {
        // What is wrong is told; what is left of it is in nobody's way.
        clear(&aside).ok();
    }
    finished
}

/// The version of a bundle that was put into place; `None` when there is none.
#[must_use]
pub fn version(place: &Path) -> Option<Version> {
    let mut entries = fs::read_dir(place).ok()?.flatten();
    entries.find_map(|entry| version_of(entry.file_name().to_str()?).ok().flatten())
}

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    const ROOT: &str = "parvis-cloud_0.2.0_899e14fe82b7d63523d6b2759ffa3c14.root.xz";
    const VERITY: &str = "parvis-cloud_0.2.0_11ad53559ae45058a906003c67b01613.verity";
    const KERNEL: &str = "parvis-cloud_0.2.0.efi";
    const WHOLE: [&str; 5] = [LIST, SIGNATURE, ROOT, VERITY, KERNEL];

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }

        fn bundle(&self) -> PathBuf {
            self.0.join("bundle")
        }

        /// All that lies there, at any depth.
        fn names(&self) -> Vec<String> {
            let mut names = Vec::new();
            let mut left = vec![self.0.clone()];
            while let Some(path) = left.pop() {
                for entry in fs::read_dir(path).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        left.push(path);
                    } else {
                        names.push(path.strip_prefix(&self.0).unwrap().display().to_string());
                    }
                }
            }
            names.sort();
            names
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn header(kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header
    }

    fn tar_of(names: &[&str]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for name in names {
            let mut header = header(EntryType::Regular, 5);
            builder
                .append_data(&mut header, name, &b"12345"[..])
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// A tar with one entry under a name that the builder itself would refuse.
    fn tar_with(name: &str, kind: EntryType, link: &str) -> Vec<u8> {
        let mut header = header(kind, 0);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        if !link.is_empty() {
            header.set_link_name_literal(link).unwrap();
        }
        header.set_cksum();
        let mut tar = header.as_bytes().to_vec();
        tar.extend([0; 1024]);
        tar
    }

    #[test]
    fn a_whole_release_is_taken_from_a_tar_or_a_directory() {
        let place = Place::new("bundle-whole");
        let inside = WHOLE.map(|name| format!("release/{name}"));
        for tar in [
            tar_of(&WHOLE),
            tar_of(&inside.each_ref().map(String::as_str)),
        ] {
            assert_eq!(
                unpack(&tar[..], &place.bundle()),
                Ok("0.2.0".parse().unwrap())
            );
            let mut names = WHOLE.map(|name| format!("bundle/{name}"));
            names.sort();
            assert_eq!(place.names(), names);
        }
        assert_eq!(version(&place.bundle()), Some("0.2.0".parse().unwrap()));
        // A stick holds other things too.
        fs::write(place.bundle().join("holidays.jpg"), "x").unwrap();
        let copy = place.0.join("copy");
        assert_eq!(take(&place.bundle(), &copy), Ok("0.2.0".parse().unwrap()));
        assert_eq!(fs::read_dir(&copy).unwrap().count(), WHOLE.len());
    }

    #[test]
    fn a_hostile_tar_is_refused_and_leaves_nothing_anywhere() {
        let place = Place::new("bundle-hostile");
        let stranger = "is no file of a release";
        let hostile = [
            (
                tar_with("../SHA256SUMS", EntryType::Regular, ""),
                "does not lie at the top",
            ),
            (
                tar_with("/etc/SHA256SUMS", EntryType::Regular, ""),
                "does not lie at the top",
            ),
            (
                tar_with("a/b/c/SHA256SUMS", EntryType::Regular, ""),
                "does not lie at the top",
            ),
            (tar_with("passwd", EntryType::Regular, ""), stranger),
            (
                tar_with("SHA256SUMS", EntryType::Symlink, "/etc/shadow"),
                "only files are taken",
            ),
            (
                tar_with("SHA256SUMS", EntryType::Link, "/etc/shadow"),
                "only files are taken",
            ),
            (
                tar_with(KERNEL, EntryType::Char, ""),
                "only files are taken",
            ),
            (
                tar_with(KERNEL, EntryType::Fifo, ""),
                "only files are taken",
            ),
            (tar_with(KERNEL, EntryType::GNUSparse, ""), ""),
            (tar_of(&[LIST, SIGNATURE, LIST]), "twice"),
            (
                tar_of(&[LIST, SIGNATURE, KERNEL, "parvis-cloud_0.3.0.efi"]),
                "one release",
            ),
            (tar_of(&WHOLE[..4]), "0 files that end in .efi"),
            (tar_of(&WHOLE[1..]), "no SHA256SUMS"),
            (tar_of(&[]), "no SHA256SUMS"),
            (b"this is no tar at all".to_vec(), "no whole tar"),
            (tar_of(&WHOLE)[..700].to_vec(), ""),
        ];
        for (tar, rule) in hostile {
            let failure = unpack(&tar[..], &place.bundle()).unwrap_err();
            assert_eq!(failure.why, Why::Bundle, "{failure}");
            assert!(failure.detail.contains(rule), "{rule}: {failure}");
            assert_eq!(place.names(), Vec::<String>::new(), "{rule}");
        }
    }

    #[test]
    fn what_claims_to_be_huge_is_refused_before_it_is_written() {
        let place = Place::new("bundle-huge");
        for (name, size) in [
            (LIST, LIST_AT_MOST + 1),
            (KERNEL, FILE_AT_MOST + 1),
            (KERNEL, u64::MAX >> 2),
        ] {
            let mut huge = header(EntryType::Regular, size);
            huge.set_path(name).unwrap();
            huge.set_cksum();
            let failure = unpack(&huge.as_bytes()[..], &place.bundle()).unwrap_err();
            assert!(failure.detail.contains("larger than"), "{failure}");
        }
        let many: Vec<Vec<u8>> = (0..=ENTRIES_AT_MOST)
            .map(|_| tar_with("x/", EntryType::Directory, "")[..512].to_vec())
            .collect();
        let failure = unpack(&many.concat()[..], &place.bundle()).unwrap_err();
        assert!(failure.detail.contains("more than 32 entries"), "{failure}");
    }

    #[test]
    fn a_link_in_a_directory_is_not_followed() {
        let place = Place::new("bundle-link");
        let stick = place.0.join("stick");
        fs::create_dir_all(&stick).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", stick.join(LIST)).unwrap();
        let failure = take(&stick, &place.bundle()).unwrap_err();
        assert_eq!(failure.why, Why::Bundle);
        assert!(take(&place.0.join("nowhere"), &place.bundle()).is_err());
    }

    #[test]
    fn files_of_releases_are_known_by_their_names() {
        for name in WHOLE {
            assert!(version_of(name).is_ok(), "{name}");
        }
        for name in [
            "parvis-cloud_0.2.0.efi.xz",
            "parvis-cloud_0.2.0.root",
            "parvis-cloud_0.2.0_899e14fe82b7d63523d6b2759ffa3c14.efi",
            "parvis-cloud_0.2.0_899e14fe82b7d63523d6b2759ffa3c1.root",
            "parvis-cloud_0.2.0_899e14fe82b7d63523d6b2759ffa3c14.root-verity",
            "Parvis_0.2.0.efi",
            "parvis-cloud_0.2.0-rc1.efi",
            "SHA256SUMS.asc",
            "",
            ".efi",
        ] {
            assert!(version_of(name).is_err(), "{name}");
        }
    }
}

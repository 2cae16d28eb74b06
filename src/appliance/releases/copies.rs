//! A copy of the database on the same machine, before a release changes its schema: the newest two are kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::appliance::cluster::programs;
use crate::domain::reading::Moment;
use crate::domain::release::{Failure, Why};

/// How many are kept.
const KEPT: usize = 2;

/// What stays free on the disk, in bytes: the database goes on.
const STAYS_FREE: u64 = 256 << 20;

const ENDING: &str = "dump";

/// The file that says why the last copy was not made.
const FAILURE: &str = "failure.json";

fn failed(what: impl Into<String>) -> Failure {
    Failure::new(Why::DatabaseCopy, what)
}

/// Copies the database into a directory, as whoever may read all of it, and forgets older copies. The copy is one that
/// `pg_restore` reads, compressed.
///
/// # Errors
/// When there is too little room, or PostgreSQL refuses.
pub fn copy_database(url: &str, directory: &Path, now: Moment) -> Result<PathBuf, Failure> {
    let copied = copy(url, directory, now);
    // Whoever waits for the copy runs as somebody else, and reads there why there is none.
    let told = directory.join(FAILURE);
    match &copied {
        Ok(_) => super::remove(&told)?,
        Err(failure) => super::write(&told, failure)?,
    }
    copied
}

/// Why the last copy was not made.
pub(super) fn failure(directory: &Path) -> Option<Failure> {
    super::read(&directory.join(FAILURE)).ok().flatten()
}

fn copy(url: &str, directory: &Path, now: Moment) -> Result<PathBuf, Failure> {
    let wrong =
        |path: &Path, error: &std::io::Error| failed(format!("{}: {error}", path.display()));
    fs::create_dir_all(directory).map_err(|error| wrong(directory, &error))?;
    has_room(url, directory)?;
    let name = format!("before-update-{}.{ENDING}", now.format("%Y%m%dT%H%M%SZ"));
    let (path, aside) = (directory.join(&name), directory.join(format!("{name}.new")));
    let target = format!("--file={}", aside.display());
    run(
        "pg_dump",
        &[
            "--format=custom",
            "--compress=1",
            "--no-password",
            &target,
            "--dbname",
            url,
        ],
    )?;
    let placed = || {
        File::open(&aside)?.sync_all()?;
        fs::rename(&aside, &path)?;
        File::open(directory)?.sync_all()
    };
    placed().map_err(|error| wrong(&path, &error))?;
    forget_older(directory).map_err(|error| wrong(directory, &error))?;
    Ok(path)
}

/// A compressed copy is smaller than the database, so what that takes is enough.
fn has_room(url: &str, directory: &Path) -> Result<(), Failure> {
    let query = "SELECT pg_database_size(current_database())";
    let told = run(
        "psql",
        &[
            "--no-psqlrc",
            "--no-password",
            "--tuples-only",
            "--no-align",
            "--command",
            query,
            "--dbname",
            url,
        ],
    )?;
    let size: u64 = told
        .trim()
        .parse()
        .map_err(|_| failed(format!("the size of the database is {told:?}")))?;
    let free = super::free_bytes(directory)?;
    let needs = size.saturating_add(STAYS_FREE);
    if free >= needs {
        return Ok(());
    }
    let (needs, free) = (needs >> 20, free >> 20);
    let detail = format!(
        "a copy of the database needs {needs} MB, and {} has {free} MB free",
        directory.display()
    );
    Err(Failure::new(Why::NoRoom, detail))
}

/// Keeps the newest copies: their names say when they were made.
fn forget_older(directory: &Path) -> std::io::Result<()> {
    let mut copies: Vec<PathBuf> = fs::read_dir(directory)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let (mut whole, halves): (Vec<_>, Vec<_>) = {
        copies.sort();
        copies
            .into_iter()
            .partition(|path| path.extension().is_some_and(|ending| ending == ENDING))
    };
    whole.reverse();
    let unfinished = halves
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "new"));
    for path in whole.into_iter().skip(KEPT).chain(unfinished) {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn run(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let path = programs()
        .map_err(|error| failed(error.to_string()))?
        .join(program);
    let output = Command::new(&path)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .map_err(|error| failed(format!("{}: {error}", path.display())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{program}: {}", told.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_two_copies_are_kept_and_halves_forgotten() {
        let directory = std::env::temp_dir().join(format!("copies-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        for name in [
            "before-update-1.dump",
            "before-update-3.dump",
            "before-update-2.dump",
            "before-update-4.dump.new",
            "a note",
        ] {
            fs::write(directory.join(name), "x").unwrap();
        }
        forget_older(&directory).unwrap();
        let mut left: Vec<_> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(
            left,
            ["a note", "before-update-2.dump", "before-update-3.dump"]
        );
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn a_database_that_does_not_answer_is_told() {
        let directory = std::env::temp_dir().join(format!("copies-none-{}", std::process::id()));
        let failure = copy_database(
            "postgres:///none?host=/nowhere",
            &directory,
            Moment::UNIX_EPOCH,
        )
        .unwrap_err();
        assert_eq!(failure.why, Why::DatabaseCopy);
        assert_eq!(super::failure(&directory), Some(failure));
        fs::remove_dir_all(&directory).unwrap();
    }
}

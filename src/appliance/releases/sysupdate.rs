//! systemd-sysupdate: what a bundle offers, installing it, and why it refused, from its own words.
//!
//! It takes releases from one place that its definitions name, so those of the image are written anew with the directory that
//! is meant.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::domain::release::{Failure, Version, Why};

/// The program, which Debian puts beside the path.
const PROGRAM: &str = "/usr/lib/systemd/systemd-sysupdate";

/// The definitions of the image.
pub(super) const DEFINITIONS: &str = "/usr/lib/sysupdate.d";

/// The lines of its output that a reason is looked for in.
const LINES_AT_MOST: usize = 200;

/// A directory that releases come from.
#[derive(Debug)]
pub(super) struct Source {
    definitions: PathBuf,
}

#[derive(Deserialize)]
struct Listed {
    all: Vec<String>,
}

/// What is known of a version.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct About {
    available: bool,
}

impl Source {
    /// Writes the definitions of the image anew for a directory.
    pub(super) fn at(directory: &Path, from: &Path, definitions: &Path) -> Result<Self, Failure> {
        let address = format!("file://{}/", directory.display());
        let broken = |path: &Path, error: &std::io::Error| {
            Failure::broken(format!("{}: {error}", path.display()))
        };
        super::bundle::clear(definitions)?;
        fs::create_dir_all(definitions).map_err(|error| broken(definitions, &error))?;
        let mut count = 0;
        for entry in fs::read_dir(from)
            .map_err(|error| broken(from, &error))?
            .flatten()
        {
            let path = entry.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "transfer")
            {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|error| broken(&path, &error))?;
            let own = definitions.join(entry.file_name());
            fs::write(&own, with_source(&text, &address)).map_err(|error| broken(&own, &error))?;
            count += 1;
        }
        if count == 0 {
            return Err(Failure::broken(format!(
                "{} holds no definitions of transfers",
                from.display()
            )));
        }
        Ok(Self {
            definitions: definitions.to_owned(),
        })
    }

    /// The newest version that is offered, whether it is installed or not.
    pub(super) fn newest(&self) -> Result<Option<Version>, Failure> {
        let listed: Listed = self.asked(&["list"])?;
        let mut all: Vec<Version> = listed
            .all
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        all.sort();
        while let Some(version) = all.pop() {
            let about: About = self.asked(&["list", &version.to_string()])?;
            if about.available {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// Checks and installs a version.
    pub(super) fn install(&self, version: &Version) -> Result<(), Failure> {
        self.run(&["update", &version.to_string()]).map(drop)
    }

    fn asked<T: for<'t> Deserialize<'t>>(&self, arguments: &[&str]) -> Result<T, Failure> {
        let arguments = [&["--json=short"], arguments].concat();
        let told = self.run(&arguments)?;
        serde_json::from_str(&told)
            .map_err(|error| Failure::broken(format!("systemd-sysupdate said {told:?}: {error}")))
    }

    /// Runs it; what it says on the way goes to the journal line by line, what it answers is returned.
    fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let unusable =
            |error: std::io::Error| Failure::broken(format!("{PROGRAM} cannot be run: {error}"));
        let mut command = Command::new(PROGRAM);
        command
            .arg(format!("--definitions={}", self.definitions.display()))
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(unusable)?;
        // Answers are a line or two and fit the pipe: reading one stream after the other does not block.
        let mut said = Vec::new();
        for line in BufReader::new(child.stderr.take().ok_or_else(lost)?).lines() {
            let line = line.map_err(unusable)?;
            eprintln!("{line}");
            if said.len() == LINES_AT_MOST {
                said.remove(0);
            }
            said.push(line);
        }
        let output = child.wait_with_output().map_err(unusable)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(reason(&said))
    }
}

fn lost() -> Failure {
    Failure::broken("what systemd-sysupdate says is lost")
}

/// A definition with another source.
fn with_source(text: &str, address: &str) -> String {
    let mut is_source = false;
    let mut lines = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            is_source = line.trim() == "[Source]";
        }
        if is_source && line.starts_with("Path=") {
            lines.push_str("Path=");
            lines.push_str(address);
        } else {
            lines.push_str(line);
        }
        lines.push('\n');
    }
    lines
}

/// Why it refused.
fn reason(said: &[String]) -> Failure {
    let line = |words: &str| said.iter().find(|line| line.contains(words));
    let with = |why, text: String| Failure::new(why, text);
    if line("Failed to retrieve signature file").is_some() {
        return with(
            Why::Unsigned,
            "SHA256SUMS.gpg is not there: a list without a signature is not used".to_owned(),
        );
    }
    if line("No public key").is_some() {
        let key = line("using ")
            .and_then(|line| line.rsplit(' ').next())
            .unwrap_or("unknown");
        return with(
            Why::ForeignKey,
            format!("SHA256SUMS is signed with the key {key}, which this machine does not trust"),
        );
    }
    if line("Signature verification failed").is_some() {
        return with(
            Why::Altered,
            "SHA256SUMS is not what its signature was made for".to_owned(),
        );
    }
    if let Some(line) = line("did not check out") {
        let address = line
            .split("Checksum of ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let file = address
            .and_then(|address| address.rsplit('/').next())
            .unwrap_or("a file");
        return with(
            Why::Damaged,
            format!("{file} is not what the signed list says"),
        );
    }
    let last = said
        .iter()
        .rev()
        .find(|line| !line.starts_with("Exiting") && !line.starts_with("(sd-"))
        .map_or("systemd-sysupdate said nothing", String::as_str);
    if line("No space left").is_some() {
        return with(Why::NoRoom, last.to_owned());
    }
    Failure::broken(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_it_says_becomes_a_reason() {
        // As systemd 257 says it.
        let manifest =
            "Discovering available instances…\nPulling 'file:///u/SHA256SUMS'.\nAcquired 337B.\n";
        let signature = "gpg: Signature made Thu Nov 26 01:33:24 2026 UTC\n\
            gpg:                using EDDSA key 4AA43F03DF2C131A0B7B0207C857B85B21C09BC0\n";
        for (said, why, detail) in [
            (
                "Transfer failed: Could not read a file:// file\nFailed to retrieve signature file, cannot verify. (Try --verify=no?)\nExiting.\n",
                Why::Unsigned,
                "SHA256SUMS.gpg",
            ),
            (
                &format!(
                    "{signature}gpg: Can't check signature: No public key\nDOWNLOAD INVALID: Signature verification failed.\nExiting.\n"
                ),
                Why::ForeignKey,
                "4AA43F03DF2C131A0B7B0207C857B85B21C09BC0",
            ),
            (
                &format!(
                    "{signature}gpg: BAD signature from \"r1\" [unknown]\nDOWNLOAD INVALID: Signature verification failed.\nExiting.\n"
                ),
                Why::Altered,
                "SHA256SUMS",
            ),
            (
                "DOWNLOAD INVALID: Checksum of file:///u/parvis-cloud_0.2.0_8.root file did not check out, file has been tampered with.\nExiting.\n(sd-pull-raw) failed with exit status 1: Bad message\n",
                Why::Damaged,
                "parvis-cloud_0.2.0_8.root",
            ),
            (
                "Something else.\nExiting.\n(sd-pull) failed with exit status 1.\n",
                Why::Broken,
                "Something else.",
            ),
        ] {
            let failure = reason(&lines(&format!("{manifest}{said}")));
            assert_eq!(failure.why, why, "{failure}");
            assert!(failure.detail.contains(detail), "{failure}");
        }
        assert_eq!(reason(&[]).why, Why::Broken);
    }

    #[test]
    fn only_the_source_of_a_definition_changes() {
        let text = "[Transfer]\nVerify=yes\n[Source]\nType=url-file\nPath=file:///a/\n[Target]\nPath=/EFI/Linux\n";
        let expected = "[Transfer]\nVerify=yes\n[Source]\nType=url-file\nPath=https://b/\n[Target]\nPath=/EFI/Linux\n";
        assert_eq!(with_source(text, "https://b/"), expected);
    }

    #[test]
    fn its_answers_are_read() {
        let listed: Listed = serde_json::from_str(
            r#"{"current":"0.1.0","all":["0.2.0","0.1.0"],"appstreamUrls":[]}"#,
        )
        .unwrap();
        assert_eq!(listed.all, ["0.2.0", "0.1.0"]);
        let about: About = serde_json::from_str(
            r#"{"version":"0.2.0","newest":true,"available":true,"installed":false,"obsolete":false,"protected":false,"incomplete":false,"changelogUrls":[],"contents":[]}"#,
        )
        .unwrap();
        assert_eq!(about, About { available: true });
    }
}

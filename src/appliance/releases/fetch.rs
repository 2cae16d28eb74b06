//! Fetching what a server offers, as `parvis-fetch@.service`: a user with a network and without any other right. What comes
//! from there is a bundle as if somebody had carried it, and nothing of it is believed here.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

use reqwest::{Client, NoProxy, Proxy, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::bundle::{self, FILE_AT_MOST, LIST, LIST_AT_MOST, SIGNATURE};
use crate::domain::release::{Failure, Phase, Version, Why};

/// How long the server may take to answer, and how long it may pause.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often whoever waits looks how far it is.
const LOOK: Duration = Duration::from_millis(250);

/// The steps in which it is told how far a file is, in percent.
const STEP: u64 = 2;

/// Where releases come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The address below which they lie, with a slash at its end.
    pub address: String,
    /// The proxy on the way.
    pub proxy: Option<String>,
    /// Hosts reached without it.
    pub direct: Vec<String>,
}

/// How much is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The list of what is offered, and its signature.
    List,
    /// These, and the files of the newest release for this machine.
    Release,
}

impl FromStr for Extent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "list" => Ok(Self::List),
            "release" => Ok(Self::Release),
            _ => Err(format!("\"{text}\" is not \"list\" or \"release\"")),
        }
    }
}

impl Extent {
    /// The unit that fetches so much.
    const fn unit(self) -> &'static str {
        match self {
            Self::List => "parvis-fetch@list.service",
            Self::Release => "parvis-fetch@release.service",
        }
    }
}

/// What is told to whoever waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Far(Phase),
    Failed(Failure),
}

/// Where the files lie that were fetched into a directory.
pub(super) fn bundle_at(directory: &Path) -> PathBuf {
    directory.join("bundle")
}

fn told_at(directory: &Path) -> PathBuf {
    directory.join("told.json")
}

/// Lets the unit fetch into its directory and waits for it, passing on how far it is.
pub(super) fn order(
    extent: Extent,
    directory: &Path,
    mut tell: impl FnMut(Phase) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let unit = extent.unit();
    let unusable =
        |error: std::io::Error| Failure::broken(format!("{unit} cannot be waited for: {error}"));
    let told = told_at(directory);
    let mut starts: Child = Command::new(super::SYSTEMCTL)
        .args(["start", unit])
        .spawn()
        .map_err(unusable)?;
    let ended = loop {
        if let Some(ended) = starts.try_wait().map_err(unusable)? {
            break ended;
        }
        if let Ok(Some(Told::Far(phase))) = super::read(&told) {
            tell(phase)?;
        }
        sleep(LOOK);
    };
    if ended.success() {
        return Ok(());
    }
    match super::read(&told) {
        Ok(Some(Told::Failed(failure))) => Err(failure),
        _ => Err(Failure::broken(format!(
            "{unit} did not get as far as to say why: see journalctl --unit {unit}"
        ))),
    }
}

/// Fetches into a directory what a server offers for an image.
///
/// # Errors
/// When the server does not answer, offers nothing for the image, or there is too little room; it is told in the directory too.
pub async fn fetch(
    server: &Server,
    image: &str,
    extent: Extent,
    directory: &Path,
) -> Result<(), Failure> {
    super::remove(&told_at(directory))?;
    let fetched = fetch_into(server, image, extent, directory).await;
    if let Err(failure) = &fetched {
        super::write(&told_at(directory), &Told::Failed(failure.clone()))?;
    }
    fetched
}

async fn fetch_into(
    server: &Server,
    image: &str,
    extent: Extent,
    directory: &Path,
) -> Result<(), Failure> {
    let fetcher = Fetcher {
        server,
        client: client(server)?,
        directory,
    };
    let bundle = bundle_at(directory);
    bundle::clear(&bundle)?;
    fs::create_dir_all(&bundle).map_err(|error| super::unwritten(&bundle, &error))?;
    if !fetcher.file(LIST, LIST_AT_MOST).await? {
        let detail = format!("{}{LIST} is not there", server.address);
        return Err(Failure::new(Why::Unreachable, detail));
    }
    // That there is none is for the check of signatures to say.
    fetcher.file(SIGNATURE, LIST_AT_MOST).await?;
    if extent == Extent::List {
        return Ok(());
    }
    let list = fs::read_to_string(bundle.join(LIST)).map_err(|error| {
        let detail = format!("{}{LIST} is no text: {error}", server.address);
        Failure::new(Why::Altered, detail)
    })?;
    for name in newest(&list, image)? {
        if !fetcher.file(name, FILE_AT_MOST).await? {
            let detail = format!(
                "{}{name} is not there, and the list names it",
                server.address
            );
            return Err(Failure::new(Why::Damaged, detail));
        }
    }
    Ok(())
}

/// The files of the newest version of an image in a list of digests, as sha256sum writes them.
fn newest<'l>(list: &'l str, image: &str) -> Result<Vec<&'l str>, Failure> {
    let named = list.lines().filter_map(|line| {
        let (_, name) = line.split_once(' ')?;
        let name = name.trim_start_matches([' ', '*']);
        let is_of_image = name
            .strip_prefix(image)
            .is_some_and(|rest| rest.starts_with('_'));
        let version: Version = bundle::version_of(name).ok()??;
        is_of_image.then_some((version, name))
    });
    let files: Vec<(Version, &str)> = named.collect();
    let Some(newest) = files.iter().map(|(version, _)| version).max() else {
        let detail = format!("it holds no release of {image}");
        return Err(Failure::new(Why::NotForThisMachine, detail));
    };
    let of_newest = files.iter().filter(|(version, _)| version == newest);
    Ok(of_newest.map(|(_, name)| *name).collect())
}

fn client(server: &Server) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .connect_timeout(PATIENCE)
        .read_timeout(PATIENCE)
        .user_agent(concat!("Parvis/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(address) = &server.proxy {
        let proxy = Proxy::all(address)
            .map_err(|error| Failure::broken(format!("auth.proxy is no address: {error}")))?;
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&server.direct.join(","))));
    }
    builder.build().map_err(Failure::broken)
}

fn unreachable(address: &str, error: reqwest::Error) -> Failure {
    let error = anyhow::Error::from(error.without_url());
    Failure::new(Why::Unreachable, format!("{address}: {error:#}"))
}

struct Fetcher<'f> {
    server: &'f Server,
    client: Client,
    directory: &'f Path,
}

impl Fetcher<'_> {
    /// Fetches one file; says whether the server has it.
    async fn file(&self, name: &str, at_most: u64) -> Result<bool, Failure> {
        let address = format!("{}{name}", self.server.address);
        let answer = self.client.get(&address).send().await;
        let answer = answer.map_err(|error| unreachable(&address, error))?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let answer = answer.error_for_status();
        let answer = answer.map_err(|error| unreachable(&address, error))?;
        self.save(name, answer, at_most).await?;
        Ok(true)
    }

    /// Writes an answer down as it comes.
    async fn save(&self, name: &str, mut answer: Response, at_most: u64) -> Result<(), Failure> {
        let address = answer.url().to_string();
        let path = bundle_at(self.directory).join(name);
        let too_large = || {
            let detail = format!("{name} is larger than {at_most} bytes");
            Err(Failure::new(Why::Bundle, detail))
        };
        let size = answer.content_length();
        if size.is_some_and(|size| size > at_most) {
            return too_large();
        }
        bundle::has_room(self.directory, size.unwrap_or(at_most))?;
        let unwritten = |error: std::io::Error| bundle::broken(&path, &error);
        let mut file = File::create_new(&path).map_err(unwritten)?;
        let (mut written, mut told) = (0, None);
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| unreachable(&address, error))?
        {
            written += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if written > at_most {
                return too_large();
            }
            file.write_all(&chunk).map_err(unwritten)?;
            let far = size.and_then(|size| (written * 100).checked_div(size));
            let step = far.map(|far| far / STEP * STEP);
            if at_most > LIST_AT_MOST && step != told {
                told = step;
                self.tell(name, step.unwrap_or_default())?;
            }
        }
        Ok(())
    }

    fn tell(&self, name: &str, percent: u64) -> Result<(), Failure> {
        let phase = Phase::Fetching {
            file: name.to_owned(),
            percent: u8::try_from(percent).unwrap_or(100),
        };
        super::write(&told_at(self.directory), &Told::Far(phase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_release_for_this_machine_is_fetched_and_no_file_with_another_name() {
        let (digest, uuid) = ("0".repeat(64), "8".repeat(32));
        let line = |name: &str| format!("{digest}  {}\n", name.replace("UUID", &uuid));
        let list: String = [
            "parvis-cloud_0.2.0.efi",
            "parvis-cloud_0.10.0.efi",
            "parvis-cloud_0.10.0_UUID.root.xz",
            "parvis-cloud_0.10.0_UUID.verity",
            "parvis-cloud_0.11.0/../../x.efi",
            "../parvis-cloud_0.12.0.efi",
            "parvis-metal_0.13.0.efi",
            "SHA256SUMS",
        ]
        .map(line)
        .concat();
        let expected = [
            "parvis-cloud_0.10.0.efi".to_owned(),
            format!("parvis-cloud_0.10.0_{uuid}.root.xz"),
            format!("parvis-cloud_0.10.0_{uuid}.verity"),
        ];
        assert_eq!(newest(&list, "parvis-cloud").unwrap(), expected);
        for (list, image) in [("", "parvis-cloud"), (&list, "parvis")] {
            assert_eq!(newest(list, image).unwrap_err().why, Why::NotForThisMachine);
        }
    }
}

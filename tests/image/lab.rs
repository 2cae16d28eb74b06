//! The network and the disks of the examination: a bridge-less link to one guest, with DHCP and router advertisements.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::machine::{Machine, Setup};

/// The end of the link that is the examiner's.
pub(crate) const HERE: &str = "192.0.2.1";

/// What the guest is given by DHCP.
pub(crate) const GUEST: &str = "192.0.2.10";

/// What the guest makes of the advertised prefix and its card.
pub(crate) const GUEST_IPV6: &str = "2001:db8:9a::5054:ff:fe9a:1";

/// The card of the guest.
pub(crate) const CARD: &str = "52:54:00:9a:00:01";

/// Runs tools of Debian 13.
pub(crate) const DEBIAN_13: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/debian13");

/// What the hypervisor says of the machine that nobody sets up by hand.
const UNATTENDED: &str = r#"
[institution]
name = { fr = "Université d’Exemple", en = "Example University" }
time_zone = "Europe/Paris"
security_officer = "Ada Moreau"
security_contact = "security@uni.example"

[web]
public_name = "192.0.2.10"

[administrator]
login = "ada"
name = "Ada Moreau"
"#;

/// The link, the disks and the machine that is examined.
pub(crate) struct Lab {
    lane: &'static str,
    directory: PathBuf,
    image: PathBuf,
    machine: Option<Machine>,
    /// What the gateway of the examination proves itself with, or what opens a sealed disk: once there is one.
    secret: Option<String>,
    _dhcp: Child,
}

impl Lab {
    /// Lays the network and finds the image.
    pub(crate) fn open(lane: &'static str) -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = checkout.join("target/image-test").join(lane);
        fs::create_dir_all(&directory).expect("target/image-test can be made");
        let image = std::env::var_os("PARVIS_IMAGE")
            .map_or_else(|| newest(&checkout.join("image/out")), PathBuf::from);
        println!("image {}", image.display());
        for line in [
            "link set lo up",
            "tuntap add tap0 mode tap",
            "addr add 192.0.2.1/24 dev tap0",
            "addr add 2001:db8:9a::1/64 dev tap0 nodad",
            "link set tap0 up",
        ] {
            run("ip", line.split(' '));
        }
        let dhcp = Command::new("dnsmasq")
            .args([
                "--no-daemon",
                "--conf-file=/dev/null",
                "--interface=tap0",
                "--bind-interfaces",
                "--port=0",
                "--enable-ra",
            ])
            .arg("--leasefile-ro")
            .arg(format!("--dhcp-range={HERE},static"))
            .arg(format!("--dhcp-host={CARD},{GUEST}"))
            .arg("--dhcp-range=2001:db8:9a::,ra-only")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq starts");
        let key = directory.join("key");
        if !key.exists() {
            run(
                "ssh-keygen",
                [
                    "-q",
                    "-t",
                    "ed25519",
                    "-N",
                    "",
                    "-f",
                    &key.display().to_string(),
                ],
            );
        }
        Self {
            lane,
            directory,
            image,
            machine: None,
            secret: None,
            _dhcp: dhcp,
        }
    }

    /// The machine that most stories share; the first to ask for it waits until it boots.
    pub(crate) fn machine(&mut self) -> &mut Machine {
        if self.machine.is_none() {
            let disk = self.fresh_disk();
            let mut setup = Setup::new(&self.directory, disk);
            if self.lane != crate::LIFE {
                setup.credentials.extend([
                    ("ssh.authorized_keys.operator".to_owned(), self.public_key()),
                    ("parvis.setup".to_owned(), UNATTENDED.to_owned()),
                ]);
            }
            if self.lane == crate::SEALED {
                let _ = fs::remove_dir_all(self.directory.join("tpm"));
                setup.has_tpm = true;
                setup
                    .credentials
                    .push(("parvis.seal".to_owned(), "tpm2".to_owned()));
            }
            if self.lane == crate::ASSESSED {
                let here = Path::new(env!("CARGO_MANIFEST_DIR"));
                setup.scanners = Some(here.join("target/image-test/scanners.ext4"));
            }
            let mut machine = Machine::boot(setup);
            machine.until_ready();
            self.machine = Some(machine);
        }
        self.machine.as_mut().expect("it was made above")
    }

    /// A copy of the image, as large as a small server's disk.
    fn fresh_disk(&self) -> PathBuf {
        let disk = self.directory.join("disk.raw");
        copy(&self.image, &disk);
        grow(&disk, 8 << 30);
        disk
    }

    /// The image that is examined.
    pub(crate) fn image(&self) -> &Path {
        &self.image
    }

    /// Where the examination keeps its files.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The private key of the operator.
    pub(crate) fn key(&self) -> PathBuf {
        self.directory.join("key")
    }

    /// The public key of the operator, which a machine is given.
    pub(crate) fn public_key(&self) -> String {
        fs::read_to_string(self.directory.join("key.pub")).expect("the operator has a key")
    }

    pub(crate) fn remember_secret(&mut self, secret: String) {
        self.secret = Some(secret);
    }

    pub(crate) fn secret(&self) -> String {
        self.secret
            .clone()
            .expect("a story before this one remembered a secret")
    }

    /// The end of the console and what went wrong inside, for whoever looks for a reason.
    pub(crate) fn last_words(&mut self) -> String {
        let Some(machine) = &mut self.machine else {
            return String::new();
        };
        let console = machine.console();
        let lines: Vec<&str> = console.lines().collect();
        let end = lines[lines.len().saturating_sub(40)..].join("\n");
        // A machine that hangs says nothing more.
        let inside = catch_unwind(AssertUnwindSafe(|| {
            machine.root("systemctl --failed --no-legend --plain; systemctl list-jobs --no-legend; journalctl -b -q -p warning -n 40 --no-hostname -o short-monotonic")
        }));
        format!("{end}\n{}", inside.unwrap_or_default())
    }
}

/// Copies a disk without its holes.
pub(crate) fn copy(from: &Path, to: &Path) {
    run(
        "cp",
        [
            "--sparse=always",
            &from.display().to_string(),
            &to.display().to_string(),
        ],
    );
}

/// Makes a disk larger, by zeros that take no room.
pub(crate) fn grow(disk: &Path, bytes: u64) {
    fs::OpenOptions::new()
        .write(true)
        .open(disk)
        .and_then(|file| file.set_len(bytes))
        .expect("the disk can be grown");
}

/// Runs a program that must succeed and gives what it said.
pub(crate) fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} failed: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn newest(directory: &Path) -> PathBuf {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "raw"))
        .max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok())
        .unwrap_or_else(|| {
            panic!(
                "there is no image in {}: run make image",
                directory.display()
            )
        })
}

//! Releases: installed from a server and from a bundle, refused with the reason, and left again when they do not come up healthy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::lab::{HERE, Lab, run};
use crate::machine::within;
use crate::ports::ssh;

/// The updates of the machine take what lies here, whatever a story puts there.
struct UpdateServer {
    directory: PathBuf,
    process: Child,
}

impl UpdateServer {
    /// Serves a release.
    fn of(lab: &mut Lab, release: &str) -> Self {
        let directory = lab.directory().join("served");
        let _ = fs::remove_dir_all(&directory);
        copy(&releases().join(release), &directory);
        let process = Command::new("python3")
            .args(["-m", "http.server", "--bind", HERE, "8000", "--directory"])
            .arg(&directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 runs");
        // What is asked for while it still starts, is done when it has.
        lab.machine().root("systemctl is-system-running --wait");
        lab.machine().root(&format!(
            "grep -q '^.update.$' /var/lib/parvis/decided.toml || printf '[update]\\nurl = \"http://{HERE}:8000/\"\\n' >>/var/lib/parvis/decided.toml; \
             systemctl start parvis-firewall-rules.service"
        ));
        Self { directory, process }
    }

    fn file(&self, ending: &str) -> PathBuf {
        let mut files = fs::read_dir(&self.directory)
            .expect("it was made above")
            .flatten();
        files
            .find(|entry| entry.file_name().to_string_lossy().ends_with(ending))
            .expect("a release has this file")
            .path()
    }

    /// Turns one bit over, in the middle of a file.
    fn damage(&self, ending: &str) {
        let file = self.file(ending);
        let mut bytes = fs::read(&file).expect("it can be read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file, bytes).expect("it can be written");
    }

    /// Signs what is there now, damaged or not, with the key that the machine trusts.
    fn sign(&self) {
        let script = "cd \"$1\"; rm -f SHA256SUMS.gpg; sha256sum parvis-* >SHA256SUMS";
        run(
            "bash",
            ["-c", script, "sign", &self.directory.display().to_string()],
        );
        sign(
            &self.directory,
            &checkout().join("target/image/keys/release.secret"),
        );
    }

    /// Calls the good release by a version before its own, and gives that.
    fn becomes_older(&self, by: u32) -> String {
        let good = version_of("good");
        let (front, last) = good.rsplit_once('.').expect("a version has parts");
        let last: u32 = last.parse().expect("a number");
        let older = format!("{front}.{}", last - by);
        for entry in fs::read_dir(&self.directory)
            .expect("it was made above")
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().replace(&good, &older);
            fs::rename(entry.path(), self.directory.join(name)).expect("it can be renamed");
        }
        older
    }
}

impl Drop for UpdateServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn releases() -> PathBuf {
    checkout().join("target/image-test/releases")
}

fn version_of(release: &str) -> String {
    let file = releases().join(release).join("version");
    fs::read_to_string(file)
        .expect("tests/image/releases made it")
        .trim()
        .to_owned()
}

fn copy(from: &Path, to: &Path) {
    run(
        "cp",
        ["-r", &from.display().to_string(), &to.display().to_string()],
    );
}

fn sign(directory: &Path, key: &Path) {
    let script = "home=$(mktemp -d); gpg --homedir $home --batch --quiet --import \"$2\"; \
        gpg --homedir $home --batch --quiet --yes --detach-sign --output \"$1/SHA256SUMS.gpg\" \"$1/SHA256SUMS\"; \
        gpgconf --homedir $home --kill all; rm -rf $home";
    let (directory, key) = (directory.display().to_string(), key.display().to_string());
    run("bash", ["-euc", script, "sign", &directory, &key]);
}

/// Lists what could be booted: kernel images, and the labels of slots as the disk has them.
const BOOTABLE: &str = "ls /efi/EFI/Linux /boot/EFI/Linux 2>/dev/null; \
    for slot in /dev/vda?; do blkid --probe --match-tag PART_ENTRY_NAME $slot; done";

/// Asks for an installation and says what came of it.
fn install(lab: &mut Lab, arguments: &str, input: impl AsRef<[u8]>) -> (bool, String) {
    let said = ssh(
        &lab.key(),
        &format!("parvis update install {arguments}"),
        input,
    );
    (said.success, said.text)
}

fn refused(lab: &mut Lab, words: &str) {
    let before = lab.machine().root(BOOTABLE);
    let (success, text) = install(lab, "", "");
    assert!(
        !success && text.contains(words),
        "not refused for {words:?}: {text}"
    );
    println!(
        "  refused: {}",
        text.trim().lines().next_back().unwrap_or_default()
    );
    let after = lab.machine().root(BOOTABLE);
    assert_eq!(before, after, "something could be booted that was refused");
}

pub(crate) fn what_is_tampered_with_is_refused(lab: &mut Lab) {
    let server = UpdateServer::of(lab, "good");
    let sums = server.file("SHA256SUMS");
    let good = fs::read_to_string(&sums).expect("it can be read");
    fs::write(&sums, good.replacen('a', "b", 1)).expect("it can be written");
    refused(lab, "is not what its signature was made for");
    fs::write(&sums, &good).expect("it can be written");
    let signature = server.file("SHA256SUMS.gpg");
    let signed = fs::read(&signature).expect("it can be read");
    fs::remove_file(&signature).expect("it can be removed");
    refused(lab, "signature");
    fs::write(&signature, &signed[..signed.len() / 2]).expect("it can be written");
    refused(lab, "signature");
    let foreign = lab.directory().join("foreign.secret");
    let _ = fs::remove_file(&foreign);
    let public = lab.directory().join("foreign.gpg");
    run(
        &checkout().join("image/release-key").display().to_string(),
        [
            "Somebody else",
            &foreign.display().to_string(),
            &public.display().to_string(),
        ],
    );
    sign(&server.directory, &foreign);
    refused(lab, "key");
    fs::write(&signature, &signed).expect("it can be written");
    server.damage(".root");
    refused(lab, "is not what the signed list says");
}

pub(crate) fn an_interrupted_update_leaves_what_runs(lab: &mut Lab) {
    let _server = UpdateServer::of(lab, "good");
    let machine = lab.machine();
    let version = machine.version();
    machine.root("parvis update install >/run/told 2>&1 &");
    within(
        Duration::from_secs(600),
        "the payload to be written",
        || {
            machine
                .root("cat /run/told")
                .contains("Putting it into place")
                .then_some(())
        },
    );
    sleep(Duration::from_secs(5));
    machine.cut_power();
    machine.until_ready();
    assert_eq!(machine.version(), version);
}

pub(crate) fn a_release_without_a_working_service_is_left(lab: &mut Lab) {
    let _server = UpdateServer::of(lab, "never-healthy");
    falls_back(lab, &version_of("never-healthy"));
}

pub(crate) fn a_release_with_a_damaged_root_is_left(lab: &mut Lab) {
    let server = UpdateServer::of(lab, "good");
    let damaged = server.becomes_older(3);
    // As a disk would lose it: the hashes are right, the data is not.
    let root = server.file(".root");
    let mut bytes = fs::read(&root).expect("it can be read");
    bytes[..1 << 20].fill(0);
    fs::write(root, bytes).expect("it can be written");
    server.sign();
    falls_back(lab, &damaged);
}

pub(crate) fn a_release_that_secure_boot_refuses_is_left(lab: &mut Lab) {
    let server = UpdateServer::of(lab, "good");
    let refused = server.becomes_older(2);
    server.damage(".efi");
    server.sign();
    falls_back(lab, &refused);
    let console = lab.machine().console();
    assert!(
        console.contains("Access Denied"),
        "the firmware did not refuse it"
    );
}

pub(crate) fn a_release_whose_initrd_stops_is_left(lab: &mut Lab) {
    let _server = UpdateServer::of(lab, "initrd-stops");
    falls_back(lab, &version_of("initrd-stops"));
}

/// Installs a release that cannot work, and waits until the one before is back by itself.
fn falls_back(lab: &mut Lab, version: &str) {
    let machine = lab.machine();
    let before = machine.version();
    // One try instead of three: each is a whole boot.
    machine.root(
        "sed s/TriesLeft=3/TriesLeft=1/ /usr/lib/sysupdate.d/30-kernel-image.transfer >/run/one-try.transfer; \
         mount --bind /run/one-try.transfer /usr/lib/sysupdate.d/30-kernel-image.transfer",
    );
    let (success, text) = install(lab, "", "");
    assert!(success && text.contains(version), "{text}");
    let machine = lab.machine();
    let seconds = machine.reboots("systemctl reboot");
    println!("  {version} was tried and left after {seconds} s");
    assert_eq!(machine.version(), before);
    machine.root("systemctl start parvis-update.service");
    let status = ssh(&lab.key(), "parvis update status", "").text;
    assert!(
        status.contains(version) && status.contains("fell-back"),
        "it is not told: {status}"
    );
    let (success, text) = install(lab, "", "");
    assert!(!success, "what fell back is installed again: {text}");
}

pub(crate) fn an_update_from_the_server_stays(lab: &mut Lab) {
    let _server = UpdateServer::of(lab, "good");
    let version = version_of("good");
    let checked = ssh(&lab.key(), "parvis update check", "").text;
    assert!(
        checked.contains(&format!("available   {version}")),
        "{checked}"
    );
    let (success, text) = install(lab, "", "");
    assert!(success, "{text}");
    stays(lab, &version);
}

pub(crate) fn an_update_from_a_bundle_stays_and_the_old_is_refused(lab: &mut Lab) {
    let bundle = |release: &str| {
        let place = releases().join(release);
        let script = "cd \"$1\"; tar --create SHA256SUMS SHA256SUMS.gpg *.efi *.root *.verity";
        let output = Command::new("bash")
            .args(["-euc", script, "bundle"])
            .arg(place)
            .output()
            .expect("tar runs");
        output.stdout
    };
    let (success, text) = install(lab, "--from -", bundle("better"));
    assert!(success, "{text}");
    stays(lab, &version_of("better"));
    let (success, text) = install(lab, "--from -", bundle("good"));
    assert!(!success && text.contains("older"), "{text}");
}

fn stays(lab: &mut Lab, version: &str) {
    let machine = lab.machine();
    let seconds = machine.reboots("systemctl reboot");
    println!("  {version} runs {seconds} s after the restart");
    assert_eq!(machine.version(), version);
    within(
        Duration::from_secs(300),
        "the boot to be found good",
        || {
            machine
                .root("/usr/lib/systemd/systemd-bless-boot status")
                .contains("good")
                .then_some(())
        },
    );
    assert_eq!(machine.root("systemctl --failed --no-legend --plain"), "");
}

pub(crate) fn an_operator_goes_back(lab: &mut Lab) {
    let before = version_of("good");
    let said = ssh(&lab.key(), "parvis update rollback", "");
    assert!(said.success, "{}", said.text);
    let machine = lab.machine();
    machine.reboots("systemctl reboot");
    assert_eq!(machine.version(), before);
}

pub(crate) fn a_hang_ends_by_the_watchdog(lab: &mut Lab) {
    let machine = lab.machine();
    // The first process of a machine that is hit so stops for ever, and with it the sign of life.
    let seconds = machine.reboots("kill -SEGV 1");
    println!("  back {seconds} s after the hang");
}

//! A virtual machine: firmware with Secure Boot, one disk, one card, a log of its console, and a root shell for the examiner.
//!
//! The shell is no part of the image: whoever has the hypervisor can hand systemd a unit, and this does.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::lab::{CARD, DEBIAN_13, GUEST, copy, grow, run};

/// UEFI with Secure Boot, which guards its variables by SMM.
const FIRMWARE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/trixie/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
);
const VARIABLES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/trixie/usr/share/OVMF/OVMF_VARS_4M.fd"
);

/// Starts the examiner's shell on a port that only the hypervisor reaches.
const EXAMINER: &str = "[Unit]\nDescription=Examiner\n[Service]\n\
    ExecStart=/bin/bash -c 'while :; do bash <>/dev/virtio-ports/examiner >&0 2>&1; sleep 1; done'\n";

/// Page-table isolation and retpolines guard against what real processors give away, and cost an emulator, which translates
/// addresses and follows jumps in software, half of each boot. Everything else is booted as it is shipped.
const EMULATED: [&str; 2] = [
    "-smbios",
    "type=11,value=io.systemd.stub.kernel-cmdline-extra=pti=off spectre_v2=off",
];

/// Several emulated processors with SMM hang now and then, the second without its timer. One is enough: another machine is
/// examined on the other.
const PROCESSORS_EMULATED: &str = "1";

/// How a machine is started.
#[derive(Clone)]
pub(crate) struct Setup {
    directory: PathBuf,
    disk: PathBuf,
    /// Name and content of what systemd is handed at boot.
    pub(crate) credentials: Vec<(String, String)>,
    /// Whether it has a TPM.
    pub(crate) has_tpm: bool,
    /// A disk of scanners.
    pub(crate) scanners: Option<PathBuf>,
}

impl Setup {
    pub(crate) fn new(directory: &Path, disk: PathBuf) -> Self {
        Self {
            directory: directory.to_owned(),
            disk,
            credentials: vec![
                (
                    "systemd.extra-unit.examiner.service".to_owned(),
                    EXAMINER.to_owned(),
                ),
                (
                    "systemd.unit-dropin.basic.target~examiner".to_owned(),
                    "[Unit]\nWants=examiner.service\n".to_owned(),
                ),
            ],
            has_tpm: false,
            scanners: None,
        }
    }

    /// Starts the TPM, which ends with the machine; what it keeps lies in a directory.
    fn start_tpm(&self) -> [String; 6] {
        let (state, socket) = (self.file("tpm"), self.file("tpm-socket"));
        fs::create_dir_all(&state).expect("the directory of the examination can be written");
        let _ = fs::remove_file(&socket);
        Command::new("swtpm")
            .args(["socket", "--tpm2", "--terminate", "--tpmstate"])
            .arg(format!("dir={}", state.display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()))
            .spawn()
            .expect("swtpm starts");
        within(Duration::from_secs(20), "the TPM to start", || {
            socket.exists().then_some(())
        });
        [
            "-chardev".to_owned(),
            format!("socket,id=tpm,path={}", socket.display()),
            "-tpmdev".to_owned(),
            "emulator,id=tpm0,chardev=tpm".to_owned(),
            "-device".to_owned(),
            "tpm-crb,tpmdev=tpm0".to_owned(),
        ]
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// A machine that runs.
pub(crate) struct Machine {
    setup: Setup,
    process: Child,
    shell: UnixStream,
    keyboard: UnixStream,
    started: Instant,
}

impl Machine {
    /// Starts a machine from its disk, with a firmware that knows no keys yet.
    pub(crate) fn boot(setup: Setup) -> Self {
        copy(Path::new(VARIABLES), &setup.file("variables"));
        Self::start(setup)
    }

    fn start(setup: Setup) -> Self {
        let (socket, console) = (setup.file("shell"), setup.file("keyboard"));
        for left in [&socket, &console] {
            let _ = fs::remove_file(left);
        }
        let mut command = Command::new(DEBIAN_13);
        command
            .args([
                "qemu",
                "-machine",
                "q35,smm=on",
                "-global",
                "driver=cfi.pflash01,property=secure,value=on",
                "-smp",
                if is_emulated() { PROCESSORS_EMULATED } else { "2" },
                "-display",
                "none",
                "-monitor",
                "none",
                "-nodefaults",
            ])
            .args(["-m", "2048"])
            .args(acceleration())
            .args([
                "-drive",
                &format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"),
            ])
            .args([
                "-drive",
                &format!(
                    "if=pflash,format=raw,file={}",
                    setup.file("variables").display()
                ),
            ])
            .args([
                "-drive",
                &format!(
                    "if=none,id=disk,format=raw,cache=writeback,discard=unmap,detect-zeroes=unmap,file={}",
                    setup.disk.display()
                ),
            ])
            .args(["-device", "virtio-blk-pci,drive=disk,bootindex=1"])
            .args(["-netdev", "tap,id=link,ifname=tap0,script=no,downscript=no"])
            .args([
                "-device",
                &format!("virtio-net-pci,netdev=link,mac={CARD},romfile="),
            ])
            .args(["-device", "virtio-rng-pci", "-device", "virtio-serial"])
            .args([
                "-chardev",
                &format!(
                    "socket,id=shell,server=on,wait=off,path={}",
                    socket.display()
                ),
            ])
            .args(["-device", "virtserialport,chardev=shell,name=examiner"])
            .args(["-device", "i6300esb", "-action", "watchdog=reset"])
            .args([
                "-smbios",
                "type=1,uuid=7b1f2a52-0d1c-4e0a-9d6e-0123456789ab",
            ])
            .args(if is_emulated() { &EMULATED[..] } else { &[] })
            .args([
                "-chardev",
                &format!(
                    "socket,id=console,server=on,wait=off,path={},logfile={}",
                    console.display(),
                    setup.file("console").display()
                ),
            ])
            .args(["-serial", "chardev:console"]);
        if let Some(disk) = &setup.scanners {
            let drive = "if=none,id=scanners,format=raw,readonly=on,file=";
            command
                .args(["-drive", &format!("{drive}{}", disk.display())])
                .args(["-device", "virtio-blk-pci,drive=scanners,serial=scanners"]);
        }
        if setup.has_tpm {
            command.args(setup.start_tpm());
        }
        for (name, content) in &setup.credentials {
            let encoded = encoded(content, &setup.file("credential"));
            command.args([
                "-smbios",
                &format!("type=11,value=io.systemd.credential.binary:{name}={encoded}"),
            ]);
        }
        let process = command
            .stdin(Stdio::null())
            .spawn()
            .expect("the emulator starts");
        let connected = |what, socket: &Path| {
            within(Duration::from_secs(20), what, || {
                UnixStream::connect(socket).ok()
            })
        };
        let shell = connected("the port of the shell", &socket);
        let keyboard = connected("the console", &console);
        // What the console shows is in its log; here it must be taken, or the console waits.
        let mut shown = keyboard.try_clone().expect("a socket can be shared");
        std::thread::spawn(move || std::io::copy(&mut shown, &mut std::io::sink()));
        Self {
            setup,
            process,
            shell,
            keyboard,
            started: Instant::now(),
        }
    }

    /// Waits until the page is ready; gives the seconds since the start.
    pub(crate) fn until_ready(&mut self) -> u64 {
        within(patience(), "the page to be ready", || {
            (status("/health/ready") == "200").then_some(())
        });
        self.started.elapsed().as_secs()
    }

    /// Runs a command as root inside and gives what it said.
    pub(crate) fn root(&mut self, command: &str) -> String {
        let mark = format!("@@{}", self.started.elapsed().as_nanos());
        // The mark is put together inside, so that an echo of the command is not taken for its end.
        writeln!(
            self.shell,
            "{{ {command}\n}} </dev/null 2>&1; printf '\\n%s%s\\n' '@@' '{}'",
            &mark[2..]
        )
        .expect("the shell takes commands");
        self.shell
            .set_read_timeout(Some(patience()))
            .expect("a socket has a timeout");
        let mut said = Vec::new();
        let mut byte = [0; 4096];
        loop {
            let count = self
                .shell
                .read(&mut byte)
                .unwrap_or_else(|error| panic!("no answer to {command:?}: {error}"));
            said.extend_from_slice(&byte[..count]);
            let text = String::from_utf8_lossy(&said);
            if let Some(end) = text.find(&mark) {
                return text[..end].trim().to_owned();
            }
        }
    }

    /// What the console showed since the start.
    pub(crate) fn console(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.setup.file("console")).unwrap_or_default())
            .into_owned()
    }

    /// Types on the console.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard
            .write_all(text.as_bytes())
            .expect("the console takes what is typed");
    }

    /// Does something as root that boots it again, and waits for the page.
    pub(crate) fn reboots(&mut self, how: &str) -> u64 {
        self.reboots_by(|machine| {
            writeln!(machine.shell, "{how}").expect("the shell takes commands");
        })
    }

    /// Boots it again as whoever stands before it does, by the menu of the console, and waits for the page.
    pub(crate) fn reboots_by_menu(&mut self) -> u64 {
        self.reboots_by(|machine| {
            let seen = machine.console().len();
            let shows = |machine: &Self, words: &str| {
                within(Duration::from_secs(120), words, || {
                    let console = machine.console();
                    let line = console
                        .get(seen..)?
                        .lines()
                        .find(|line| line.contains(words))?;
                    Some(line.trim().to_owned())
                })
            };
            machine.types("\n");
            let choice = shows(machine, "Restart the machine");
            let number = choice.split(' ').next().unwrap_or_default();
            machine.types(&format!("{number}\n"));
            shows(machine, "[yes/no]");
            machine.types("yes\n");
        })
    }

    fn reboots_by(&mut self, how: impl FnOnce(&mut Self)) -> u64 {
        let before = self.boot_id();
        self.started = Instant::now();
        how(self);
        within(patience(), "the machine to go down", || {
            (status("/health/live") == "000").then_some(())
        });
        let seconds = self.until_ready();
        assert_ne!(before, self.boot_id(), "the machine did not boot again");
        seconds
    }

    /// The version that runs.
    pub(crate) fn version(&mut self) -> String {
        self.root("sed -n 's/^IMAGE_VERSION=//p' /usr/lib/os-release | tr -d '\"'")
    }

    /// Cuts the power and switches it on again; what the firmware and the disk hold is kept.
    pub(crate) fn cut_power(&mut self) {
        self.stop();
        *self = Self::start(self.setup.clone());
    }

    /// Switches it off, makes its disk larger as hypervisors can, and starts it again.
    pub(crate) fn gets_a_larger_disk(&mut self, bytes: u64) {
        self.stop();
        grow(&self.setup.disk, bytes);
        *self = Self::start(self.setup.clone());
    }

    /// Puts the disk into a machine that is the same but for its TPM.
    pub(crate) fn loses_its_tpm(&mut self) {
        self.stop();
        fs::remove_dir_all(self.setup.file("tpm")).expect("the TPM kept something");
        *self = Self::start(self.setup.clone());
    }

    fn stop(&mut self) {
        self.process.kill().expect("qemu can be killed");
        let _ = self.process.wait();
    }

    fn boot_id(&mut self) -> String {
        self.root("cat /proc/sys/kernel/random/boot_id")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The status of a page, `000` where nobody answers.
pub(crate) fn status(path: &str) -> String {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--insecure",
            "--max-time",
            "10",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .arg(format!("https://{GUEST}{path}"))
        .output()
        .expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asks every second until there is an answer.
pub(crate) fn within<T>(time: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            begun.elapsed() < time,
            "waited {} s for {what}",
            time.as_secs()
        );
        sleep(Duration::from_secs(1));
    }
}

/// How long a boot or a command may take: without KVM the scanners need half an hour.
fn patience() -> Duration {
    Duration::from_secs(if is_emulated() { 3600 } else { 180 })
}

/// Whether the processor is emulated.
pub(crate) fn is_emulated() -> bool {
    !acceleration().contains(&"kvm")
}

/// KVM where it can run this firmware, else TCG: nested virtualisation often cannot.
fn acceleration() -> &'static [&'static str] {
    static CHOSEN: OnceLock<&[&str]> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let kvm: &[&str] = &["-accel", "kvm", "-cpu", "host,-arch-capabilities"];
        let trial = Command::new("timeout")
            .args([
                "6",
                DEBIAN_13,
                "qemu",
                "-machine",
                "q35,smm=on",
                "-display",
                "none",
                "-monitor",
                "none",
                "-nodefaults",
            ])
            .args(kvm)
            .args([
                "-drive",
                &format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"),
            ])
            .output()
            .expect("timeout of coreutils runs");
        let works = trial.status.code() == Some(124)
            && !String::from_utf8_lossy(&trial.stderr).contains("KVM internal error");
        println!("accelerator {}", if works { "kvm" } else { "tcg" });
        if works {
            kvm
        } else {
            &[
                "-accel",
                "tcg,thread=multi,tb-size=1024",
                // Without what is costly to emulate: wide registers, and guards of memory that end blocks.
                "-cpu",
                "Westmere",
            ]
        }
    })
}

fn encoded(content: &str, file: &Path) -> String {
    fs::write(file, content).expect("the directory of the examination can be written");
    run("base64", ["--wrap=0", &file.display().to_string()])
}

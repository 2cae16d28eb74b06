//! A real mail server for a test: aiosmtpd, which keeps what it takes in a directory.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{PATIENCE, TestParvis};

/// A mail server that runs until the test ends.
pub(crate) struct MailServer {
    directory: PathBuf,
    address: String,
    child: Option<Child>,
}

impl MailServer {
    /// One that is not started yet, at a network address of its own.
    pub(crate) fn at(parvis_directory: &std::path::Path, address: &str) -> Self {
        Self {
            directory: parvis_directory.join("mail"),
            address: address.to_owned(),
            child: None,
        }
    }

    /// The settings that lead to it.
    pub(crate) fn settings(address: &str) -> String {
        format!("[mail]\nrelay = \"{address}\"\nport = 21025\nsecurity = \"none\"\n")
    }

    /// Starts it; further arguments are those of `mail_server.py`.
    pub(crate) fn start(&mut self, arguments: &[&str]) {
        let child = Command::new("/usr/bin/python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/service/mail_server.py"
            ))
            .args([&self.address, "21025"])
            .arg(&self.directory)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3-aiosmtpd is missing: run make packages-test");
        self.child = Some(child);
        let since = Instant::now();
        while std::net::TcpStream::connect((self.address.as_str(), 21025)).is_err() {
            assert!(since.elapsed() < PATIENCE, "the mail server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The letters it took, decoded, in no order.
    pub(crate) fn letters(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.directory.join("new")) else {
            return Vec::new();
        };
        let script = "import email, email.policy, sys\n\
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n\
            sys.stdout.reconfigure(encoding='utf-8')\n\
            print('To:', m['to']); print('From:', m['from']); print('Subject:', m['subject']); print(m.get_content())";
        entries
            .map(|entry| {
                let output = Command::new("/usr/bin/python3")
                    .args(["-c", script])
                    .arg(entry.unwrap().path())
                    .output()
                    .unwrap();
                assert!(
                    output.status.success(),
                    "{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                String::from_utf8(output.stdout).unwrap()
            })
            .collect()
    }

    /// Waits until it took a number of letters.
    pub(crate) async fn wait_for(&self, parvis: &TestParvis, count: usize) -> Vec<String> {
        parvis
            .wait_until(&format!("{count} letters"), || {
                std::fs::read_dir(self.directory.join("new"))
                    .is_ok_and(|entries| entries.count() >= count)
            })
            .await;
        self.letters()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

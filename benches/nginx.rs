//! nginx with a file in its cache: how fast an answer can be that nobody has to make.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::service::Place;

/// Headers that a server makes itself.
const OWN: [&str; 7] = [
    "content-length",
    "content-type",
    "connection",
    "date",
    "server",
    "etag",
    "last-modified",
];

/// An nginx that runs until it is dropped.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Nginx {
    /// Starts with one file for every path, answered with the headers of `head` and over the same TLS as Parvis. `None`
    /// when nginx is not installed.
    pub(crate) fn start(place: &Place, head: &[u8], body: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(program) = program() else {
            return Ok(None);
        };
        let directory = place.directory.join("nginx");
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("file"), body)?;
        let address = Place::address(2)?;
        let mut headers = String::new();
        let mut kind = "text/plain";
        let head = String::from_utf8_lossy(head).into_owned();
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            if name.eq_ignore_ascii_case("content-type") {
                kind = value;
            }
            if !OWN.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                let _ = writeln!(headers, "add_header {name} {value:?};");
            }
        }
        let user = if geteuid().is_root() {
            "user root;"
        } else {
            ""
        };
        let text = format!(
            "daemon off; worker_processes auto; pid nginx.pid; error_log error.log; {user}\n\
             events {{ worker_connections 1024; }}\n\
             http {{\naccess_log off; keepalive_requests 1000000000; open_file_cache max=10;\n\
             client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
             uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
             server {{\nlisten {address} ssl reuseport; ssl_certificate \"{certificate}\"; ssl_certificate_key \"{key}\";\n\
             ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;\n\
             ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;\n\
             types {{ }} default_type {kind:?}; root \"{root}\";\n{headers}\
             location / {{ try_files /file =404; }}\n}}\n}}\n",
            root = directory.display(),
            certificate = place.certificate().display(),
            key = place.key().display(),
        );
        let settings = directory.join("nginx.conf");
        std::fs::write(&settings, text)?;
        let child = Command::new(program)
            .arg("-p")
            .arg(&directory)
            .arg("-c")
            .arg(&settings)
            .args(["-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()?;
        // It listens before its workers start, which takes it some milliseconds.
        std::thread::sleep(Duration::from_millis(500));
        Ok(Some(Self { address, child }))
    }

    pub(crate) fn process(&self) -> anyhow::Result<i32> {
        Ok(i32::try_from(self.child.id())?)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end when told by the master, not when the master is killed.
        if let Ok(process) = self.process() {
            let process = nix::unistd::Pid::from_raw(process);
            let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

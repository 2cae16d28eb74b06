//! A browser, as far as forms go: cookies are kept, and what is sent carries the token of the page that was loaded last.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::GUEST;

pub(crate) struct Browser {
    cookies: PathBuf,
    token: String,
}

/// What was answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it leads, empty where it stays.
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(directory: &Path) -> Self {
        let cookies = directory.join("cookies");
        let _ = std::fs::remove_file(&cookies);
        Self {
            cookies,
            token: String::new(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Page {
        self.ask(path, &[])
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token.clone();
        let mut arguments = vec!["--header".to_owned(), format!("Origin: https://{GUEST}")];
        for (name, value) in fields.iter().chain(&[("token", token.as_str())]) {
            arguments.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
        }
        self.ask(path, &arguments)
    }

    fn ask(&mut self, path: &str, arguments: &[String]) -> Page {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--insecure", "--max-time", "60"])
            .args(["--write-out", "\n%{http_code} %{redirect_url}"])
            .arg("--cookie")
            .arg(&self.cookies)
            .arg("--cookie-jar")
            .arg(&self.cookies)
            .args(arguments)
            .arg(format!("https://{GUEST}{path}"))
            .output()
            .expect("curl runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (text, end) = said.rsplit_once('\n').expect("curl ends with a line");
        let (status, location) = end.split_once(' ').expect("it has two words");
        if let Some(token) = between(text, "name=\"token\" value=\"", "\"") {
            self.token = token.to_owned();
        }
        Page {
            status: status.parse().expect("a status is a number"),
            location: location
                .trim_start_matches(&format!("https://{GUEST}"))
                .to_owned(),
            text: text.to_owned(),
        }
    }
}

/// What stands between two texts, the first time.
pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

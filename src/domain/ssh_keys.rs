//! Public keys of SSH, as people bring them: those that are good enough, without options that would let them do other things.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::issuer::Unfit;

/// Kinds of keys, as the SSH server is set to accept them.
const KINDS: [&str; 4] = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ssh-rsa",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// RSA keys are this long at least, in bytes of the modulus.
const RSA: usize = 3072 / 8;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The line of `authorized_keys`.
    pub line: String,
    /// Its digest, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// Whose it is, in words.
    pub comment: String,
}

/// The keys in a text, a line each; empty lines and comments are left out.
///
/// # Errors
/// The first line that is no key, and why.
pub fn read(text: &str) -> Result<Vec<Key>, Unfit> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<Key>, Unfit> = lines
        .map(|(number, line)| {
            key(line).map_err(|rule| Unfit {
                field: format!("key in line {number}"),
                rule,
            })
        })
        .collect();
    match keys {
        Ok(keys) if keys.is_empty() => Err(Unfit {
            field: "key".to_owned(),
            rule: "there is none; ssh-keygen -t ed25519 makes one, whose .pub file is wanted here"
                .to_owned(),
        }),
        keys => keys,
    }
}

fn key(line: &str) -> Result<Key, String> {
    let mut words = line.split_ascii_whitespace();
    let kind = words.next().unwrap_or_default();
    if !KINDS.contains(&kind) {
        let kinds = KINDS.join(", ");
        return Err(format!("must begin with its kind, one of {kinds}"));
    }
    let encoded = words.next().unwrap_or_default();
    let blob = STANDARD
        .decode(encoded)
        .map_err(|error| format!("is not base64: {error}"))?;
    let mut rest = blob.as_slice();
    let mut part = || -> Option<&[u8]> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (part, after) =
            after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = after;
        Some(part)
    };
    if part() != Some(kind.as_bytes()) {
        return Err(format!("says that it is {kind} and is not"));
    }
    if kind == "ssh-rsa" {
        // The exponent, then the modulus, which a zero may begin.
        let modulus = part().and_then(|_| part()).unwrap_or_default();
        if modulus.len() < RSA {
            return Err("is an RSA key of less than 3072 bits".to_owned());
        }
    }
    let comment: String = words.collect::<Vec<_>>().join(" ");
    let digest = STANDARD_NO_PAD.encode(openssl::sha::sha256(&blob));
    Ok(Key {
        line: format!("{kind} {encoded} {comment}").trim_end().to_owned(),
        fingerprint: format!("SHA256:{digest}"),
        comment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rjWvfMYo3MSA/K6q8D86r";

    #[test]
    fn a_key_is_read_with_its_comment_and_fingerprint() {
        let keys = read(&format!("# of Ada\n\n{ED25519}  Ada  at work\n")).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].line, format!("{ED25519} Ada at work"));
        assert!(keys[0].fingerprint.starts_with("SHA256:"));
        assert_eq!(keys[0].fingerprint.len(), "SHA256:".len() + 43);
    }

    #[test]
    fn what_is_no_good_key_is_refused_with_the_line() {
        let rsa_1024 = {
            let mut blob = Vec::new();
            for part in [&b"ssh-rsa"[..], &[1, 0, 1], &[0x7f; 128]] {
                blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
                blob.extend(part);
            }
            format!("ssh-rsa {}", STANDARD.encode(blob))
        };
        for (text, rule) in [
            (String::new(), "there is none"),
            (format!("command=\"sh\" {ED25519}"), "its kind"),
            ("ssh-dss AAAA".to_owned(), "its kind"),
            ("ssh-ed25519 !".to_owned(), "base64"),
            (ED25519.replacen("ssh-ed25519", "ssh-rsa", 1), "is not"),
            (rsa_1024, "3072"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(rule), "{text}: {error}");
        }
    }
}

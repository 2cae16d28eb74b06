//! One-time codes of an authenticator (RFC 6238): six digits, half a minute, SHA-1 as all of them know it.

use totp_rs::{Algorithm, Builder, Totp};

use crate::domain::reading::Moment;
use crate::error::Error;

/// Seconds for which a code is shown.
const STEP: u64 = 30;

/// Steps by which the clocks may differ, either way.
const SKEW: u16 = 1;

/// Bytes of a secret: what RFC 4226 recommends.
const SECRET: usize = 20;

/// A secret that an authenticator is to share.
#[derive(Clone)]
pub struct Generator(Totp);

impl Generator {
    /// A generator with a new secret, for an account at an institution.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(account: &str, institution: &str) -> Result<Self, Error> {
        let mut secret = vec![0; SECRET];
        openssl::rand::rand_bytes(&mut secret).map_err(Error::internal)?;
        Self::with_secret(&secret, account, institution)
    }

    /// The generator with a secret.
    ///
    /// # Errors
    /// When the secret is too short to be one.
    pub fn with_secret(secret: &[u8], account: &str, institution: &str) -> Result<Self, Error> {
        // A colon separates both in the address.
        let plain = |text: &str| text.replace(':', " ");
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(SKEW)
            .with_step_duration(STEP)
            .with_secret(secret.to_vec())
            .with_account_name(plain(account))
            .with_issuer(Some(plain(institution)))
            .build();
        totp.map(Self).map_err(Error::internal)
    }

    /// The secret, to be sealed.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }

    /// The secret as a person types it where the code cannot be read.
    #[must_use]
    pub fn typed(&self) -> String {
        let letters: Vec<char> = self.0.secret().to_base32().chars().collect();
        let groups = letters.chunks(4).map(|group| group.iter().collect());
        groups.collect::<Vec<String>>().join(" ")
    }

    /// The address that an authenticator reads from a QR code.
    ///
    /// # Errors
    /// When the account has no name.
    pub fn address(&self) -> Result<String, Error> {
        self.0.to_url().map_err(Error::internal)
    }

    /// The time step of a code, if it is the code of about now. Spaces are no part of it.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Moment) -> Option<i64> {
        let code: String = code
            .chars()
            .filter(|letter| !letter.is_whitespace())
            .collect();
        let seconds = u64::try_from(now.timestamp()).ok()?;
        let step = self.0.check(&code, seconds)?;
        i64::try_from(step).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        let generator =
            Generator::with_secret(b"12345678901234567890", "ada", "Université").unwrap();
        // RFC 6238, appendix B: the last six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                generator.step_of(code, at(seconds)),
                Some(seconds / 30),
                "{code}"
            );
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_or_late_and_no_more() {
        let generator =
            Generator::with_secret(b"12345678901234567890", "ada", "Université").unwrap();
        let step = 1_111_111_109 / 30;
        let judged = |seconds| generator.step_of("081804", at(seconds));
        assert_eq!(judged((step - 1) * 30), Some(step));
        assert_eq!(judged((step + 1) * 30 + 29), Some(step));
        assert_eq!(judged((step - 1) * 30 - 1), None);
        assert_eq!(judged((step + 2) * 30), None);
        assert_eq!(generator.step_of("081 804", at(1_111_111_109)), Some(step));
        for wrong in ["", "081805", "81804", "0818040", "+81804", "abcdef"] {
            assert_eq!(generator.step_of(wrong, at(1_111_111_109)), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_can_read_it_or_have_it_typed() {
        let generator = Generator::with_secret(b"12345678901234567890", "ada", "U: X").unwrap();
        assert_eq!(generator.typed(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let address = generator.address().unwrap();
        assert!(
            address.starts_with("otpauth://totp/U%20%20X:ada?"),
            "{address}"
        );
        assert!(
            address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{address}"
        );
        let (one, other) = (
            Generator::new("ada", "U").unwrap(),
            Generator::new("ada", "U").unwrap(),
        );
        assert_ne!(one.secret(), other.secret());
    }
}

//! Pictures of a site: what is known of each beside its content.

use super::actor::{Place, Placed};
use super::words::Words;

/// A picture that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its identifier.
    pub id: i32,
    /// The site, by slug.
    pub site: String,
    /// What it shows, in words.
    pub alt: Words,
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
    /// SHA-256 of the content in hexadecimal: its name in addresses.
    pub digest: String,
}

impl Placed for Picture {
    fn place(&self) -> Place<'_> {
        Place::Site(&self.site)
    }
}

/// A picture to be shown, made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPicture {
    /// The site, by slug.
    pub site: String,
    /// What it shows, in words.
    pub alt: Words,
    /// JPEG.
    pub content: Vec<u8>,
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
    /// SHA-256 of the content in hexadecimal.
    pub digest: String,
}

impl Placed for NewPicture {
    fn place(&self) -> Place<'_> {
        Place::Site(&self.site)
    }
}

//! What an identity provider says about a person, and what follows from it: pure, whatever shape it arrives in.
//!
//! Universities release the same facts under many names, as lists, single strings or strings of several, in the ID token or
//! at the userinfo endpoint only. [`Reading`] evens that out; [`judge`] applies the rules of an issuer to it.

mod delivered;
mod names;
mod path;
mod reading;
mod rules;

pub use delivered::Delivered;
pub use names::{Meaning, Names, Splits};
pub use path::{find, values};
pub use reading::{Found, Reading, Source};
pub use rules::{Elsewhere, Given, Judgement, Operator, Outcome, Rule, judge};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A set of claims: names and values.
pub type Set = Map<String, Value>;

/// What a sign-in delivered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// In the ID token.
    pub id_token: Set,
    /// At the userinfo endpoint.
    pub userinfo: Set,
}

//! The certificate of the HTTPS door and its key: made, brought or requested, checked, kept in two files, and replaced
//! while connections go on.

mod certificates;
mod examine;
mod files;
mod notes;
mod pair;
pub mod request;
mod self_made;

pub use certificates::Certificates;
pub use examine::{Anchors, examine};
pub use files::Files;
pub use notes::{Notes, Obtained};
pub use pair::Pair;
pub(in crate::appliance) use self_made::new_key;
pub use self_made::{ensure, make, make_anew};

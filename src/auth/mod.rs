//! Who is asking: secrets, what seals them, sessions, and the proof that a form is one of ours.

pub mod csrf;
pub mod local;
pub mod oidc;
pub mod sealing;
pub mod secret;
pub mod sessions;

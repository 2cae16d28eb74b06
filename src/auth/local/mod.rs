//! Accounts of Parvis itself: for the day the provider is away, and for those who have none.

pub mod passkeys;
pub mod passwords;
pub mod rules;
pub mod totp;

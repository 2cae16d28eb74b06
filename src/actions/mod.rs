//! What people may do: one verb a file, each a unit of work.

pub mod apply_description;
pub mod explain_figure;
pub mod note_error;
pub mod recount_space;
pub mod replace_secret;
pub mod show_history;

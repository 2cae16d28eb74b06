//! What people may do: one verb a file, each a unit of work.

pub mod apply_description;
pub mod begin_session;
pub mod choose_password;
pub mod decide;
pub mod edit_campus;
pub mod enrol_second_factor;
pub mod explain_figure;
pub mod manage_certificate;
pub mod manage_issuers;
pub mod manage_people;
pub mod my_account;
pub mod note_error;
pub mod order_update;
pub mod post_notice;
pub mod publish_picture;
pub mod read_audit;
pub mod recount_space;
pub mod replace_secret;
pub mod second_step;
pub mod see_sensors;
pub mod set_up;
pub mod show_history;
pub mod sign_in_locally;
pub mod sign_in_with_passkey;
pub mod sign_in_with_provider;
pub mod warn_of_certificate;

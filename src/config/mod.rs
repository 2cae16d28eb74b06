//! What the operator decided: the settings of the service and the description of the campus. The only reader of either.

mod campus;
mod decisions;
mod destinations;
mod lines;
mod network;
mod settings;
mod written;

pub use crate::domain::network::Network;
pub use campus::{Problem, Problems, read_campus};
pub use decisions::{Decisions, Undecided};
pub use settings::{
    Appliance, Auth, Database, Exchange, Firewall, Log, Mail, MailSecurity, Pages, Reach, Readings,
    Settings, Unusable, Update, Web,
};

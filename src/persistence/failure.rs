//! From Diesel's errors to the domain's: what is lacking, what is not available, what is our fault.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

impl From<DieselError> for Error {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "whatever else Diesel has to say is a fault of ours"
    )]
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::NotFound("such row".to_owned()),
            DieselError::DatabaseError(kind, information) => {
                if is_passing(*kind, information.message()) {
                    Self::unavailable("the database", error)
                } else {
                    Self::internal(error)
                }
            }
            DieselError::BrokenTransactionManager => Self::unavailable("the database", error),
            _ => Self::internal(error),
        }
    }
}

/// Whether the same work may succeed a little later. PostgreSQL's texts are English: connections set `lc_messages`.
fn is_passing(kind: DatabaseErrorKind, message: &str) -> bool {
    const PASSING: [&str; 9] = [
        "canceling statement due to",
        "terminating connection",
        "the database system is",
        "deadlock detected",
        "server closed the connection",
        "could not connect",
        "connection to server",
        "no connection to the server",
        "too many clients",
    ];
    let is_connection = matches!(
        kind,
        DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
    );
    is_connection || PASSING.iter().any(|text| message.contains(text))
}

impl From<diesel::ConnectionError> for Error {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::unavailable("the database", error)
    }
}

impl From<r2d2::Error> for Error {
    fn from(error: r2d2::Error) -> Self {
        Self::unavailable("the database", error)
    }
}

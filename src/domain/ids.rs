//! Identifiers, one type each, so that a sensor can never be passed where a space is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(
    /// A site: a building or establishment the public knows.
    SiteId
);
id!(
    /// A space: an area with an occupancy of its own.
    SpaceId
);
id!(
    /// A passage: a counting line between two spaces, or a space and outside.
    PassageId
);
id!(
    /// A gateway: an authenticated way in for readings.
    GatewayId
);
id!(
    /// A sensor behind a gateway.
    SensorId
);
id!(
    /// A channel: one thing a sensor measures.
    ChannelId
);
id!(
    /// A person who acts.
    PersonId
);

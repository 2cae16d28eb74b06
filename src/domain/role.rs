//! What each role may do: the one table that decides.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role. Those of a site are given for one site or for all; the last two hold for the institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything at the site.
    Administration,
    /// Runs the site day by day: recounts, messages, hours.
    Execution,
    /// Prepares: draft spaces, gateways and sensors that are not public yet.
    Incubation,
    /// Writes the contents: descriptions, pictures, translations, events.
    Creativity,
    /// Reads statistics and exports them.
    Reporting,
    /// Everything, everywhere, and who may do what.
    InstitutionAdministrator,
    /// Watches: the audit, the sign-ins; may end sessions, changes nothing else.
    SecurityOfficer,
}

impl Role {
    /// All roles, in the order people read them.
    pub const ALL: [Self; 7] = [
        Self::Administration,
        Self::Execution,
        Self::Incubation,
        Self::Creativity,
        Self::Reporting,
        Self::InstitutionAdministrator,
        Self::SecurityOfficer,
    ];

    /// The word as in settings, rules, the database and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administration => "administration",
            Self::Execution => "execution",
            Self::Incubation => "incubation",
            Self::Creativity => "creativity",
            Self::Reporting => "reporting",
            Self::InstitutionAdministrator => "institution-administrator",
            Self::SecurityOfficer => "security-officer",
        }
    }

    /// Whether it holds for the institution and can not be given for a site.
    #[must_use]
    pub const fn is_of_institution(self) -> bool {
        matches!(self, Self::InstitutionAdministrator | Self::SecurityOfficer)
    }

    /// Whether it reaches so far that a password alone is too little to use it.
    #[must_use]
    pub const fn needs_strong_sign_in(self) -> bool {
        matches!(
            self,
            Self::Administration | Self::InstitutionAdministrator | Self::SecurityOfficer
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotARole(pub String);

impl fmt::Display for NotARole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Role::ALL.map(Role::name).join(", ");
        write!(formatter, "\"{}\" is no role; there are {names}", self.0)
    }
}

impl std::error::Error for NotARole {}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(word: &str) -> Result<Self, NotARole> {
        let named = Self::ALL.into_iter().find(|role| role.name() == word);
        named.ok_or_else(|| NotARole(word.to_owned()))
    }
}

/// Something people may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// See the pages of a site that are for staff.
    SeeSite,
    /// Change what a site is: its address, kind and place on the map.
    DescribeSite,
    /// Change when a site is open, and on which days otherwise.
    SetHours,
    /// Change what is written and shown about a site and its spaces, and its events.
    WriteContents,
    /// Tell visitors of a site something.
    PostMessage,
    /// Say how many people there are.
    Recount,
    /// Prepare a space that is not public yet.
    PrepareSpace,
    /// Change spaces and passages the public sees.
    ChangeSpace,
    /// Connect gateways and adopt sensors.
    ConnectSensors,
    /// See what arrives from sensors and why it was refused.
    SeeArrivals,
    /// Read statistics.
    ReadStatistics,
    /// Take statistics away as files.
    ExportStatistics,
    /// Give and take roles of a site.
    GrantSiteRoles,
    /// Read the audit.
    ReadAudit,
    /// Describe the institution, and add sites.
    DescribeInstitution,
    /// See who is known and what they may do.
    SeePeople,
    /// Invite, change and deactivate people, and give roles of the institution.
    ManagePeople,
    /// End other people's sessions.
    EndSessions,
    /// Connect identity providers and set their rules.
    ManageIssuers,
    /// See how the machine is: its ports and who listens.
    SeeMachine,
    /// Decide how the machine is reached, sends mail, sits in its network and is updated.
    ManageMachine,
    /// Replace the certificate of the HTTPS door, and say where it comes from.
    ManageCertificate,
    /// Look at the pages as somebody else would.
    SeeAs,
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 23] = [
        Self::SeeSite,
        Self::DescribeSite,
        Self::SetHours,
        Self::WriteContents,
        Self::PostMessage,
        Self::Recount,
        Self::PrepareSpace,
        Self::ChangeSpace,
        Self::ConnectSensors,
        Self::SeeArrivals,
        Self::ReadStatistics,
        Self::ExportStatistics,
        Self::GrantSiteRoles,
        Self::ReadAudit,
        Self::DescribeInstitution,
        Self::SeePeople,
        Self::ManagePeople,
        Self::EndSessions,
        Self::ManageIssuers,
        Self::SeeMachine,
        Self::ManageMachine,
        Self::ManageCertificate,
        Self::SeeAs,
    ];

    /// The word as in scopes of tokens, the audit and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeeSite => "see-site",
            Self::DescribeSite => "describe-site",
            Self::SetHours => "set-hours",
            Self::WriteContents => "write-contents",
            Self::PostMessage => "post-message",
            Self::Recount => "recount",
            Self::PrepareSpace => "prepare-space",
            Self::ChangeSpace => "change-space",
            Self::ConnectSensors => "connect-sensors",
            Self::SeeArrivals => "see-arrivals",
            Self::ReadStatistics => "read-statistics",
            Self::ExportStatistics => "export-statistics",
            Self::GrantSiteRoles => "grant-site-roles",
            Self::ReadAudit => "read-audit",
            Self::DescribeInstitution => "describe-institution",
            Self::SeePeople => "see-people",
            Self::ManagePeople => "manage-people",
            Self::EndSessions => "end-sessions",
            Self::ManageIssuers => "manage-issuers",
            Self::SeeMachine => "see-machine",
            Self::ManageMachine => "manage-machine",
            Self::ManageCertificate => "manage-certificate",
            Self::SeeAs => "see-as",
        }
    }

    /// Whether only reading is done, so that looking as somebody else may do it too.
    #[must_use]
    pub const fn is_reading(self) -> bool {
        matches!(
            self,
            Self::SeeSite
                | Self::SeeArrivals
                | Self::ReadStatistics
                | Self::ExportStatistics
                | Self::ReadAudit
                | Self::SeePeople
                | Self::SeeMachine
        )
    }
}

impl fmt::Display for Act {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether a role may do something, where it is held. This is the table; nothing else decides.
#[must_use]
pub const fn may(role: Role, act: Act) -> bool {
    use Role::{
        Administration, Creativity, Execution, Incubation, InstitutionAdministrator, Reporting,
        SecurityOfficer,
    };
    match act {
        Act::SeeSite => true,
        Act::DescribeSite | Act::ChangeSpace | Act::GrantSiteRoles => {
            matches!(role, Administration | InstitutionAdministrator)
        }
        Act::SetHours | Act::PostMessage | Act::Recount => {
            matches!(role, Administration | Execution | InstitutionAdministrator)
        }
        Act::WriteContents => {
            matches!(role, Administration | Creativity | InstitutionAdministrator)
        }
        Act::PrepareSpace | Act::ConnectSensors => {
            matches!(role, Administration | Incubation | InstitutionAdministrator)
        }
        Act::SeeArrivals => matches!(
            role,
            Administration | Execution | Incubation | InstitutionAdministrator
        ),
        Act::ReadStatistics => matches!(
            role,
            Administration | Execution | Reporting | InstitutionAdministrator
        ),
        Act::ExportStatistics => {
            matches!(role, Administration | Reporting | InstitutionAdministrator)
        }
        Act::ReadAudit => matches!(
            role,
            Administration | InstitutionAdministrator | SecurityOfficer
        ),
        Act::SeePeople | Act::EndSessions | Act::SeeMachine => {
            matches!(role, InstitutionAdministrator | SecurityOfficer)
        }
        Act::DescribeInstitution
        | Act::ManagePeople
        | Act::ManageIssuers
        | Act::ManageMachine
        | Act::ManageCertificate
        | Act::SeeAs => matches!(role, InstitutionAdministrator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, readable: a change of any cell shows in review.
    #[test]
    fn the_table_is_what_was_agreed() {
        let mut table = String::new();
        for act in Act::ALL {
            let who: Vec<&str> = Role::ALL
                .into_iter()
                .filter(|role| may(*role, act))
                .map(Role::name)
                .collect();
            let kind = if act.is_reading() { " (reading)" } else { "" };
            table.push_str(&format!("{act}{kind}: {}\n", who.join(" ")));
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.name().parse::<Role>(), Ok(role));
            assert_eq!(
                serde_json::to_value(role).unwrap(),
                serde_json::json!(role.name())
            );
        }
        for act in Act::ALL {
            assert_eq!(
                serde_json::to_value(act).unwrap(),
                serde_json::json!(act.name())
            );
        }
        assert!("root".parse::<Role>().is_err());
    }
}

//! The names under which universities release the same fact, and which of them an issuer uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A fact that goes by many names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// What others call the person.
    Name,
    /// Where mail reaches them.
    Mail,
    /// The login with the organisation: `ada@uni.example`.
    PrincipalName,
    /// What they are: `staff`, `student`.
    Affiliation,
    /// What they are, and where: `staff@uni.example`.
    ScopedAffiliation,
    /// What they are entitled to, mostly as URNs.
    Entitlement,
    /// Groups they are in.
    Groups,
    /// The organisation that vouches for them.
    HomeOrganisation,
    /// How sure that organisation is.
    Assurance,
}

impl Meaning {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Mail,
        Self::PrincipalName,
        Self::Affiliation,
        Self::ScopedAffiliation,
        Self::Entitlement,
        Self::Groups,
        Self::HomeOrganisation,
        Self::Assurance,
    ];

    /// The word as in settings and rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Mail => "mail",
            Self::PrincipalName => "principal_name",
            Self::Affiliation => "affiliation",
            Self::ScopedAffiliation => "scoped_affiliation",
            Self::Entitlement => "entitlement",
            Self::Groups => "groups",
            Self::HomeOrganisation => "home_organisation",
            Self::Assurance => "assurance",
        }
    }

    /// The meaning with a name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.name() == word)
    }

    /// Whether its values end in `@` and a domain that the issuer must be allowed to speak for.
    #[must_use]
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::PrincipalName | Self::ScopedAffiliation)
    }

    /// Where to look where nothing else is configured, best first.
    #[must_use]
    pub const fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Name => &[
                "name",
                "displayName",
                "display_name",
                "urn:oid:2.16.840.1.113730.3.1.241",
                "attributes.displayName",
                "cn",
            ],
            Self::Mail => &[
                "email",
                "mail",
                "urn:oid:0.9.2342.19200300.100.1.3",
                "attributes.mail",
                "attributes.email",
            ],
            Self::PrincipalName => &[
                "eduperson_principal_name",
                "edu_person_principal_name",
                "eduPersonPrincipalName",
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
                "urn:mace:dir:attribute-def:eduPersonPrincipalName",
                "attributes.eduPersonPrincipalName",
                "eppn",
                "upn",
            ],
            Self::Affiliation => &[
                "eduperson_affiliation",
                "edu_person_affiliations",
                "edu_person_affiliation",
                "eduPersonAffiliation",
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.1",
                "urn:mace:dir:attribute-def:eduPersonAffiliation",
                "attributes.eduPersonAffiliation",
                "affiliation",
            ],
            Self::ScopedAffiliation => &[
                "eduperson_scoped_affiliation",
                "edu_person_scoped_affiliations",
                "edu_person_scoped_affiliation",
                "eduPersonScopedAffiliation",
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
                "urn:mace:dir:attribute-def:eduPersonScopedAffiliation",
                "attributes.eduPersonScopedAffiliation",
            ],
            Self::Entitlement => &[
                "eduperson_entitlement",
                "entitlements",
                "edu_person_entitlements",
                "eduPersonEntitlement",
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
                "urn:mace:dir:attribute-def:eduPersonEntitlement",
                "attributes.eduPersonEntitlement",
            ],
            Self::Groups => &[
                "groups",
                "isMemberOf",
                "is_member_of",
                "memberOf",
                "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
                "attributes.groups",
                "attributes.memberOf",
            ],
            Self::HomeOrganisation => &[
                "schac_home_organization",
                "schacHomeOrganization",
                "urn:oid:1.3.6.1.4.1.25178.1.2.9",
                "urn:mace:terena.org:attribute-def:schacHomeOrganization",
                "swissEduPersonHomeOrganization",
                "attributes.schacHomeOrganization",
                "org_domain",
                "hd",
            ],
            Self::Assurance => &[
                "eduperson_assurance",
                "edu_person_assurances",
                "eduPersonAssurance",
                "urn:oid:1.3.6.1.4.1.5923.1.1.1.11",
            ],
        }
    }
}

/// Where an issuer puts facts, where it is not one of the usual places.
pub type Names = BTreeMap<Meaning, Vec<String>>;

/// Paths whose texts hold several values, and the letters between those: of ` `, `;` and `,`.
pub type Splits = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_as_they_are_written() {
        for meaning in Meaning::ALL {
            assert_eq!(Meaning::named(meaning.name()), Some(meaning));
            assert_eq!(
                serde_json::to_value(meaning).unwrap(),
                serde_json::json!(meaning.name())
            );
        }
    }
}

//! Making the roles that an identity provider gives a person anew: when its rules say something else, or none of its accounts
//! is theirs any more.

use serde_json::{Value, json};

use crate::domain::actor::Grant;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::domain::role::Role;
use crate::error::Error;
use crate::persistence::{Transaction, people};

/// Gives a person the roles that a provider gives them now, in place of those it gave: what it was and what it became, where
/// that is not the same. The last administrator of the institution stays one.
pub(super) fn make_roles_anew(
    tx: &mut Transaction<'_>,
    person: PersonId,
    issuer: &str,
    given: &[Grant],
    now: Moment,
) -> Result<Option<(Value, Value)>, Error> {
    let before = provided(tx, person, issuer)?;
    let mut grants = given.to_vec();
    if would_lock_out(tx, person, issuer, &before, given)? {
        grants.push(Grant {
            role: Role::InstitutionAdministrator,
            site: None,
        });
    }
    people::replace_provided(tx, person, issuer, &grants, now)?;
    let after = provided(tx, person, issuer)?;
    Ok((before != after).then(|| (told(&before), told(&after))))
}

/// Whether the last administrator of the institution would go: a rule that was written wrong must not leave nobody who could
/// write it right.
fn would_lock_out(
    tx: &mut Transaction<'_>,
    person: PersonId,
    issuer: &str,
    before: &[Grant],
    given: &[Grant],
) -> Result<bool, Error> {
    let administers = |grants: &[Grant]| {
        grants
            .iter()
            .any(|grant| grant.role == Role::InstitutionAdministrator)
    };
    if !administers(before) || administers(given) {
        return Ok(false);
    }
    let others = people::roles_of(tx, person)?.into_iter().any(|held| {
        held.grant.role == Role::InstitutionAdministrator && held.issuer.as_deref() != Some(issuer)
    });
    Ok(!others && !people::others_administer(tx, person)?)
}

/// The roles that a provider gave a person.
fn provided(tx: &mut Transaction<'_>, person: PersonId, issuer: &str) -> Result<Vec<Grant>, Error> {
    let roles = people::roles_of(tx, person)?.into_iter();
    let provided = roles.filter(|held| held.issuer.as_deref() == Some(issuer));
    Ok(provided.map(|held| held.grant).collect())
}

fn told(grants: &[Grant]) -> Value {
    grants
        .iter()
        .map(|grant| json!({ "role": grant.role, "site": grant.site }))
        .collect()
}

//! Records of what was changed and who signed in, chained so that none can be altered or taken away unseen.

use serde_json::Value;

use super::actor::{Actor, Place, Placed};
use super::ids::PersonId;
use super::reading::Moment;

/// The records of a site, or all of them: what somebody asks to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The site, by slug; all records when `None`.
    pub site: Option<String>,
}

impl Placed for Records {
    fn place(&self) -> Place<'_> {
        self.site.as_deref().map_or(Place::Institution, Place::Site)
    }
}

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words that the actor, the act or the object holds.
    pub words: Option<String>,
    /// Only those about a person, or by them.
    pub person: Option<i32>,
    /// Not before.
    pub since: Option<Moment>,
    /// Before.
    pub until: Option<Moment>,
    /// Only those before this position: the next page.
    pub before: Option<i64>,
}

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct Event {
    /// Who, where it was a person known here.
    pub person: Option<PersonId>,
    /// Who, in words.
    pub actor: String,
    /// How they came to act: `session`, `token`, `console`, or `nobody` before a sign-in.
    pub via: &'static str,
    /// From where, as an address.
    pub address: Option<String>,
    /// What was done, as a word (`grant-role`, `sign-in`).
    pub act: String,
    /// To what (`space main-hall`, `person 12 Ada`).
    pub object: String,
    /// At which site, by slug.
    pub site: Option<String>,
    /// `done`, or `refused: ` and why.
    pub outcome: String,
    /// What it was.
    pub before: Option<Value>,
    /// What it became.
    pub after: Option<Value>,
}

impl Event {
    /// Something an actor did.
    #[must_use]
    pub fn done(actor: &Actor, act: &str, object: impl Into<String>) -> Self {
        Self {
            person: actor.person,
            actor: actor.name.clone(),
            via: actor.via.name(),
            address: actor.address.clone(),
            act: act.to_owned(),
            object: object.into(),
            site: None,
            outcome: "done".to_owned(),
            before: None,
            after: None,
        }
    }

    /// Something that somebody not signed in tried, or did by signing in.
    #[must_use]
    pub fn by_nobody(name: &str, address: Option<String>, act: &str, object: &str) -> Self {
        Self {
            person: None,
            actor: name.to_owned(),
            via: "nobody",
            address,
            act: act.to_owned(),
            object: object.to_owned(),
            site: None,
            outcome: "done".to_owned(),
            before: None,
            after: None,
        }
    }

    /// The same, at a site.
    #[must_use]
    pub fn at(mut self, site: Option<&str>) -> Self {
        self.site = site.map(str::to_owned);
        self
    }

    /// The same, with what it was and what it became.
    #[must_use]
    pub fn changing(mut self, before: Option<Value>, after: Option<Value>) -> Self {
        (self.before, self.after) = (before, after);
        self
    }

    /// The same, refused.
    #[must_use]
    pub fn refused(mut self, why: &str) -> Self {
        self.outcome = format!("refused: {why}");
        self
    }
}

/// A record of the chain, as it is kept.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its position, from 1, without gaps.
    pub position: i64,
    /// When.
    pub at: Moment,
    /// What.
    pub event: Recorded,
    /// SHA-256 over the digest before it and all of it.
    pub digest: Vec<u8>,
}

/// An event as it is read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// See [`Event::person`].
    pub person: Option<i32>,
    /// See [`Event::actor`].
    pub actor: String,
    /// See [`Event::via`].
    pub via: String,
    /// See [`Event::address`].
    pub address: Option<String>,
    /// See [`Event::act`].
    pub act: String,
    /// See [`Event::object`].
    pub object: String,
    /// See [`Event::site`].
    pub site: Option<String>,
    /// See [`Event::outcome`].
    pub outcome: String,
    /// See [`Event::before`].
    pub before: Option<Value>,
    /// See [`Event::after`].
    pub after: Option<Value>,
}

impl From<Event> for Recorded {
    fn from(event: Event) -> Self {
        Self {
            person: event.person.map(|person| person.0),
            actor: event.actor,
            via: event.via.to_owned(),
            address: event.address,
            act: event.act,
            object: event.object,
            site: event.site,
            outcome: event.outcome,
            before: event.before,
            after: event.after,
        }
    }
}

/// The digest of a record: SHA-256 over the digest before it and a JSON array of all its columns, in their order. JSON
/// keeps apart what concatenation would blur; objects in it have their keys in order, so that PostgreSQL's `jsonb`, which
/// keeps no order of its own, reads back as it was digested.
#[must_use]
pub fn digest(previous: &[u8], position: i64, at: Moment, event: &Recorded) -> Vec<u8> {
    let columns = serde_json::json!([
        position,
        at.timestamp_micros(),
        event.person,
        event.actor,
        event.via,
        event.address,
        event.act,
        event.object,
        event.site,
        event.outcome,
        event.before,
        event.after,
    ]);
    let mut hasher = openssl::sha::Sha256::new();
    hasher.update(previous);
    hasher.update(columns.to_string().as_bytes());
    hasher.finish().to_vec()
}

/// Where a chain is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Records are missing before this position.
    Missing(i64),
    /// The record at this position is not what was written.
    Altered(i64),
    /// The chain ends before its recorded end, which is at this position.
    CutOff(i64),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(position) => {
                write!(formatter, "records before {position} were taken away")
            }
            Self::Altered(position) => write!(formatter, "record {position} was altered"),
            Self::CutOff(position) => {
                write!(
                    formatter,
                    "records at the end, up to {position}, were taken away"
                )
            }
        }
    }
}

/// Follows a chain record by record.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    position: i64,
    digest: Vec<u8>,
}

impl Verification {
    /// Takes the next record.
    ///
    /// # Errors
    /// When it is not what follows.
    pub fn follow(&mut self, record: &Record) -> Result<(), Broken> {
        if record.position != self.position + 1 {
            return Err(Broken::Missing(record.position));
        }
        let expected = digest(&self.digest, record.position, record.at, &record.event);
        if expected != record.digest {
            return Err(Broken::Altered(record.position));
        }
        self.position = record.position;
        self.digest = expected;
        Ok(())
    }

    /// Compares the end with what was recorded as the end, and returns how many records there are.
    ///
    /// # Errors
    /// When they are not the same.
    pub fn end(self, position: i64, digest: &[u8]) -> Result<i64, Broken> {
        if self.position == position && self.digest == digest {
            Ok(position)
        } else {
            Err(Broken::CutOff(position.max(self.position)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<Record> {
        let mut previous = Vec::new();
        let mut records = Vec::new();
        for position in 1..=length {
            let event =
                Event::by_nobody("Ada", Some("192.0.2.1".to_owned()), "sign-in", "person 1")
                    .changing(
                        None,
                        Some(serde_json::json!({ "b": position, "a": [1.5, null] })),
                    );
            let (at, event) = (
                Moment::from_timestamp(position, 0).unwrap(),
                Recorded::from(event),
            );
            previous = digest(&previous, position, at, &event);
            records.push(Record {
                position,
                at,
                event,
                digest: previous.clone(),
            });
        }
        records
    }

    fn verify(records: &[Record], end: &Record) -> Result<i64, Broken> {
        let mut verification = Verification::default();
        for record in records {
            verification.follow(record)?;
        }
        verification.end(end.position, &end.digest)
    }

    #[test]
    fn a_chain_holds_and_each_way_to_break_it_is_told() {
        let records = chain(5);
        let end = records.last().unwrap().clone();
        assert_eq!(verify(&records, &end), Ok(5));
        assert_eq!(Verification::default().end(0, &[]), Ok(0));

        let mut without_one = records.clone();
        without_one.remove(2);
        assert_eq!(verify(&without_one, &end), Err(Broken::Missing(4)));
        assert_eq!(verify(&records[..4], &end), Err(Broken::CutOff(5)));

        let alter: [fn(&mut Record); 5] = [
            |record| record.event.actor = "Eve".to_owned(),
            |record| record.event.outcome = "refused: no".to_owned(),
            |record| record.at += chrono::TimeDelta::microseconds(1),
            |record| record.event.before = record.event.after.take(),
            |record| record.event.site = Some(String::new()),
        ];
        for alter in alter {
            let mut altered = records.clone();
            alter(&mut altered[2]);
            assert_eq!(verify(&altered, &end), Err(Broken::Altered(3)));
        }
        // Who can compute digests anew can not do it for what follows without moving the end.
        let mut forged = records.clone();
        forged[4].event.actor = "Eve".to_owned();
        forged[4].digest = digest(&forged[3].digest, 5, forged[4].at, &forged[4].event);
        assert_eq!(verify(&forged, &end), Err(Broken::CutOff(5)));
    }

    #[test]
    fn columns_do_not_run_into_each_other() {
        let at = Moment::from_timestamp(0, 0).unwrap();
        let with =
            |act: &str, object: &str| Recorded::from(Event::by_nobody("Ada", None, act, object));
        assert_ne!(
            digest(&[], 1, at, &with("ab", "c")),
            digest(&[], 1, at, &with("a", "bc"))
        );
    }
}

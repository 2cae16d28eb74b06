//! An edit of the campus: what it changes, thing by thing, and what one must be allowed to do to make it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::actor::{Demand, Demanding, Whereabouts};
use super::campus::{Channel, Description, Passage, Purpose, Space};
use super::item::{Item, Key};
use super::role::Act;

/// A description before and after somebody changed it. Both are whole: what is in the first only is retired.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// As it was; nothing before the first one.
    pub before: Option<Description>,
    /// As it becomes.
    pub after: Description,
}

/// A thing that an edit changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its name.
    pub key: Key,
    /// As it was; `None` when it is new.
    pub before: Option<Item>,
    /// As it becomes; `None` when it is retired.
    pub after: Option<Item>,
}

impl Changed {
    /// What is done to it, as a word: `add`, `change` or `retire`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "add",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "retire",
        }
    }

    /// The fields that differ, before and after; all of them for a thing that is new or retired.
    #[must_use]
    pub fn fields(&self) -> (Option<Value>, Option<Value>) {
        let (before, after) = (
            self.before.as_ref().map(Item::value),
            self.after.as_ref().map(Item::value),
        );
        let (Some(Value::Object(old)), Some(Value::Object(new))) = (&before, &after) else {
            return (before, after);
        };
        let differs = |field: &&String| old.get(*field) != new.get(*field);
        let pick = |fields: &Map<String, Value>| -> Value {
            let names = new.keys().filter(differs);
            let picked = names.filter_map(|name| Some((name.clone(), fields.get(name)?.clone())));
            Value::Object(picked.collect())
        };
        (Some(pick(old)), Some(pick(new)))
    }

    fn changed_fields(&self) -> BTreeSet<String> {
        match self.fields() {
            (_, Some(Value::Object(fields))) => fields.into_iter().map(|(name, _)| name).collect(),
            _ => BTreeSet::new(),
        }
    }
}

impl Edit {
    /// The things that differ, in the order of the lists.
    #[must_use]
    pub fn changed(&self) -> Vec<Changed> {
        let mut old: BTreeMap<Key, Item> = self
            .before
            .iter()
            .flat_map(Description::items)
            .map(|item| (item.key(), item))
            .collect();
        let mut changed = Vec::new();
        for item in self.after.items() {
            let key = item.key();
            let before = old.remove(&key);
            if before.as_ref() != Some(&item) {
                changed.push(Changed {
                    key,
                    before,
                    after: Some(item),
                });
            }
        }
        changed.extend(old.into_iter().map(|(key, item)| Changed {
            key,
            before: Some(item),
            after: None,
        }));
        changed
    }

    /// At which site a changed thing is, for the audit; `None` when it is of the institution.
    #[must_use]
    pub fn site_of(&self, changed: &Changed) -> Option<String> {
        let item = changed.after.as_ref().or(changed.before.as_ref())?;
        match item {
            Item::Institution(_) => None,
            Item::Site(site) => Some(site.slug.clone()),
            Item::Space(space) => Some(space.site.clone()),
            Item::Passage(passage) => {
                let sides = passage.from.iter().chain(&passage.to);
                let mut spaces = sides.filter_map(|slug| self.space(slug));
                spaces.next().map(|(space, _)| space.site.clone())
            }
            Item::Gateway(gateway) => gateway.site.clone(),
            Item::Sensor(sensor) => self.gateway_site(&sensor.gateway),
            Item::Channel(channel) => self.gateway_site(&channel.gateway),
        }
    }

    fn descriptions(&self) -> impl Iterator<Item = &Description> {
        [Some(&self.after), self.before.as_ref()]
            .into_iter()
            .flatten()
    }

    /// A space that is or was, and whether the public sees it on either side of the edit.
    fn space(&self, slug: &str) -> Option<(&Space, bool)> {
        let space = self
            .descriptions()
            .find_map(|description| description.space(slug))?;
        let is_public = self
            .descriptions()
            .any(|description| description.is_public(slug));
        Some((space, is_public))
    }

    fn gateway_site(&self, name: &str) -> Option<String> {
        let mut gateways = self.descriptions().flat_map(|all| &all.gateways);
        gateways
            .find(|gateway| gateway.name == name)
            .and_then(|gateway| gateway.site.clone())
    }

    fn demands_of(&self, changed: &Changed) -> Vec<Demand> {
        let sides = || changed.before.iter().chain(&changed.after);
        match &changed.key {
            Key::Institution => vec![institution(Act::DescribeInstitution)],
            Key::Site(_) if changed.before.is_none() || changed.after.is_none() => {
                vec![institution(Act::DescribeInstitution)]
            }
            Key::Site(slug) => {
                let fields = changed.changed_fields();
                let act = |field: &String| site_act(field);
                let acts: BTreeSet<Act> = fields.iter().map(act).collect();
                acts.into_iter().map(|act| at(slug, vec![act])).collect()
            }
            Key::Space(slug) => self.demands_of_space(slug, changed),
            Key::Passage(_) => {
                let passages = sides().filter_map(|item| match item {
                    Item::Passage(passage) => Some(passage),
                    Item::Institution(_)
                    | Item::Site(_)
                    | Item::Space(_)
                    | Item::Gateway(_)
                    | Item::Sensor(_)
                    | Item::Channel(_) => None,
                });
                self.demands_at(passages.flat_map(sides_of))
            }
            Key::Gateway(_) => sides()
                .filter_map(|item| match item {
                    Item::Gateway(gateway) => Some(gateway.site.clone()),
                    Item::Institution(_)
                    | Item::Site(_)
                    | Item::Space(_)
                    | Item::Passage(_)
                    | Item::Sensor(_)
                    | Item::Channel(_) => None,
                })
                .map(connect)
                .collect(),
            Key::Sensor(gateway, _) => vec![connect(self.gateway_site(gateway))],
            Key::Channel(gateway, ..) => {
                let mut demands = vec![connect(self.gateway_site(gateway))];
                let fed = sides().flat_map(|item| match item {
                    Item::Channel(channel) => self.fed_by(channel),
                    Item::Institution(_)
                    | Item::Site(_)
                    | Item::Space(_)
                    | Item::Passage(_)
                    | Item::Gateway(_)
                    | Item::Sensor(_) => Vec::new(),
                });
                demands.extend(self.demands_at(fed.collect::<Vec<_>>().iter()));
                demands
            }
        }
    }

    /// The spaces whose figure a channel moves, by slug.
    fn fed_by(&self, channel: &Channel) -> Vec<String> {
        match &channel.purpose {
            Purpose::Unassigned => Vec::new(),
            Purpose::Space { space } => vec![space.clone()],
            Purpose::Passage { passage, .. } => self
                .descriptions()
                .flat_map(|description| &description.passages)
                .filter(|known| known.name == *passage)
                .flat_map(sides_of)
                .cloned()
                .collect(),
        }
    }

    /// What moves the figures of spaces: who prepares may do it where the public sees none of them.
    fn demands_at<'s>(&self, slugs: impl Iterator<Item = &'s String>) -> Vec<Demand> {
        let spaces: Vec<(&Space, bool)> = slugs.filter_map(|slug| self.space(slug)).collect();
        let acts = if spaces.iter().any(|(_, is_public)| *is_public) {
            vec![Act::ChangeSpace]
        } else {
            vec![Act::PrepareSpace, Act::ChangeSpace]
        };
        let sites: BTreeSet<&String> = spaces.iter().map(|(space, _)| &space.site).collect();
        if sites.is_empty() {
            // It leads nowhere that is known, or refers to what is not: nobody but the institution may say so.
            return vec![institution(Act::ChangeSpace)];
        }
        sites
            .into_iter()
            .map(|site| at(site, acts.clone()))
            .collect()
    }

    fn demands_of_space(&self, slug: &str, changed: &Changed) -> Vec<Demand> {
        let is_public = self.space(slug).is_some_and(|(_, is_public)| is_public);
        let mut any = vec![Act::ChangeSpace];
        if !is_public {
            any.push(Act::PrepareSpace);
        }
        let spaces = [&changed.before, &changed.after].map(|item| match item {
            Some(Item::Space(space)) => Some(space),
            _ => None,
        });
        let mut demands = Vec::new();
        if let [Some(before), Some(after)] = spaces
            && before.site == after.site
        {
            for field in changed.changed_fields() {
                let mut acts = any.clone();
                acts.extend(space_act(&field));
                demands.push(at(&after.site, acts));
            }
            return demands;
        }
        for space in spaces.into_iter().flatten() {
            demands.push(at(&space.site, any.clone()));
        }
        demands
    }
}

impl Demanding for Edit {
    fn demands(&self) -> Vec<Demand> {
        let mut demands: Vec<Demand> = self
            .changed()
            .iter()
            .flat_map(|changed| self.demands_of(changed))
            .collect();
        if demands.is_empty() {
            // Whoever changes nothing, and whoever changes only the order of things.
            demands.push(institution(Act::DescribeInstitution));
        }
        demands
    }
}

fn sides_of(passage: &Passage) -> impl Iterator<Item = &String> {
    passage.from.iter().chain(&passage.to)
}

/// What changing a field of a site takes.
fn site_act(field: &str) -> Act {
    match field {
        "opening_hours" | "exceptional_days" => Act::SetHours,
        "name" | "description" | "services" | "access" => Act::WriteContents,
        _ => Act::DescribeSite,
    }
}

/// What is enough to change a field of a space, beside what is enough for all of it.
fn space_act(field: &str) -> Option<Act> {
    match field {
        "opening_hours" => Some(Act::SetHours),
        "name" | "description" => Some(Act::WriteContents),
        _ => None,
    }
}

fn at(site: &str, any: Vec<Act>) -> Demand {
    Demand {
        any,
        at: Whereabouts::Site(site.to_owned()),
    }
}

fn institution(act: Act) -> Demand {
    Demand {
        any: vec![act],
        at: Whereabouts::Institution,
    }
}

fn connect(site: Option<String>) -> Demand {
    Demand {
        any: vec![Act::ConnectSensors],
        at: site.map_or(Whereabouts::Institution, Whereabouts::Site),
    }
}

#[cfg(test)]
mod tests {
    use super::super::actor::{Actor, Grant};
    use super::super::campus::{Direction, Institution, Sensor, Site, SiteKind};
    use super::super::counter::Counter;
    use super::super::gateway::{Family, Gateway, Proof};
    use super::super::role::Role;
    use super::super::words::Words;
    use super::*;

    fn site(slug: &str) -> Site {
        Site {
            slug: slug.to_owned(),
            name: Words::plain(slug),
            kind: SiteKind::Library,
            address: None,
            location: None,
            phone: None,
            email: None,
            website: None,
            description: Words::default(),
            services: Vec::new(),
            access: Words::default(),
            opening_hours: None,
            exceptional_days: Vec::new(),
        }
    }

    fn space(slug: &str, site: &str, is_draft: bool) -> Space {
        Space {
            slug: slug.to_owned(),
            site: site.to_owned(),
            parent: None,
            name: Words::plain(slug),
            description: Words::default(),
            is_draft,
            capacities: Vec::new(),
            day_starts: chrono::NaiveTime::MIN,
            empty_at_day_start: true,
            drift_correction: true,
            opening_hours: None,
        }
    }

    fn channel(key: &str, purpose: Purpose) -> Channel {
        Channel {
            gateway: "doors".to_owned(),
            device: "A".to_owned(),
            key: key.to_owned(),
            purpose,
            counter: Counter::default(),
        }
    }

    fn through(passage: &str) -> Purpose {
        Purpose::Passage {
            passage: passage.to_owned(),
            direction: Direction::Forward,
        }
    }

    fn passage(name: &str, to: &str) -> Passage {
        Passage {
            name: name.to_owned(),
            from: None,
            to: Some(to.to_owned()),
        }
    }

    /// Two sites, each with a space the public sees; the library also prepares one, and has a gateway.
    fn campus() -> Description {
        Description {
            institution: Institution {
                name: Words::plain("University"),
                time_zone: chrono_tz::Tz::UTC,
                holidays: None,
                data_licence: None,
                security_officer: Some("Security team".to_owned()),
                security_contact: Some("mailto:security@test.example".to_owned()),
            },
            sites: vec![site("library"), site("canteen")],
            spaces: vec![
                space("hall", "library", false),
                space("annex", "library", true),
                space("tables", "canteen", false),
            ],
            passages: vec![passage("Door", "hall"), passage("Annex door", "annex")],
            gateways: vec![Gateway {
                name: "doors".to_owned(),
                family: Family::Xovis5,
                proof: Proof::Bearer,
                mapping: None,
                stale_after_minutes: 15,
                site: Some("library".to_owned()),
            }],
            sensors: vec![Sensor {
                gateway: "doors".to_owned(),
                device: "A".to_owned(),
                name: None,
                model: None,
                stale_after_minutes: None,
            }],
            channels: vec![channel("one", through("Door"))],
        }
    }

    fn may(role: Role, site: Option<&str>, change: impl FnOnce(&mut Description)) -> bool {
        let actor = Actor {
            grants: vec![Grant {
                role,
                site: site.map(str::to_owned),
            }],
            ..Actor::console("somebody")
        };
        let mut after = campus();
        change(&mut after);
        let edit = Edit {
            before: Some(campus()),
            after,
        };
        actor.entitled(edit).is_ok()
    }

    type Change = (&'static str, fn(&mut Description));

    const CHANGES: [Change; 20] = [
        ("name the institution", |all| {
            all.institution.name = Words::plain("Other")
        }),
        ("add a site", |all| all.sites.push(site("gym"))),
        ("retire a site", |all| {
            all.take(&Key::Site("canteen".to_owned()))
        }),
        ("site: address", |all| {
            all.sites[0].address = Some("Here".to_owned())
        }),
        ("site: hours", |all| {
            all.sites[0].opening_hours = Some("24/7".to_owned())
        }),
        ("site: description", |all| {
            all.sites[0].description = Words::plain("Quiet")
        }),
        ("other site: hours", |all| {
            all.sites[1].opening_hours = Some("24/7".to_owned())
        }),
        ("public space: hours", |all| {
            all.spaces[0].opening_hours = Some("24/7".to_owned())
        }),
        ("public space: name", |all| {
            all.spaces[0].name = Words::plain("Great hall")
        }),
        ("public space: accounting day", |all| {
            all.spaces[0].drift_correction = false
        }),
        ("draft: accounting day", |all| {
            all.spaces[1].drift_correction = false
        }),
        ("draft: made public", |all| all.spaces[1].is_draft = false),
        ("add a draft", |all| {
            all.spaces.push(space("new", "library", true))
        }),
        ("add a public space", |all| {
            all.spaces.push(space("new", "library", false))
        }),
        ("move a space to the other site", |all| {
            all.spaces[0].site = "canteen".to_owned()
        }),
        ("passage of a draft", |all| {
            all.passages[1].from = Some("annex".to_owned())
        }),
        ("passage of a public space", |all| {
            all.passages[0].name = "Gate".to_owned()
        }),
        ("adopt a sensor for a draft", |all| {
            all.channels.push(channel("two", through("Annex door")))
        }),
        ("adopt a sensor for a public space", |all| {
            all.channels.push(channel("two", through("Door")))
        }),
        ("connect a gateway of the institution", |all| {
            let mut gateway = all.gateways[0].clone();
            (gateway.name, gateway.site) = ("more".to_owned(), None);
            all.gateways.push(gateway);
        }),
    ];

    /// The whole table, readable: a change of any cell shows in review.
    #[test]
    fn what_each_role_at_the_library_may_change() {
        let mut table = String::new();
        for (what, change) in CHANGES {
            let who: Vec<&str> = Role::ALL
                .into_iter()
                .filter(|role| {
                    let site = (!role.is_of_institution()).then_some("library");
                    may(*role, site, change)
                })
                .map(Role::name)
                .collect();
            table.push_str(&format!("{what}: {}\n", who.join(" ")));
        }
        insta::assert_snapshot!(table, @r"
        name the institution: institution-administrator
        add a site: institution-administrator
        retire a site: institution-administrator
        site: address: administration institution-administrator
        site: hours: administration execution institution-administrator
        site: description: administration creativity institution-administrator
        other site: hours: institution-administrator
        public space: hours: administration execution institution-administrator
        public space: name: administration creativity institution-administrator
        public space: accounting day: administration institution-administrator
        draft: accounting day: administration incubation institution-administrator
        draft: made public: administration institution-administrator
        add a draft: administration incubation institution-administrator
        add a public space: administration institution-administrator
        move a space to the other site: institution-administrator
        passage of a draft: administration incubation institution-administrator
        passage of a public space: administration institution-administrator
        adopt a sensor for a draft: administration incubation institution-administrator
        adopt a sensor for a public space: administration institution-administrator
        connect a gateway of the institution: institution-administrator
        ");
    }

    #[test]
    fn what_is_part_of_a_draft_is_prepared_too() {
        let inside = |all: &mut Description| {
            let mut part = space("corner", "library", false);
            part.parent = Some("annex".to_owned());
            all.spaces.push(part);
        };
        assert!(may(Role::Incubation, Some("library"), inside));
        assert!(!may(Role::Incubation, Some("canteen"), inside));
    }

    #[test]
    fn a_channel_follows_its_passage_and_a_retired_gateway_takes_its_sensors_along() {
        let mut all = campus();
        let old = Key::Passage("Door".to_owned());
        all.put(Some(&old), Item::Passage(passage("Gate", "hall")));
        assert_eq!(all.channels[0].purpose, through("Gate"));
        all.take(&Key::Passage("Gate".to_owned()));
        assert_eq!(all.channels[0].purpose, Purpose::Unassigned);
        all.take(&Key::Gateway("doors".to_owned()));
        assert!(all.sensors.is_empty() && all.channels.is_empty());
    }

    #[test]
    fn a_record_holds_what_changed_and_nothing_else() {
        let mut after = campus();
        after.spaces[0].opening_hours = Some("24/7".to_owned());
        let edit = Edit {
            before: Some(campus()),
            after,
        };
        let changed = edit.changed();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].verb(), "change");
        assert_eq!(changed[0].key.to_string(), "space hall");
        assert_eq!(edit.site_of(&changed[0]).as_deref(), Some("library"));
        assert_eq!(
            changed[0].fields(),
            (
                Some(serde_json::json!({ "opening_hours": null })),
                Some(serde_json::json!({ "opening_hours": "24/7" }))
            )
        );
    }
}

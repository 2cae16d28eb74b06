//! The page of a site: what needs attention, its spaces as they are now, how they belong together, and where each is changed.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;

use super::map::{Arrow, Node};
use super::{answer, encoded, frame, map};
use crate::actions::{edit_campus, post_notice, see_sensors};
use crate::domain::actor::Place;
use crate::domain::campus::{Campus, Description, KnownSpace, Purpose, Site};
use crate::domain::day;
use crate::domain::notice::Kind;
use crate::domain::role::Act;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::web::language;
use crate::web::pages::frame::{Frame, Link};
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

struct SpaceLine {
    name: String,
    /// How deep it lies in the tree.
    depth: usize,
    figure: String,
    quality: String,
    capacity: String,
    is_draft: bool,
    links: Vec<Link>,
}

struct PassageLine {
    name: String,
    sides: String,
    counted: String,
    address: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/site.html")]
struct Page<'t> {
    frame: Frame<'t>,
    name: String,
    attention: Vec<String>,
    links: Vec<Link>,
    spaces: Vec<SpaceLine>,
    new_space: Option<String>,
    capacities: Option<String>,
    passages: Vec<PassageLine>,
    new_passage: Option<String>,
    drawing: String,
}

/// `GET /admin/sites/{site}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    slug: web::Path<String>,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let page = async {
        who.actor.permit(Act::SeeSite, Place::Site(&slug))?;
        let database = &services.parvis.database;
        let description = edit_campus::description(database).await?;
        let campus = services.parvis.campus();
        let site = campus
            .site(&slug)
            .ok_or_else(|| Error::NotFound(format!("site is called \"{slug}\"")))?;
        let silent = if who.actor.may(Act::SeeArrivals, Place::AnySite) {
            see_sensors::at_gateways(database, &campus, &who.actor, Act::SeeArrivals).await?
        } else {
            Vec::new()
        };
        let making = Making {
            services: &services,
            who: &who,
            campus: &campus,
            description: &description,
            site,
            t: &t,
        };
        let name = site.name.in_language(&language).to_owned();
        let may = |act: Act| who.actor.may(act, Place::Site(&slug));
        let changes = may(Act::ChangeSpace) || may(Act::PrepareSpace);
        Ok(Page {
            frame: frame(&request, &services, &language, &name, &who),
            attention: making.attention(&silent),
            links: making.links(),
            spaces: making.spaces(),
            new_space: changes.then(|| format!("/admin/sites/{slug}/spaces")),
            capacities: may(Act::ChangeSpace).then(|| format!("/admin/sites/{slug}/capacities")),
            passages: making.passages(changes),
            new_passage: changes.then(|| format!("/admin/sites/{slug}/passages")),
            drawing: making.drawing()?,
            name,
        })
    };
    let page: Result<Page<'_>, Error> = page.await;
    answer(&request, &services, page)
}

struct Making<'m> {
    services: &'m Services,
    who: &'m Visitor,
    campus: &'m Campus,
    description: &'m Description,
    site: &'m Site,
    t: &'m Speech<'m>,
}

impl Making<'_> {
    fn may(&self, act: Act) -> bool {
        self.who.actor.may(act, Place::Site(&self.site.slug))
    }

    fn own(&self) -> impl Iterator<Item = &KnownSpace> {
        self.campus
            .spaces
            .iter()
            .filter(|known| known.space.site == self.site.slug)
    }

    fn name(&self, known: &KnownSpace) -> String {
        known.space.name.in_language(self.t.language()).to_owned()
    }

    fn link(&self, key: &str, address: String) -> Link {
        Link {
            address,
            words: self.t.say(key),
            is_current: false,
        }
    }

    /// Where the site itself is changed.
    fn links(&self) -> Vec<Link> {
        let slug = &self.site.slug;
        let posts = Kind::ALL
            .into_iter()
            .any(|kind| post_notice::act(&self.who.actor, kind, slug).is_ok());
        let all = [
            (
                posts,
                "notices-link",
                format!("/admin/sites/{slug}/notices"),
            ),
            (
                self.may(Act::SetHours),
                "hours-link",
                format!("/admin/sites/{slug}/hours"),
            ),
            (
                self.may(Act::WriteContents),
                "contents-link",
                format!("/admin/sites/{slug}/contents"),
            ),
            (
                self.may(Act::WriteContents),
                "pictures-link",
                format!("/admin/sites/{slug}/pictures"),
            ),
            (
                self.may(Act::DescribeSite),
                "details-link",
                format!("/admin/sites/{slug}/details"),
            ),
            (
                self.may(Act::GrantSiteRoles),
                "staff-people",
                format!("/admin/people?site={slug}"),
            ),
            (
                self.may(Act::ReadAudit),
                "staff-audit",
                format!("/admin/audit?site={slug}"),
            ),
        ];
        all.into_iter()
            .filter(|(may, _, _)| *may)
            .map(|(_, key, address)| self.link(key, address))
            .collect()
    }

    fn depth(&self, known: &KnownSpace) -> usize {
        std::iter::successors(known.parent, |above| {
            self.campus.space_by_id(*above)?.parent
        })
        .take(16)
        .count()
    }

    /// The spaces, each right after what it is part of.
    fn in_tree(&self) -> Vec<&KnownSpace> {
        fn below<'k>(
            all: &[&'k KnownSpace],
            above: Option<crate::domain::ids::SpaceId>,
            found: &mut Vec<&'k KnownSpace>,
        ) {
            for known in all.iter().filter(|known| known.parent == above) {
                // A cycle cannot be saved, but must not hang whoever meets one.
                if found.len() <= all.len() {
                    found.push(known);
                    below(all, Some(known.id), found);
                }
            }
        }
        let all: Vec<&KnownSpace> = self.own().collect();
        let mut found = Vec::new();
        below(&all, None, &mut found);
        found
    }

    fn spaces(&self) -> Vec<SpaceLine> {
        let board = self.services.board.snapshot();
        let now = self.services.parvis.clock.now();
        let line = |known: &KnownSpace| {
            let figure = board.figure(known.id);
            let today = day::date_of(self.campus.zone(), known.space.day_starts, now);
            let slug = &known.space.slug;
            let is_draft = self.campus.is_hidden(known);
            let changes = self.may(Act::ChangeSpace) || (is_draft && self.may(Act::PrepareSpace));
            let countable = matches!(
                self.campus.zones.source(known.id),
                Source::Flows(_) | Source::Nothing
            );
            let links = [
                (
                    countable && self.may(Act::Recount),
                    "recount-link",
                    "recount",
                ),
                (
                    changes || self.may(Act::WriteContents),
                    "contents-link",
                    "contents",
                ),
                (changes || self.may(Act::SetHours), "hours-link", "hours"),
                (changes, "details-link", "details"),
            ];
            SpaceLine {
                name: self.name(known),
                depth: self.depth(known).min(3),
                figure: figure.present.map_or_else(
                    || self.t.say("level-unknown"),
                    |present| {
                        self.t
                            .say_with("figure-people", &[("present", present.into())])
                    },
                ),
                quality: self.t.say(&format!("quality-{}", figure.quality.name())),
                capacity: known.capacity_on(today).map_or_else(
                    || "–".to_owned(),
                    |capacity| match capacity.safety {
                        Some(safety) => format!("{} / {safety}", capacity.comfort),
                        None => capacity.comfort.to_string(),
                    },
                ),
                is_draft,
                links: links
                    .into_iter()
                    .filter(|(may, _, _)| *may)
                    .map(|(_, key, part)| self.link(key, format!("/admin/spaces/{slug}/{part}")))
                    .collect(),
            }
        };
        self.in_tree().into_iter().map(line).collect()
    }

    /// The passages that touch the site, with the channels that count each.
    fn own_passages(&self) -> impl Iterator<Item = (&crate::domain::campus::Passage, Vec<String>)> {
        let own: BTreeSet<&str> = self.own().map(|known| known.space.slug.as_str()).collect();
        self.description
            .passages
            .iter()
            .filter(move |passage| {
                let mut sides = passage.from.iter().chain(&passage.to);
                sides.any(|side| own.contains(side.as_str()))
            })
            .map(|passage| {
                let counts = self.description.channels.iter().filter(|channel| {
                    matches!(&channel.purpose, Purpose::Passage { passage: counted, .. } if *counted == passage.name)
                });
                let names = counts.map(|channel| format!("{} {}", channel.device, channel.key));
                (passage, names.collect())
            })
    }

    fn side(&self, slug: Option<&String>) -> String {
        let Some(slug) = slug else {
            return self.t.say("side-outside");
        };
        let known = self.campus.space(slug);
        known.map_or_else(|| slug.clone(), |known| self.name(known))
    }

    fn passages(&self, changes: bool) -> Vec<PassageLine> {
        self.own_passages()
            .map(|(passage, counted)| PassageLine {
                name: passage.name.clone(),
                sides: format!(
                    "{} → {}",
                    self.side(passage.from.as_ref()),
                    self.side(passage.to.as_ref())
                ),
                counted: if counted.is_empty() {
                    self.t.say("passage-uncounted")
                } else {
                    counted.join(", ")
                },
                address: changes
                    .then(|| format!("/admin/passages?name={}", encoded(&passage.name))),
            })
            .collect()
    }

    fn drawing(&self) -> Result<String, Error> {
        let mut nodes: Vec<Node> = self
            .own()
            .map(|known| Node {
                slug: known.space.slug.clone(),
                name: self.name(known),
                is_draft: self.campus.is_hidden(known),
            })
            .collect();
        let mut arrows = Vec::new();
        for (passage, counted) in self.own_passages() {
            for slug in passage.from.iter().chain(&passage.to) {
                // A passage may lead to another site.
                if !nodes.iter().any(|node| node.slug == *slug) {
                    nodes.push(Node {
                        slug: slug.clone(),
                        name: self.side(Some(slug)),
                        is_draft: false,
                    });
                }
            }
            arrows.push(Arrow {
                name: passage.name.clone(),
                from: passage.from.clone(),
                to: passage.to.clone(),
                is_counted: !counted.is_empty(),
            });
        }
        // What holds other spaces is no place of its own to walk into.
        let is_whole = |slug: &str| {
            let known = self.campus.space(slug);
            known.is_some_and(|known| self.campus.children(known.id).next().is_some())
        };
        let is_passed = |slug: &str| {
            arrows.iter().any(|arrow| {
                arrow.from.as_deref() == Some(slug) || arrow.to.as_deref() == Some(slug)
            })
        };
        nodes.retain(|node| is_passed(&node.slug) || !is_whole(&node.slug));
        map::draw(
            &nodes,
            &arrows,
            &self.t.say("side-outside"),
            self.t.say("map-title"),
        )
    }

    /// Whether a channel counts anything of the site.
    fn is_ours(&self, channel: &see_sensors::Overview) -> bool {
        let sees = channel
            .space
            .as_ref()
            .is_some_and(|space| self.own().any(|known| known.space.slug == *space));
        let counts = channel.passage.as_ref().is_some_and(|name| {
            self.own_passages()
                .any(|(passage, _)| passage.name == *name)
        });
        sees || counts
    }

    /// What needs somebody, most urgent first.
    fn attention(&self, sensors: &[see_sensors::Overview]) -> Vec<String> {
        let now = self.services.parvis.clock.now();
        let mut found = Vec::new();
        let mut told = BTreeSet::new();
        for sensor in sensors.iter().filter(|sensor| self.is_ours(sensor)) {
            let patience = TimeDelta::minutes(sensor.stale_after_minutes.into());
            let is_silent = sensor.heard_at.is_none_or(|at| now - at > patience);
            let is_used = sensor.passage.is_some() || sensor.space.is_some();
            let name = sensor
                .sensor_name
                .clone()
                .unwrap_or_else(|| sensor.device.clone());
            if is_used && is_silent && told.insert(sensor.device.clone()) {
                found.push(
                    self.t
                        .say_with("attention-silent", &[("sensor", name.into())]),
                );
            }
        }
        for known in self.own() {
            let name = || fluent_bundle::FluentValue::from(self.name(known));
            let today = day::date_of(self.campus.zone(), known.space.day_starts, now);
            if *self.campus.zones.source(known.id) == Source::Nothing {
                found.push(self.t.say_with("attention-nothing", &[("space", name())]));
            }
            let capacity = known.capacity_on(today);
            if capacity.is_none() {
                found.push(self.t.say_with("attention-capacity", &[("space", name())]));
            }
            let present = self.services.board.snapshot().figure(known.id).present;
            if let (Some(present), Some(safety)) =
                (present, capacity.and_then(|capacity| capacity.safety))
                && present >= i64::from(safety)
            {
                found.insert(
                    0,
                    self.t.say_with(
                        "attention-safety",
                        &[
                            ("space", name()),
                            ("present", present.into()),
                            ("safety", safety.into()),
                        ],
                    ),
                );
            }
        }
        for (passage, counted) in self.own_passages() {
            if counted.is_empty() {
                let name = passage.name.as_str().into();
                found.push(self.t.say_with("attention-uncounted", &[("passage", name)]));
            }
        }
        if self.site.opening_hours.is_none() {
            found.push(self.t.say("attention-hours"));
        }
        found
    }
}

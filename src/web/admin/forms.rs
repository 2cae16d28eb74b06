//! The forms of the things of the campus: which fields each has, who may use it, and where it leads.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::field::{Field, Kind};
use super::hours;
use super::sheet::Sheet;
use crate::actions::edit_campus;
use crate::domain::campus::{Description, Purpose, SiteKind};
use crate::domain::counter::Counter;
use crate::domain::gateway::Family;
use crate::domain::item::Key;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// Everything a form is made from.
struct Making<'m> {
    request: &'m HttpRequest,
    description: &'m Description,
    t: &'m Speech<'m>,
    now: Moment,
}

type Make = fn(&Making<'_>) -> Result<Sheet, Error>;

/// A route that shows a form and takes it.
macro_rules! form {
    ($($(#[$doc:meta])* $show:ident $take:ident $make:expr;)*) => {$(
        $(#[$doc])*
        pub(in crate::web) async fn $show(
            request: HttpRequest,
            services: web::Data<Services>,
            who: Visitor,
        ) -> HttpResponse {
            answer(&request, &services, &who, None, $make).await
        }

        $(#[$doc])*
        pub(in crate::web) async fn $take(
            request: HttpRequest,
            services: web::Data<Services>,
            who: Visitor,
            form: Form,
        ) -> HttpResponse {
            answer(&request, &services, &who, Some(&form), $make).await
        }
    )*};
}

form! {
    /// `/admin/institution`
    institution take_institution institution_sheet;
    /// `/admin/new/site`
    new_site take_new_site new_site_sheet;
    /// `/admin/sites/{site}/{aspect}`
    site take_site site_sheet;
    /// `/admin/sites/{site}/spaces`
    new_space take_new_space new_space_sheet;
    /// `/admin/spaces/{slug}/{aspect}`
    space take_space space_sheet;
    /// `/admin/sites/{site}/passages`
    new_passage take_new_passage new_passage_sheet;
    /// `/admin/passages?name=`
    passage take_passage passage_sheet;
    /// `/admin/new/gateway`
    new_gateway take_new_gateway new_gateway_sheet;
    /// `/admin/gateways/{name}/edit`
    gateway take_gateway gateway_sheet;
    /// `/admin/sensors/edit?gateway=&device=`
    sensor take_sensor sensor_sheet;
    /// `/admin/channels?gateway=&device=&key=`
    channel take_channel channel_sheet;
}

async fn answer(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    form: Option<&Form>,
    make: Make,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let sheet = edit_campus::description(&services.parvis.database)
        .await
        .and_then(|description| {
            make(&Making {
                request,
                description: &description,
                t: &t,
                now: services.parvis.clock.now(),
            })
        });
    match (sheet, form) {
        (Ok(sheet), None) => sheet.show(request, services, who),
        (Ok(sheet), Some(form)) => sheet.take(request, services, who, form).await,
        (Err(error), _) => failure::answer(request, services, &error, Reader::Person),
    }
}

impl Making<'_> {
    fn part(&self, name: &str) -> String {
        let part = self.request.match_info().get(name).unwrap_or_default();
        part.to_owned()
    }

    fn asked(&self, name: &str) -> String {
        parameter(self.request, name).unwrap_or_default()
    }

    /// A thing that is there.
    fn there(&self, key: &Key) -> Result<Value, Error> {
        let found = self.description.find(key);
        let (_, item) = found.ok_or_else(|| Error::NotFound(key.to_string()))?;
        Ok(item.value())
    }

    fn titled(&self, title: &str, name: &str) -> String {
        self.t.say_with(title, &[("name", name.into())])
    }

    fn name_of_site(&self, slug: &str) -> String {
        let site = self.description.sites.iter().find(|site| site.slug == slug);
        site.map_or(slug, |site| site.name.in_language(self.t.language()))
            .to_owned()
    }

    fn name_of_space(&self, slug: &str) -> String {
        let space = self
            .description
            .spaces
            .iter()
            .find(|space| space.slug == slug);
        space
            .map_or(slug, |space| space.name.in_language(self.t.language()))
            .to_owned()
    }

    fn site_of_space(&self, slug: &str) -> Result<String, Error> {
        let space = self
            .description
            .spaces
            .iter()
            .find(|space| space.slug == slug);
        space
            .map(|space| space.site.clone())
            .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))
    }

    fn known_site(&self, slug: &str) -> Result<(), Error> {
        let is_there = self.description.sites.iter().any(|site| site.slug == slug);
        is_there
            .then_some(())
            .ok_or_else(|| Error::NotFound(format!("site is called \"{slug}\"")))
    }

    fn site_of_gateway(&self, name: &str) -> Result<Option<String>, Error> {
        let gateways = &self.description.gateways;
        let gateway = gateways.iter().find(|gateway| gateway.name == name);
        gateway
            .map(|gateway| gateway.site.clone())
            .ok_or_else(|| Error::NotFound(format!("gateway is called \"{name}\"")))
    }

    /// The spaces of a site to choose from, with a word for none.
    fn spaces(&self, site: &str, none: &str, but: &str) -> Vec<(String, String)> {
        let own = self
            .description
            .spaces
            .iter()
            .filter(|space| space.site == site && space.slug != but)
            .map(|space| (space.slug.clone(), self.name_of_space(&space.slug)));
        let none = (String::new(), self.t.say(none));
        std::iter::once(none).chain(own).collect()
    }

    fn sites(&self) -> Vec<(String, String)> {
        let all = (String::new(), self.t.say("gateway-institution"));
        let sites = self.description.sites.iter();
        let sites = sites.map(|site| (site.slug.clone(), self.name_of_site(&site.slug)));
        std::iter::once(all).chain(sites).collect()
    }

    fn families(&self, are_devices: bool) -> Vec<(String, String)> {
        let fit = Family::ALL
            .into_iter()
            .filter(|family| family.is_device() == are_devices)
            .map(|family| (family.name().to_owned(), family.name().to_owned()));
        let none = are_devices.then(|| (String::new(), self.t.say("model-none")));
        none.into_iter().chain(fit).collect()
    }
}

const WORDS: Kind = Kind::Words { is_long: false };
const TEXT: Kind = Kind::Words { is_long: true };
const LINE: Kind = Kind::Line("text");

fn institution_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    Ok(Sheet {
        list: "institution",
        key: Some(Key::Institution),
        title: making.t.say("institution-title"),
        fields: vec![
            Field::needed("name", WORDS),
            Field::needed("time_zone", LINE),
            Field::new("holidays", LINE),
            Field::new("data_licence", Kind::Line("url")),
            Field::needed("security_officer", LINE),
            Field::needed("security_contact", LINE),
        ],
        value: making.there(&Key::Institution)?,
        acts: vec![Act::DescribeInstitution],
        site: None,
        back: "/admin".to_owned(),
        can_be_retired: false,
        preview: None,
    })
}

fn site_details(making: &Making<'_>) -> Vec<Field> {
    let kinds = SiteKind::ALL.map(|kind| {
        let words = making.t.say(&format!("site-kind-{}", kind.name()));
        (kind.name().to_owned(), words)
    });
    vec![
        Field::needed("kind", Kind::Choice(kinds.into())),
        Field::new("address", LINE),
        Field::new("location", Kind::Location),
        Field::new("phone", Kind::Line("tel")),
        Field::new("email", Kind::Line("email")),
        Field::new("website", Kind::Line("url")),
    ]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "all makers of forms are of one form"
)]
fn new_site_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let mut fields = vec![Field::needed("slug", LINE), Field::needed("name", WORDS)];
    fields.extend(site_details(making));
    Ok(Sheet {
        list: "site",
        key: None,
        title: making.t.say("site-new"),
        fields,
        value: json!({
            "slug": "", "name": {}, "kind": "library", "services": [], "access": {}, "description": {},
            "exceptional_days": [],
        }),
        acts: vec![Act::DescribeInstitution],
        site: None,
        back: "/admin".to_owned(),
        can_be_retired: false,
        preview: None,
    })
}

fn site_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let slug = making.part("site");
    let key = Key::Site(slug.clone());
    let value = making.there(&key)?;
    let name = making.name_of_site(&slug);
    let (title, act, fields) = match making.part("aspect").as_str() {
        "contents" => (
            "contents-title",
            Act::WriteContents,
            vec![
                Field::needed("name", WORDS),
                Field::new("description", TEXT),
                Field::new("access", TEXT),
                Field::new("services", Kind::WordsRows),
            ],
        ),
        "hours" => (
            "hours-of",
            Act::SetHours,
            vec![
                Field::new("opening_hours", LINE),
                Field::new(
                    "exceptional_days",
                    Kind::Rows(vec![
                        Field::needed("day", Kind::Date),
                        Field::needed("hours", LINE),
                        Field::new("reason", WORDS),
                    ]),
                ),
            ],
        ),
        "details" => ("details-title", Act::DescribeSite, site_details(making)),
        other => {
            return Err(Error::NotFound(format!(
                "part of a site is called \"{other}\""
            )));
        }
    };
    let preview = (act == Act::SetHours)
        .then(|| hours::preview_of_site(making.description, &slug, making.now));
    Ok(Sheet {
        list: "site",
        key: Some(key),
        title: making.titled(title, &name),
        fields,
        value,
        acts: vec![act],
        back: format!("/admin/sites/{slug}"),
        can_be_retired: act == Act::DescribeSite,
        site: Some(slug),
        preview,
    })
}

fn space_details(making: &Making<'_>, site: &str, slug: &str) -> Vec<Field> {
    vec![
        Field::new(
            "parent",
            Kind::Choice(making.spaces(site, "parent-none", slug)),
        ),
        Field::new("is_draft", Kind::Tick),
        Field::new(
            "capacities",
            Kind::Rows(vec![
                Field::needed("since", Kind::Date),
                Field::needed("comfort", Kind::Number),
                Field::new("safety", Kind::Number),
            ]),
        ),
        Field::needed("day_starts", Kind::Time),
        Field::new("empty_at_day_start", Kind::Tick),
        Field::new("drift_correction", Kind::Tick),
    ]
}

fn new_space_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let site = making.part("site");
    making.known_site(&site)?;
    let mut fields = vec![Field::needed("slug", LINE), Field::needed("name", WORDS)];
    fields.extend(space_details(making, &site, ""));
    Ok(Sheet {
        list: "space",
        key: None,
        title: making.titled("space-new", &making.name_of_site(&site)),
        fields,
        value: json!({
            "slug": "", "site": site, "parent": null, "name": {}, "description": {}, "is_draft": true, "capacities": [],
            "day_starts": "05:00:00", "empty_at_day_start": true, "drift_correction": true, "opening_hours": null,
        }),
        acts: vec![Act::PrepareSpace, Act::ChangeSpace],
        back: format!("/admin/sites/{site}"),
        site: Some(site),
        can_be_retired: false,
        preview: None,
    })
}

fn space_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let slug = making.part("slug");
    let key = Key::Space(slug.clone());
    let value = making.there(&key)?;
    let site = making.site_of_space(&slug)?;
    let (title, mut acts, fields) = match making.part("aspect").as_str() {
        "contents" => (
            "contents-title",
            vec![Act::WriteContents],
            vec![
                Field::needed("name", WORDS),
                Field::new("description", TEXT),
            ],
        ),
        "hours" => (
            "hours-of",
            vec![Act::SetHours],
            vec![Field::new("opening_hours", LINE)],
        ),
        "details" => (
            "details-title",
            Vec::new(),
            space_details(making, &site, &slug),
        ),
        other => {
            return Err(Error::NotFound(format!(
                "part of a space is called \"{other}\""
            )));
        }
    };
    let is_hours = acts.contains(&Act::SetHours);
    let has_details = acts.is_empty();
    acts.push(Act::ChangeSpace);
    if !making.description.is_public(&slug) {
        acts.push(Act::PrepareSpace);
    }
    let preview = is_hours.then(|| hours::preview_of_space(making.description, &slug, making.now));
    Ok(Sheet {
        list: "space",
        key: Some(key),
        title: making.titled(title, &making.name_of_space(&slug)),
        fields,
        value,
        acts,
        back: format!("/admin/sites/{site}"),
        site: Some(site),
        can_be_retired: has_details,
        preview,
    })
}

fn passage_fields(making: &Making<'_>, site: &str) -> Vec<Field> {
    let sides = making.spaces(site, "side-outside", "");
    vec![
        Field::needed("name", LINE),
        Field::new("from", Kind::Choice(sides.clone())),
        Field::new("to", Kind::Choice(sides)),
    ]
}

fn new_passage_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let site = making.part("site");
    making.known_site(&site)?;
    Ok(Sheet {
        list: "passage",
        key: None,
        title: making.titled("passage-new", &making.name_of_site(&site)),
        fields: passage_fields(making, &site),
        value: json!({ "name": "", "from": null, "to": null }),
        acts: vec![Act::PrepareSpace, Act::ChangeSpace],
        back: format!("/admin/sites/{site}"),
        site: Some(site),
        can_be_retired: false,
        preview: None,
    })
}

fn passage_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let name = making.asked("name");
    let key = Key::Passage(name.clone());
    let value = making.there(&key)?;
    let sides = ["from", "to"]
        .into_iter()
        .filter_map(|side| value.get(side)?.as_str());
    let site = sides
        .map(|slug| making.site_of_space(slug))
        .next()
        .transpose()?;
    let mut acts = vec![Act::ChangeSpace];
    let mut sides = ["from", "to"]
        .into_iter()
        .filter_map(|side| value.get(side)?.as_str());
    if !sides.any(|slug| making.description.is_public(slug)) {
        acts.push(Act::PrepareSpace);
    }
    let back = site.as_ref().map_or_else(
        || "/admin".to_owned(),
        |site| format!("/admin/sites/{site}"),
    );
    Ok(Sheet {
        list: "passage",
        key: Some(key),
        title: making.titled("passage-title", &name),
        fields: passage_fields(making, site.as_deref().unwrap_or_default()),
        value,
        acts,
        back,
        site,
        can_be_retired: true,
        preview: None,
    })
}

fn gateway_fields(making: &Making<'_>) -> Vec<Field> {
    vec![
        Field::needed("family", Kind::Choice(making.families(false))),
        Field::new("site", Kind::Choice(making.sites())),
        Field::new("proof", Kind::Proof),
        Field::needed("stale_after_minutes", Kind::Number),
        Field::new("mapping", Kind::Json),
    ]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "all makers of forms are of one form"
)]
fn new_gateway_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let mut fields = vec![Field::needed("name", LINE)];
    fields.extend(gateway_fields(making));
    let site = making.asked("site");
    let site = Some(site).filter(|site| making.known_site(site).is_ok());
    Ok(Sheet {
        list: "gateway",
        key: None,
        title: making.t.say("gateway-new"),
        fields,
        value: json!({
            "name": "", "family": "xovis-5", "proof": { "scheme": "bearer" }, "mapping": null,
            "stale_after_minutes": 15, "site": site,
        }),
        acts: vec![Act::ConnectSensors],
        back: "/admin/gateways".to_owned(),
        site,
        can_be_retired: false,
        preview: None,
    })
}

fn gateway_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let name = making.part("name");
    let key = Key::Gateway(name.clone());
    Ok(Sheet {
        list: "gateway",
        value: making.there(&key)?,
        key: Some(key),
        title: making.titled("gateway-title", &name),
        fields: gateway_fields(making),
        acts: vec![Act::ConnectSensors],
        site: making.site_of_gateway(&name)?,
        back: "/admin/gateways".to_owned(),
        can_be_retired: true,
        preview: None,
    })
}

fn sensor_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let (gateway, device) = (making.asked("gateway"), making.asked("device"));
    let key = Key::Sensor(gateway.clone(), device.clone());
    Ok(Sheet {
        list: "sensor",
        value: making.there(&key)?,
        key: Some(key),
        title: making.titled("sensor-title", &device),
        fields: vec![
            Field::new("name", LINE),
            Field::new("model", Kind::Choice(making.families(true))),
            Field::new("stale_after_minutes", Kind::Number),
        ],
        acts: vec![Act::ConnectSensors],
        site: making.site_of_gateway(&gateway)?,
        back: "/admin/sensors".to_owned(),
        can_be_retired: true,
        preview: None,
    })
}

fn channel_sheet(making: &Making<'_>) -> Result<Sheet, Error> {
    let (gateway, device, name) = (
        making.asked("gateway"),
        making.asked("device"),
        making.asked("key"),
    );
    let key = Key::Channel(gateway.clone(), device.clone(), name.clone());
    Ok(Sheet {
        list: "channel",
        value: making.there(&key)?,
        key: Some(key),
        title: making.titled("channel-title", &format!("{device} {name}")),
        fields: vec![
            Field::needed(
                "purpose",
                Kind::JsonChoice(purposes(making.description, making.t)),
            ),
            Field::new("counter/wrap", Kind::LargeNumber),
            Field::new("counter/resets_to_zero", Kind::Tick),
            Field::needed("counter/max_per_minute", Kind::LargeNumber),
        ],
        acts: vec![Act::ConnectSensors],
        site: making.site_of_gateway(&gateway)?,
        back: "/admin/sensors".to_owned(),
        can_be_retired: true,
        preview: None,
    })
}

/// Everything a channel can be used for: the value is JSON.
pub(super) fn purposes(description: &Description, t: &Speech<'_>) -> Vec<(String, String)> {
    use crate::domain::campus::Direction;
    let value = |purpose: &Purpose| json!(purpose).to_string();
    let mut purposes = vec![(value(&Purpose::Unassigned), t.say("purpose-none"))];
    for passage in &description.passages {
        for (direction, words) in [
            (Direction::Forward, "purpose-forward"),
            (Direction::Backward, "purpose-backward"),
        ] {
            let purpose = Purpose::Passage {
                passage: passage.name.clone(),
                direction,
            };
            let words = t.say_with(words, &[("passage", passage.name.as_str().into())]);
            purposes.push((value(&purpose), words));
        }
    }
    for space in &description.spaces {
        let name = space.name.in_language(t.language());
        let purpose = Purpose::Space {
            space: space.slug.clone(),
        };
        purposes.push((
            value(&purpose),
            t.say_with("purpose-space", &[("space", name.into())]),
        ));
    }
    purposes
}

/// The counter of a channel nobody described: as its device's are.
pub(super) fn counter_of(
    description: &Description,
    gateway: &str,
    model: Option<Family>,
) -> Counter {
    let gateways = &description.gateways;
    let family = gateways.iter().find(|known| known.name == gateway);
    model
        .or(family.map(|gateway| gateway.family))
        .map_or_else(Counter::default, Family::counter)
}

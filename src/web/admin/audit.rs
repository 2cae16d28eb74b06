//! The audit: what was changed and who signed in, for those who may know, and as a file.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate, NaiveTime};

use super::{Moments, answer, done, frame, place_words};
use crate::actions::read_audit;
use crate::domain::actor::{Actor, Place};
use crate::domain::audit::{Filter, Record};
use crate::domain::campus::Campus;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::headers::{self, Kind};
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

/// Records on a page.
const PAGE: i64 = 100;

/// The most records in a file.
const MOST: i64 = 100_000;

struct Line {
    utc: String,
    when: String,
    who: String,
    what: String,
    change: String,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct Page<'t> {
    frame: Frame<'t>,
    words: String,
    since: String,
    until: String,
    sites: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: Option<String>,
}

/// What the address asks for.
struct Asked {
    site: Option<String>,
    filter: Filter,
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

/// Who may read everything and names no site reads everything; others read a site of theirs.
fn asked(request: &HttpRequest, actor: &Actor, campus: &Campus) -> Asked {
    let text = |name| parameter(request, name).filter(|text| !text.trim().is_empty());
    let day = |name| text(name)?.parse::<NaiveDate>().ok();
    let begins = |day: NaiveDate| -> Option<Moment> {
        let midnight = day
            .and_time(NaiveTime::MIN)
            .and_local_timezone(campus.zone());
        Some(midnight.earliest()?.to_utc())
    };
    let (since, until) = (day("since"), day("until"));
    let own = || {
        let own = campus
            .sites
            .iter()
            .find(|site| actor.may(Act::ReadAudit, Place::Site(&site.slug)))?;
        (!actor.may(Act::ReadAudit, Place::Institution)).then(|| own.slug.clone())
    };
    Asked {
        site: text("site").or_else(own),
        filter: Filter {
            words: text("q").map(|words| words.trim().to_owned()),
            person: None,
            since: since.and_then(begins),
            until: until
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .and_then(begins),
            before: text("before").and_then(|before| before.parse().ok()),
        },
        since,
        until,
    }
}

fn line(record: &Record, moments: Moments) -> Line {
    let event = &record.event;
    let side = |value: &Option<serde_json::Value>| {
        value
            .as_ref()
            .map_or_else(|| "–".to_owned(), ToString::to_string)
    };
    let from = event.address.as_deref().unwrap_or("–");
    // Anybody may call themselves what somebody else is called: the number tells them apart.
    let number = event
        .person
        .map_or_else(String::new, |person| format!(" (person {person})"));
    let done = if event.outcome == "done" {
        String::new()
    } else {
        format!(" · {}", event.outcome)
    };
    Line {
        utc: record.at.to_rfc3339(),
        when: moments.say_zoned(record.at),
        who: format!("{}{number} · {} · {from}", event.actor, event.via),
        what: format!("{} · {}{done}", event.act, event.object),
        change: match (&event.before, &event.after) {
            (None, None) => String::new(),
            (before, after) => format!("{} → {}", side(before), side(after)),
        },
    }
}

/// `GET /admin/audit`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let asked = asked(&request, &who.actor, &campus);
    let database = &services.parvis.database;
    let site = asked.site.clone();
    let found = read_audit::newest(database, &who.actor, site, asked.filter.clone(), PAGE).await;
    let page = found.map(|records| {
        let mut sites = Vec::new();
        if who.actor.may(Act::ReadAudit, Place::Institution) {
            sites.push((
                String::new(),
                t.say("audit-everything"),
                asked.site.is_none(),
            ));
        }
        sites.extend(
            campus
                .sites
                .iter()
                .filter(|site| who.actor.may(Act::ReadAudit, Place::Site(&site.slug)))
                .map(|site| {
                    let is_chosen = asked.site.as_deref() == Some(&site.slug);
                    let name = place_words(&t, &campus, &language, Some(&site.slug));
                    (site.slug.clone(), name, is_chosen)
                }),
        );
        let words = asked.filter.words.unwrap_or_default();
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
        let (since, until) = (day(asked.since), day(asked.until));
        let is_full = i64::try_from(records.len()).is_ok_and(|count| count == PAGE);
        let next = records.last().filter(|_| is_full).map(|last| {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("site", asked.site.as_deref().unwrap_or_default())
                .append_pair("q", &words)
                .append_pair("since", &since)
                .append_pair("until", &until)
                .append_pair("before", &last.position.to_string())
                .finish();
            format!("/admin/audit?{query}")
        });
        Page {
            frame: frame(&request, &services, &language, &t.say("staff-audit"), &who),
            words,
            since,
            until,
            sites,
            lines: records.iter().map(|record| line(record, moments)).collect(),
            next,
        }
    });
    answer(&request, &services, page)
}

/// `GET /admin/audit.csv`
pub(in crate::web) async fn export(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let asked = asked(&request, &who.actor, &services.parvis.campus());
    let database = &services.parvis.database;
    let found = read_audit::newest(database, &who.actor, asked.site, asked.filter, MOST).await;
    match found.and_then(|records| file(&records)) {
        Ok(csv) => {
            let mut builder = HttpResponse::Ok();
            headers::put(&mut builder, Kind::Closed)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"audit.csv\"",
                ))
                .content_type("text/csv; charset=utf-8")
                .body(csv)
        }
        Err(error) => done(&request, &services, Err(error)),
    }
}

/// Records as comma-separated values (RFC 4180), with what a spreadsheet would take for a formula made plain.
pub(crate) fn file(records: &[Record]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |row: &[String]| writer.write_record(row).map_err(Error::internal);
    let names = [
        "position", "at", "person", "actor", "via", "address", "act", "object", "site", "outcome",
        "before", "after", "digest",
    ];
    write(&names.map(str::to_owned))?;
    for record in records {
        let event = &record.event;
        let json = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or_else(String::new, ToString::to_string)
        };
        write(&[
            record.position.to_string(),
            record.at.to_rfc3339(),
            event
                .person
                .map_or_else(String::new, |person| person.to_string()),
            plain(&event.actor),
            event.via.clone(),
            event.address.clone().unwrap_or_default(),
            event.act.clone(),
            plain(&event.object),
            event.site.clone().unwrap_or_default(),
            event.outcome.clone(),
            json(&event.before),
            json(&event.after),
            hex::encode(&record.digest),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::internal(error.into_error()))
}

fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

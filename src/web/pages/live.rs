//! `GET /live/{part}`: the parts of pages that move, rendered with the templates of the first load.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::home;
use super::row::{AsNeighbour, InHeadline, InList, InWidget, Place, Row};
use crate::live::Snapshot;
use crate::web::failure::{self, Reader, Refusal};
use crate::web::headers::Kind;
use crate::web::language;
use crate::web::services::Services;
use crate::web::stream::{self, Topic};

/// Which page the parts are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Rows,
    Place,
    Screen,
    Widget,
}

struct Parts {
    key: String,
    part: Part,
    space: String,
    language: String,
    prefix: String,
}

/// The address of the stream that continues a page: what changed after the page was made.
pub(super) fn address(part: &str, space: &str, place: &Place<'_>, board: &Snapshot) -> String {
    let links = if place.prefix.is_empty() {
        ""
    } else {
        "&links=1"
    };
    format!(
        "/live/{part}?space={space}&lang={}{links}&after={}",
        place.language, board.version
    )
}

/// Opens the stream of a page's parts.
pub(in crate::web) async fn watch(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let part = match request.match_info().get("part") {
        Some("rows") => Part::Rows,
        Some("place") => Part::Place,
        Some("screen") => Part::Screen,
        Some("widget") => Part::Widget,
        _ => {
            let refusal = Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this address");
            return failure::refuse(&request, &services, refusal, Reader::Program);
        }
    };
    let language = language::of(&request, &services.texts)
        .unwrap_or_else(|| services.texts.first().to_owned());
    let pairs = || {
        request
            .query_string()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
    };
    let space = pairs()
        .find(|(name, _)| *name == "space")
        .map_or("", |(_, slug)| slug)
        .to_owned();
    let has_links = pairs().any(|pair| pair == ("links", "1"));
    let prefix = if has_links {
        format!("/{language}")
    } else {
        String::new()
    };
    let key = format!("{part:?} {space} {language} {has_links}");
    stream::open(
        &request,
        &services.into_inner(),
        Parts {
            key,
            part,
            space,
            language,
            prefix,
        },
    )
}

impl Topic for Parts {
    fn key(&self) -> &str {
        &self.key
    }

    fn kind(&self) -> Kind {
        match self.part {
            Part::Rows | Part::Place | Part::Screen => Kind::Page,
            Part::Widget => Kind::Widget,
        }
    }

    fn events(
        &self,
        services: &Services,
        board: &Snapshot,
        changed: &[String],
    ) -> Vec<(&'static str, String)> {
        let now = services.parvis.clock.now();
        let place = Place {
            services,
            language: &self.language,
            prefix: &self.prefix,
            now,
        };
        let best = (self.part == Part::Rows)
            .then(|| home::best(&home::sorted(board, now, &self.language)))
            .flatten();
        // Whoever is best now may have become it because another place filled up.
        let became = best.iter().filter(|slug| !changed.contains(slug));
        let rows = changed.iter().chain(became).filter_map(|slug| {
            let row = Row::find(place, board, slug)?;
            self.render(board, &row, best.as_ref() == Some(slug))
        });
        rows.map(|row| ("part", row)).collect()
    }
}

impl Parts {
    /// A part as HTML; `None` when the page does not show the space.
    fn render(&self, board: &Snapshot, row: &Row<'_>, is_best: bool) -> Option<String> {
        let is_own = row.slug == self.space;
        let in_list = || InList::of(row, &board.campus, is_best);
        match self.part {
            Part::Rows => in_list().render().ok(),
            Part::Widget => is_own.then(|| InWidget { row }.render().ok())?,
            Part::Place | Part::Screen if is_own => InHeadline { row }.render().ok(),
            Part::Place => {
                let own = board.campus.space(&self.space)?;
                let is_part = board.campus.space(&row.slug)?.parent == Some(own.id);
                is_part.then(|| in_list().render().ok())?
            }
            Part::Screen => AsNeighbour { row }.render().ok(),
        }
    }
}

//! What staff tell the public, as pages and screens show it.

use super::times;
use crate::domain::campus::Campus;
use crate::domain::notice::Kind;
use crate::domain::reading::Moment;
use crate::web::texts::Speech;

/// A notice in words.
pub(super) struct Shown {
    pub(super) class: &'static str,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) body: String,
    /// The site, where notices of several stand together.
    pub(super) site: Option<String>,
    /// Until when, or for an event from when to when.
    pub(super) span: String,
}

/// The notices of a site that are shown now, warnings first; of all sites when `None`.
pub(super) fn shown(campus: &Campus, site: Option<&str>, now: Moment, t: Speech<'_>) -> Vec<Shown> {
    let mut notices: Vec<_> = campus.notices_now(site, now).collect();
    notices.sort_by_key(|notice| match notice.notice.kind {
        Kind::Warning => 0,
        Kind::Message => 1,
        Kind::Event => 2,
    });
    let line = |notice: &crate::domain::notice::Notice| {
        let notice = &notice.notice;
        let time = |at| times::moment(at, now, campus.zone(), t);
        let name = campus.site(&notice.site);
        Shown {
            class: notice.kind.name(),
            kind: t.say(&format!("notice-{}", notice.kind.name())),
            title: notice.title.in_language(t.language()).to_owned(),
            body: notice.body.in_language(t.language()).to_owned(),
            site: name
                .filter(|_| site.is_none())
                .map(|site| site.name.in_language(t.language()).to_owned()),
            span: match notice.kind {
                Kind::Event => format!("{} – {}", time(notice.starts_at), time(notice.ends_at)),
                Kind::Message | Kind::Warning => {
                    t.say_with("notice-until", &[("time", time(notice.ends_at).into())])
                }
            },
        }
    };
    notices.into_iter().map(line).collect()
}

//! What every page has around its content: title, languages, styles, scripts.

use actix_web::HttpRequest;

use crate::web::language;
use crate::web::services::Services;
use crate::web::texts::{Speech, Texts};

/// The script that keeps what was typed when the sign-in ended meanwhile.
pub(in crate::web) const UNSENT: &str = "unsent.js";

/// A page in another language.
pub(in crate::web) struct Other {
    pub(in crate::web) code: String,
    pub(in crate::web) name: String,
    pub(in crate::web) address: String,
    /// The same in full, as search engines want it.
    pub(in crate::web) public_address: String,
}

/// The frame.
pub(in crate::web) struct Frame<'t> {
    pub(in crate::web) t: Speech<'t>,
    pub(in crate::web) language: &'t str,
    /// The zone of all times on the page, which need not be the visitor's.
    pub(in crate::web) zone: &'static str,
    pub(in crate::web) title: String,
    pub(in crate::web) description: String,
    pub(in crate::web) institution: String,
    pub(in crate::web) home: String,
    /// The address of this page, without what it was asked.
    pub(in crate::web) path: String,
    pub(in crate::web) icon: String,
    pub(in crate::web) style: String,
    /// The style of pages for one person.
    pub(in crate::web) staff_style: Option<String>,
    pub(in crate::web) scripts: Vec<String>,
    pub(in crate::web) languages: Vec<Other>,
    /// Where live parts come from.
    pub(in crate::web) live: Option<String>,
    /// Who is signed in, on the pages of staff.
    pub(in crate::web) visitor: Option<Visiting>,
}

/// Who is signed in, and where they may go.
pub(in crate::web) struct Visiting {
    pub(in crate::web) name: String,
    /// As whom they look, if they do.
    pub(in crate::web) sees_as: Option<String>,
    /// The token of forms.
    pub(in crate::web) token: String,
    pub(in crate::web) places: Vec<Link>,
}

/// A link.
pub(in crate::web) struct Link {
    pub(in crate::web) address: String,
    pub(in crate::web) words: String,
    pub(in crate::web) is_current: bool,
}

/// What a page wants of its frame.
#[derive(Default)]
pub(in crate::web) struct Wish<'a> {
    pub(in crate::web) title: &'a str,
    pub(in crate::web) description: &'a str,
    pub(in crate::web) scripts: &'a [&'a str],
    pub(in crate::web) live: Option<String>,
}

impl<'t> Frame<'t> {
    pub(in crate::web) fn new(
        request: &HttpRequest,
        services: &'t Services,
        language: &'t str,
        wish: Wish<'_>,
    ) -> Self {
        let t = services.texts.in_language(language);
        let institution = services
            .parvis
            .campus()
            .institution
            .name
            .in_language(language)
            .to_owned();
        let prefix = prefix(request, &services.texts);
        let rest = request
            .path()
            .strip_prefix(prefix.as_str())
            .unwrap_or_default();
        let rest = if rest == "/" { "" } else { rest };
        let public = services.parvis.settings.web.public_address();
        let languages = services.texts.languages().into_iter().map(|(code, name)| {
            let address = format!("/{code}{rest}");
            Other {
                code,
                name,
                public_address: format!("{public}{address}"),
                address,
            }
        });
        let title = if wish.title.is_empty() {
            institution.clone()
        } else {
            format!("{} · {institution}", wish.title)
        };
        Self {
            t,
            language,
            zone: services.parvis.campus().zone().name(),
            title,
            description: wish.description.to_owned(),
            institution,
            home: if prefix.is_empty() {
                "/".to_owned()
            } else {
                prefix.clone()
            },
            path: request.path().to_owned(),
            icon: services.assets.address("icon.svg").to_owned(),
            style: services.assets.address("style.css").to_owned(),
            staff_style: None,
            scripts: wish
                .scripts
                .iter()
                .map(|name| services.assets.address(name).to_owned())
                .collect(),
            languages: languages.collect(),
            live: wish.live,
            visitor: None,
        }
    }

    /// The frame of a page for one person: its address names no language, so the choice is asked for and remembered.
    pub(in crate::web) fn private(
        request: &HttpRequest,
        services: &'t Services,
        language: &'t str,
        wish: Wish<'_>,
        visitor: Option<Visiting>,
    ) -> Self {
        let mut frame = Self::new(request, services, language, wish);
        let asked = request.query_string().split('&');
        let asked: Vec<&str> = asked
            .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="))
            .collect();
        for other in &mut frame.languages {
            let language = format!("lang={}", other.code);
            let query = [asked.as_slice(), &[language.as_str()]].concat().join("&");
            other.address = format!("{}?{query}", frame.path);
            other.public_address.clear();
        }
        frame.staff_style = Some(services.assets.address("staff.css").to_owned());
        frame.visitor = visitor;
        if frame.visitor.is_some() {
            frame
                .scripts
                .push(services.assets.address(UNSENT).to_owned());
        }
        frame
    }
}

/// `/fr` on an address that names the language, nothing on one that does not.
pub(in crate::web) fn prefix(request: &HttpRequest, texts: &Texts) -> String {
    language::in_address(request, texts).map_or_else(String::new, |language| format!("/{language}"))
}

//! What every page has around its content: title, languages, styles, scripts.

use actix_web::HttpRequest;

use crate::web::services::Services;
use crate::web::texts::Speech;

/// A page in another language.
pub(super) struct Other {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) address: String,
    /// The same in full, as search engines want it.
    pub(super) public_address: String,
}

/// The frame.
pub(super) struct Frame<'t> {
    pub(super) t: Speech<'t>,
    pub(super) language: &'t str,
    /// The zone of all times on the page, which need not be the visitor's.
    pub(super) zone: &'static str,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) institution: String,
    pub(super) home: String,
    /// The address of this page, without what it was asked.
    pub(super) path: String,
    pub(super) icon: String,
    pub(super) style: String,
    pub(super) scripts: Vec<String>,
    pub(super) languages: Vec<Other>,
    /// Where live parts come from.
    pub(super) live: Option<String>,
}

/// What a page wants of its frame.
#[derive(Default)]
pub(super) struct Wish<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) scripts: &'a [&'a str],
    pub(super) live: Option<String>,
}

impl<'t> Frame<'t> {
    pub(super) fn new(
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
        let prefix = prefix(request);
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
            scripts: wish
                .scripts
                .iter()
                .map(|name| services.assets.address(name).to_owned())
                .collect(),
            languages: languages.collect(),
            live: wish.live,
        }
    }
}

/// `/fr` on an address that names the language, nothing on one that does not.
pub(super) fn prefix(request: &HttpRequest) -> String {
    request
        .match_info()
        .get("language")
        .map_or_else(String::new, |language| format!("/{language}"))
}

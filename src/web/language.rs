//! Which language a visitor gets: the one in the address, else the best of what the browser asks for.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::cookies;
use super::texts::Texts;

/// The language of a request; `None` when the first part of the address names a language there is not.
pub(super) fn of(request: &HttpRequest, texts: &Texts) -> Option<String> {
    let asked = request.match_info().get("language").map(str::to_owned);
    match asked {
        Some(language) => texts.has(&language).then_some(language),
        None => Some(query(request, texts).unwrap_or_else(|| negotiated(request, texts))),
    }
}

/// The language that an address begins with.
pub(super) fn in_address(request: &HttpRequest, texts: &Texts) -> Option<String> {
    let first = request.path().split('/').nth(1)?;
    texts.has(first).then(|| first.to_owned())
}

/// The language of a page for one person: what they ask for, else what they chose before, else what the browser asks for.
pub(super) fn of_person(request: &HttpRequest, texts: &Texts) -> String {
    query(request, texts)
        .or_else(|| cookies::value(request, cookies::LANGUAGE).filter(|chosen| texts.has(chosen)))
        .unwrap_or_else(|| negotiated(request, texts))
}

/// The language a person just chose.
pub(super) fn chosen(request: &HttpRequest, texts: &Texts) -> Option<String> {
    query(request, texts)
}

/// `?lang=` on addresses without a language in the path.
fn query(request: &HttpRequest, texts: &Texts) -> Option<String> {
    let asked = request
        .query_string()
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))?;
    texts.has(asked).then(|| asked.to_owned())
}

fn negotiated(request: &HttpRequest, texts: &Texts) -> String {
    let accepted = request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    best(accepted.unwrap_or_default(), texts).unwrap_or_else(|| texts.first().to_owned())
}

/// The most wanted language there is, of an `Accept-Language`.
fn best(accepted: &str, texts: &Texts) -> Option<String> {
    let mut wanted: Vec<(u16, String)> = accepted
        .split(',')
        .take(20)
        .filter_map(|part| {
            let mut pieces = part.trim().split(';');
            let language = pieces.next()?.split('-').next()?.trim().to_lowercase();
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped"
            )]
            let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
            (weight > 0 && texts.has(&language)).then_some((weight, language))
        })
        .collect();
    // Stable: of equal weights the first named wins.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.into_iter().next().map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_language_there_is_wins() {
        let texts = Texts::built_in();
        let best = |accepted: &str| best(accepted, &texts);
        assert_eq!(best("fr-FR,fr;q=0.9,en;q=0.8").as_deref(), Some("fr"));
        assert_eq!(best("de,en-GB;q=0.7,fr;q=0.3").as_deref(), Some("en"));
        assert_eq!(best("en;q=0.5,fr;q=0.5").as_deref(), Some("en"));
        assert_eq!(best("fr;q=0,de"), None);
        assert_eq!(best(""), None);
    }
}

//! Forms with a file (`multipart/form-data`, RFC 7578), as far as browsers send them: read whole, bounded by their caller.

/// A part of a form: the name of its field and what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'b> {
    pub(super) name: String,
    pub(super) content: &'b [u8],
}

/// The most parts of a form.
const MOST: usize = 50;

/// The parts of a body whose content type names a boundary; `None` when it is not of that form.
pub(super) fn parts<'b>(content_type: &str, body: &'b [u8]) -> Option<Vec<Part<'b>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("boundary="))?
        .trim_matches('"');
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes())?;
    let mut parts = Vec::new();
    while parts.len() < MOST {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let (head, content) = split(rest, b"\r\n\r\n")?;
        let (content, after) = split(content, delimiter.as_bytes())?;
        let name = name(std::str::from_utf8(head).ok()?)?;
        parts.push(Part { name, content });
        rest = after;
    }
    None
}

/// The name of the field in the head of a part.
fn name(head: &str) -> Option<String> {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    let named = disposition
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("name="))?;
    Some(named.trim_matches('"').to_owned())
}

fn split<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let position = bytes.windows(at.len()).position(|part| part == at)?;
    Some((bytes.get(..position)?, bytes.get(position + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"xyz\"";

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc\r\n--xyz\r\ncontent-disposition: form-data; \
            name=\"picture\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x\r\n--xyz--\r\n";
        let found = parts(TYPE, body).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), found[0].content),
            ("token", &b"abc"[..])
        );
        assert_eq!(found[1].name, "picture");
        assert_eq!(found[1].content, b"\x89PNG\r\n--x");
    }

    #[test]
    fn what_is_cut_off_or_of_another_form_is_refused() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc";
        assert_eq!(parts(TYPE, body), None);
        assert_eq!(parts("application/json", body), None);
        assert_eq!(parts("multipart/form-data", body), None);
        assert_eq!(parts(TYPE, b""), None);
        assert_eq!(parts(TYPE, b"--xyz\r\n\r\n\r\nabc\r\n--xyz--"), None);
        assert_eq!(parts(TYPE, b"--xyz--"), Some(Vec::new()));
    }
}

//! Finding the line of a TOML file where something was written, for messages a person can follow.

/// The line (from 1) of a field in the nth table with a header such as `[[site]]`; of the header when the field is not
/// there, and 1 when not even the header is.
pub(super) fn line_of(text: &str, header: &str, nth: usize, field: &str) -> usize {
    let mut lines = text.lines().enumerate().skip_while({
        let mut seen = 0;
        move |(_, line)| {
            if without_comment(line) == header {
                seen += 1;
            }
            seen <= nth
        }
    });
    let Some((start, _)) = lines.next() else {
        return 1;
    };
    let own = lines.take_while(|(_, line)| !without_comment(line).starts_with('['));
    let found = own.into_iter().find(|(_, line)| {
        let key = line.split('=').next().unwrap_or_default().trim();
        line.contains('=') && (key == field || key.starts_with(&format!("{field}.")))
    });
    found.map_or(start, |(line, _)| line) + 1
}

/// The line (from 1) of a byte.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    text.bytes()
        .take(byte)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[institution]\nname = 'U'\n\n[[site]]\nslug = 'a'\n\n[[site]] # second\nname = 'B'\nslug = 'b'\n[[space]]\nslug = 'c'\n";

    #[test]
    fn fields_headers_and_nothing_have_lines() {
        assert_eq!(line_of(TEXT, "[[site]]", 0, "slug"), 5);
        assert_eq!(line_of(TEXT, "[[site]]", 1, "slug"), 9);
        assert_eq!(line_of(TEXT, "[[site]]", 1, "kind"), 7);
        assert_eq!(line_of(TEXT, "[[space]]", 0, "slug"), 11);
        assert_eq!(line_of(TEXT, "[[passage]]", 0, "to"), 1);
        assert_eq!(line_at(TEXT, 20), 2);
    }
}

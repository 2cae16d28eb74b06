//! The description of a campus, `campus.toml`: parsed, checked against the rules, and refused whole with file, line and rule.

use std::fmt;
use std::path::{Path, PathBuf};

use super::lines::{line_at, line_of};
use super::written::Campus;
use crate::domain::campus::Description;
use crate::domain::description::{Violation, violations};

/// What is wrong with a description, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The rule, by its name in `docs/campus.md`.
    pub rule: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A description that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub path: PathBuf,
    /// All that is wrong.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            let Problem {
                line,
                rule,
                message,
            } = problem;
            write!(
                formatter,
                "{end}{}:{line}: {rule}: {message}",
                self.path.display()
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Reads and checks a description.
///
/// # Errors
/// When the file cannot be read or breaks any rule; then all broken rules are told at once.
pub fn read_campus(path: &Path) -> Result<Description, Problems> {
    let refused = |problems| Problems {
        path: path.to_owned(),
        problems,
    };
    let text = super::read_text(path).map_err(|error| {
        refused(vec![Problem {
            line: 1,
            rule: "readable".to_owned(),
            message: error.to_string(),
        }])
    })?;
    describe(&text).map_err(refused)
}

fn describe(text: &str) -> Result<Description, Vec<Problem>> {
    let written: Campus = toml::from_str(text).map_err(|error| {
        let line = line_at(text, error.span().map_or(0, |span| span.start));
        vec![Problem {
            line,
            rule: "form".to_owned(),
            message: error.message().replace('\n', "; "),
        }]
    })?;
    let mut broken = written.contradictions();
    let description = written.into_description();
    broken.extend(violations(&description));
    let problems: Vec<Problem> = broken
        .into_iter()
        .map(|violation| problem(text, violation))
        .collect();
    if problems.is_empty() {
        Ok(description)
    } else {
        Err(problems)
    }
}

fn problem(
    text: &str,
    Violation {
        place,
        rule,
        message,
    }: Violation,
) -> Problem {
    let header = match place.list {
        "institution" => "[institution]",
        "channel" => "[[sensor.channel]]",
        list => &format!("[[{list}]]"),
    };
    Problem {
        line: line_of(text, header, place.index, place.field),
        rule: rule.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"[institution]
name = { fr = "Université", en = "University" }
time_zone = "Europe/Paris"
security_officer = "Security team"
security_contact = "mailto:security@uni.example"
holidays = "FR"

[[site]]
slug = "library"
name = "Library"
kind = "library"
opening_hours = "Mo-Fr 08:00-22:00; PH off"
exceptional_days = [{ day = 2026-12-24, hours = "off", reason = "Christmas Eve" }]

[[space]]
slug = "library"
site = "library"
name = "Library"
capacity = [{ since = 2026-01-01, comfort = 320, safety = 400 }]

[[space]]
slug = "upper"
site = "library"
parent = "library"
name = "Upper floor"

[[passage]]
name = "Main door"
from = "outside"
to = "library"

[[passage]]
name = "Stairs"
from = "library"
to = "upper"

[[gateway]]
name = "lora"
family = "chirpstack"

[[sensor]]
gateway = "lora"
device = "24e124136d151234"
model = "milesight-vs350"

[[sensor.channel]]
key = "line_1"
passage = "Main door"

[[sensor.channel]]
key = "line_2"
passage = "Stairs"
"#;

    fn problems(text: &str) -> Vec<(usize, String)> {
        describe(text).map_or_else(
            |found| found.into_iter().map(|p| (p.line, p.rule)).collect(),
            |_| Vec::new(),
        )
    }

    fn with(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    }

    #[test]
    fn a_good_description_is_read() {
        let description = describe(GOOD).unwrap();
        assert_eq!(description.passages[0].from, None);
        assert_eq!(description.channels[0].counter.wrap, Some(65_536));
        assert_eq!(description.sensors[0].device, "24E124136D151234");
        assert_eq!(description.spaces[0].capacities[0].comfort, 320);
    }

    #[test]
    fn each_broken_rule_is_named_with_its_line() {
        let broken = |from: &str, to: &str| problems(&with(from, to));
        let one = |line: usize, rule: &str| vec![(line, rule.to_owned())];
        assert_eq!(
            broken(
                "to = \"library\"\n\n[[passage]]",
                "to = \"outside\"\n\n[[passage]]"
            ),
            one(30, "two-sides")
        );
        assert_eq!(
            broken("key = \"line_2\"", "key = \"line_1\""),
            one(51, "one-passage")
        );
        assert_eq!(
            broken("passage = \"Stairs\"", "passage = \"Ladder\""),
            one(52, "known-name")
        );
        assert_eq!(
            broken("parent = \"library\"", "parent = \"upper\""),
            one(24, "tree")
        );
        assert_eq!(
            broken("Mo-Fr 08:00-22:00", "Mon to Fri"),
            one(12, "opening-hours")
        );
        assert_eq!(
            broken("site = \"library\"\nname", "site = \"museum\"\nname")[0],
            (17, "known-name".to_owned())
        );
        assert_eq!(
            broken("comfort = 320", "comfort = 0"),
            one(19, "capacity-positive")
        );
        assert_eq!(
            broken("slug = \"upper\"", "slug = \"Upper floor\"")[0],
            (22, "slug-form".to_owned())
        );
        assert_eq!(
            broken(
                "name = \"Upper floor\"",
                "name = \"Upper\"\nday_starts = \"5 am\""
            )[0]
            .1,
            "form"
        );
        assert_eq!(
            broken("family = \"chirpstack\"", "family = \"milesight-vs350\""),
            one(39, "family-speaks-https")
        );
        assert_eq!(
            broken("family = \"chirpstack\"", "family = \"lora\""),
            one(39, "form")
        );
        assert_eq!(
            broken("gateway = \"lora\"", "gateway = \"laura\"")[0].1,
            "known-name"
        );
        assert_eq!(
            broken("key = \"line_2\"", "kee = \"line_2\""),
            one(51, "form")
        );
    }

    #[test]
    fn keys_that_contradict_each_other_are_refused() {
        let broken = |from: &str, to: &str| problems(&with(from, to))[0].1.clone();
        assert_eq!(
            broken(
                "passage = \"Stairs\"",
                "passage = \"Stairs\"\nspace = \"upper\""
            ),
            "one-purpose"
        );
        assert_eq!(
            broken(
                "family = \"chirpstack\"",
                "family = \"chirpstack\"\nuser = \"me\""
            ),
            "auth"
        );
        assert_eq!(
            broken(
                "family = \"chirpstack\"",
                "family = \"chirpstack\"\nheader = \"x\""
            ),
            "auth"
        );
        assert_eq!(
            broken(
                "name = { fr = \"Université\", en = \"University\" }",
                "name = \"\""
            ),
            "named"
        );
        assert_eq!(
            broken("model = \"milesight-vs350\"", "stale_after_minutes = 0"),
            "stale-positive"
        );
    }

    #[test]
    fn values_that_cannot_work_are_refused_each_by_its_rule() {
        let site = |line: &str| {
            let to = format!("kind = \"library\"\n{line}");
            problems(&with("kind = \"library\"", &to))
        };
        let one = |line: usize, rule: &str| vec![(line, rule.to_owned())];
        for (line, rule) in [
            ("website = \"javascript:alert(1)\"", "web-address"),
            ("website = \"www.example.org/bib\"", "web-address"),
            ("email = \"not an email\"", "address-form"),
            ("phone = \"call me; maybe\"", "phone-form"),
            ("access = { french = \"Par la cour\" }", "language"),
        ] {
            assert_eq!(site(line), one(12, rule), "{line}");
        }
        assert_eq!(
            site(
                "website = \"https://uni.example/b\"\nemail = \"b@uni.example\"\nphone = \"+33 5 61\""
            ),
            []
        );
        let broken = |from: &str, to: &str| problems(&with(from, to));
        assert_eq!(
            broken("time_zone", "data_licence = \"etalab\"\ntime_zone"),
            one(3, "web-address")
        );
        assert_eq!(
            broken("holidays = \"FR\"", "holidays = \"XX\""),
            one(6, "holidays")
        );
        assert_eq!(broken("holidays = \"FR\"\n", ""), one(11, "holidays"));
        assert_eq!(
            broken("slug = \"upper\"", "slug = \"outside\"")[0],
            (22, "reserved-slug".to_owned())
        );
        assert_eq!(
            broken("name = \"Upper floor\"", "name = \"  \""),
            one(25, "named")
        );
        assert_eq!(
            broken("safety = 400", "safety = 300"),
            one(19, "capacity-order")
        );
        let day = "{ day = 2026-12-24, hours = \"off\", reason = \"Christmas Eve\" }";
        assert_eq!(
            broken(
                day,
                &format!("{day}, {{ day = 2026-12-24, hours = \"08:00-09:00\" }}")
            ),
            one(13, "exceptional-dates")
        );
        let hours = "opening_hours = \"Mo-Fr 08:00-22:00; PH off\"\n";
        assert_eq!(broken(hours, ""), one(12, "hours-to-replace"));
        let moved = with(hours, "").replacen(
            "name = \"Upper floor\"\n",
            &format!("name = \"Upper floor\"\n{hours}"),
            1,
        );
        assert_eq!(problems(&moved), []);
        let gateway = "family = \"chirpstack\"";
        assert_eq!(
            broken(
                gateway,
                &format!("{gateway}\nauth = \"header\"\nheader = \"x y:\"")
            ),
            one(41, "header-form")
        );
        assert_eq!(
            broken(
                gateway,
                &format!("{gateway}\nauth = \"basic\"\nuser = \"a:b\"")
            ),
            one(41, "user-form")
        );
        assert_eq!(broken("24e124136d151234", "24e1"), one(43, "device-eui"));
        assert_eq!(
            broken(gateway, "family = \"xovis-5\""),
            one(44, "model-behind-server")
        );
    }

    #[test]
    fn messages_say_what_may_stand_there() {
        let told = |from: &str, to: &str| {
            let found = describe(&with(from, to)).unwrap_err();
            found.into_iter().next().unwrap().message
        };
        assert!(
            told("name = \"Upper floor\"", "name = 5").starts_with("neither a text nor a table")
        );
        let families = told("family = \"chirpstack\"", "family = \"axis\"");
        assert!(
            families.contains("xovis-5") && !families.contains("milesight"),
            "{families}"
        );
        let models = told("model = \"milesight-vs350\"", "model = \"vs350\"");
        assert!(
            models.contains("milesight-vs350") && !models.contains("xovis"),
            "{models}"
        );
        assert_eq!(
            told(
                "to = \"library\"\n\n[[passage]]",
                "to = \"outside\"\n\n[[passage]]"
            ),
            "\"Main door\" leads from outside to outside"
        );
        let sensor = "[[sensor]]\ngateway = \"lora\"\n";
        assert_eq!(
            told(
                sensor,
                &format!("{sensor}device = \"24E124136D151234\"\n\n{sensor}")
            ),
            "device \"24E124136D151234\" of gateway \"lora\" is there twice"
        );
    }

    #[test]
    fn a_mapping_that_can_read_nothing_is_refused() {
        let mapping = |rest: &str| {
            let to = format!("family = \"json\"\n[gateway.mapping]\ndevice = \"/id\"\n{rest}");
            problems(&with("family = \"chirpstack\"", &to))
                .into_iter()
                .map(|(_, rule)| rule)
                .collect::<Vec<_>>()
        };
        let channel = |rest: &str| {
            format!("[[gateway.mapping.channel]]\nkey = {{ value = \"line_1\" }}\n{rest}")
        };
        let time = |rest: &str| {
            format!(
                "time = {{ pointer = \"/t\", {rest} }}\n{}",
                channel("semantics = \"delta\"\nforward = \"/in\"")
            )
        };
        assert_eq!(
            mapping(&channel("semantics = \"delta\"\nforward = \"/in\"")),
            Vec::<String>::new()
        );
        assert_eq!(mapping("channel = []"), ["mapping"]);
        let delta = channel("semantics = \"delta\"\nforward = \"/in\"");
        assert_eq!(mapping(&format!("{delta}\n{delta}")), ["mapping"]);
        assert_eq!(mapping(&delta.replace("/in", "in")), ["mapping"]);
        assert_eq!(mapping(&format!("{delta}\nwrap = 65536")), ["mapping"]);
        assert_eq!(mapping(&delta.replace("line_1", "line;1")), ["mapping"]);
        for pattern in ["%Q", "iso", "%Y-%m-%d", "%H:%M"] {
            let zoned = format!("format = \"{pattern}\", zone = \"Europe/Paris\"");
            assert_eq!(mapping(&time(&zoned)), ["mapping"], "{pattern}");
        }
        assert_eq!(mapping(&channel("semantics = \"cumulative\"")), ["mapping"]);
        assert_eq!(
            mapping(&channel("semantics = \"snapshot\"\nforward = \"/in\"")),
            ["mapping"]
        );
        assert_eq!(mapping(&time("format = \"%Y-%m-%d %H:%M\"")), ["mapping"]);
        assert_eq!(
            mapping(&time(
                "format = \"%Y-%m-%d %H:%M\", zone = \"Europe/Lutetia\""
            )),
            ["mapping"]
        );
        assert_eq!(
            mapping(&time(
                "format = \"%Y-%m-%d %H:%M\", zone = \"Europe/Paris\""
            )),
            Vec::<String>::new()
        );
        assert_eq!(
            mapping(&time("format = \"%Y-%m-%dT%H:%M:%S%:z\"")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_cycle_through_several_spaces_is_found() {
        let text = with(
            "slug = \"library\"\nsite = \"library\"\n",
            "slug = \"library\"\nsite = \"library\"\nparent = \"upper\"\n",
        );
        assert!(problems(&text).iter().any(|(_, rule)| rule == "tree"));
    }
}

//! The campus that is measured: a university of some size, with as many sensors as the load needs.

use std::fmt::Write as _;

/// Buildings, each with [`SPACES_OF_A_SITE`] spaces.
const SITES: usize = 8;
const SPACES_OF_A_SITE: usize = 4;

/// Sensors, each over a door of one space.
pub(crate) const SENSORS: usize = 2_048;

/// The gateway they speak through.
pub(crate) const GATEWAY: &str = "doors";

/// The serial number of a sensor, of the same length for all.
pub(crate) fn serial_number(sensor: usize) -> String {
    format!("AA:{sensor:04}")
}

/// The name in addresses of the space that a sensor's door leads to.
pub(crate) fn space_of(sensor: usize) -> String {
    format!("space-{}", sensor % (SITES * SPACES_OF_A_SITE))
}

/// The description.
pub(crate) fn description() -> String {
    let mut text = String::from(
        "[institution]\nname = { fr = \"Université d'essai\", en = \"Test University\" }\n\
         time_zone = \"Europe/Paris\"\nholidays = \"FR\"\nsecurity_officer = \"Security team\"\nsecurity_contact = \"mailto:security@test.example\"\ndata_licence = \"https://example.org/licence\"\n",
    );
    for site in 0..SITES {
        let _ = write!(
            text,
            "[[site]]\nslug = \"site-{site}\"\nname = {{ fr = \"Bibliothèque {site}\", en = \"Library {site}\" }}\n\
             kind = \"library\"\nlocation = {{ latitude = 48.85, longitude = 2.35 }}\nopening_hours = \"24/7\"\n"
        );
    }
    for space in 0..SITES * SPACES_OF_A_SITE {
        let _ = write!(
            text,
            "[[space]]\nslug = \"space-{space}\"\nsite = \"site-{}\"\n\
             name = {{ fr = \"Salle de lecture {space}\", en = \"Reading room {space}\" }}\n\
             capacity = [{{ since = 2020-01-01, comfort = 200, safety = 300 }}]\ndrift_correction = false\n",
            space / SPACES_OF_A_SITE
        );
    }
    let _ = write!(
        text,
        "[[gateway]]\nname = \"{GATEWAY}\"\nfamily = \"xovis-5\"\n"
    );
    for sensor in 0..SENSORS {
        let _ = write!(
            text,
            "[[passage]]\nname = \"Door {sensor}\"\nfrom = \"outside\"\nto = \"{}\"\n\
             [[sensor]]\ngateway = \"{GATEWAY}\"\ndevice = \"{}\"\n\
             [[sensor.channel]]\nkey = \"logic-1\"\npassage = \"Door {sensor}\"\n",
            space_of(sensor),
            serial_number(sensor)
        );
    }
    text
}

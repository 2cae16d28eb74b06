//! Where the log goes: JSON lines on standard error, which systemd keeps; plain lines for commands of a person.

use log::LevelFilter;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::config::{Appender, Config, Logger, Root};
use log4rs::encode::Encode;
use log4rs::encode::json::JsonEncoder;
use log4rs::encode::pattern::PatternEncoder;

/// The service's log.
pub(super) fn for_service(level: LevelFilter) {
    begin(level, level, Box::new(JsonEncoder::new()));
}

/// The log of a command. Each attempt to connect to the database is told once, by who waits for the connection.
pub(super) fn for_commands() {
    begin(
        LevelFilter::Warn,
        LevelFilter::Off,
        Box::new(PatternEncoder::new("{l}: {m}{n}")),
    );
}

fn begin(level: LevelFilter, connecting: LevelFilter, encoder: Box<dyn Encode>) {
    let appender = ConsoleAppender::builder()
        .target(Target::Stderr)
        .encoder(encoder)
        .build();
    let config = Config::builder()
        .appender(Appender::builder().build("stderr", Box::new(appender)))
        // What libraries do is of interest when something is wrong, not at each start. What clients do wrong in HTTP is
        // answered, and is no error of ours.
        .loggers(
            [
                ("actix_http", LevelFilter::Off),
                ("r2d2", connecting),
                ("actix_server", LevelFilter::Warn),
                ("tokio_cron_scheduler", LevelFilter::Warn),
            ]
            .map(|(name, level)| Logger::builder().build(name, level)),
        )
        .build(Root::builder().appender("stderr").build(level));
    // A second call, as in tests, keeps the first log.
    if let Ok(config) = config {
        let _ = log4rs::init_config(config);
    }
}

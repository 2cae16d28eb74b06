//! Parvis: live occupancy of university libraries, canteens and desks, on the university's own server.
//!
//! Counters at doors send readings; each counts exactly once; the occupancy of every space follows, with the sum that
//! explains it; pages, screens, widgets and an API show it within a moment. This page is the architecture, and
//! `tests/architecture.rs` holds the crate to it.
//!
//! # The map
//!
//! | module | what it is |
//! |---|---|
//! | [`domain`] | what is true: pure rules, no input, no output, no clock |
//! | [`config`] | what the operator decided: settings, and the description of a campus |
//! | [`persistence`] | what PostgreSQL remembers: the only Diesel |
//! | [`gateways`] | how sensors speak: bytes in, observations out |
//! | [`ingest`] | how a reading becomes a fact, exactly once |
//! | [`auth`] | who is asking: sign-on, sessions, secrets, forms that are ours |
//! | [`actions`] | what people may do, and what they may ask |
//! | [`mail`] | how a letter leaves: the only SMTP
//! | [`live`] | who is watching: the newest figures, and the sign that they changed |
//! | [`tasks`] | what happens unasked |
//! | [`appliance`] | the machine it lives on: certificate, disk, firewall, limits, releases, systemd, a PostgreSQL of one's own |
//! | [`web`] | how people, programs and sensors ask: routes, pages, API, streams; the only actix |
//! | [`commands`] | the command line: where the parts meet |
//! | [`parvis`](mod@parvis) | the parts in use: settings, clock, database, campus |
//! | [`clock`] | what time it is, really or in a test: the only one to ask |
//! | [`error`] | what can go wrong, in the domain's words |
//!
//! # Who may import whom
//!
//! | module | may import |
//! |---|---|
//! | `domain` | |
//! | `clock` | |
//! | `error` | `domain` |
//! | `config` | `domain` `appliance` |
//! | `persistence` | `domain` `error` |
//! | `gateways` | `domain` |
//! | `appliance` | `domain` `error` |
//! | `parvis` | `domain` `error` `config` `clock` `persistence` |
//! | `ingest` | `domain` `error` `clock` `persistence` `gateways` `parvis` |
//! | `auth` | `domain` `error` `config` `clock` `persistence` `parvis` |
//! | `actions` | `domain` `error` `clock` `persistence` `auth` `appliance` `parvis` |
//! | `mail` | `error` `config` |
//! | `live` | `domain` `parvis` |
//! | `tasks` | `domain` `error` `config` `clock` `persistence` `auth` `appliance` `mail` `parvis` |
//! | `web` | `domain` `error` `config` `gateways` `appliance` `parvis` `ingest` `auth` `actions` `mail` `live` |
//! | `commands` | everything |
//!
//! Beside that: only `persistence` names Diesel, only `web` names actix, only `clock` asks the time, only `ingest`,
//! `persistence` and `commands` start threads that are not the runtime's.
//!
//! # A reading reaches a page
//!
//! 1. A sensor posts. `web::ingest` finds the gateway, proves the sender (constant-time comparison of digests) and reads a
//!    bounded body.
//! 2. [`gateways::Decoder`] turns the bytes into observations: a pure function of the payload. What could tell one person
//!    from another is never read.
//! 3. [`ingest::Door`] judges times, finds channels, keeps strangers as unassigned devices, refuses when too much waits, and
//!    hands the delivery to the recorder.
//! 4. The recorder is one thread. It drops what it knows ([`domain::channel_book`]), forms a batch of everything that waits,
//!    and gives it to a committer: one array insert, one commit. While that batch is on its way to the disk the next one
//!    forms. Its rounds begin a moment apart: under load many readings share a commit, and one alone waits for nobody.
//! 5. After the commit, in the order of the batches: counters move ([`domain::counter`]), spaces move
//!    ([`domain::zones`], [`domain::space_day`]), the senders get their 2xx, and the new figures go to [`live::Board`].
//! 6. A moment later the bookkeeper writes what the readings did: ledger, quarantine, publications, and the checkpoint that
//!    says up to which batch. After a crash the readings since the checkpoint are told again; nothing else is needed.
//! 7. Streams wake up, render what changed since the version their client knows, once for all who are up to date, with the
//!    template that made the page.
//!
//! # A person changes something
//!
//! 1. `web::signed_in` turns the cookie of a session, or a program's token, into an [`domain::actor::Actor`]; a store that
//!    cannot be reached is 503, never anonymous. `web::form` proves that the form is one of ours.
//! 2. The fields become a domain type: construction is parsing.
//! 3. [`actions`] asks the actor for the proof that they may ([`domain::actor::Allowed`], which the functions of
//!    [`persistence`] demand), checks the rule, writes and appends to the audit in one transaction, and announces the change
//!    with the commit. One table decides who may what: [`domain::role::may`].
//! 4. The recorder's listener hears it, reads what is there now, and the figures follow as above.
//!
//! # What is never done
//!
//! - A raw reading is never altered; a correction is a row with a reason; a published figure can be computed again from
//!   both, to the digit (`parvis explain`).
//! - The state is clamped at zero, the ledger never. Stale is shown as stale. Unknown is a value.
//! - No 2xx before the commit. No network call while a database connection is held. No query outside a transaction, but for
//!   the committers' single statements.
//! - No address, body, secret or personal datum in a log.

pub mod actions;
pub mod appliance;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod error;
pub mod gateways;
pub mod ingest;
pub mod live;
pub mod mail;
pub mod parvis;
pub mod persistence;
pub mod tasks;
pub mod web;

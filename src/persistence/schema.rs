// @generated automatically by Diesel CLI.

diesel::table! {
    /// Requests with an Idempotency-Key of the last day, so that a repetition gets the same answer.
    answered_requests (person_id, key) {
        /// For whom the program acts.
        person_id -> Int4,
        /// The Idempotency-Key.
        key -> Text,
        /// SHA-256 of what was asked for: the same key with another request is a mistake.
        digest -> Bytea,
        /// What was answered.
        answer -> Jsonb,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    /// Bearer tokens with which programs act for a person, within scopes.
    api_tokens (id) {
        /// Identifier.
        id -> Int4,
        /// For whom it acts.
        person_id -> Int4,
        /// What it is for.
        name -> Text,
        /// SHA-256 of the token.
        digest -> Bytea,
        /// The acts it may do, of those its person may.
        scopes -> Jsonb,
        /// When it was made.
        created_at -> Timestamptz,
        /// Until when it is good.
        until -> Timestamptz,
        /// When it was last used, to the minute.
        used_at -> Nullable<Timestamptz>,
        /// When it was taken back.
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The end of the chain: exactly one row, so that records missing at the end are missed.
    audit_heads (id) {
        /// Always 1.
        id -> Int4,
        /// Position of the last record.
        position -> Int8,
        /// Its digest.
        digest -> Bytea,
    }
}

diesel::table! {
    /// Every change and every sign-in; appended, never altered.
    audit_records (position) {
        /// Position in the chain, from 1, without gaps.
        position -> Int8,
        /// When.
        at -> Timestamptz,
        /// Who, where it was a person known here; no reference, as records outlive people.
        person_id -> Nullable<Int4>,
        /// Who, in words.
        actor -> Text,
        /// How: session, token, console or nobody.
        via -> Text,
        /// From where.
        address -> Nullable<Text>,
        /// What was done.
        act -> Text,
        /// To what.
        object -> Text,
        /// At which site, by slug, where it was at one.
        site -> Nullable<Text>,
        /// done, or refused with the reason.
        outcome -> Text,
        /// What it was.
        before -> Nullable<Jsonb>,
        /// What it became.
        after -> Nullable<Jsonb>,
        /// SHA-256 over the digest before and every column of this record.
        digest -> Bytea,
    }
}

diesel::table! {
    /// One-time code generators (RFC 6238).
    authenticators (person_id) {
        /// Whose.
        person_id -> Int4,
        /// The shared secret, sealed.
        secret -> Bytea,
        /// When a first code proved that it works; not asked for before.
        confirmed_at -> Nullable<Timestamptz>,
        /// Time step of the last code accepted: a code is good once.
        last_step -> Int8,
    }
}

diesel::table! {
    /// The two gauges of a space, dated.
    capacities (space_id, since) {
        /// The space.
        space_id -> Int4,
        /// First local day they hold.
        since -> Date,
        /// Seats or places: the denominator of the percentage.
        comfort -> Int4,
        /// Legal maximum.
        safety -> Nullable<Int4>,
    }
}

diesel::table! {
    /// What was begun in a browser and is to be finished there: sign-ins and registrations. Each is good once, for minutes.
    ceremonies (digest) {
        /// SHA-256 of the random name that the browser brings back.
        digest -> Bytea,
        /// Who began it, where that is known.
        person_id -> Nullable<Int4>,
        /// What must be remembered, sealed.
        state -> Bytea,
        /// When it was begun.
        begun_at -> Timestamptz,
    }
}

diesel::table! {
    /// The state of each channel's counter before its first reading of a day: where to fold again from.
    channel_days (channel_id, day) {
        /// The channel.
        channel_id -> Int4,
        /// A day (UTC) with readings.
        day -> Date,
        /// The counter's state.
        opening -> Jsonb,
    }
}

diesel::table! {
    /// What sensors measure: one line, zone or queue each.
    channels (id) {
        /// Identifier.
        id -> Int4,
        /// Its sensor.
        sensor_id -> Int4,
        /// How the decoder names it.
        key -> Text,
        /// How the device names it.
        name -> Nullable<Text>,
        /// The one passage it counts.
        passage_id -> Nullable<Int4>,
        /// Whether its forward is the passage's backward.
        is_reversed -> Bool,
        /// The space whose people it sees.
        space_id -> Nullable<Int4>,
        /// Number of values of its counter before it starts at zero again.
        wrap -> Nullable<Int8>,
        /// Whether a total that went down restarted at zero.
        resets_to_zero -> Bool,
        /// The most people a minute that can pass in one direction.
        max_per_minute -> Int8,
        /// False for a channel that spoke but that nobody described: unassigned.
        is_described -> Bool,
        /// When it was last heard.
        heard_at -> Nullable<Timestamptz>,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// How far the ledger has come: exactly one row.
    checkpoints (id) {
        /// Always 1.
        id -> Int4,
        /// All batches up to this one are in the ledger, no later one is.
        batch -> Int8,
        /// The last position of the ledger.
        position -> Int8,
    }
}

diesel::table! {
    /// Days whose raw readings were dropped: their ledger stands, and nothing can be added to it.
    closed_days (day) {
        /// The day (UTC).
        day -> Date,
        /// When they were dropped.
        closed_at -> Timestamptz,
    }
}

diesel::table! {
    /// What was corrected, why and by whom. A correction is taken back by a row that revokes it.
    corrections (id) {
        /// Order of entry.
        id -> Int8,
        /// The space.
        space_id -> Int4,
        /// `day_start`: how many people the day opened with; drift: what an exit weighs that day; recount: people a person saw; `day_close`: weights that make a finished day end as it should; revocation: takes another row back.
        kind -> Text,
        /// The moment it holds from: of a day, its start.
        at -> Timestamptz,
        /// Millionths of people, for `day_start` and recount.
        amount -> Nullable<Int8>,
        /// What an entry weighs, in millionths.
        entry_weight -> Nullable<Int8>,
        /// What an exit weighs, in millionths.
        exit_weight -> Nullable<Int8>,
        /// Entries a `day_close` was computed from.
        entries -> Nullable<Int8>,
        /// Exits a `day_close` was computed from.
        exits -> Nullable<Int8>,
        /// The correction a revocation takes back.
        revokes -> Nullable<Int8>,
        /// Why, in words.
        reason -> Text,
        /// Who: a person, or the part of Parvis.
        actor -> Text,
        /// When the row was written.
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    /// Browsers a person has signed in from.
    devices (id) {
        /// Identifier.
        id -> Int8,
        /// Whose.
        person_id -> Int4,
        /// SHA-256 of the random name in the browser's cookie.
        digest -> Bytea,
        /// What the browser calls itself.
        agent -> Text,
        /// From where it was last seen.
        address -> Text,
        /// When it was first seen.
        first_seen_at -> Timestamptz,
        /// When it was last seen.
        last_seen_at -> Timestamptz,
    }
}

diesel::table! {
    /// Quarantine: readings that were stored but not applied, and why.
    doubted_readings (id) {
        /// Identifier.
        id -> Int8,
        /// The channel that spoke.
        channel_id -> Int4,
        /// The time of the reading.
        at -> Timestamptz,
        /// The reading.
        identity -> Jsonb,
        /// The rule that keeps it from counting.
        reason -> Jsonb,
        /// When it was received.
        received_at -> Timestamptz,
    }
}

diesel::table! {
    /// Unexpected errors.
    errors (reference) {
        /// What the visitor was shown.
        reference -> Text,
        /// When.
        at -> Timestamptz,
        /// Where: method and route, or the task. Never an address with parameters.
        place -> Text,
        /// The chain of causes.
        cause -> Text,
    }
}

diesel::table! {
    /// Accounts that an administrator expects: linked once, at the first sign-in that carries the claim.
    expected_identities (id) {
        /// Identifier.
        id -> Int4,
        /// To whom it will belong.
        person_id -> Int4,
        /// The provider that must say so.
        issuer_id -> Int4,
        /// Path of the claim.
        claim -> Text,
        /// Its value.
        value -> Text,
        /// When it was expected.
        created_at -> Timestamptz,
        /// When it was linked; it is good once.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Digests of the secrets senders may use; several at once while one is being replaced.
    gateway_secrets (id) {
        /// Identifier.
        id -> Int4,
        /// The gateway.
        gateway_id -> Int4,
        /// SHA-256 of the secret, which holds 256 random bits.
        digest -> Bytea,
        /// When it was made.
        created_at -> Timestamptz,
        /// Until when it is good; no end when null.
        until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Authenticated ways in for readings.
    gateways (id) {
        /// Identifier.
        id -> Int4,
        /// Name in the address /ingest/NAME.
        name -> Text,
        /// What it speaks.
        family -> Text,
        /// Where the sender puts its secret.
        proof -> Jsonb,
        /// How its JSON is read, for family json.
        mapping -> Nullable<Jsonb>,
        /// Silence of its sensors that is normal.
        stale_after_minutes -> Int4,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
        /// The site whose people look after it; those of the whole institution when null.
        site_id -> Nullable<Int4>,
    }
}

diesel::table! {
    /// Roles of people, at a site or everywhere; those from a provider and those by hand are never mixed.
    grants (id) {
        /// Identifier.
        id -> Int4,
        /// Who.
        person_id -> Int4,
        /// The role.
        role -> Text,
        /// Where; everywhere when null.
        site_id -> Nullable<Int4>,
        /// The provider whose claims gave it, made anew at each sign-in; null when given by hand.
        issuer -> Nullable<Text>,
        /// When it was given.
        granted_at -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts of people at identity providers.
    identities (id) {
        /// Identifier.
        id -> Int4,
        /// Whose account it is.
        person_id -> Int4,
        /// The provider, as its tokens name it (iss).
        issuer -> Text,
        /// The account, as the provider names it (sub).
        subject -> Text,
        /// When it was linked.
        linked_at -> Timestamptz,
        /// When it was last used.
        signed_in_at -> Nullable<Timestamptz>,
        /// What the last sign-in delivered of what the rules and the account page read.
        claims -> Jsonb,
    }
}

diesel::table! {
    /// The university that owns the appliance: exactly one row.
    institutions (id) {
        /// Always 1.
        id -> Int4,
        /// Name by language; the empty key holds for all.
        name -> Jsonb,
        /// IANA zone of everything people see.
        time_zone -> Text,
        /// ISO code of the country whose public holidays opening hours may name.
        holidays -> Nullable<Text>,
        /// Address of the licence of the open data.
        data_licence -> Nullable<Text>,
        /// Who answers for security: a name.
        security_officer -> Nullable<Text>,
        /// Where flaws are reported: mailto:, https: or tel: (RFC 9116).
        security_contact -> Nullable<Text>,
    }
}

diesel::table! {
    /// One-time links with which a person chooses a password, at the beginning or after a loss.
    invitations (id) {
        /// Identifier.
        id -> Int4,
        /// For whom.
        person_id -> Int4,
        /// SHA-256 of the secret in the link.
        digest -> Bytea,
        /// When it was made.
        created_at -> Timestamptz,
        /// Until when it is good.
        until -> Timestamptz,
        /// When it was used or replaced.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Identity providers that people sign in with.
    issuers (id) {
        /// Identifier.
        id -> Int4,
        /// Name in addresses: /sign-in/KEY.
        key -> Text,
        /// Address, client, scopes, claims and rules.
        configuration -> Jsonb,
        /// The client secret, sealed.
        secret -> Nullable<Bytea>,
        /// When it was taken away.
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What was counted. A late reading adds a row, negative if need be; no row ever changes.
    ledger_entries (position) {
        /// Order of entry.
        position -> Int8,
        /// The space that was entered or left.
        space_id -> Int4,
        /// The channel that saw it.
        channel_id -> Int4,
        /// End of the second in which people moved.
        moved_at -> Timestamptz,
        /// People who entered.
        entries -> Int8,
        /// People who left.
        exits -> Int8,
        /// People the channel saw in the space at that moment, where it sees them directly.
        level -> Nullable<Int8>,
        /// When the row was written.
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    /// Messages and events of a site; each ends by itself.
    notices (id) {
        /// Identifier.
        id -> Int4,
        /// The site.
        site_id -> Int4,
        /// message, warning or event.
        kind -> Text,
        /// What it says, by language.
        title -> Jsonb,
        /// More of it, by language.
        body -> Jsonb,
        /// From when it is shown; an event is shown before and begins then.
        starts_at -> Timestamptz,
        /// Until when.
        ends_at -> Timestamptz,
        /// When it was written.
        created_at -> Timestamptz,
        /// When it was taken down.
        removed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Mail to be sent: written with what it tells of, sent by a task, forgotten after a week.
    outbox (id) {
        /// Identifier.
        id -> Int8,
        /// To whom.
        recipient -> Text,
        /// Subject.
        subject -> Text,
        /// Text, sealed, as base64; empty when it was sent.
        body -> Text,
        /// When it was written.
        created_at -> Timestamptz,
        /// How often it was tried.
        tries -> Int4,
        /// When it is tried next.
        next_try_at -> Timestamptz,
        /// When the mail server took it.
        sent_at -> Nullable<Timestamptz>,
        /// Why the last try failed.
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    /// Counting lines: directed edges of the zone graph. No space means outside.
    passages (id) {
        /// Identifier.
        id -> Int4,
        /// Name.
        name -> Text,
        /// Where one comes from when moving forward.
        from_space_id -> Nullable<Int4>,
        /// Where one gets to when moving forward.
        to_space_id -> Nullable<Int4>,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// WebAuthn credentials.
    passkeys (id) {
        /// Identifier.
        id -> Int4,
        /// Whose.
        person_id -> Int4,
        /// Identifier of the credential.
        credential -> Bytea,
        /// What its owner calls it.
        name -> Text,
        /// Public key, counter and flags.
        state -> Jsonb,
        /// When it was registered.
        created_at -> Timestamptz,
        /// When it was last used.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Passwords of local accounts.
    passwords (person_id) {
        /// Whose.
        person_id -> Int4,
        /// Argon2id, in PHC form.
        hash -> Text,
        /// When it was chosen.
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    /// Those who act: staff, operators, and whoever signed in.
    people (id) {
        /// Identifier.
        id -> Int4,
        /// What others call them.
        name -> Text,
        /// Where mail reaches them, if anywhere.
        email -> Nullable<Text>,
        /// Name of the local account, lower case; null without one.
        login -> Nullable<Text>,
        /// When they became known.
        created_at -> Timestamptz,
        /// Since when they may no longer sign in.
        deactivated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Pictures of sites, made anew when they came in.
    pictures (id) {
        /// Identifier.
        id -> Int4,
        /// The site.
        site_id -> Int4,
        /// What they show, in words, by language.
        alt -> Jsonb,
        /// JPEG.
        content -> Bytea,
        /// Pixels across.
        width -> Int4,
        /// Pixels down.
        height -> Int4,
        /// SHA-256 of the content in hexadecimal: its name in addresses.
        digest -> Text,
        /// When it came in.
        created_at -> Timestamptz,
        /// When it was taken down.
        removed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What was published: a row whenever the figure or its quality changed.
    publications (space_id, at) {
        /// The space.
        space_id -> Int4,
        /// From when on it was shown.
        at -> Timestamptz,
        /// People; null when unknown.
        present -> Nullable<Int8>,
        /// The sum before rounding, in millionths.
        exact -> Nullable<Int8>,
        /// good, degraded, stale or unknown.
        quality -> Text,
        /// The newest reading in it.
        as_of -> Nullable<Timestamptz>,
        /// Start of the accounting day it was summed over.
        day_started_at -> Timestamptz,
        /// The last ledger entry it was made from.
        position -> Int8,
        /// The last correction it was made from; 0 for none.
        correction_id -> Int8,
    }
}

diesel::table! {
    /// Devices behind gateways, described ones and those that were only heard.
    sensors (id) {
        /// Identifier.
        id -> Int4,
        /// The gateway it speaks through.
        gateway_id -> Int4,
        /// Serial number or device EUI, in upper case.
        device -> Text,
        /// What people call it.
        name -> Nullable<Text>,
        /// Which device it is, behind a network server.
        model -> Nullable<Text>,
        /// Its silence that is normal, where it differs from the gateway's.
        stale_after_minutes -> Nullable<Int4>,
        /// False for a device that spoke but that nobody described: unassigned.
        is_described -> Bool,
        /// When it was last heard.
        heard_at -> Nullable<Timestamptz>,
        /// Battery, percent.
        battery -> Nullable<Int4>,
        /// What else it said of itself: versions, alarms, temperature.
        details -> Jsonb,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Where people are signed in.
    sessions (id) {
        /// Identifier, which proves nothing.
        id -> Int8,
        /// SHA-256 of the secret in the cookie.
        digest -> Bytea,
        /// Who.
        person_id -> Int4,
        /// How they proved it: oidc, password, password+totp, passkey or invitation.
        method -> Text,
        /// Whether a second factor or a passkey was part of it.
        is_strong -> Bool,
        /// The provider that vouched (iss).
        issuer -> Nullable<Text>,
        /// The account there (sub).
        subject -> Nullable<Text>,
        /// The provider's name of its own session.
        sid -> Nullable<Text>,
        /// The ID token, sealed: the hint when signing out there.
        id_token -> Nullable<Bytea>,
        /// The refresh token, sealed: only to ask again whether the account is good.
        refresh_token -> Nullable<Bytea>,
        /// When the provider was last asked.
        checked_at -> Nullable<Timestamptz>,
        /// From where.
        address -> Text,
        /// What the browser calls itself.
        agent -> Text,
        /// When it began.
        begun_at -> Timestamptz,
        /// When it was last used, to the minute.
        seen_at -> Timestamptz,
        /// When it was ended.
        ended_at -> Nullable<Timestamptz>,
        /// As whom an administrator looks at the pages; nothing can be changed then.
        sees_as -> Nullable<Int4>,
    }
}

diesel::table! {
    /// How far the set-up of the machine is: at most one row.
    set_up (id) {
        /// Always 1.
        id -> Int4,
        /// SHA-256 of the code that the console shows.
        code_digest -> Nullable<Bytea>,
        /// Wrong codes since this one was made; too many renew it.
        wrong_codes -> Int4,
        /// SHA-256 of the secret of the browser that carries on: the last one that knew the code.
        session_digest -> Nullable<Bytea>,
        /// What was answered so far, sealed: it holds secrets of other services.
        draft -> Nullable<Bytea>,
        /// When it was finished, for ever.
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Wrong passwords and codes of the last day: what delays and budgets are computed from.
    sign_in_failures (id) {
        /// Identifier.
        id -> Int8,
        /// SHA-256 of the name tried, as people type passwords there; or of the person whose second factor was.
        login -> Bytea,
        /// Where it came from: an IPv4 address, an IPv6 /64, or a browser the account knows.
        source -> Text,
        /// When.
        at -> Timestamptz,
    }
}

diesel::table! {
    /// Buildings and establishments the public knows.
    sites (id) {
        /// Identifier.
        id -> Int4,
        /// Name in addresses.
        slug -> Text,
        /// Position in the description.
        place -> Int4,
        /// Name by language.
        name -> Jsonb,
        /// library, canteen, gym, desk or other.
        kind -> Text,
        /// Postal address.
        address -> Nullable<Text>,
        /// Degrees north, WGS 84.
        latitude -> Nullable<Float8>,
        /// Degrees east, WGS 84.
        longitude -> Nullable<Float8>,
        /// Telephone number.
        phone -> Nullable<Text>,
        /// E-mail address.
        email -> Nullable<Text>,
        /// Its own pages.
        website -> Nullable<Text>,
        /// What one finds there: a list of texts by language.
        services -> Jsonb,
        /// How to get in, by language.
        access -> Jsonb,
        /// OpenStreetMap `opening_hours`.
        opening_hours -> Nullable<Text>,
        /// Days with hours of their own: a list of day, hours and reason.
        exceptional_days -> Jsonb,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
        /// What it is, by language.
        description -> Jsonb,
    }
}

diesel::table! {
    /// Areas with an occupancy of their own: a tree under each site.
    spaces (id) {
        /// Identifier.
        id -> Int4,
        /// Name in addresses.
        slug -> Text,
        /// Position in the description.
        place -> Int4,
        /// The site it belongs to.
        site_id -> Int4,
        /// The space it is part of.
        parent_id -> Nullable<Int4>,
        /// Name by language.
        name -> Jsonb,
        /// Local time at which its accounting day starts.
        day_starts -> Time,
        /// Whether it is truly empty then.
        empty_at_day_start -> Bool,
        /// Whether exits are weighed by what past days taught.
        drift_correction -> Bool,
        /// OpenStreetMap `opening_hours`, where they differ from the site's.
        opening_hours -> Nullable<Text>,
        /// When it left the description.
        retired_at -> Nullable<Timestamptz>,
        /// Whether it is still being prepared: counted, but shown to staff only.
        is_draft -> Bool,
        /// What one finds there, by language.
        description -> Jsonb,
    }
}

diesel::joinable!(answered_requests -> people (person_id));
diesel::joinable!(api_tokens -> people (person_id));
diesel::joinable!(authenticators -> people (person_id));
diesel::joinable!(capacities -> spaces (space_id));
diesel::joinable!(ceremonies -> people (person_id));
diesel::joinable!(channel_days -> channels (channel_id));
diesel::joinable!(channels -> passages (passage_id));
diesel::joinable!(channels -> sensors (sensor_id));
diesel::joinable!(channels -> spaces (space_id));
diesel::joinable!(corrections -> spaces (space_id));
diesel::joinable!(devices -> people (person_id));
diesel::joinable!(doubted_readings -> channels (channel_id));
diesel::joinable!(expected_identities -> issuers (issuer_id));
diesel::joinable!(expected_identities -> people (person_id));
diesel::joinable!(gateway_secrets -> gateways (gateway_id));
diesel::joinable!(gateways -> sites (site_id));
diesel::joinable!(grants -> people (person_id));
diesel::joinable!(grants -> sites (site_id));
diesel::joinable!(identities -> people (person_id));
diesel::joinable!(invitations -> people (person_id));
diesel::joinable!(notices -> sites (site_id));
diesel::joinable!(passkeys -> people (person_id));
diesel::joinable!(passwords -> people (person_id));
diesel::joinable!(pictures -> sites (site_id));
diesel::joinable!(publications -> spaces (space_id));
diesel::joinable!(sensors -> gateways (gateway_id));
diesel::joinable!(spaces -> sites (site_id));

diesel::allow_tables_to_appear_in_same_query!(
    answered_requests,
    api_tokens,
    audit_heads,
    audit_records,
    authenticators,
    capacities,
    ceremonies,
    channel_days,
    channels,
    checkpoints,
    closed_days,
    corrections,
    devices,
    doubted_readings,
    errors,
    expected_identities,
    gateway_secrets,
    gateways,
    grants,
    identities,
    institutions,
    invitations,
    issuers,
    ledger_entries,
    notices,
    outbox,
    passages,
    passkeys,
    passwords,
    people,
    pictures,
    publications,
    sensors,
    sessions,
    set_up,
    sign_in_failures,
    sites,
    spaces,
);

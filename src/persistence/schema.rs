// @generated automatically by Diesel CLI.

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
    }
}

diesel::joinable!(capacities -> spaces (space_id));
diesel::joinable!(channel_days -> channels (channel_id));
diesel::joinable!(channels -> passages (passage_id));
diesel::joinable!(channels -> sensors (sensor_id));
diesel::joinable!(channels -> spaces (space_id));
diesel::joinable!(corrections -> spaces (space_id));
diesel::joinable!(doubted_readings -> channels (channel_id));
diesel::joinable!(gateway_secrets -> gateways (gateway_id));
diesel::joinable!(ledger_entries -> channels (channel_id));
diesel::joinable!(ledger_entries -> spaces (space_id));
diesel::joinable!(publications -> spaces (space_id));
diesel::joinable!(sensors -> gateways (gateway_id));
diesel::joinable!(spaces -> sites (site_id));

diesel::allow_tables_to_appear_in_same_query!(
    capacities,
    channel_days,
    channels,
    checkpoints,
    closed_days,
    corrections,
    doubted_readings,
    errors,
    gateway_secrets,
    gateways,
    institutions,
    ledger_entries,
    passages,
    publications,
    sensors,
    sites,
    spaces,
);

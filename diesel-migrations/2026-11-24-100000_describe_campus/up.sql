-- The campus as the operator describes it: places, the doors between them, and the sensors at the doors.
-- What is no longer described is retired, never deleted: the ledger speaks of it for ever.

CREATE TABLE institutions (
    id integer PRIMARY KEY DEFAULT 1,
    name jsonb NOT NULL,
    time_zone text NOT NULL,
    holidays text,
    data_licence text,
    CONSTRAINT institutions_id_check CHECK (id = 1)
);
COMMENT ON TABLE institutions IS 'The university that owns the appliance: exactly one row.';
COMMENT ON COLUMN institutions.id IS 'Always 1.';
COMMENT ON COLUMN institutions.name IS 'Name by language; the empty key holds for all.';
COMMENT ON COLUMN institutions.time_zone IS 'IANA zone of everything people see.';
COMMENT ON COLUMN institutions.holidays IS 'ISO code of the country whose public holidays opening hours may name.';
COMMENT ON COLUMN institutions.data_licence IS 'Address of the licence of the open data.';

CREATE TABLE sites (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT sites_slug_key UNIQUE,
    place integer NOT NULL,
    name jsonb NOT NULL,
    kind text NOT NULL,
    address text,
    latitude double precision,
    longitude double precision,
    phone text,
    email text,
    website text,
    services jsonb NOT NULL DEFAULT '[]',
    access jsonb NOT NULL DEFAULT '{}',
    opening_hours text,
    exceptional_days jsonb NOT NULL DEFAULT '[]',
    retired_at timestamptz,
    CONSTRAINT sites_location_check CHECK ((latitude IS NULL) = (longitude IS NULL))
);
COMMENT ON TABLE sites IS 'Buildings and establishments the public knows.';
COMMENT ON COLUMN sites.id IS 'Identifier.';
COMMENT ON COLUMN sites.slug IS 'Name in addresses.';
COMMENT ON COLUMN sites.place IS 'Position in the description.';
COMMENT ON COLUMN sites.name IS 'Name by language.';
COMMENT ON COLUMN sites.kind IS 'library, canteen, gym, desk or other.';
COMMENT ON COLUMN sites.address IS 'Postal address.';
COMMENT ON COLUMN sites.latitude IS 'Degrees north, WGS 84.';
COMMENT ON COLUMN sites.longitude IS 'Degrees east, WGS 84.';
COMMENT ON COLUMN sites.phone IS 'Telephone number.';
COMMENT ON COLUMN sites.email IS 'E-mail address.';
COMMENT ON COLUMN sites.website IS 'Its own pages.';
COMMENT ON COLUMN sites.services IS 'What one finds there: a list of texts by language.';
COMMENT ON COLUMN sites.access IS 'How to get in, by language.';
COMMENT ON COLUMN sites.opening_hours IS 'OpenStreetMap opening_hours.';
COMMENT ON COLUMN sites.exceptional_days IS 'Days with hours of their own: a list of day, hours and reason.';
COMMENT ON COLUMN sites.retired_at IS 'When it left the description.';

CREATE TABLE spaces (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL CONSTRAINT spaces_slug_key UNIQUE,
    place integer NOT NULL,
    site_id integer NOT NULL REFERENCES sites,
    parent_id integer REFERENCES spaces,
    name jsonb NOT NULL,
    day_starts time NOT NULL,
    empty_at_day_start boolean NOT NULL,
    drift_correction boolean NOT NULL,
    opening_hours text,
    retired_at timestamptz,
    CONSTRAINT spaces_parent_check CHECK (parent_id <> id)
);
COMMENT ON TABLE spaces IS 'Areas with an occupancy of their own: a tree under each site.';
COMMENT ON COLUMN spaces.id IS 'Identifier.';
COMMENT ON COLUMN spaces.slug IS 'Name in addresses.';
COMMENT ON COLUMN spaces.place IS 'Position in the description.';
COMMENT ON COLUMN spaces.site_id IS 'The site it belongs to.';
COMMENT ON COLUMN spaces.parent_id IS 'The space it is part of.';
COMMENT ON COLUMN spaces.name IS 'Name by language.';
COMMENT ON COLUMN spaces.day_starts IS 'Local time at which its accounting day starts.';
COMMENT ON COLUMN spaces.empty_at_day_start IS 'Whether it is truly empty then.';
COMMENT ON COLUMN spaces.drift_correction IS 'Whether exits are weighed by what past days taught.';
COMMENT ON COLUMN spaces.opening_hours IS 'OpenStreetMap opening_hours, where they differ from the site''s.';
COMMENT ON COLUMN spaces.retired_at IS 'When it left the description.';

CREATE TABLE capacities (
    space_id integer NOT NULL REFERENCES spaces,
    since date NOT NULL,
    comfort integer NOT NULL,
    safety integer,
    PRIMARY KEY (space_id, since),
    CONSTRAINT capacities_positive_check CHECK (comfort > 0 AND safety > 0)
);
COMMENT ON TABLE capacities IS 'The two gauges of a space, dated.';
COMMENT ON COLUMN capacities.space_id IS 'The space.';
COMMENT ON COLUMN capacities.since IS 'First local day they hold.';
COMMENT ON COLUMN capacities.comfort IS 'Seats or places: the denominator of the percentage.';
COMMENT ON COLUMN capacities.safety IS 'Legal maximum.';

CREATE TABLE passages (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CONSTRAINT passages_name_key UNIQUE,
    from_space_id integer REFERENCES spaces,
    to_space_id integer REFERENCES spaces,
    retired_at timestamptz,
    CONSTRAINT passages_sides_check CHECK (from_space_id IS DISTINCT FROM to_space_id)
);
COMMENT ON TABLE passages IS 'Counting lines: directed edges of the zone graph. No space means outside.';
COMMENT ON COLUMN passages.id IS 'Identifier.';
COMMENT ON COLUMN passages.name IS 'Name.';
COMMENT ON COLUMN passages.from_space_id IS 'Where one comes from when moving forward.';
COMMENT ON COLUMN passages.to_space_id IS 'Where one gets to when moving forward.';
COMMENT ON COLUMN passages.retired_at IS 'When it left the description.';

CREATE TABLE gateways (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CONSTRAINT gateways_name_key UNIQUE,
    family text NOT NULL,
    proof jsonb NOT NULL,
    mapping jsonb,
    stale_after_minutes integer NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE gateways IS 'Authenticated ways in for readings.';
COMMENT ON COLUMN gateways.id IS 'Identifier.';
COMMENT ON COLUMN gateways.name IS 'Name in the address /ingest/NAME.';
COMMENT ON COLUMN gateways.family IS 'What it speaks.';
COMMENT ON COLUMN gateways.proof IS 'Where the sender puts its secret.';
COMMENT ON COLUMN gateways.mapping IS 'How its JSON is read, for family json.';
COMMENT ON COLUMN gateways.stale_after_minutes IS 'Silence of its sensors that is normal.';
COMMENT ON COLUMN gateways.retired_at IS 'When it left the description.';

CREATE TABLE gateway_secrets (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id integer NOT NULL REFERENCES gateways,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL,
    until timestamptz
);
COMMENT ON TABLE gateway_secrets IS 'Digests of the secrets senders may use; several at once while one is being replaced.';
COMMENT ON COLUMN gateway_secrets.id IS 'Identifier.';
COMMENT ON COLUMN gateway_secrets.gateway_id IS 'The gateway.';
COMMENT ON COLUMN gateway_secrets.digest IS 'SHA-256 of the secret, which holds 256 random bits.';
COMMENT ON COLUMN gateway_secrets.created_at IS 'When it was made.';
COMMENT ON COLUMN gateway_secrets.until IS 'Until when it is good; no end when null.';

CREATE TABLE sensors (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id integer NOT NULL REFERENCES gateways,
    device text NOT NULL,
    name text,
    model text,
    stale_after_minutes integer,
    is_described boolean NOT NULL,
    heard_at timestamptz,
    battery integer,
    details jsonb NOT NULL DEFAULT '{}',
    retired_at timestamptz,
    CONSTRAINT sensors_device_key UNIQUE (gateway_id, device)
);
COMMENT ON TABLE sensors IS 'Devices behind gateways, described ones and those that were only heard.';
COMMENT ON COLUMN sensors.id IS 'Identifier.';
COMMENT ON COLUMN sensors.gateway_id IS 'The gateway it speaks through.';
COMMENT ON COLUMN sensors.device IS 'Serial number or device EUI, in upper case.';
COMMENT ON COLUMN sensors.name IS 'What people call it.';
COMMENT ON COLUMN sensors.model IS 'Which device it is, behind a network server.';
COMMENT ON COLUMN sensors.stale_after_minutes IS 'Its silence that is normal, where it differs from the gateway''s.';
COMMENT ON COLUMN sensors.is_described IS 'False for a device that spoke but that nobody described: unassigned.';
COMMENT ON COLUMN sensors.heard_at IS 'When it was last heard.';
COMMENT ON COLUMN sensors.battery IS 'Battery, percent.';
COMMENT ON COLUMN sensors.details IS 'What else it said of itself: versions, alarms, temperature.';
COMMENT ON COLUMN sensors.retired_at IS 'When it left the description.';

CREATE TABLE channels (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id integer NOT NULL REFERENCES sensors,
    key text NOT NULL,
    name text,
    passage_id integer REFERENCES passages,
    is_reversed boolean NOT NULL DEFAULT false,
    space_id integer REFERENCES spaces,
    wrap bigint,
    resets_to_zero boolean NOT NULL,
    max_per_minute bigint NOT NULL,
    is_described boolean NOT NULL,
    heard_at timestamptz,
    retired_at timestamptz,
    CONSTRAINT channels_key_key UNIQUE (sensor_id, key),
    CONSTRAINT channels_purpose_check CHECK (passage_id IS NULL OR space_id IS NULL)
);
COMMENT ON TABLE channels IS 'What sensors measure: one line, zone or queue each.';
COMMENT ON COLUMN channels.id IS 'Identifier.';
COMMENT ON COLUMN channels.sensor_id IS 'Its sensor.';
COMMENT ON COLUMN channels.key IS 'How the decoder names it.';
COMMENT ON COLUMN channels.name IS 'How the device names it.';
COMMENT ON COLUMN channels.passage_id IS 'The one passage it counts.';
COMMENT ON COLUMN channels.is_reversed IS 'Whether its forward is the passage''s backward.';
COMMENT ON COLUMN channels.space_id IS 'The space whose people it sees.';
COMMENT ON COLUMN channels.wrap IS 'Number of values of its counter before it starts at zero again.';
COMMENT ON COLUMN channels.resets_to_zero IS 'Whether a total that went down restarted at zero.';
COMMENT ON COLUMN channels.max_per_minute IS 'The most people a minute that can pass in one direction.';
COMMENT ON COLUMN channels.is_described IS 'False for a channel that spoke but that nobody described: unassigned.';
COMMENT ON COLUMN channels.heard_at IS 'When it was last heard.';
COMMENT ON COLUMN channels.retired_at IS 'When it left the description.';

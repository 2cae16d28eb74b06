-- Raw readings as a log: appended in batches, in daily partitions that can be dropped, without a B-tree on the way in.
-- What each reading did is derived and lies in the ledger; here is what is needed to derive it again.

CREATE TABLE readings (
    channel_id integer NOT NULL,
    at timestamptz NOT NULL,
    since timestamptz,
    total_forward bigint,
    total_backward bigint,
    period_forward bigint,
    period_backward bigint,
    level bigint,
    mark bigint,
    received_at timestamptz NOT NULL,
    clock smallint NOT NULL,
    batch bigint NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX readings_at_idx ON readings USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX readings_batch_idx ON readings USING brin (batch) WITH (pages_per_range = 32);
COMMENT ON TABLE readings IS 'What channels said, as they said it; one partition a day (UTC), named readings_YYYYMMDD.';
COMMENT ON COLUMN readings.channel_id IS 'The channel that spoke.';
COMMENT ON COLUMN readings.at IS 'The device''s time, or the time of receipt where it gave none.';
COMMENT ON COLUMN readings.since IS 'Start of the interval the period counts cover.';
COMMENT ON COLUMN readings.total_forward IS 'Standing of the forward counter.';
COMMENT ON COLUMN readings.total_backward IS 'Standing of the backward counter.';
COMMENT ON COLUMN readings.period_forward IS 'People forward in the interval.';
COMMENT ON COLUMN readings.period_backward IS 'People backward in the interval.';
COMMENT ON COLUMN readings.level IS 'A state: people in a zone or queue, or milliseconds of waiting.';
COMMENT ON COLUMN readings.mark IS 'The sender''s mark of the message, hashed, where it is part of the identity.';
COMMENT ON COLUMN readings.received_at IS 'When it was received.';
COMMENT ON COLUMN readings.clock IS 'Verdict on the device''s clock: 0 in step, 1 late, 2 ahead, 3 no time given.';
COMMENT ON COLUMN readings.batch IS 'The commit it came with; the checkpoint says which batches the ledger holds.';

CREATE TABLE closed_days (
    day date PRIMARY KEY,
    closed_at timestamptz NOT NULL
);
COMMENT ON TABLE closed_days IS 'Days whose raw readings were dropped: their ledger stands, and nothing can be added to it.';
COMMENT ON COLUMN closed_days.day IS 'The day (UTC).';
COMMENT ON COLUMN closed_days.closed_at IS 'When they were dropped.';

CREATE TABLE channel_days (
    channel_id integer NOT NULL REFERENCES channels,
    day date NOT NULL,
    opening jsonb NOT NULL,
    PRIMARY KEY (channel_id, day)
);
COMMENT ON TABLE channel_days IS 'The state of each channel''s counter before its first reading of a day: where to fold again from.';
COMMENT ON COLUMN channel_days.channel_id IS 'The channel.';
COMMENT ON COLUMN channel_days.day IS 'A day (UTC) with readings.';
COMMENT ON COLUMN channel_days.opening IS 'The counter''s state.';

CREATE TABLE doubted_readings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id integer NOT NULL REFERENCES channels,
    at timestamptz NOT NULL,
    identity jsonb NOT NULL,
    reason jsonb NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX doubted_readings_channel_id_at_idx ON doubted_readings (channel_id, at);
COMMENT ON TABLE doubted_readings IS 'Quarantine: readings that were stored but not applied, and why.';
COMMENT ON COLUMN doubted_readings.id IS 'Identifier.';
COMMENT ON COLUMN doubted_readings.channel_id IS 'The channel that spoke.';
COMMENT ON COLUMN doubted_readings.at IS 'The time of the reading.';
COMMENT ON COLUMN doubted_readings.identity IS 'The reading.';
COMMENT ON COLUMN doubted_readings.reason IS 'The rule that keeps it from counting.';
COMMENT ON COLUMN doubted_readings.received_at IS 'When it was received.';

CREATE TABLE checkpoints (
    id integer PRIMARY KEY DEFAULT 1,
    batch bigint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT checkpoints_id_check CHECK (id = 1)
);
INSERT INTO checkpoints (batch, position) VALUES (0, 0);
COMMENT ON TABLE checkpoints IS 'How far the ledger has come: exactly one row.';
COMMENT ON COLUMN checkpoints.id IS 'Always 1.';
COMMENT ON COLUMN checkpoints.batch IS 'All batches up to this one are in the ledger, no later one is.';
COMMENT ON COLUMN checkpoints.position IS 'The last position of the ledger.';

-- The service's own role may not alter the schema; these two functions of the owner do all it needs.

CREATE FUNCTION open_day(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := 'readings_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('readings days'));
    IF EXISTS (SELECT FROM closed_days WHERE closed_days.day = open_day.day) THEN
        RETURN false;
    END IF;
    IF to_regclass(partition) IS NULL THEN
        -- Attaching takes a weaker lock on the parent than creating a partition of it: readings keep coming in.
        EXECUTE format('CREATE TABLE %I (LIKE readings INCLUDING ALL)', partition);
        EXECUTE format(
            'ALTER TABLE readings ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
        );
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION open_day IS 'Makes room for the readings of a day (UTC); false when the day is closed.';

CREATE FUNCTION close_day(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := 'readings_' || to_char(day, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('readings days'));
    IF to_regclass(partition) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', partition);
    INSERT INTO closed_days (day, closed_at) VALUES (close_day.day, now());
    RETURN true;
END $$;
COMMENT ON FUNCTION close_day IS 'Drops the readings of a day (UTC) for ever; false when there are none.';

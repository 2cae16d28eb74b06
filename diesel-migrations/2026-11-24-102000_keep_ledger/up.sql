-- The ledger in three layers that are never merged: what was counted, what was corrected and why, what was published.
-- All three are only ever appended to.

-- Its space and channel are not foreign keys: to check two rows for each entry would cost more than all else that becomes of
-- a reading. The recorder knows both from the campus, and neither is ever deleted.
CREATE TABLE ledger_entries (
    position bigint PRIMARY KEY,
    space_id integer NOT NULL,
    channel_id integer NOT NULL,
    moved_at timestamptz NOT NULL,
    entries bigint NOT NULL,
    exits bigint NOT NULL,
    level bigint,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX ledger_entries_space_id_moved_at_idx ON ledger_entries (space_id, moved_at);
COMMENT ON TABLE ledger_entries IS 'What was counted. A late reading adds a row, negative if need be; no row ever changes.';
COMMENT ON COLUMN ledger_entries.position IS 'Order of entry.';
COMMENT ON COLUMN ledger_entries.space_id IS 'The space that was entered or left.';
COMMENT ON COLUMN ledger_entries.channel_id IS 'The channel that saw it.';
COMMENT ON COLUMN ledger_entries.moved_at IS 'End of the second in which people moved.';
COMMENT ON COLUMN ledger_entries.entries IS 'People who entered.';
COMMENT ON COLUMN ledger_entries.exits IS 'People who left.';
COMMENT ON COLUMN ledger_entries.level IS 'People the channel saw in the space at that moment, where it sees them directly.';
COMMENT ON COLUMN ledger_entries.recorded_at IS 'When the row was written.';

CREATE TABLE corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id integer NOT NULL REFERENCES spaces,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    amount bigint,
    entry_weight bigint,
    exit_weight bigint,
    entries bigint,
    exits bigint,
    revokes bigint REFERENCES corrections,
    reason text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT corrections_kind_check CHECK (kind IN ('day_start', 'drift', 'recount', 'day_close', 'revocation'))
);
CREATE INDEX corrections_space_id_at_idx ON corrections (space_id, at);
COMMENT ON TABLE corrections IS 'What was corrected, why and by whom. A correction is taken back by a row that revokes it.';
COMMENT ON COLUMN corrections.id IS 'Order of entry.';
COMMENT ON COLUMN corrections.space_id IS 'The space.';
COMMENT ON COLUMN corrections.kind IS 'day_start: how many people the day opened with; drift: what an exit weighs that day; recount: people a person saw; day_close: weights that make a finished day end as it should; revocation: takes another row back.';
COMMENT ON COLUMN corrections.at IS 'The moment it holds from: of a day, its start.';
COMMENT ON COLUMN corrections.amount IS 'Millionths of people, for day_start and recount.';
COMMENT ON COLUMN corrections.entry_weight IS 'What an entry weighs, in millionths.';
COMMENT ON COLUMN corrections.exit_weight IS 'What an exit weighs, in millionths.';
COMMENT ON COLUMN corrections.entries IS 'Entries a day_close was computed from.';
COMMENT ON COLUMN corrections.exits IS 'Exits a day_close was computed from.';
COMMENT ON COLUMN corrections.revokes IS 'The correction a revocation takes back.';
COMMENT ON COLUMN corrections.reason IS 'Why, in words.';
COMMENT ON COLUMN corrections.actor IS 'Who: a person, or the part of Parvis.';
COMMENT ON COLUMN corrections.recorded_at IS 'When the row was written.';

CREATE TABLE publications (
    space_id integer NOT NULL REFERENCES spaces,
    at timestamptz NOT NULL,
    present bigint,
    exact bigint,
    quality text NOT NULL,
    as_of timestamptz,
    day_started_at timestamptz NOT NULL,
    position bigint NOT NULL,
    correction_id bigint NOT NULL,
    PRIMARY KEY (space_id, at)
);
COMMENT ON TABLE publications IS 'What was published: a row whenever the figure or its quality changed.';
COMMENT ON COLUMN publications.space_id IS 'The space.';
COMMENT ON COLUMN publications.at IS 'From when on it was shown.';
COMMENT ON COLUMN publications.present IS 'People; null when unknown.';
COMMENT ON COLUMN publications.exact IS 'The sum before rounding, in millionths.';
COMMENT ON COLUMN publications.quality IS 'good, degraded, stale or unknown.';
COMMENT ON COLUMN publications.as_of IS 'The newest reading in it.';
COMMENT ON COLUMN publications.day_started_at IS 'Start of the accounting day it was summed over.';
COMMENT ON COLUMN publications.position IS 'The last ledger entry it was made from.';
COMMENT ON COLUMN publications.correction_id IS 'The last correction it was made from; 0 for none.';

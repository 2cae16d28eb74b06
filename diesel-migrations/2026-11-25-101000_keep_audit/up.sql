-- What was changed and who signed in, for ever: each record carries the digest of the one before it, so that none can be
-- altered or taken away unseen. The service may add and read, nothing else; the triggers say so even to the owner.

CREATE TABLE audit_records (
    position bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    person_id integer,
    actor text NOT NULL,
    via text NOT NULL,
    address text,
    act text NOT NULL,
    object text NOT NULL,
    site text,
    outcome text NOT NULL,
    before jsonb,
    after jsonb,
    digest bytea NOT NULL
);
CREATE INDEX audit_records_at_idx ON audit_records (at);
COMMENT ON TABLE audit_records IS 'Every change and every sign-in; appended, never altered.';
COMMENT ON COLUMN audit_records.position IS 'Position in the chain, from 1, without gaps.';
COMMENT ON COLUMN audit_records.at IS 'When.';
COMMENT ON COLUMN audit_records.person_id IS 'Who, where it was a person known here; no reference, as records outlive people.';
COMMENT ON COLUMN audit_records.actor IS 'Who, in words.';
COMMENT ON COLUMN audit_records.via IS 'How: session, token, console or nobody.';
COMMENT ON COLUMN audit_records.address IS 'From where.';
COMMENT ON COLUMN audit_records.act IS 'What was done.';
COMMENT ON COLUMN audit_records.object IS 'To what.';
COMMENT ON COLUMN audit_records.site IS 'At which site, by slug, where it was at one.';
COMMENT ON COLUMN audit_records.outcome IS 'done, or refused with the reason.';
COMMENT ON COLUMN audit_records.before IS 'What it was.';
COMMENT ON COLUMN audit_records.after IS 'What it became.';
COMMENT ON COLUMN audit_records.digest IS 'SHA-256 over the digest before and every column of this record.';

CREATE TABLE audit_heads (
    id integer PRIMARY KEY DEFAULT 1,
    position bigint NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT audit_heads_id_check CHECK (id = 1)
);
INSERT INTO audit_heads (position, digest) VALUES (0, '');
COMMENT ON TABLE audit_heads IS 'The end of the chain: exactly one row, so that records missing at the end are missed.';
COMMENT ON COLUMN audit_heads.id IS 'Always 1.';
COMMENT ON COLUMN audit_heads.position IS 'Position of the last record.';
COMMENT ON COLUMN audit_heads.digest IS 'Its digest.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records of % are appended, never altered', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A machine is set up once, by whoever reads the code on its console; half-way, the browser may be closed or the power fail.

CREATE TABLE set_up (
    id integer PRIMARY KEY CHECK (id = 1),
    code_digest bytea,
    wrong_codes integer NOT NULL DEFAULT 0,
    session_digest bytea,
    draft bytea,
    finished_at timestamptz
);
COMMENT ON TABLE set_up IS 'How far the set-up of the machine is: at most one row.';
COMMENT ON COLUMN set_up.id IS 'Always 1.';
COMMENT ON COLUMN set_up.code_digest IS 'SHA-256 of the code that the console shows.';
COMMENT ON COLUMN set_up.wrong_codes IS 'Wrong codes since this one was made; too many renew it.';
COMMENT ON COLUMN set_up.session_digest IS 'SHA-256 of the secret of the browser that carries on: the last one that knew the code.';
COMMENT ON COLUMN set_up.draft IS 'What was answered so far, sealed: it holds secrets of other services.';
COMMENT ON COLUMN set_up.finished_at IS 'When it was finished, for ever.';

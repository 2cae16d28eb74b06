-- A program that is not sure whether its request arrived sends it again; what it asked for must happen once.

CREATE TABLE answered_requests (
    person_id integer NOT NULL REFERENCES people,
    key text NOT NULL,
    digest bytea NOT NULL,
    answer jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, key)
);
COMMENT ON TABLE answered_requests IS 'Requests with an Idempotency-Key of the last day, so that a repetition gets the same answer.';
COMMENT ON COLUMN answered_requests.person_id IS 'For whom the program acts.';
COMMENT ON COLUMN answered_requests.key IS 'The Idempotency-Key.';
COMMENT ON COLUMN answered_requests.digest IS 'SHA-256 of what was asked for: the same key with another request is a mistake.';
COMMENT ON COLUMN answered_requests.answer IS 'What was answered.';
COMMENT ON COLUMN answered_requests.at IS 'When.';

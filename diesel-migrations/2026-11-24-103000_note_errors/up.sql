-- Unexpected errors, so that the reference a visitor reads out leads to the cause.

CREATE TABLE errors (
    reference text PRIMARY KEY,
    at timestamptz NOT NULL,
    place text NOT NULL,
    cause text NOT NULL
);
CREATE INDEX errors_at_idx ON errors (at);
COMMENT ON TABLE errors IS 'Unexpected errors.';
COMMENT ON COLUMN errors.reference IS 'What the visitor was shown.';
COMMENT ON COLUMN errors.at IS 'When.';
COMMENT ON COLUMN errors.place IS 'Where: method and route, or the task. Never an address with parameters.';
COMMENT ON COLUMN errors.cause IS 'The chain of causes.';

-- What staff tell the public beside the figures, and what is prepared before the public sees it.

ALTER TABLE spaces ADD COLUMN is_draft boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN spaces.is_draft IS 'Whether it is still being prepared: counted, but shown to staff only.';
ALTER TABLE spaces ADD COLUMN description jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN spaces.description IS 'What one finds there, by language.';
ALTER TABLE sites ADD COLUMN description jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN sites.description IS 'What it is, by language.';
ALTER TABLE gateways ADD COLUMN site_id integer REFERENCES sites;
COMMENT ON COLUMN gateways.site_id IS 'The site whose people look after it; those of the whole institution when null.';
ALTER TABLE institutions ADD COLUMN security_officer text;
COMMENT ON COLUMN institutions.security_officer IS 'Who answers for security: a name.';
ALTER TABLE institutions ADD COLUMN security_contact text;
COMMENT ON COLUMN institutions.security_contact IS 'Where flaws are reported: mailto:, https: or tel: (RFC 9116).';

CREATE TABLE notices (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    kind text NOT NULL,
    title jsonb NOT NULL,
    body jsonb NOT NULL DEFAULT '{}',
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    CONSTRAINT notices_order_check CHECK (starts_at < ends_at)
);
CREATE INDEX notices_site_id_ends_at_idx ON notices (site_id, ends_at);
COMMENT ON TABLE notices IS 'Messages and events of a site; each ends by itself.';
COMMENT ON COLUMN notices.id IS 'Identifier.';
COMMENT ON COLUMN notices.site_id IS 'The site.';
COMMENT ON COLUMN notices.kind IS 'message, warning or event.';
COMMENT ON COLUMN notices.title IS 'What it says, by language.';
COMMENT ON COLUMN notices.body IS 'More of it, by language.';
COMMENT ON COLUMN notices.starts_at IS 'From when it is shown; an event is shown before and begins then.';
COMMENT ON COLUMN notices.ends_at IS 'Until when.';
COMMENT ON COLUMN notices.created_at IS 'When it was written.';
COMMENT ON COLUMN notices.removed_at IS 'When it was taken down.';

CREATE TABLE pictures (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id integer NOT NULL REFERENCES sites,
    alt jsonb NOT NULL,
    content bytea NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    digest text NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE INDEX pictures_site_id_idx ON pictures (site_id);
COMMENT ON TABLE pictures IS 'Pictures of sites, made anew when they came in.';
COMMENT ON COLUMN pictures.id IS 'Identifier.';
COMMENT ON COLUMN pictures.site_id IS 'The site.';
COMMENT ON COLUMN pictures.alt IS 'What they show, in words, by language.';
COMMENT ON COLUMN pictures.content IS 'JPEG.';
COMMENT ON COLUMN pictures.width IS 'Pixels across.';
COMMENT ON COLUMN pictures.height IS 'Pixels down.';
COMMENT ON COLUMN pictures.digest IS 'SHA-256 of the content in hexadecimal: its name in addresses.';
COMMENT ON COLUMN pictures.created_at IS 'When it came in.';
COMMENT ON COLUMN pictures.removed_at IS 'When it was taken down.';

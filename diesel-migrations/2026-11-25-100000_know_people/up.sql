-- Who acts: people, how they prove who they are, what they may do, and where they are signed in.
-- No secret lies here in clear: what is only compared is kept as a digest, what must be read again is sealed with the
-- key of the appliance, which is not in the database.

CREATE TABLE people (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text,
    login text CONSTRAINT people_login_key UNIQUE,
    created_at timestamptz NOT NULL,
    deactivated_at timestamptz,
    CONSTRAINT people_login_check CHECK (login = lower(login) AND login <> '')
);
COMMENT ON TABLE people IS 'Those who act: staff, operators, and whoever signed in.';
COMMENT ON COLUMN people.id IS 'Identifier.';
COMMENT ON COLUMN people.name IS 'What others call them.';
COMMENT ON COLUMN people.email IS 'Where mail reaches them, if anywhere.';
COMMENT ON COLUMN people.login IS 'Name of the local account, lower case; null without one.';
COMMENT ON COLUMN people.created_at IS 'When they became known.';
COMMENT ON COLUMN people.deactivated_at IS 'Since when they may no longer sign in.';

CREATE TABLE issuers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL CONSTRAINT issuers_key_key UNIQUE,
    configuration jsonb NOT NULL,
    secret bytea,
    retired_at timestamptz
);
COMMENT ON TABLE issuers IS 'Identity providers that people sign in with.';
COMMENT ON COLUMN issuers.id IS 'Identifier.';
COMMENT ON COLUMN issuers.key IS 'Name in addresses: /sign-in/KEY.';
COMMENT ON COLUMN issuers.configuration IS 'Address, client, scopes, claims and rules.';
COMMENT ON COLUMN issuers.secret IS 'The client secret, sealed.';
COMMENT ON COLUMN issuers.retired_at IS 'When it was taken away.';

CREATE TABLE identities (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    issuer text NOT NULL,
    subject text NOT NULL,
    linked_at timestamptz NOT NULL,
    signed_in_at timestamptz,
    claims jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT identities_subject_key UNIQUE (issuer, subject)
);
CREATE INDEX identities_person_id_idx ON identities (person_id);
COMMENT ON TABLE identities IS 'Accounts of people at identity providers.';
COMMENT ON COLUMN identities.id IS 'Identifier.';
COMMENT ON COLUMN identities.person_id IS 'Whose account it is.';
COMMENT ON COLUMN identities.issuer IS 'The provider, as its tokens name it (iss).';
COMMENT ON COLUMN identities.subject IS 'The account, as the provider names it (sub).';
COMMENT ON COLUMN identities.linked_at IS 'When it was linked.';
COMMENT ON COLUMN identities.signed_in_at IS 'When it was last used.';
COMMENT ON COLUMN identities.claims IS 'What the last sign-in delivered of what the rules and the account page read.';

CREATE TABLE expected_identities (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    issuer_id integer NOT NULL REFERENCES issuers,
    claim text NOT NULL,
    value text NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT expected_identities_value_key UNIQUE (issuer_id, claim, value)
);
COMMENT ON TABLE expected_identities IS 'Accounts that an administrator expects: linked once, at the first sign-in that carries the claim.';
COMMENT ON COLUMN expected_identities.id IS 'Identifier.';
COMMENT ON COLUMN expected_identities.person_id IS 'To whom it will belong.';
COMMENT ON COLUMN expected_identities.issuer_id IS 'The provider that must say so.';
COMMENT ON COLUMN expected_identities.claim IS 'Path of the claim.';
COMMENT ON COLUMN expected_identities.value IS 'Its value.';
COMMENT ON COLUMN expected_identities.created_at IS 'When it was expected.';
COMMENT ON COLUMN expected_identities.used_at IS 'When it was linked; it is good once.';

CREATE TABLE grants (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    role text NOT NULL,
    site_id integer REFERENCES sites,
    issuer text,
    granted_at timestamptz NOT NULL,
    CONSTRAINT grants_role_key UNIQUE NULLS NOT DISTINCT (person_id, role, site_id, issuer)
);
COMMENT ON TABLE grants IS 'Roles of people, at a site or everywhere; those from a provider and those by hand are never mixed.';
COMMENT ON COLUMN grants.id IS 'Identifier.';
COMMENT ON COLUMN grants.person_id IS 'Who.';
COMMENT ON COLUMN grants.role IS 'The role.';
COMMENT ON COLUMN grants.site_id IS 'Where; everywhere when null.';
COMMENT ON COLUMN grants.issuer IS 'The provider whose claims gave it, made anew at each sign-in; null when given by hand.';
COMMENT ON COLUMN grants.granted_at IS 'When it was given.';

CREATE TABLE passwords (
    person_id integer PRIMARY KEY REFERENCES people,
    hash text NOT NULL,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE passwords IS 'Passwords of local accounts.';
COMMENT ON COLUMN passwords.person_id IS 'Whose.';
COMMENT ON COLUMN passwords.hash IS 'Argon2id, in PHC form.';
COMMENT ON COLUMN passwords.changed_at IS 'When it was chosen.';

CREATE TABLE authenticators (
    person_id integer PRIMARY KEY REFERENCES people,
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE authenticators IS 'One-time code generators (RFC 6238).';
COMMENT ON COLUMN authenticators.person_id IS 'Whose.';
COMMENT ON COLUMN authenticators.secret IS 'The shared secret, sealed.';
COMMENT ON COLUMN authenticators.confirmed_at IS 'When a first code proved that it works; not asked for before.';
COMMENT ON COLUMN authenticators.last_step IS 'Time step of the last code accepted: a code is good once.';

CREATE TABLE passkeys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    credential bytea NOT NULL CONSTRAINT passkeys_credential_key UNIQUE,
    name text NOT NULL,
    state jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX passkeys_person_id_idx ON passkeys (person_id);
COMMENT ON TABLE passkeys IS 'WebAuthn credentials.';
COMMENT ON COLUMN passkeys.id IS 'Identifier.';
COMMENT ON COLUMN passkeys.person_id IS 'Whose.';
COMMENT ON COLUMN passkeys.credential IS 'Identifier of the credential.';
COMMENT ON COLUMN passkeys.name IS 'What its owner calls it.';
COMMENT ON COLUMN passkeys.state IS 'Public key, counter and flags.';
COMMENT ON COLUMN passkeys.created_at IS 'When it was registered.';
COMMENT ON COLUMN passkeys.used_at IS 'When it was last used.';

CREATE TABLE ceremonies (
    digest bytea PRIMARY KEY,
    person_id integer REFERENCES people,
    state bytea NOT NULL,
    begun_at timestamptz NOT NULL
);
COMMENT ON TABLE ceremonies IS 'What was begun in a browser and is to be finished there: sign-ins and registrations. Each is good once, for minutes.';
COMMENT ON COLUMN ceremonies.digest IS 'SHA-256 of the random name that the browser brings back.';
COMMENT ON COLUMN ceremonies.person_id IS 'Who began it, where that is known.';
COMMENT ON COLUMN ceremonies.state IS 'What must be remembered, sealed.';
COMMENT ON COLUMN ceremonies.begun_at IS 'When it was begun.';

CREATE TABLE invitations (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    digest bytea NOT NULL CONSTRAINT invitations_digest_key UNIQUE,
    created_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE invitations IS 'One-time links with which a person chooses a password, at the beginning or after a loss.';
COMMENT ON COLUMN invitations.id IS 'Identifier.';
COMMENT ON COLUMN invitations.person_id IS 'For whom.';
COMMENT ON COLUMN invitations.digest IS 'SHA-256 of the secret in the link.';
COMMENT ON COLUMN invitations.created_at IS 'When it was made.';
COMMENT ON COLUMN invitations.until IS 'Until when it is good.';
COMMENT ON COLUMN invitations.used_at IS 'When it was used or replaced.';

CREATE TABLE devices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    digest bytea NOT NULL,
    agent text NOT NULL,
    address text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT devices_digest_key UNIQUE (person_id, digest)
);
COMMENT ON TABLE devices IS 'Browsers a person has signed in from.';
COMMENT ON COLUMN devices.id IS 'Identifier.';
COMMENT ON COLUMN devices.person_id IS 'Whose.';
COMMENT ON COLUMN devices.digest IS 'SHA-256 of the random name in the browser''s cookie.';
COMMENT ON COLUMN devices.agent IS 'What the browser calls itself.';
COMMENT ON COLUMN devices.address IS 'From where it was last seen.';
COMMENT ON COLUMN devices.first_seen_at IS 'When it was first seen.';
COMMENT ON COLUMN devices.last_seen_at IS 'When it was last seen.';

CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL CONSTRAINT sessions_digest_key UNIQUE,
    person_id integer NOT NULL REFERENCES people,
    method text NOT NULL,
    is_strong boolean NOT NULL,
    issuer text,
    subject text,
    sid text,
    id_token bytea,
    refresh_token bytea,
    checked_at timestamptz,
    address text NOT NULL,
    agent text NOT NULL,
    begun_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ended_at timestamptz,
    sees_as integer REFERENCES people
);
CREATE INDEX sessions_person_id_idx ON sessions (person_id);
CREATE INDEX sessions_subject_idx ON sessions (issuer, subject) WHERE issuer IS NOT NULL;
COMMENT ON TABLE sessions IS 'Where people are signed in.';
COMMENT ON COLUMN sessions.id IS 'Identifier, which proves nothing.';
COMMENT ON COLUMN sessions.digest IS 'SHA-256 of the secret in the cookie.';
COMMENT ON COLUMN sessions.person_id IS 'Who.';
COMMENT ON COLUMN sessions.method IS 'How they proved it: oidc, password, password+totp, passkey or invitation.';
COMMENT ON COLUMN sessions.is_strong IS 'Whether a second factor or a passkey was part of it.';
COMMENT ON COLUMN sessions.issuer IS 'The provider that vouched (iss).';
COMMENT ON COLUMN sessions.subject IS 'The account there (sub).';
COMMENT ON COLUMN sessions.sid IS 'The provider''s name of its own session.';
COMMENT ON COLUMN sessions.id_token IS 'The ID token, sealed: the hint when signing out there.';
COMMENT ON COLUMN sessions.refresh_token IS 'The refresh token, sealed: only to ask again whether the account is good.';
COMMENT ON COLUMN sessions.checked_at IS 'When the provider was last asked.';
COMMENT ON COLUMN sessions.address IS 'From where.';
COMMENT ON COLUMN sessions.agent IS 'What the browser calls itself.';
COMMENT ON COLUMN sessions.begun_at IS 'When it began.';
COMMENT ON COLUMN sessions.seen_at IS 'When it was last used, to the minute.';
COMMENT ON COLUMN sessions.ended_at IS 'When it was ended.';
COMMENT ON COLUMN sessions.sees_as IS 'As whom an administrator looks at the pages; nothing can be changed then.';

CREATE TABLE sign_in_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login bytea NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_source_at_idx ON sign_in_failures (source, at);
CREATE INDEX sign_in_failures_login_at_idx ON sign_in_failures (login, at);
COMMENT ON TABLE sign_in_failures IS 'Wrong passwords and codes of the last day: what delays and budgets are computed from.';
COMMENT ON COLUMN sign_in_failures.id IS 'Identifier.';
COMMENT ON COLUMN sign_in_failures.login IS 'SHA-256 of the name tried, as people type passwords there; or of the person whose second factor was.';
COMMENT ON COLUMN sign_in_failures.source IS 'Where it came from: an IPv4 address, an IPv6 /64, or a browser the account knows.';
COMMENT ON COLUMN sign_in_failures.at IS 'When.';

CREATE TABLE api_tokens (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people,
    name text NOT NULL,
    digest bytea NOT NULL CONSTRAINT api_tokens_digest_key UNIQUE,
    scopes jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_tokens_person_id_idx ON api_tokens (person_id);
COMMENT ON TABLE api_tokens IS 'Bearer tokens with which programs act for a person, within scopes.';
COMMENT ON COLUMN api_tokens.id IS 'Identifier.';
COMMENT ON COLUMN api_tokens.person_id IS 'For whom it acts.';
COMMENT ON COLUMN api_tokens.name IS 'What it is for.';
COMMENT ON COLUMN api_tokens.digest IS 'SHA-256 of the token.';
COMMENT ON COLUMN api_tokens.scopes IS 'The acts it may do, of those its person may.';
COMMENT ON COLUMN api_tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN api_tokens.until IS 'Until when it is good.';
COMMENT ON COLUMN api_tokens.used_at IS 'When it was last used, to the minute.';
COMMENT ON COLUMN api_tokens.revoked_at IS 'When it was taken back.';

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    sent_at timestamptz,
    failure text
);
CREATE INDEX outbox_next_try_at_idx ON outbox (next_try_at) WHERE sent_at IS NULL;
COMMENT ON TABLE outbox IS 'Mail to be sent: written with what it tells of, sent by a task, forgotten after a week.';
COMMENT ON COLUMN outbox.id IS 'Identifier.';
COMMENT ON COLUMN outbox.recipient IS 'To whom.';
COMMENT ON COLUMN outbox.subject IS 'Subject.';
COMMENT ON COLUMN outbox.body IS 'Text, sealed, as base64; empty when it was sent.';
COMMENT ON COLUMN outbox.created_at IS 'When it was written.';
COMMENT ON COLUMN outbox.tries IS 'How often it was tried.';
COMMENT ON COLUMN outbox.next_try_at IS 'When it is tried next.';
COMMENT ON COLUMN outbox.sent_at IS 'When the mail server took it.';
COMMENT ON COLUMN outbox.failure IS 'Why the last try failed.';

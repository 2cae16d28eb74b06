DROP TABLE outbox, api_tokens, sign_in_failures, sessions, devices, invitations, ceremonies, passkeys, authenticators, passwords, grants, expected_identities, identities, issuers, people;

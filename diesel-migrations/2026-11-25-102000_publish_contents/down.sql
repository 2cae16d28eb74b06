DROP TABLE pictures, notices;
ALTER TABLE institutions DROP COLUMN security_contact, DROP COLUMN security_officer;
ALTER TABLE gateways DROP COLUMN site_id;
ALTER TABLE sites DROP COLUMN description;
ALTER TABLE spaces DROP COLUMN description, DROP COLUMN is_draft;

ALTER TABLE devices ADD COLUMN account TEXT NOT NULL DEFAULT '';
CREATE INDEX devices_by_account ON devices (realm, account)

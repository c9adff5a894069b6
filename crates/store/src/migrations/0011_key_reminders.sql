ALTER TABLE keys ADD COLUMN reminded_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX keys_by_end ON keys (realm, expires_at);

CREATE TABLE users (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    email_verified_at BIGINT NOT NULL,
    password TEXT NOT NULL,
    password_version BIGINT NOT NULL,
    must_change BIGINT NOT NULL,
    roles TEXT NOT NULL,
    scopes TEXT NOT NULL,
    plan TEXT NOT NULL,
    claims TEXT NOT NULL,
    disabled_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX users_by_name ON users (realm, name_key) WHERE name_key <> '';
CREATE UNIQUE INDEX users_by_email ON users (realm, email_key) WHERE email_key <> '';
CREATE INDEX users_by_age ON users (realm, created_at, id);
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN password_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_subject ON sessions (realm, subject);
CREATE INDEX families_by_subject ON families (realm, subject);
CREATE INDEX consents_by_subject ON consents (realm, subject);

CREATE TABLE passkeys (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX passkeys_by_user ON passkeys (realm, user_id);
CREATE TABLE totp (
    realm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id)
);
CREATE TABLE totp_steps (
    realm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id)
);
CREATE TABLE recovery_codes (
    realm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    spent_at BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id, code_hash)
);
CREATE TABLE remembered_browsers (
    realm TEXT NOT NULL,
    cookie_hash BYTEA NOT NULL,
    user_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, cookie_hash)
);
CREATE INDEX remembered_browsers_by_user ON remembered_browsers (realm, user_id);
CREATE TABLE passkey_offers (
    realm TEXT NOT NULL,
    user_id TEXT NOT NULL,
    offered_at BIGINT NOT NULL,
    PRIMARY KEY (realm, user_id)
);
CREATE TABLE ceremonies (
    realm TEXT NOT NULL,
    id_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id_hash)
);
CREATE INDEX ceremonies_by_end ON ceremonies (realm, expires_at);

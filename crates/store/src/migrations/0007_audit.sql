CREATE TABLE audit (
    realm TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (realm, number)
);
CREATE INDEX sessions_by_age ON sessions (realm, signed_in_at, sid);
CREATE TABLE setups (
    realm TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm)
);

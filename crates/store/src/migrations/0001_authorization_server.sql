CREATE TABLE sessions (
    realm TEXT NOT NULL,
    cookie_hash BYTEA NOT NULL,
    sid TEXT NOT NULL,
    subject TEXT NOT NULL,
    acr TEXT NOT NULL,
    methods TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, cookie_hash)
);
CREATE INDEX sessions_by_sid ON sessions (realm, sid);
CREATE TABLE consents (
    realm TEXT NOT NULL,
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (realm, client, subject)
);
CREATE TABLE codes (
    realm TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    family TEXT NOT NULL,
    redirect TEXT NOT NULL,
    redirect_given BIGINT NOT NULL,
    challenge TEXT NOT NULL,
    record TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT NOT NULL,
    PRIMARY KEY (realm, code_hash)
);
CREATE TABLE families (
    realm TEXT NOT NULL,
    family TEXT NOT NULL,
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    sid TEXT NOT NULL,
    record TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (realm, family)
);
CREATE INDEX families_by_sid ON families (realm, sid);
CREATE TABLE devices (
    realm TEXT NOT NULL,
    device_hash BYTEA NOT NULL,
    user_code TEXT NOT NULL,
    client TEXT NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    wait BIGINT NOT NULL,
    polled_at BIGINT NOT NULL,
    asked_from TEXT NOT NULL,
    PRIMARY KEY (realm, device_hash)
);
CREATE UNIQUE INDEX devices_by_user_code ON devices (realm, user_code);
CREATE TABLE pushed (
    realm TEXT NOT NULL,
    uri_hash BYTEA NOT NULL,
    client TEXT NOT NULL,
    parameters TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT NOT NULL,
    PRIMARY KEY (realm, uri_hash)
);
CREATE TABLE revocations (
    realm TEXT NOT NULL,
    what TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (realm, what)
);

CREATE TABLE keys (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash BYTEA NOT NULL,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    plan TEXT NOT NULL,
    addresses TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    replaces TEXT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX keys_by_owner ON keys (realm, owner_kind, owner, created_at, id);
CREATE INDEX keys_by_age ON keys (realm, created_at, id);
CREATE TABLE key_uses (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    operation TEXT NOT NULL,
    uses BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (realm, id, operation)
);

CREATE TABLE clients (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    record TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);

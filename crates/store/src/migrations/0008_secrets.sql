CREATE TABLE sealing_keys (
    id TEXT NOT NULL,
    master TEXT NOT NULL,
    generation BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (id, master)
);
CREATE TABLE secrets (
    realm TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm, name)
);

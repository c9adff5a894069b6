CREATE TABLE links (
    realm TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    record TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (realm, token_hash)
);
CREATE INDEX links_by_subject ON links (realm, subject);
CREATE TABLE mails (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    plain TEXT NOT NULL,
    html TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (realm, id)
);
CREATE INDEX mails_by_due ON mails (due_at);
CREATE TABLE activities (
    realm TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    id TEXT NOT NULL,
    what TEXT NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (realm, subject, at, id)
);

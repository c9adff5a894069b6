DROP INDEX sessions_by_subject;
CREATE INDEX sessions_by_subject ON sessions (realm, subject, signed_in_at);
DROP INDEX consents_by_subject;
CREATE INDEX consents_by_subject ON consents (realm, subject, client);
CREATE INDEX sessions_by_end ON sessions (realm, expires_at);
CREATE INDEX codes_by_end ON codes (realm, expires_at);
CREATE INDEX families_by_end ON families (realm, expires_at);
CREATE INDEX devices_by_end ON devices (realm, expires_at);
CREATE INDEX pushed_by_end ON pushed (realm, expires_at);
CREATE INDEX links_by_end ON links (realm, expires_at);
CREATE INDEX email_codes_by_end ON email_codes (realm, expires_at);
CREATE INDEX remembered_browsers_by_end ON remembered_browsers (realm, expires_at);
CREATE INDEX revocations_by_end ON revocations (realm, until)

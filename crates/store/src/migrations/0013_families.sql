CREATE INDEX families_by_client ON families (realm, client) WHERE revoked_at = 0

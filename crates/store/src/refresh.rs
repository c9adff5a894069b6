use std::time::Duration;

use model::{RealmId, Timestamp};

use crate::{
    Fault, Grant, Memory, Store,
    session::{AT_ONCE, record_revocation},
    transaction::Transaction,
    value::Value,
};

/// A line of refresh tokens, each the successor of the one before. The tokens themselves are derived from
/// family and sequence, and stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// What was allowed.
    pub grant: Grant,
    /// The number of the token that is good now; the first is 0.
    pub sequence: u32,
    /// When that token was made.
    pub rotated_at: Timestamp,
    /// When that token ends.
    pub expires_at: Timestamp,
    /// Whether all of it is revoked.
    pub revoked: bool,
}

/// What came of using a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was the good one; its successor is now.
    Rotated {
        /// The successor's number.
        sequence: u32,
    },
    /// It was used before, so shortly that an answer may have been lost: the same successor is given again.
    Again {
        /// The successor's number.
        sequence: u32,
    },
    /// It was used before: somebody has a copy, and the family is revoked now.
    Burnt {
        /// When the successor was made that it gave (for a token further back: the newest one).
        first_used_at: Timestamp,
    },
    /// Its family is revoked, ended or unknown.
    Dead,
}

/// What is to be rotated.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The family.
    pub family: String,
    /// The number of the token that was presented.
    pub sequence: u32,
    /// The `jti` of the access token that the answer will bring.
    pub jti: String,
    /// How long a used token still gives the same successor.
    pub grace: Duration,
    /// How long the successor lives.
    pub lifetime: Duration,
    /// How long an access token of the family could still live.
    pub access_until: Timestamp,
}

impl Store {
    /// Begins a family: its token number 0 is good now. False: it is revoked before it began, or its session
    /// has ended since it was granted.
    pub async fn begin_family(
        &self,
        realm: &RealmId,
        family: &str,
        grant: &Grant,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, Fault> {
        let sid = grant.sid.as_deref().unwrap_or_default();
        let named = [realm.as_str(), family, sid].map(Value::text);
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(family),
            Value::text(&grant.client),
            Value::text(&grant.account),
            Value::text(sid),
            Value::Text(serde_json::to_string(grant)?),
            Value::Integer(now.as_micros()),
            Value::Integer(expires_at.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "SELECT what FROM revocations WHERE realm = $1 AND what IN ($2, $3)";
            if !transaction.rows(sql, &named).await?.is_empty() {
                return Ok(false);
            }
            transaction.rows(
                "INSERT INTO families (realm, family, client, subject, sid, record, sequence, rotated_at, \
                 expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, 0)",
                &arguments,
            ).await?;
            Ok(true)
        })
        .await
    }

    /// A family, as it is now.
    pub async fn family(&self, realm: &RealmId, family: &str) -> Result<Option<Family>, Fault> {
        let (realm, family) = (realm.clone(), family.to_owned());
        self.read(async move |transaction| read(transaction, &realm, &family).await).await
    }

    /// Uses a refresh token (product.md, Refresh tokens). Of two at once with the same token one rotates and
    /// the other is given the same successor.
    pub async fn rotate_refresh(
        &self,
        realm: &RealmId,
        turn: Turn,
        now: Timestamp,
    ) -> Result<Rotation, Fault> {
        let memory = self.memory(realm);
        let realm = realm.clone();
        self.write(async move |transaction| {
            let Some(family) = read(transaction, &realm, &turn.family).await? else {
                return Ok(Rotation::Dead);
            };
            if family.revoked || turn.sequence > family.sequence {
                return Ok(Rotation::Dead);
            }
            if turn.sequence == family.sequence {
                if now > family.expires_at {
                    return Ok(Rotation::Dead);
                }
                let sequence = family.sequence.saturating_add(1);
                transaction
                    .rows(
                        "UPDATE families SET sequence = $3, rotated_at = $4, expires_at = $5 \
                     WHERE realm = $1 AND family = $2",
                        &[
                            Value::text(realm.as_str()),
                            Value::text(&turn.family),
                            Value::Integer(sequence.into()),
                            Value::Integer(now.as_micros()),
                            Value::Integer(now.plus(turn.lifetime).as_micros()),
                        ],
                    )
                    .await?;
                memory.watch(&turn.family, &turn.jti, now, now.plus(turn.grace));
                return Ok(Rotation::Rotated { sequence });
            }
            let lost = turn.sequence.saturating_add(1) == family.sequence
                && now.since(family.rotated_at) <= turn.grace
                && !memory.was_used(&turn.family);
            if lost {
                memory.watch_also(&turn.family, &turn.jti);
                return Ok(Rotation::Again { sequence: family.sequence });
            }
            revoke_in(transaction, &memory, &realm, &turn.family, now, turn.access_until).await?;
            Ok(Rotation::Burnt { first_used_at: family.rotated_at })
        })
        .await
    }

    /// Revokes a family and every access token of it, for as long (`until`) as one could live.
    pub async fn revoke_family(
        &self,
        realm: &RealmId,
        family: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), Fault> {
        let memory = self.memory(realm);
        let (realm, family) = (realm.clone(), family.to_owned());
        self.write(async move |transaction| {
            revoke_in(transaction, &memory, &realm, &family, now, until).await
        })
        .await
    }
}

impl Store {
    /// Revokes every family whose session is not there: of devices, and of sessions that are gone; some at a time.
    pub(crate) async fn revoke_unseated(
        mut self,
        realm: &RealmId,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<(), Fault> {
        let mut after = Some(String::new());
        while let Some(from) = after.take() {
            let (memory, of) = (self.memory(realm), realm.clone());
            let last = self.write(async move |transaction| {
                let sql = "SELECT family FROM families WHERE realm = $1 AND family > $2 AND revoked_at = 0 \
                           AND NOT EXISTS (SELECT sid FROM sessions WHERE realm = $1 AND sid = families.sid) \
                           ORDER BY family LIMIT $3";
                let arguments =
                    [Value::text(of.as_str()), Value::text(&from), Value::Integer(AT_ONCE.into())];
                let rows = transaction.rows(sql, &arguments).await?;
                for row in &rows {
                    revoke_in(transaction, &memory, &of, row.text(0)?, now, until).await?;
                }
                rows.last().map(|row| row.text(0).map(str::to_owned)).transpose()
            });
            after = last.await?;
            self.entry = None;
        }
        Ok(())
    }
}

/// Which of an account's families are meant.
pub(crate) enum Meant<'a> {
    /// Those that a client was given.
    OfClient(&'a str),
    /// All but those of a session; also those of sessions that are gone, and of devices.
    ButOf(Option<&'a str>),
}

/// Revokes families of an account.
pub(crate) async fn revoke_those(
    transaction: &mut Transaction<'_>,
    memory: &Memory,
    realm: &RealmId,
    subject: &str,
    meant: Meant<'_>,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), Fault> {
    let sql = "SELECT family, client, sid FROM families WHERE realm = $1 AND subject = $2 AND revoked_at = 0";
    for row in transaction.rows(sql, &[Value::text(realm.as_str()), Value::text(subject)]).await? {
        let is_meant = match meant {
            Meant::OfClient(client) => row.text(1)? == client,
            Meant::ButOf(sid) => sid != Some(row.text(2)?),
        };
        if is_meant {
            revoke_in(transaction, memory, realm, row.text(0)?, now, until).await?;
        }
    }
    Ok(())
}

pub(crate) async fn revoke_in(
    transaction: &mut Transaction<'_>,
    memory: &Memory,
    realm: &RealmId,
    family: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), Fault> {
    transaction
        .rows(
            "UPDATE families SET revoked_at = $3 WHERE realm = $1 AND family = $2 AND revoked_at = 0",
            &[Value::text(realm.as_str()), Value::text(family), Value::Integer(now.as_micros().max(1))],
        )
        .await?;
    record_revocation(transaction, realm, family, until).await?;
    memory.revoke(family, until);
    memory.unwatch(family);
    Ok(())
}

async fn read(
    transaction: &mut Transaction<'_>,
    realm: &RealmId,
    family: &str,
) -> Result<Option<Family>, Fault> {
    let rows = transaction
        .rows(
            "SELECT record, sequence, rotated_at, expires_at, revoked_at FROM families \
         WHERE realm = $1 AND family = $2",
            &[Value::text(realm.as_str()), Value::text(family)],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Family {
        grant: serde_json::from_str(row.text(0)?)?,
        sequence: u32::try_from(row.integer(1)?).map_err(|_| Fault::Record("a sequence"))?,
        rotated_at: Timestamp::from_micros(row.integer(2)?),
        expires_at: Timestamp::from_micros(row.integer(3)?),
        revoked: row.integer(4)? != 0,
    }))
}

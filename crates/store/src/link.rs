use model::{RealmId, Timestamp};

use crate::{
    Fault, Hash, Store,
    value::{Row, Value},
};

/// A link that was sent to somebody: good once, until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is for, a word of `identity`'s.
    pub purpose: String,
    /// Whom it is about: an account's id, or the compared form of an address without one.
    pub subject: String,
    /// What it takes to do it, in the form of its purpose.
    pub record: String,
    /// When it ends, by the realm's clock.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "purpose, subject, record, expires_at";

impl Store {
    /// Keeps a link under the hash of its token. Those before it of the same purpose for the same subject
    /// are good no more.
    pub async fn keep_link(&self, realm: &RealmId, token: Hash, link: Link) -> Result<(), Fault> {
        let realm = Value::text(realm.as_str());
        self.write(async move |transaction| {
            let before = [realm.clone(), Value::text(&link.purpose), Value::text(&link.subject)];
            let sql = "DELETE FROM links WHERE realm = $1 AND purpose = $2 AND subject = $3";
            transaction.rows(sql, &before).await?;
            let sql =
                format!("INSERT INTO links (realm, token_hash, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
            let arguments = [
                realm.clone(),
                Value::bytes(&token),
                Value::text(&link.purpose),
                Value::text(&link.subject),
                Value::text(&link.record),
                Value::Integer(link.expires_at.as_micros()),
            ];
            transaction.rows(&sql, &arguments).await.map(drop)
        })
        .await
    }

    /// The link of a token, while it is good. Looking spends nothing: a mail scanner looks as well.
    pub async fn link(&self, realm: &RealmId, token: Hash, now: Timestamp) -> Result<Option<Link>, Fault> {
        let key = [Value::text(realm.as_str()), Value::bytes(&token)];
        let read = self.read(async move |transaction| {
            let sql = format!("SELECT {COLUMNS} FROM links WHERE realm = $1 AND token_hash = $2");
            transaction.rows(&sql, &key).await?.first().map(read).transpose()
        });
        Ok(read.await?.filter(|link| now < link.expires_at))
    }

    /// The links of a purpose that are good yet, by their subjects, at most so many, after this subject.
    pub async fn links(
        &self,
        realm: &RealmId,
        purpose: &str,
        after: &str,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Link>, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(purpose),
            Value::text(after),
            Value::Integer(now.as_micros()),
            Value::Integer(most.into()),
        ];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM links WHERE realm = $1 AND purpose = $2 AND subject > $3 \
                 AND expires_at > $4 ORDER BY subject LIMIT $5"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Takes back what was sent to a subject for a purpose. False: there was nothing that was good yet.
    pub async fn withdraw_link(
        &self,
        realm: &RealmId,
        purpose: &str,
        subject: &str,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(purpose),
            Value::text(subject),
            Value::Integer(now.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "DELETE FROM links WHERE realm = $1 AND purpose = $2 AND subject = $3 \
                       AND expires_at > $4 RETURNING subject";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// Spends a link: of two that try only one gets it.
    pub async fn spend_link(
        &self,
        realm: &RealmId,
        token: Hash,
        now: Timestamp,
    ) -> Result<Option<Link>, Fault> {
        let key = [Value::text(realm.as_str()), Value::bytes(&token)];
        let spent = self.write(async move |transaction| {
            let sql = format!("DELETE FROM links WHERE realm = $1 AND token_hash = $2 RETURNING {COLUMNS}");
            transaction.rows(&sql, &key).await?.first().map(read).transpose()
        });
        Ok(spent.await?.filter(|link| now < link.expires_at))
    }
}

fn read(row: &Row) -> Result<Link, Fault> {
    Ok(Link {
        purpose: row.text(0)?.to_owned(),
        subject: row.text(1)?.to_owned(),
        record: row.text(2)?.to_owned(),
        expires_at: Timestamp::from_micros(row.integer(3)?),
    })
}

use model::{RealmId, Timestamp};

use crate::{
    Fault, Store,
    transaction::Transaction,
    value::{Row, Value},
};

/// A mail that is to be sent, or that a mock keeps for whoever tests it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    /// Its name: random.
    pub id: String,
    /// To whom.
    pub recipient: String,
    /// What stands above it.
    pub subject: String,
    /// Its text.
    pub plain: String,
    /// The same as HTML.
    pub html: String,
    /// When it was written, by the realm's clock.
    pub created_at: Timestamp,
}

/// A mail whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// Of which realm.
    pub realm: RealmId,
    /// The mail.
    pub mail: Mail,
    /// How often it was tried.
    pub tries: u32,
}

/// How many mails of one realm are kept, the newest: a mock that runs for weeks does not grow.
const KEPT: i64 = 1000;

const COLUMNS: &str = "id, recipient, subject, plain, html, created_at";

impl Store {
    /// Keeps a mail; `due`, in real time, is when it is to be sent: never, in an outbox. One of this name that is
    /// kept already stays.
    pub async fn keep_mail(&self, realm: &RealmId, mail: Mail, due: Option<Timestamp>) -> Result<(), Fault> {
        self.mail(realm, mail, due, true).await
    }

    /// Does what keeping a mail takes, and keeps none: that there is nobody to write to must not show in the time.
    pub async fn keep_no_mail(
        &self,
        realm: &RealmId,
        mail: Mail,
        due: Option<Timestamp>,
    ) -> Result<(), Fault> {
        self.mail(realm, mail, due, false).await
    }

    async fn mail(
        &self,
        realm: &RealmId,
        mail: Mail,
        due: Option<Timestamp>,
        is_kept: bool,
    ) -> Result<(), Fault> {
        let realm = Value::text(realm.as_str());
        self.write(async move |transaction| {
            insert(transaction, &realm, &mail, due).await?;
            // Before the oldest are dropped, which it is no reason for.
            if !is_kept {
                let sql = "DELETE FROM mails WHERE realm = $1 AND id = $2";
                transaction.rows(sql, &[realm.clone(), Value::text(&mail.id)]).await?;
            }
            if due.is_none() {
                let sql = "DELETE FROM mails WHERE realm = $1 AND due_at = $2 AND created_at < \
                           (SELECT MIN(created_at) FROM (SELECT created_at FROM mails WHERE realm = $1 \
                           AND due_at = $2 ORDER BY created_at DESC LIMIT $3) AS newest)";
                let bound = [realm.clone(), Value::Integer(i64::MAX), Value::Integer(KEPT)];
                transaction.rows(sql, &bound).await?;
            }
            Ok(())
        })
        .await
    }

    /// The mails of a realm, the newest first, at most so many; those to one recipient alone where one is named.
    pub async fn mails(&self, realm: &RealmId, to: Option<&str>, most: u32) -> Result<Vec<Mail>, Fault> {
        let mut arguments = vec![Value::text(realm.as_str()), Value::Integer(most.into())];
        arguments.extend(to.map(Value::text));
        self.read(async move |transaction| {
            let of = if arguments.len() > 2 { "AND recipient = $3" } else { "" };
            let sql = format!(
                "SELECT {COLUMNS} FROM mails WHERE realm = $1 {of} ORDER BY created_at DESC, id LIMIT $2"
            );
            transaction.rows(&sql, &arguments).await?.iter().map(read).collect()
        })
        .await
    }

    /// Mails that are to be sent by now, the longest waiting first.
    pub async fn due_mails(&self, now: Timestamp, most: u32) -> Result<Vec<DueMail>, Fault> {
        let arguments = [Value::Integer(now.as_micros()), Value::Integer(most.into())];
        self.read(async move |transaction| {
            let sql = format!(
                "SELECT {COLUMNS}, realm, tries FROM mails WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
            );
            let due = |row: &Row| {
                Ok(DueMail {
                    realm: RealmId::new(row.text(6)?),
                    mail: read(row)?,
                    tries: u32::try_from(row.integer(7)?).map_err(|_| Fault::Record("a count"))?,
                })
            };
            transaction.rows(&sql, &arguments).await?.iter().map(due).collect()
        })
        .await
    }

    /// A mail is sent, or given up: it is kept no longer.
    pub async fn drop_mail(&self, realm: &RealmId, id: &str) -> Result<(), Fault> {
        let key = [Value::text(realm.as_str()), Value::text(id)];
        self.write(async move |transaction| {
            transaction.rows("DELETE FROM mails WHERE realm = $1 AND id = $2", &key).await.map(drop)
        })
        .await
    }

    /// A mail is being tried: it is not due again before then, in real time. False: another node tries it.
    pub async fn try_mail(
        &self,
        realm: &RealmId,
        id: &str,
        tries: u32,
        again: Timestamp,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(id),
            Value::Integer(tries.into()),
            Value::Integer(again.as_micros()),
        ];
        self.write(async move |transaction| {
            let sql = "UPDATE mails SET tries = tries + 1, due_at = $4 \
                       WHERE realm = $1 AND id = $2 AND tries = $3 RETURNING id";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// A mail that was not taken is due again at another time.
    pub async fn postpone_mail(&self, realm: &RealmId, id: &str, again: Timestamp) -> Result<(), Fault> {
        let arguments = [Value::text(realm.as_str()), Value::text(id), Value::Integer(again.as_micros())];
        self.write(async move |transaction| {
            let sql = "UPDATE mails SET due_at = $3 WHERE realm = $1 AND id = $2";
            transaction.rows(sql, &arguments).await.map(drop)
        })
        .await
    }
}

pub(crate) async fn insert(
    transaction: &mut Transaction<'_>,
    realm: &Value,
    mail: &Mail,
    due: Option<Timestamp>,
) -> Result<(), Fault> {
    let sql = format!(
        "INSERT INTO mails (realm, {COLUMNS}, due_at, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) \
         ON CONFLICT (realm, id) DO NOTHING"
    );
    let arguments = [
        realm.clone(),
        Value::text(&mail.id),
        Value::text(&mail.recipient),
        Value::text(&mail.subject),
        Value::text(&mail.plain),
        Value::text(&mail.html),
        Value::Integer(mail.created_at.as_micros()),
        Value::Integer(due.map_or(i64::MAX, Timestamp::as_micros)),
    ];
    transaction.rows(&sql, &arguments).await.map(drop)
}

fn read(row: &Row) -> Result<Mail, Fault> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Mail {
        id: text(0)?,
        recipient: text(1)?,
        subject: text(2)?,
        plain: text(3)?,
        html: text(4)?,
        created_at: Timestamp::from_micros(row.integer(5)?),
    })
}

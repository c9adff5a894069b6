use model::{RealmId, Timestamp};

use crate::{
    Fault, Store,
    value::{Row, Value},
};

/// Something that happened to an account, for its owner to see.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Activity {
    /// When, by the realm's clock.
    pub at: Timestamp,
    /// Keeps two of one moment apart: random.
    pub id: String,
    /// What, a word of `identity`'s.
    pub what: String,
    /// The browser, as it names itself.
    pub agent: String,
    /// From where.
    pub address: String,
}

/// How many are kept of one account.
const KEPT: i64 = 100;

impl Store {
    /// Adds to what happened to an account; the oldest is forgotten.
    pub async fn record_activity(
        &self,
        realm: &RealmId,
        subject: &str,
        activity: Activity,
    ) -> Result<(), Fault> {
        let key = [Value::text(realm.as_str()), Value::text(subject)];
        self.write(async move |transaction| {
            let mut arguments = key.to_vec();
            arguments.extend([
                Value::Integer(activity.at.as_micros()),
                Value::text(&activity.id),
                Value::text(&activity.what),
                Value::text(&activity.agent),
                Value::text(&activity.address),
            ]);
            let sql = "INSERT INTO activities (realm, subject, at, id, what, agent, address) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
            transaction.rows(sql, &arguments).await?;
            let mut bound = key.to_vec();
            bound.push(Value::Integer(KEPT));
            let sql = "DELETE FROM activities WHERE realm = $1 AND subject = $2 AND at < \
                       (SELECT MIN(at) FROM (SELECT at FROM activities WHERE realm = $1 AND subject = $2 \
                       ORDER BY at DESC LIMIT $3) AS newest)";
            transaction.rows(sql, &bound).await.map(drop)
        })
        .await
    }

    /// What happened to an account, the newest first.
    pub async fn activities(&self, realm: &RealmId, subject: &str) -> Result<Vec<Activity>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(subject)];
        self.read(async move |transaction| {
            let sql = "SELECT at, id, what, agent, address FROM activities WHERE realm = $1 AND subject = $2 \
                       ORDER BY at DESC, id";
            transaction.rows(sql, &key).await?.iter().map(read).collect()
        })
        .await
    }
}

fn read(row: &Row) -> Result<Activity, Fault> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Activity {
        at: Timestamp::from_micros(row.integer(0)?),
        id: text(1)?,
        what: text(2)?,
        agent: text(3)?,
        address: text(4)?,
    })
}

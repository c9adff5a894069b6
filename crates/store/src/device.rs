use std::time::Duration;

use model::{RealmId, Timestamp};

use crate::{Fault, Grant, Hash, Store, value::Value};

/// A device that waits for somebody to let it in (RFC 8628).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The code that a person types, without its dash.
    pub user_code: String,
    /// What the device asked for; who allows it is filled in when it is allowed.
    pub grant: Grant,
    /// When both codes end, by the sandbox's clock.
    pub expires_at: Timestamp,
    /// What was decided.
    pub state: DeviceState,
    /// The address that it asked from, for whoever is to let it in.
    pub asked_from: String,
}

/// What was decided about a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has decided yet.
    Pending,
    /// Somebody let it in.
    Allowed,
    /// Somebody refused.
    Denied,
    /// It has fetched its tokens.
    Spent,
}

impl DeviceState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Spent => "spent",
        }
    }

    fn read(text: &str) -> Result<Self, Fault> {
        [Self::Pending, Self::Allowed, Self::Denied, Self::Spent]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(Fault::Record("the state of a device"))
    }
}

/// What a device learns when it asks (RFC 8628 3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// There is no such code for this client, or it was spent.
    Unknown,
    /// Its time is over.
    Expired,
    /// Not yet.
    Pending,
    /// Not yet, and it asks too often: from now on it waits five seconds longer.
    SlowDown,
    /// Refused.
    Denied,
    /// Allowed; the code is spent now.
    Allowed(Box<Grant>),
}

impl Store {
    /// Keeps a device that waits; `false` where the user code is taken.
    pub async fn keep_device(
        &self,
        realm: &RealmId,
        hash: Hash,
        device: Device,
        interval: Duration,
    ) -> Result<bool, Fault> {
        let arguments = [
            Value::text(realm.as_str()),
            Value::bytes(&hash),
            Value::Text(device.user_code),
            Value::text(&device.grant.client),
            Value::text(device.state.as_str()),
            Value::Text(serde_json::to_string(&device.grant)?),
            Value::Integer(device.expires_at.as_micros()),
            Value::Integer(i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)),
            Value::Text(device.asked_from),
        ];
        self.write(async move |transaction| {
            let sql = "INSERT INTO devices (realm, device_hash, user_code, client, state, record, \
                 expires_at, wait, polled_at, asked_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) \
                 ON CONFLICT (realm, user_code) DO NOTHING RETURNING wait";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// The device that shows this code.
    pub async fn device(&self, realm: &RealmId, user_code: &str) -> Result<Option<Device>, Fault> {
        let key = [Value::text(realm.as_str()), Value::text(user_code)];
        self.read(async move |transaction| {
            let sql = "SELECT user_code, record, expires_at, state, asked_from FROM devices \
                 WHERE realm = $1 AND user_code = $2";
            let rows = transaction.rows(sql, &key).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(Device {
                user_code: row.text(0)?.to_owned(),
                grant: serde_json::from_str(row.text(1)?)?,
                expires_at: Timestamp::from_micros(row.integer(2)?),
                state: DeviceState::read(row.text(3)?)?,
                asked_from: row.text(4)?.to_owned(),
            }))
        })
        .await
    }

    /// What the device of this code was let in with; `None` where nobody has let it in. The code is not spent.
    pub async fn device_grant(&self, realm: &RealmId, hash: Hash) -> Result<Option<Grant>, Fault> {
        let key = [Value::text(realm.as_str()), Value::bytes(&hash)];
        self.read(async move |transaction| {
            let sql = "SELECT record FROM devices \
                 WHERE realm = $1 AND device_hash = $2 AND state = 'allowed'";
            let rows = transaction.rows(sql, &key).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            Ok(Some(serde_json::from_str(row.text(0)?)?))
        })
        .await
    }

    /// Lets a waiting device in with `grant`, or refuses it; `false` where it waits no more.
    pub async fn decide_device(
        &self,
        realm: &RealmId,
        user_code: &str,
        grant: Option<&Grant>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let state = if grant.is_some() { DeviceState::Allowed } else { DeviceState::Denied };
        let arguments = [
            Value::text(realm.as_str()),
            Value::text(user_code),
            Value::text(state.as_str()),
            Value::Text(grant.map(serde_json::to_string).transpose()?.unwrap_or_default()),
            Value::Integer(now.as_micros()),
            Value::text(grant.map_or("", |grant| &*grant.account)),
        ];
        self.write(async move |transaction| {
            let sql = "UPDATE devices SET state = $3, account = $6, \
                 record = CASE WHEN $4 = '' THEN record ELSE $4 END \
                 WHERE realm = $1 AND user_code = $2 AND state = 'pending' AND expires_at >= $5 \
                 RETURNING state";
            Ok(!transaction.rows(sql, &arguments).await?.is_empty())
        })
        .await
    }

    /// A device asks. Its codes end by the sandbox's clock (`now`), its pace is real time.
    pub async fn poll_device(
        &self,
        realm: &RealmId,
        hash: Hash,
        client: &str,
        now: Timestamp,
        real: Timestamp,
    ) -> Result<Poll, Fault> {
        let (realm, client) = (realm.clone(), client.to_owned());
        self.write(async move |transaction| {
            let key = || [Value::text(realm.as_str()), Value::bytes(&hash)];
            let sql = "SELECT state, record, expires_at, wait, polled_at FROM devices \
                 WHERE realm = $1 AND device_hash = $2 AND client = $3";
            let [in_realm, by_hash] = key();
            let rows = transaction.rows(sql, &[in_realm, by_hash, Value::text(&client)]).await?;
            let Some(row) = rows.first() else { return Ok(Poll::Unknown) };
            let state = DeviceState::read(row.text(0)?)?;
            if state != DeviceState::Spent && now > Timestamp::from_micros(row.integer(2)?) {
                return Ok(Poll::Expired);
            }
            match state {
                DeviceState::Spent => Ok(Poll::Unknown),
                DeviceState::Denied => Ok(Poll::Denied),
                DeviceState::Allowed => {
                    let [in_realm, by_hash] = key();
                    let sql = "UPDATE devices SET state = 'spent' WHERE realm = $1 AND device_hash = $2";
                    transaction.rows(sql, &[in_realm, by_hash]).await?;
                    Ok(Poll::Allowed(Box::new(serde_json::from_str(row.text(1)?)?)))
                }
                DeviceState::Pending => {
                    let (wait, polled_at) = (row.integer(3)?, row.integer(4)?);
                    let hasty = polled_at != 0 && real.as_micros().saturating_sub(polled_at) < wait;
                    let wait = if hasty { wait.saturating_add(5_000_000) } else { wait };
                    let [in_realm, by_hash] = key();
                    transaction.rows(
                        "UPDATE devices SET polled_at = $3, wait = $4 WHERE realm = $1 AND device_hash = $2",
                        &[in_realm, by_hash, Value::Integer(real.as_micros()), Value::Integer(wait)],
                    ).await?;
                    Ok(if hasty { Poll::SlowDown } else { Poll::Pending })
                }
            }
        })
        .await
    }
}

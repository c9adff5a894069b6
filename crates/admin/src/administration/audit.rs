use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::{Call, Refused, page, shown};
use crate::refusal::ok;

impl Call<'_> {
    /// From the newest to the oldest.
    pub(super) async fn list_audit(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit) = (self.office, self.limit()?);
        let before = self.asked("before").map(|text| text.parse::<u64>()).transpose();
        let before = before.map_err(|_| Refused::wrong("`before` takes the number of an entry"))?;
        let entries = office.store.audit(&office.realm, before, limit).await?;
        let last = entries.last().filter(|_| entries.len() >= limit as usize);
        let next = last.map_or(Value::Null, |entry| entry.number.into());
        Ok(page("entries", entries.iter().map(shown::audited).collect(), next))
    }

    /// Walks the chain.
    pub(super) async fn verify_audit(&self) -> Result<Response<Bytes>, Refused> {
        let report = self.office.store.verify_audit(&self.office.realm).await?;
        Ok(ok(&json!({
            "entries": report.entries,
            "head": shown::hex(&report.head),
            "broken": report.broken,
        })))
    }
}

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use super::{Call, Refused};
use crate::{call::outbox::shown, refusal::ok};

/// No answer has more mails.
const MOST: u32 = 1000;

impl Call<'_> {
    /// The mails that are kept, the newest first. Links to choose another password are in them, so it is told in
    /// the trail that they were read, as it would be that one was set.
    pub(super) async fn list_mails(&self) -> Result<Response<Bytes>, Refused> {
        let (office, to) = (self.office, self.asked("to"));
        let whose = |to: &String| format!("email:{}", to.chars().take(254).collect::<String>());
        let target = to.as_ref().map(whose).unwrap_or_default();
        office.store.record_audit(&office.realm, self.entry("outbox.read", target, Map::new())).await?;
        let mails = office.store.mails(&office.realm, to.as_deref(), MOST).await?;
        let mails: Value = mails.into_iter().map(|mail| shown(&mail.into())).collect();
        Ok(ok(&json!({ "mails": mails })))
    }
}

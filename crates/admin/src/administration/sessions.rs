use bytes::Bytes;
use http::Response;
use serde_json::{Map, json};

use super::{Call, Refused, next, page, shown};
use crate::refusal::{done, ok};

impl Call<'_> {
    pub(super) async fn list_sessions(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit, after) = (self.office, self.limit()?, self.after()?);
        let after = after.as_ref().map(|(at, sid)| (*at, sid.as_str()));
        let sessions = office.store.sessions(&office.realm, after, limit).await?;
        let last = sessions.last().map(|session| (session.signed_in_at, session.sid.as_str()));
        let next = next(sessions.len(), limit, last);
        let living = sessions.iter().filter(|session| session.expires_at > self.now);
        Ok(page("sessions", living.map(shown::session).collect(), next))
    }

    pub(super) async fn list_sessions_of(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let (office, user) = (self.office, self.user(named).await?);
        let sessions = office.store.sessions_of(&office.realm, &user.id).await?;
        let living = sessions.iter().filter(|session| session.expires_at > self.now);
        Ok(page("sessions", living.map(shown::session).collect(), serde_json::Value::Null))
    }

    /// Ends a session with its refresh tokens and access tokens.
    pub(super) async fn end_session(&self, sid: &str) -> Result<Response<Bytes>, Refused> {
        if !self.office.store.has_session(&self.office.realm, sid).await? {
            let sid = sid.chars().take(100).collect::<String>();
            return Err(Refused::Absent(format!("there is no session {sid}")));
        }
        let store = self.audited("session.end", format!("session:{sid}"), Map::new());
        store.end_session(&self.office.realm, sid, self.now, self.office.until(self.now)).await?;
        Ok(done())
    }

    pub(super) async fn end_sessions_of(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let (office, user) = (self.office, self.user(named).await?);
        let count = office.store.sessions_of(&office.realm, &user.id).await?.len();
        let store = self.audited("session.end", format!("user:{}", user.id), Map::new());
        store.end_sessions_of(&office.realm, &user.id, None, self.now, office.until(self.now)).await?;
        Ok(ok(&json!({ "ended": count })))
    }

    /// Ends everybody's, also that of whoever calls.
    pub(super) async fn end_all_sessions(&self) -> Result<Response<Bytes>, Refused> {
        let store = self.audited("session.end", "sessions".to_owned(), Map::new());
        let until = self.office.until(self.now);
        let count = store.end_all_sessions(&self.office.realm, self.now, until).await?;
        Ok(ok(&json!({ "ended": count })))
    }
}

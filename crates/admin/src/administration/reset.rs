use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use identity::{LINK_LIFE, RESET};
use serde_json::{Map, json};
use store::{Link, Removed};

use super::{Call, Refused, Role, shown};
use crate::{
    body::Members,
    refusal::{done, ok},
};

impl Call<'_> {
    /// Starts what a user would start who forgot the password, and who ends it: the link goes to their mailbox.
    /// Where it cannot, the answer has it, for whoever calls to hand over (OWASP ASVS 5.0, 6.4.6).
    pub(super) async fn reset_user(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &["language"])?;
        let told = members.told(&[]);
        let language = members.text("language")?;
        let (office, user) = (self.office, self.user(named).await?);
        let token = URL_SAFE_NO_PAD.encode(self.random::<32>());
        let (link, is_mailed) = office
            .postbox
            .reset(&user, &token)
            .ok_or_else(|| Refused::wrong("a link leads nowhere here: lobby.yaml needs `issuer:`"))?;
        if !is_mailed {
            // Whoever has the link can be them.
            self.actor.must_be(Role::Admin)?;
            self.actor.may_turn(&*user.roles, &[])?;
        }
        let kept = Link {
            purpose: RESET.to_owned(),
            subject: user.id.clone(),
            record: String::new(),
            expires_at: self.now.plus(LINK_LIFE),
        };
        let end = kept.expires_at.to_string();
        let store = self.audited("user.reset", format!("user:{}", user.id), told);
        store.keep_link(&office.realm, shown::secret_hash(&token), kept).await?;
        if is_mailed {
            office.postbox.send_reset(&user, &link, language.as_deref(), self.now).await?;
        }
        Ok(ok(&json!({
            "mailed": is_mailed,
            "link": (!is_mailed).then_some(link),
            "expires_at": end,
        })))
    }

    /// Takes away what a user shows beside a password, and tells them: somebody has found out who they are, who
    /// lost it (OWASP ASVS 5.0, 6.4.4).
    pub(super) async fn remove_factors_of(&self, named: &str) -> Result<Response<Bytes>, Refused> {
        let (office, user) = (self.office, self.user(named).await?);
        self.actor.may_turn(&*user.roles, &[])?;
        let store = self.audited("user.factors.remove", format!("user:{}", user.id), Map::new());
        match store.remove_factors(&office.realm, &user.id).await? {
            Removed::Done => office.postbox.factors_removed(&user, &self.place(), self.now).await?,
            Removed::Nothing | Removed::Demanded => {}
            Removed::LastOwner => return Err(Refused::LastOwner),
        }
        Ok(done())
    }
}

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use identity::{
    EVERY_SCOPE, INVITATION, INVITATION_LIFE, Invitation,
    names::{EmailKey, email_key},
};
use serde_json::{Value, json};
use store::{Handle, Link};

use super::{Call, Refused, created, page, shown, users::scopes};
use crate::{body::Members, refusal::done};

const MEMBERS: [&str; 5] = ["email", "roles", "scopes", "plan", "language"];

impl Call<'_> {
    pub(super) async fn list_invitations(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit) = (self.office, self.limit()?);
        let after = self.asked("after").unwrap_or_default();
        let links = office.store.links(&office.realm, INVITATION, &after, limit, self.now).await?;
        let last = links.last().filter(|_| links.len() >= limit as usize);
        let next = last.map_or(Value::Null, |link| link.subject.as_str().into());
        let read = |link: &Link| Some(shown::invitation(&Invitation::read(&link.record)?.0, link.expires_at));
        Ok(page("invitations", links.iter().filter_map(read).collect(), next))
    }

    /// Invites an address; whoever was invited before at this one gets another link. Where nothing is mailed
    /// the answer has the link, for whoever calls to hand over.
    pub(super) async fn invite(&self) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &MEMBERS)?;
        let told = members.told(&[]);
        let email = members.required("email", r#""ana@example.com""#)?;
        let key = self.free(&email).await?;
        let invitation = Invitation {
            email,
            roles: members.texts("roles")?.into_iter().filter(|role| !role.is_empty()).collect(),
            scopes: scopes(&mut members, "scopes")?
                .map_or_else(|| EVERY_SCOPE.to_owned(), |scopes| scopes.to_string()),
            plan: members.text("plan")?.unwrap_or_default(),
        };
        let language = members.text("language")?;
        self.actor.may_turn(&[], &invitation.roles)?;
        let token = URL_SAFE_NO_PAD.encode(self.random::<32>());
        let link = self.office.postbox.invitation(&token).ok_or_else(|| {
            Refused::wrong(
                "nobody is invited here: lobby.yaml needs `issuer:` and `accounts: { sign_up: invitation }`",
            )
        })?;
        let kept = Link {
            purpose: INVITATION.to_owned(),
            subject: key.as_str().to_owned(),
            record: serde_json::to_string(&invitation).map_err(|_| Refused::Fault)?,
            expires_at: self.now.plus(INVITATION_LIFE),
        };
        let end = kept.expires_at;
        let store = self.audited("invitation.add", format!("email:{}", key.as_str()), told);
        store.keep_link(&self.office.realm, shown::secret_hash(&token), kept).await?;
        let postbox = &self.office.postbox;
        let mailed = postbox.invite(&invitation.email, &link, language.as_deref(), self.now).await?;
        let mut answer = shown::invitation(&invitation, end);
        if let Some(members) = answer.as_object_mut() {
            members.insert("mailed".to_owned(), mailed.into());
            members.insert("link".to_owned(), if mailed { Value::Null } else { json!(link) });
        }
        Ok(created(&answer))
    }

    pub(super) async fn withdraw_invitation(&self, email: &str) -> Result<Response<Bytes>, Refused> {
        let absent = || {
            let email: String = email.chars().take(100).collect();
            Refused::Absent(format!("there is no invitation of {email}"))
        };
        let key = email_key(email).map_err(|_| absent())?;
        let target = format!("email:{}", key.as_str());
        let store = self.audited("invitation.withdraw", target, serde_json::Map::new());
        let withdrawn = store.withdraw_link(&self.office.realm, INVITATION, key.as_str(), self.now).await?;
        if withdrawn { Ok(done()) } else { Err(absent()) }
    }

    /// An address that nobody has an account with.
    async fn free(&self, email: &str) -> Result<EmailKey, Refused> {
        let key = email_key(email).map_err(|error| Refused::wrong(format!("`email`: {error}")))?;
        let office = self.office;
        match office.store.find_user(&office.realm, Handle::Email(key.as_str())).await? {
            None => Ok(key),
            Some(_) => Err(Refused::Taken(format!("somebody has the address {email}"))),
        }
    }
}

use bytes::Bytes;
use http::{Method, Response};
use serde_json::Value;

use super::{Call, Refused, Role, created, shown, users::Wish};
use crate::{body::Members, refusal::ok};

impl Call<'_> {
    /// The one-time door to the first account: `GET` says that it is open, `POST` makes the owner.
    pub(super) async fn setup(&self, token: &str) -> Result<Response<Bytes>, Refused> {
        let (office, hash) = (self.office, shown::secret_hash(token));
        let closed = || Refused::Absent("this setup link was used, is over, or never was".to_owned());
        if !office.store.is_setup(&office.realm, hash, self.now).await? {
            return Err(closed());
        }
        match *self.request.method() {
            Method::GET => Ok(ok(&serde_json::json!({
                "open": true,
                "takes": "POST with application/json: name, email, password",
            }))),
            Method::POST => {
                super::actor::refuse_pages(self.request.headers())?;
                let members = Members::read(self.request, &["name", "email", "password"])?;
                let (mut wish, mut told) = Wish::read(members)?;
                if wish.password.as_deref().is_none_or(str::is_empty) {
                    return Err(Refused::wrong("the first owner has a `password`"));
                }
                let owner = Role::Owner.as_str().to_owned();
                told.insert("roles".to_owned(), Value::from(vec![owner.clone()]));
                wish.roles = Some([owner].into());
                // Made first: who is refused may come again. Of two at once, one finds the door closed.
                let user = self.make_user(wish, told).await?;
                if office.store.spend_setup(&office.realm, hash, self.now).await? {
                    return Ok(created(&shown::user(&user)));
                }
                let until = office.until(self.now);
                office.store.remove_user(&office.realm, &user.id, self.now, until).await?;
                Err(closed())
            }
            _ => Err(Refused::Method(&[Method::GET, Method::POST])),
        }
    }
}

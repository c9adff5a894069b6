//! A browser in which somebody signed in before carries a signed cookie that says so. Wrong passwords from it
//! are counted apart from everybody else's: nobody locks an owner out (verdicts.md, `account.locked`;
//! attacks.md, G01 and G04).

use http::HeaderValue;
use identity::Cookie;
use jose::{base64url, digest};
use subtle::ConstantTimeEq;

use crate::server::Call;

/// How long a browser keeps the cookie.
const KEPT: u64 = 180 * 86_400;

impl Call<'_> {
    /// Under which name the failures of a sign-in are counted: the account's, or this browser's own where the
    /// account has signed in from it before.
    pub(crate) fn counted<'a>(&self, account: &'a str) -> std::borrow::Cow<'a, str> {
        match self.known_device(account) {
            Some(id) => format!("device {id}").into(),
            None => account.into(),
        }
    }

    /// The `Set-Cookie` after a sign-in; `None` where the browser has one for this account.
    pub(crate) fn remember_device(&self, account: &str) -> Option<HeaderValue> {
        if self.known_device(account).is_some() {
            return None;
        }
        let id = base64url::encode(self.server.random::<16>());
        let value = format!("{id}.{}", self.device_tag(&id, account));
        self.set_cookie(Cookie::Device, &value, Some(KEPT))
    }

    pub(crate) fn known_device(&self, account: &str) -> Option<&str> {
        let (id, tag) = self.cookie(Cookie::Device)?.split_once('.')?;
        let genuine = self.device_tag(id, account);
        bool::from(genuine.as_bytes().ct_eq(tag.as_bytes())).then_some(id)
    }

    fn device_tag(&self, id: &str, account: &str) -> String {
        base64url::encode(digest::hmac_sha256(&self.key("known device"), format!("{id}\0{account}")))
    }
}

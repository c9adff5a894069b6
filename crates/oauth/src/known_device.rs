//! A browser in which somebody signed in before carries a signed cookie that says so. Wrong passwords from it
//! are counted apart from everybody else's: nobody locks an owner out (verdicts.md, `account.locked`;
//! attacks.md, G01 and G04).

use http::HeaderValue;
use identity::{Account, Cookie, People};
use jose::{base64url, digest};
use subtle::ConstantTimeEq;

use crate::server::Call;

/// How long a browser keeps the cookie.
const KEPT: u64 = 180 * 86_400;

/// Whose sign-in it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    /// Under which name tries at it are counted.
    pub(crate) name: String,
    /// Which of its passwords there is: a browser is known that showed this one.
    password_version: u32,
}

impl Whose {
    /// An account's, or nobody's who would be called as was typed.
    pub(crate) fn of(found: Option<&Account>, typed: &str) -> Self {
        let password_version = found.map_or(0, |account| account.password_version);
        Self { name: People::counted(found, typed), password_version }
    }
}

impl From<&Account> for Whose {
    fn from(account: &Account) -> Self {
        Self::of(Some(account), "")
    }
}

impl Call<'_> {
    /// Under which name the failures of a sign-in are counted: the account's, or this browser's own where the
    /// account has signed in from it before.
    pub(crate) fn counted<'a>(&self, whose: &'a Whose) -> std::borrow::Cow<'a, str> {
        match self.known_device(whose) {
            Some(id) => format!("device {id}").into(),
            None => whose.name.as_str().into(),
        }
    }

    /// The `Set-Cookie` after a sign-in; `None` where the browser has one for this account.
    pub(crate) fn remember_device(&self, whose: &Whose) -> Option<HeaderValue> {
        if self.known_device(whose).is_some() {
            return None;
        }
        let id = base64url::encode(self.server.random::<16>());
        let value = format!("{id}.{}", self.device_tag(&id, whose));
        self.set_cookie(Cookie::Device, &value, Some(KEPT))
    }

    /// The browser's name, where the account signed in from it with the password that it has now: whoever knew
    /// one before has no counters of their own any more.
    pub(crate) fn known_device(&self, whose: &Whose) -> Option<&str> {
        let (id, tag) = self.cookie(Cookie::Device)?.split_once('.')?;
        let genuine = self.device_tag(id, whose);
        bool::from(genuine.as_bytes().ct_eq(tag.as_bytes())).then_some(id)
    }

    /// Whether an account signed in from this browser before, if only with the last password but this one: whoever
    /// has just changed it is not told of themselves.
    pub(crate) fn has_been_here(&self, account: &Account) -> bool {
        let now = Whose::from(account);
        let before = Whose { password_version: now.password_version.saturating_sub(1), ..now.clone() };
        self.known_device(&now).or_else(|| self.known_device(&before)).is_some()
    }

    fn device_tag(&self, id: &str, Whose { name, password_version }: &Whose) -> String {
        let told = format!("{id}\0{name}\0{password_version}");
        base64url::encode(digest::hmac_sha256(&self.key("known device"), told))
    }
}

use model::Timestamp;
use store::{Fault, User};

use crate::Pending;

/// Writes to people about what was done for them; the roof hands it in.
pub trait Postbox: Send + Sync {
    /// Where the link of an invitation leads; `None`: nobody is invited here, by `accounts.sign_up` or
    /// for want of an `issuer`.
    fn invitation(&self, token: &str) -> Option<String>;

    /// Mails an invitation's link; false: there are no mails here, and somebody has to hand it over.
    fn invite<'a>(
        &'a self,
        to: &'a str,
        link: &'a str,
        language: Option<&'a str>,
        now: Timestamp,
    ) -> Pending<'a, Result<bool, Fault>>;

    /// Where the link leads by which a user chooses another password, and whether it is mailed to them: else
    /// somebody hands it over. `None`: there is no `issuer`, so nobody knows.
    fn reset(&self, user: &User, token: &str) -> Option<(String, bool)>;

    /// Mails that link.
    fn send_reset<'a>(
        &'a self,
        to: &'a User,
        link: &'a str,
        language: Option<&'a str>,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>>;

    /// Tells a user that an app password of theirs was made, from `address`.
    fn app_password_made<'a>(
        &'a self,
        user: &'a User,
        address: &'a str,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>>;

    /// Tells a user that what they showed beside a password was taken away, from `address`.
    fn factors_removed<'a>(
        &'a self,
        user: &'a User,
        address: &'a str,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>>;
}

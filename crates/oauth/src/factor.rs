//! What people show beside a password, or in its place: one-time codes, codes by mail, recovery codes, passkeys. What is
//! asked for after a sign-in ([`after_password`], [`lacking`]), how it is shown ([`answer`]), and the pages of the
//! account on which it is set up.

mod app_passwords;
mod authenticator;
mod class;
mod codes;
mod enrol;
mod judge;
mod mailed;
mod means;
mod offer;
mod passkeys;
mod question;
mod second;

pub(crate) use app_passwords::serve as serve_app_passwords;
pub(crate) use authenticator::serve as serve_authenticator;
pub(crate) use class::{Lack, class_for, class_of, is_password_enough, lacking, session_class};
pub(crate) use codes::serve as serve_codes;
pub(crate) use means::{Means, party, soft_authenticator, totp_seed};
pub(crate) use offer::offer;
pub(crate) use passkeys::{related_origins, serve as serve_passkeys};
pub(crate) use question::Question;
pub(crate) use second::{Asked, after_password, answer, app, show};

//! The pages that people see while they sign in: rendered on the server, without script, under a strict
//! content security policy. A page is a typed struct of borrowed values; [`answer`] makes the whole HTTP
//! answer of it, [`render`] its HTML alone. Nothing is decided here: who may sign in, what is locked and
//! which redirect is proven is told by the caller.
//!
//! Every form carries the sealed authorization request ([`field::REQUEST`]) and a token of its own
//! ([`field::TOKEN`]) and is a `POST` to the page's `action`.
//!
//! ```
//! use oauth::pages::{App, Frame, SignIn, Ticket, Who, render};
//!
//! let app = App { name: "Bookshop", redirect: Some("https://app.example.com/callback"), home: None };
//! let ticket = Ticket { action: "/_lobby/sign-in", request: "sealed", token: "t1" };
//! let page = SignIn {
//!     app, ticket, label: "sign_in.name", who: Who::Anyone, personas: &[], problem: None, passkey: None,
//!     unknown: None, sign_up: None, reset: None,
//! };
//! let html = render(&Frame::default(), &page).unwrap();
//! assert!(html.contains("Sign in to Bookshop"));
//! ```

mod account;
mod answer;
mod app_passwords;
mod brand;
mod consent;
mod device;
mod factor;
mod failure;
mod form;
mod frame;
mod language;
mod letter;
mod plural;
mod samples;
mod sign_in;
mod sign_out;
mod template;
mod words;

pub use account::{AccountPage, Device, Happened};
pub use answer::{Page, answer, render};
pub use app_passwords::{AppPasswordLine, AppPasswords};
pub use brand::{At, Brand, Colour, Colours, Flaw, LOGO_BYTES, Materials, Shades, Translation};
pub use consent::{Consent, Permission};
pub use device::{CodeProblem, DeviceCode, DeviceConfirm, DeviceDone};
pub use factor::{
    Authenticator, AuthenticatorSetUp, FactorNeeded, FactorProblem, Mailbox, PasskeyAsked, PasskeyLine,
    PasskeyOffer, Passkeys, PasskeysProblem, RecoveryCodes, SecondFactor, Unknown,
};
pub use failure::{Failure, FailureKind, Waited};
pub use form::{Field, Form, FormKind, Input, Notice, NoticeKind, Text};
pub use frame::{App, Decision, Frame, Ticket, field};
pub use language::Language;
pub use letter::{MailText, mail};
pub use sign_in::{Persona, SignIn, SignInProblem, Who};
pub use sign_out::{SignOut, SignedOut};
pub use template::RenderFault;

#[cfg(test)]
mod tests;

//! Rules about people: who there is, whether a password is right, when an account is locked, how long a
//! sign-in lasts. Knows nothing of OAuth and HTTP; what must be remembered is the store's.
//!
//! A mock's people are its personas. Their passwords are no secrets, but they are checked as any: argon2id on
//! a bounded pool, the same time for a name that nobody has, the same lockout.

mod account;
mod attempts;
mod authenticator;
mod cookie;
mod directory;
#[doc(hidden)]
pub mod fuzz;
mod invitation;
mod key;
mod keyring;
pub mod names;
mod passkey;
pub mod password;
mod people;
mod persona;
mod recovery;
mod session;
mod sources;
mod step_up;
mod totp;

pub use account::{Account, BuiltIn, EVERY_SCOPE, RESERVED_CLAIMS};
pub use attempts::Attempts;
pub use authenticator::{SoftAuthenticator, Unanswered};
pub use cookie::{Cookie, cookie_name, signed_in_sandboxes};
pub use directory::Directory;
pub use invitation::{INVITATION, INVITATION_LIFE, Invitation, LINK_LIFE, RESET};
pub use key::{
    DEFAULT_PREFIX, KeyId, KeyText, NoKey, NoPrefix, check_prefix, key_hash, make_key, make_named_key,
};
pub use keyring::{Found, Keyring};
pub use passkey::{
    Answer, Begun, PASSKEY_PATIENCE, PASSKEYS, PasskeyError, PasskeyRules, RelyingParty, Roots, Used,
    accepted, is_backed_up, judge_use, user_handle,
};
pub use password::{Busy, Cost, Passwords};
pub use people::People;
pub use persona::{default_email, default_key, default_password, default_personas};
pub use recovery::{RECOVERY_BYTES, RECOVERY_CODES, recovery_code, recovery_hash};
pub use session::{SESSION_BYTES, SessionRules, Sessions, SignIn, note_use as note_session_use};
pub use sources::{SourceRules, Sources, Try};
pub use step_up::{CLASSES, Method, Missing, Shown};
pub use totp::{Qr, SEED_BYTES, qr, seed_text, take_totp, totp_code, totp_uri};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use jose::base64url;
use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::Since;

/// What a form carries from page to page, so that nothing of it is kept here: encrypted and authenticated
/// under a key of the realm, because it holds what the app asked for and lies in the person's browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// When the page was made, by the sandbox's clock.
    pub(crate) at: Timestamp,
    /// What is under way.
    pub(crate) errand: Errand,
}

/// What is under way in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Errand {
    /// An app asked.
    Authorize {
        /// The request's parameters, as they came.
        parameters: Vec<(String, String)>,
        /// The session that was opened for this request: it satisfies `prompt=login` and `max_age`.
        signed_in: Option<String>,
        /// Who is to show it once more, where the page asked one person alone.
        again: Option<String>,
    },
    /// A device waits.
    Device {
        /// The code that was typed; empty while none was.
        user_code: String,
        /// The session for which the device was shown.
        sid: Option<String>,
    },
    /// Somebody signs out.
    Logout {
        /// Of this session.
        sid: String,
        /// Where they go then: proven, with `state`.
        then: Option<String>,
        /// The client that asked.
        client: Option<String>,
    },
    /// Somebody wants a page of their account.
    Account {
        /// What follows `/_lobby/account`.
        path: String,
        /// Who is to show it once more, where somebody is signed in.
        again: Option<String>,
    },
    /// Somebody only signs in.
    Visit,
    /// Somebody showed one thing, and another is missing.
    Factor {
        /// What goes on then.
        then: Box<Errand>,
        /// Who it is, by id.
        account: String,
        /// Which of its passwords there was.
        password_version: u32,
        /// What was shown (`amr`).
        shown: String,
        /// Since when.
        since: Since,
        /// The class of sign-in that is asked for.
        class: String,
        /// What the code that was mailed is bound to; empty: none was.
        #[serde(default)]
        ceremony: String,
    },
    /// A passkey is asked for, or a new one: beside another errand, in a field of its own.
    Ceremony {
        /// What judges the answer.
        state: String,
        /// Whose it must be, by id; empty: anybody's.
        account: String,
    },
    /// Somebody changes what they sign in with.
    Enrol {
        /// In this session.
        sid: String,
        /// What becomes theirs by this form: a seed or recovery codes, once they show that they have them, or what an app
        /// password is called.
        pending: Vec<String>,
        /// What they were asked for it by, sealed as it was: it goes on when they have it.
        #[serde(default)]
        request: String,
    },
    /// Somebody who has just signed in is offered a passkey.
    Offer {
        /// In this session.
        sid: String,
        /// What goes on then.
        then: Box<Errand>,
    },
}

impl Sealed {
    /// `None` only when the library fails.
    pub(crate) fn seal(&self, key: &[u8; 32]) -> Option<String> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
        let mut text = serde_json::to_vec(self).ok()?;
        let nonce = key.seal_in_place_append_tag(Aad::empty(), &mut text).ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Some(base64url::encode(sealed))
    }

    pub(crate) fn open(text: &str, key: &[u8; 32]) -> Option<Self> {
        let mut bytes = base64url::decode_strict(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
        let plain = key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_its_realm_and_only_unchanged() {
        let sealed = Sealed { at: Timestamp::from_seconds(5), errand: Errand::Visit };
        let text = sealed.seal(&[1; 32]).unwrap();
        assert_eq!(Sealed::open(&text, &[1; 32]), Some(sealed));
        assert_eq!(Sealed::open(&text, &[2; 32]), None);
        let mut bytes = base64url::decode_strict(&text).unwrap();
        bytes[20] ^= 1;
        assert_eq!(Sealed::open(&base64url::encode(bytes), &[1; 32]), None);
        assert_eq!(Sealed::open("", &[1; 32]), None);
        assert_eq!(Sealed::open("AAAA", &[1; 32]), None);
    }
}

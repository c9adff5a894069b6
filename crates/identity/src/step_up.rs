//! How sure it is who somebody is: what they showed (RFC 8176), which class of sign-in that makes, and what
//! is missing for another (RFC 9470).

use std::collections::BTreeSet;

/// What somebody showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// A code of an authenticator.
    OneTimeCode,
    /// A recovery code.
    RecoveryCode,
    /// A code that was mailed to an address that is theirs.
    MailedCode,
    /// A passkey.
    Passkey {
        /// Whether the authenticator made sure who holds it.
        verified: bool,
        /// Whether it is bound to one device.
        hardware: bool,
    },
    /// Two factors, in this browser, some days ago; it was asked to be remembered. No factor of this sign-in.
    RememberedBrowser,
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Nothing,
    /// Another factor than the one that was shown.
    Factor,
    /// A passkey.
    Passkey,
}

/// The classes of sign-in that every API may demand, beside those that its document names: one factor, two
/// factors, and OpenID's for what cannot be phished, in any form and in hardware.
pub const CLASSES: [&str; 4] = ["pwd", "mfa", "phr", "phrh"];

/// What was shown so far, as the values of `amr` (RFC 8176 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(BTreeSet<&'static str>);

/// In the order in which they are written.
const VALUES: [&str; 7] = ["pwd", "otp", "hwk", "swk", "user", "mfa", "rba"];

impl Shown {
    /// What a session says that was shown.
    pub fn of(methods: &str) -> Self {
        Self(VALUES.into_iter().filter(|value| methods.split(' ').any(|word| word == *value)).collect())
    }

    /// Adds what was shown now.
    pub fn add(&mut self, method: Method) {
        let values: &[&'static str] = match method {
            Method::Password => &["pwd"],
            Method::OneTimeCode | Method::RecoveryCode | Method::MailedCode => &["otp"],
            Method::Passkey { verified, hardware } => {
                self.0.insert(if hardware { "hwk" } else { "swk" });
                // Something that one has, opened by something that one is or knows.
                if verified { &["user", "mfa"] } else { &[] }
            }
            // "Risk-based": the browser is known, no second factor was shown today.
            Method::RememberedBrowser => &["rba"],
        };
        self.0.extend(values);
        let knows = self.0.contains("pwd");
        let has = ["otp", "hwk", "swk"].iter().any(|value| self.0.contains(value));
        if knows && has {
            self.0.insert("mfa");
        }
    }

    /// As a session keeps it and a token says it.
    pub fn text(&self) -> String {
        VALUES.into_iter().filter(|value| self.0.contains(value)).collect::<Vec<_>>().join(" ")
    }

    /// The class that a sign-in gets for this: the one that was asked for, where it holds.
    pub fn class(&self, asked: Option<&str>) -> String {
        match asked {
            // Whoever shows more than was asked for has shown more.
            Some(asked) if asked != "pwd" && self.missing(asked) == Missing::Nothing => asked.to_owned(),
            Some(_) | None if self.0.contains("mfa") => "mfa".to_owned(),
            Some(_) | None => "pwd".to_owned(),
        }
    }

    /// What is missing for a class. One that a document made up needs two factors: Lobby cannot know more.
    pub fn missing(&self, class: &str) -> Missing {
        let has = |value| self.0.contains(value);
        let verified = has("mfa");
        let good = match class {
            "pwd" => return Missing::Nothing,
            "phr" => verified && (has("hwk") || has("swk")),
            "phrh" => verified && has("hwk"),
            _ if verified => true,
            _ => return Missing::Factor,
        };
        if good { Missing::Nothing } else { Missing::Passkey }
    }

    /// What is missing for the class that everybody is asked for: a browser that is remembered stands for a second
    /// factor there, and for nothing that is demanded beyond.
    pub fn missing_by_policy(&self, class: &str) -> Missing {
        match self.missing(class) {
            Missing::Factor if self.0.contains("pwd") && self.0.contains("rba") => Missing::Nothing,
            missing => missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(methods: &[Method]) -> Shown {
        let mut shown = Shown::default();
        for method in methods {
            shown.add(*method);
        }
        shown
    }

    const SYNCED: Method = Method::Passkey { verified: true, hardware: false };
    const KEY: Method = Method::Passkey { verified: true, hardware: true };
    const TOUCHED: Method = Method::Passkey { verified: false, hardware: true };

    #[test]
    fn what_was_shown_is_said_in_the_words_of_the_registry() {
        for (methods, amr, acr) in [
            (&[Method::Password][..], "pwd", "pwd"),
            (&[Method::Password, Method::OneTimeCode], "pwd otp mfa", "mfa"),
            (&[Method::Password, Method::RecoveryCode], "pwd otp mfa", "mfa"),
            (&[Method::Password, Method::MailedCode], "pwd otp mfa", "mfa"),
            (&[Method::Password, Method::RememberedBrowser], "pwd rba", "pwd"),
            (&[SYNCED], "swk user mfa", "mfa"),
            (&[KEY], "hwk user mfa", "mfa"),
            (&[TOUCHED], "hwk", "pwd"),
            (&[Method::Password, TOUCHED], "pwd hwk mfa", "mfa"),
            (&[Method::OneTimeCode], "otp", "pwd"),
        ] {
            let shown = shown(methods);
            assert_eq!((shown.text().as_str(), shown.class(None).as_str()), (amr, acr), "{methods:?}");
            assert_eq!(Shown::of(&shown.text()), shown);
        }
        assert_eq!(Shown::of("pwd nonsense mfa").text(), "pwd mfa");
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        for (methods, class, missing) in [
            (&[Method::Password][..], "pwd", Missing::Nothing),
            (&[Method::Password], "mfa", Missing::Factor),
            (&[Method::Password], "urn:example:gold", Missing::Factor),
            (&[Method::Password], "phr", Missing::Passkey),
            (&[Method::Password, Method::OneTimeCode], "mfa", Missing::Nothing),
            (&[Method::Password, Method::OneTimeCode], "phr", Missing::Passkey),
            (&[Method::Password, Method::MailedCode], "phr", Missing::Passkey),
            (&[Method::Password, Method::MailedCode], "phrh", Missing::Passkey),
            (&[SYNCED], "phr", Missing::Nothing),
            (&[SYNCED], "phrh", Missing::Passkey),
            (&[KEY], "phrh", Missing::Nothing),
            (&[SYNCED], "urn:example:gold", Missing::Nothing),
        ] {
            assert_eq!(shown(methods).missing(class), missing, "{methods:?} for {class}");
        }
        assert_eq!(shown(&[SYNCED]).class(Some("phr")), "phr");
        let remembered = shown(&[Method::Password, Method::RememberedBrowser]);
        for (class, by_policy, missing) in [
            ("pwd", Missing::Nothing, Missing::Nothing),
            ("mfa", Missing::Nothing, Missing::Factor),
            ("phr", Missing::Passkey, Missing::Passkey),
        ] {
            assert_eq!(
                (remembered.missing_by_policy(class), remembered.missing(class)),
                (by_policy, missing)
            );
        }
        assert_eq!(shown(&[Method::RememberedBrowser]).missing_by_policy("mfa"), Missing::Factor);
        assert_eq!(shown(&[Method::Password]).class(Some("mfa")), "pwd", "no class without its factors");
    }
}

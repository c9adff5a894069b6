//! Whether a password is known from leaks: by the filter in the program, one of your own, or a service that is
//! asked with five digits of a hash.

use std::{fmt, future::Future, pin::Pin};

use super::{
    About, Accepted, Leaked, Refusal, Refusals, Rules,
    filter::{Filter, FilterError, Sha1},
    guess::strength,
    judge,
    normal::{LONGEST, nfkc},
};

/// The filter of the commonest passwords; data/README.md says where it is from.
pub static COMMON: &[u8] = include_bytes!("../../data/common.filter");

/// What a filter lies in: a mapped file, as a rule.
pub struct Mapped(Box<dyn AsRef<[u8]> + Send + Sync>);

impl Mapped {
    /// Any bytes that stay as they are.
    pub fn new(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Box::new(bytes))
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().as_ref()
    }
}

/// Asks a service for a range of hashes.
pub trait Ranges: Send + Sync {
    /// The answer to `prefix`, five hexadecimal digits in capitals: `SUFFIX:COUNT` a line. `None` where none
    /// came, or not in time; the reason is its maker's to log.
    fn range<'a>(&'a self, prefix: &'a str) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;
}

/// What it means that the service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The password is taken.
    Allow,
    /// It is refused.
    Refuse,
}

/// Which passwords are known from leaks: `passwords.breached` of lobby.yaml.
pub enum Breaches {
    /// None are looked up.
    Off,
    /// The commonest 40,101.
    Embedded(Filter<&'static [u8]>),
    /// Those of a file.
    File(Filter<Mapped>),
    /// Those that a service knows.
    Api {
        /// Who asks it.
        ranges: Box<dyn Ranges>,
        /// Where it does not answer.
        on_error: OnError,
    },
}

impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("Off"),
            Self::Embedded(filter) => write!(f, "Embedded({filter:?})"),
            Self::File(filter) => write!(f, "File({filter:?})"),
            Self::Api { on_error, .. } => write!(f, "Api({on_error:?})"),
        }
    }
}

impl Breaches {
    /// The filter in the program.
    pub fn embedded() -> Result<Self, FilterError> {
        Filter::open(COMMON).map(Self::Embedded)
    }

    /// Whether the password is known, as typed or in its NFKC form. Of a service it learns five digits of
    /// SHA-1, which some 1,800 of its hashes share.
    pub async fn look_up(&self, password: &str) -> Leaked {
        match self {
            Self::Off | Self::Embedded(_) | Self::File(_) => self.look_up_here(password),
            // Nothing of this length is accepted, whatever a service says.
            Self::Api { .. } if password.len() > LONGEST => Leaked::No,
            Self::Api { ranges, on_error } => ask(ranges.as_ref(), *on_error, password).await,
        }
    }

    /// The same of what is known here: no service is asked.
    fn look_up_here(&self, password: &str) -> Leaked {
        if password.len() > LONGEST {
            return Leaked::No;
        }
        match self {
            Self::Off | Self::Api { .. } => Leaked::No,
            // Half of the list is in lower case whatever the leak had.
            Self::Embedded(filter) => {
                found(filter.knows(password.as_bytes()) || filter.knows(password.to_lowercase().as_bytes()))
            }
            Self::File(filter) => found(filter.knows(password.as_bytes())),
        }
    }
}

fn found(is_found: bool) -> Leaked {
    if is_found { Leaked::Yes } else { Leaked::No }
}

async fn ask(ranges: &dyn Ranges, on_error: OnError, password: &str) -> Leaked {
    let normal = nfkc(password);
    let other = Some(normal.as_ref()).filter(|normal| *normal != password);
    for form in [password].into_iter().chain(other) {
        let hash = hex(&Sha1::of(form));
        let (prefix, suffix) = hash.split_at(5);
        match ranges.range(prefix).await.and_then(|answer| is_in_range(&answer, suffix)) {
            Some(true) => return Leaked::Yes,
            Some(false) => {}
            None if on_error == OnError::Allow => {}
            None => return Leaked::Unknown,
        }
    }
    Leaked::No
}

/// Whether a range answer has `suffix`, the 35 digits after the prefix. Lines with a count of 0 are padding. An
/// answer with a line of another form is none: a page of a proxy must not read as "clear".
pub fn is_in_range(answer: &str, suffix: &str) -> Option<bool> {
    let mut is_found = false;
    for line in answer.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let (known, count) = line.split_once(':')?;
        let is_suffix = known.len() == 35 && known.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        if !is_suffix || !is_count {
            return None;
        }
        let is_padding = count.bytes().all(|byte| byte == b'0');
        is_found |= !is_padding && known.eq_ignore_ascii_case(suffix);
    }
    Some(is_found)
}

fn hex(hash: &Sha1) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default().to_ascii_uppercase();
    hash.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What is said of a password while it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// zxcvbn's score, 0 to 4.
    pub score: u8,
    /// Why it would be refused.
    pub refusals: Option<Refusals>,
}

/// What new passwords are held against, whole: `passwords:` of lobby.yaml.
#[derive(Debug)]
pub struct Policy {
    /// What one must be.
    pub rules: Rules,
    /// Which are known from leaks.
    pub breaches: Breaches,
}

impl Policy {
    /// Looks `candidate` up, and judges it.
    pub async fn judge(&self, candidate: &str, about: &About<'_>) -> Result<Accepted, Refusals> {
        let fits = candidate.len() <= self.rules.max_bytes;
        let leaked = if fits { self.breaches.look_up(candidate).await } else { Leaked::No };
        judge(candidate, about, &self.rules, leaked)
    }

    /// What may be said of `candidate` while it is typed, which is no judgement yet: no service is asked of it.
    pub fn foresee(&self, candidate: &str, about: &About<'_>) -> Foreseen {
        let judged = judge(candidate, about, &self.rules, self.breaches.look_up_here(candidate));
        let known = match &judged {
            Ok(_) => None,
            Err(refusals) => refusals.iter().find_map(|refusal| match refusal {
                Refusal::Guessable { score, .. } => Some(*score),
                Refusal::TooLong { .. } => Some(0),
                Refusal::TooShort { .. }
                | Refusal::Classes { .. }
                | Refusal::Breached
                | Refusal::BreachUnknown
                | Refusal::Like(_) => None,
            }),
        };
        let score = known.unwrap_or_else(|| {
            let about = if self.rules.like_user { about.cut() } else { About::default() };
            strength(&nfkc(candidate), &about, &self.rules).score
        });
        Foreseen { score, refusals: judged.err() }
    }

    /// Whether a password that was right at a sign-in is known from leaks, so that another must be chosen. A
    /// service that does not answer forces nobody.
    pub async fn is_leaked(&self, password: &str) -> bool {
        match self.breaches.look_up(password).await {
            Leaked::Yes => true,
            Leaked::No | Leaked::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests;

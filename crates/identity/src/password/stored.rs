use aws_lc_rs::digest::{Context, SHA256};
use model::Secret;

use super::Phc;

/// How an account's password is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// As it is written: a persona's, which is no secret.
    Written(Secret<String>),
    /// As a hash.
    Hashed(Phc),
    /// It has none, or nobody has the name: no password is right, after the same work.
    None,
}

impl Stored {
    /// Changes when the password does: by this a pair that was right is forgotten.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        match self {
            Self::Written(written) => {
                context.update(b"written ");
                context.update(written.expose().as_bytes());
            }
            Self::Hashed(phc) => {
                context.update(b"hashed ");
                context.update(phc.as_str().as_bytes());
            }
            Self::None => {}
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        out
    }
}

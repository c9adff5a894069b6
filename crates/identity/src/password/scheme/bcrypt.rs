use base64::{Engine, alphabet::BCRYPT};

use super::{
    is_same,
    text::{engine, number},
};
use crate::password::PhcError;

/// Beyond it one check takes more than two seconds.
const MOST_COST: u32 = 15;
/// bcrypt sees no more, its ending NUL included.
const LONGEST: usize = 72;

/// `$2b$cost$salt and hash`: what Auth0 and many frameworks keep.
#[derive(Clone)]
pub(in crate::password) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    hash: Vec<u8>,
}

impl Bcrypt {
    /// What follows `$2b$`. `2x` is not read: it is of a wrong program, whose hashes collide.
    pub(super) fn parse(rest: &str) -> Result<Self, PhcError> {
        let (cost, rest) = rest.split_once('$').ok_or(PhcError::Form)?;
        if cost.len() != 2 || rest.len() != 53 {
            return Err(PhcError::Form);
        }
        let cost = number(cost)?;
        if cost < 4 {
            return Err(PhcError::Parameters);
        }
        if cost > MOST_COST {
            return Err(PhcError::Cost);
        }
        let (salt, hash) = rest.split_at_checked(22).ok_or(PhcError::Form)?;
        let alphabet = engine(&BCRYPT);
        let salt = alphabet.decode(salt).map_err(|_| PhcError::Bytes)?;
        let hash = alphabet.decode(hash).map_err(|_| PhcError::Bytes)?;
        let salt = salt.try_into().map_err(|_| PhcError::Bytes)?;
        Ok(Self { cost, salt, hash })
    }

    /// What was hashed ended after 72 bytes, so no more of `password` can count here; once it is hashed anew,
    /// all of it does.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let ended: Vec<u8> = password.iter().copied().chain([0]).take(LONGEST).collect();
        let made = ::bcrypt::bcrypt(self.cost, self.salt, &ended);
        made.get(..self.hash.len()).is_some_and(|made| is_same(made, &self.hash))
    }
}

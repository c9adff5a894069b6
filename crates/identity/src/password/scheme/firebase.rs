use aws_lc_rs::{
    cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};

use super::{
    is_same, scrypt_into, scrypt_memory,
    text::{Fields, base64, bytes, number},
};
use crate::password::PhcError;

/// Firebase Authentication's scrypt: what scrypt makes of the password is not compared, it encrypts the
/// project's signer key (AES-256 in counter mode, from zero), and the result is.
#[derive(Clone)]
pub(in crate::password) struct Firebase {
    /// log2 of scrypt's N: `mem_cost`.
    pub(in crate::password) log_n: u8,
    /// scrypt's r: `rounds`.
    pub(in crate::password) r: u32,
    pub(in crate::password) salt: Vec<u8>,
    pub(in crate::password) separator: Vec<u8>,
    pub(in crate::password) signer: Vec<u8>,
    pub(in crate::password) hash: Vec<u8>,
}

impl Firebase {
    /// What follows the name: `ln=14,r=8,sep=…,key=…$salt$hash`. This form is ours: Firebase has none.
    pub(super) fn parse(rest: &str) -> Result<Self, PhcError> {
        let fields = Fields::parse(rest)?;
        let [log_n, r, separator, signer] = fields.values(["ln", "r", "sep", "key"])?;
        let log_n = u8::try_from(number(log_n)?).map_err(|_| PhcError::Cost)?;
        let r = number(r)?;
        scrypt_memory(log_n, r, 1).ok_or(PhcError::Cost)?;
        Ok(Self {
            log_n,
            r,
            salt: bytes(fields.salt, 1..=64)?,
            separator: bytes(separator, 0..=16)?,
            signer: bytes(signer, 16..=128)?,
            hash: bytes(fields.hash, 16..=128)?,
        })
    }

    pub(super) fn memory(&self) -> Option<u32> {
        scrypt_memory(self.log_n, self.r, 1)
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        self.encrypted(password).is_some_and(|made| is_same(&made, &self.hash))
    }

    fn encrypted(&self, password: &[u8]) -> Option<Vec<u8>> {
        let salt = [self.salt.as_slice(), &self.separator].concat();
        let mut key = [0; 32];
        scrypt_into(password, &salt, (self.log_n, self.r, 1), &mut key)?;
        let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_256, &key).ok()?).ok()?;
        let mut made = self.signer.clone();
        let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        key.less_safe_encrypt(&mut made, start).ok()?;
        Some(made)
    }

    pub(super) fn write(&self) -> String {
        let Self { log_n, r, salt, separator, signer, hash } = self;
        let (salt, hash) = (base64(salt), base64(hash));
        let (separator, signer) = (base64(separator), base64(signer));
        format!("$firebase-scrypt$ln={log_n},r={r},sep={separator},key={signer}${salt}${hash}")
    }
}

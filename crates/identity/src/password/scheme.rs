//! The schemes by which passwords were ever hashed: reading, checking, writing, and what each may cost.

mod bcrypt;
mod firebase;
mod pbkdf2;
mod text;

use argon2::{Algorithm, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use self::text::{Fields, base64, bytes};
use super::{Cost, PhcError, memory::Memory};

pub(super) use self::{
    bcrypt::Bcrypt,
    firebase::Firebase,
    pbkdf2::{Digest, Pbkdf2},
};

/// KiB that one check may take: 256 MiB (scrypt as OWASP has it takes 128).
const MOST_MEMORY: u32 = 256 * 1024;
/// KiB times passes, as a bound of time: some two seconds.
const MOST_WORK: u64 = 2 * 1024 * 1024;
/// Lanes of argon2, and scrypt's parallelism.
const MOST_LANES: u32 = 16;

/// A hash, taken apart.
#[derive(Clone)]
pub(super) enum Scheme {
    Argon2 { algorithm: Algorithm, version: Version, params: Params, salt: Vec<u8>, hash: Vec<u8> },
    Scrypt { log_n: u8, r: u32, p: u32, salt: Vec<u8>, hash: Vec<u8> },
    Firebase(Firebase),
    Pbkdf2(Pbkdf2),
    Bcrypt(Bcrypt),
}

impl Scheme {
    pub(super) fn parse(text: &str) -> Result<Self, PhcError> {
        // The longest that is known, with room.
        if text.len() > 1024 || !text.is_ascii() {
            return Err(PhcError::Form);
        }
        let rest = text.strip_prefix('$').ok_or(PhcError::Form)?;
        let (name, rest) = rest.split_once('$').ok_or(PhcError::Form)?;
        match name {
            "argon2i" => argon2(Algorithm::Argon2i, rest),
            "argon2d" => argon2(Algorithm::Argon2d, rest),
            "argon2id" => argon2(Algorithm::Argon2id, rest),
            "scrypt" => scrypt(rest),
            "firebase-scrypt" => Firebase::parse(rest).map(Self::Firebase),
            "pbkdf2" | "pbkdf2-sha1" => Pbkdf2::parse(Digest::Sha1, rest).map(Self::Pbkdf2),
            "pbkdf2-sha256" => Pbkdf2::parse(Digest::Sha256, rest).map(Self::Pbkdf2),
            "pbkdf2-sha512" => Pbkdf2::parse(Digest::Sha512, rest).map(Self::Pbkdf2),
            "2a" | "2b" | "2y" => Bcrypt::parse(rest).map(Self::Bcrypt),
            _ => Err(PhcError::Scheme),
        }
    }

    /// argon2id with these costs.
    pub(super) fn hash(password: &[u8], salt: &[u8; 16], cost: &Cost, memory: &mut Memory) -> Option<Self> {
        let params = cost.params()?;
        let mut hash = vec![0; 32];
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        memory.argon2((algorithm, version, &params), password, salt, &mut hash)?;
        Some(Self::Argon2 { algorithm, version, params, salt: salt.to_vec(), hash })
    }

    pub(super) fn verify(&self, password: &[u8], memory: &mut Memory) -> bool {
        match self {
            Self::Argon2 { algorithm, version, params, salt, hash } => {
                let mut made = vec![0; hash.len()];
                let kind = (*algorithm, *version, params);
                memory.argon2(kind, password, salt, &mut made).is_some() && is_same(&made, hash)
            }
            Self::Scrypt { log_n, r, p, salt, hash } => {
                let mut made = vec![0; hash.len()];
                scrypt_into(password, salt, (*log_n, *r, *p), &mut made).is_some() && is_same(&made, hash)
            }
            Self::Firebase(firebase) => firebase.verify(password),
            Self::Pbkdf2(pbkdf2) => pbkdf2.verify(password),
            Self::Bcrypt(bcrypt) => bcrypt.verify(password),
        }
    }

    /// KiB that a check takes.
    pub(super) fn memory(&self) -> u32 {
        match self {
            Self::Argon2 { params, .. } => params.m_cost(),
            Self::Scrypt { log_n, r, p, .. } => scrypt_memory(*log_n, *r, *p).unwrap_or(MOST_MEMORY),
            Self::Firebase(firebase) => firebase.memory().unwrap_or(MOST_MEMORY),
            Self::Pbkdf2(_) => 1,
            Self::Bcrypt(_) => 8,
        }
    }

    pub(super) fn is_current(&self, cost: &Cost) -> bool {
        match self {
            Self::Argon2 { algorithm, version, params, hash, .. } => {
                *algorithm == Algorithm::Argon2id
                    && *version == Version::V0x13
                    && (params.m_cost(), params.t_cost(), params.p_cost())
                        == (cost.memory, cost.passes, cost.lanes)
                    && hash.len() >= 32
            }
            Self::Scrypt { .. } | Self::Firebase(_) | Self::Pbkdf2(_) | Self::Bcrypt(_) => false,
        }
    }

    /// The PHC string; `None` for bcrypt, which always comes as one.
    pub(super) fn write(&self) -> Option<String> {
        Some(match self {
            Self::Argon2 { algorithm, version, params, salt, hash } => {
                let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
                let (version, salt, hash) = (u32::from(*version), base64(salt), base64(hash));
                format!("${}$v={version}$m={memory},t={passes},p={lanes}${salt}${hash}", algorithm.as_str())
            }
            Self::Scrypt { log_n, r, p, salt, hash } => {
                format!("$scrypt$ln={log_n},r={r},p={p}${}${}", base64(salt), base64(hash))
            }
            Self::Firebase(firebase) => firebase.write(),
            Self::Pbkdf2(pbkdf2) => pbkdf2.write(),
            Self::Bcrypt(_) => return None,
        })
    }
}

fn argon2(algorithm: Algorithm, rest: &str) -> Result<Scheme, PhcError> {
    // Hashes of before version 1.3 name none.
    let (version, rest) = match rest.strip_prefix("v=") {
        Some(rest) => rest.split_once('$').ok_or(PhcError::Form)?,
        None => ("16", rest),
    };
    let version = match version {
        "16" => Version::V0x10,
        "19" => Version::V0x13,
        _ => return Err(PhcError::Parameters),
    };
    let fields = Fields::parse(rest)?;
    let [memory, passes, lanes] = fields.numbers(["m", "t", "p"])?;
    let costs_too_much =
        memory > MOST_MEMORY || lanes > MOST_LANES || u64::from(memory) * u64::from(passes) > MOST_WORK;
    if costs_too_much {
        return Err(PhcError::Cost);
    }
    let (salt, hash) = (bytes(fields.salt, 8..=64)?, bytes(fields.hash, 12..=128)?);
    let params = Params::new(memory, passes, lanes, Some(hash.len())).map_err(|_| PhcError::Parameters)?;
    Ok(Scheme::Argon2 { algorithm, version, params, salt, hash })
}

fn scrypt(rest: &str) -> Result<Scheme, PhcError> {
    let fields = Fields::parse(rest)?;
    let [log_n, r, p] = fields.numbers(["ln", "r", "p"])?;
    let log_n = u8::try_from(log_n).map_err(|_| PhcError::Cost)?;
    scrypt_memory(log_n, r, p).ok_or(PhcError::Cost)?;
    let (salt, hash) = (bytes(fields.salt, 0..=64)?, bytes(fields.hash, 16..=128)?);
    ::scrypt::Params::new(log_n, r, p).map_err(|_| PhcError::Parameters)?;
    Ok(Scheme::Scrypt { log_n, r, p, salt, hash })
}

/// KiB that scrypt takes; `None` beyond what is given to anyone.
fn scrypt_memory(log_n: u8, r: u32, p: u32) -> Option<u32> {
    if !(1..=24).contains(&log_n) || !(1..=64).contains(&r) || !(1..=MOST_LANES).contains(&p) {
        return None;
    }
    let kib = (128 * u64::from(r) * ((1 << log_n) + u64::from(p))).div_ceil(1024);
    let fits = kib <= u64::from(MOST_MEMORY) + 1024 && kib * u64::from(p) <= MOST_WORK;
    u32::try_from(kib).ok().filter(|_| fits)
}

fn scrypt_into(password: &[u8], salt: &[u8], (log_n, r, p): (u8, u32, u32), out: &mut [u8]) -> Option<()> {
    let params = ::scrypt::Params::new(log_n, r, p).ok()?;
    ::scrypt::scrypt(password, salt, &params, out).ok()
}

fn is_same(made: &[u8], hash: &[u8]) -> bool {
    verify_slices_are_equal(made, hash).is_ok()
}

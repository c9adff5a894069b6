//! A set of SHA-1 hashes of stolen passwords, as binary fuse filters (Graf and Lemire, 2022): it knows every
//! hash that was put in, and takes one in 65,536 (or in 256) others for one of them.
//!
//! The file (numbers are little-endian):
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `LOBBYPW1` |
//! | 4 | bits of a fingerprint: 8 or 16 |
//! | 4 | shards, N |
//! | 8 | hashes in all |
//! | 8 | where the first shard's fingerprints begin |
//! | 32 | SHA-256 of these 32 bytes and the directory |
//! | N × 32 | the directory, a shard a row: its first key, its seed, its segment's length (4), its segments' length but for the last two (4), its hashes (8) |
//! | | zeros, then the fingerprints of each shard, one after the other, to the end |
//!
//! A key is the first eight bytes of a hash as a number. A shard has some 4 million consecutive ones, so that
//! building takes little memory.

mod write;

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use thiserror::Error;

pub use write::{BuildError, Builder, Built};

use super::normal::nfkc;

const MAGIC: &[u8; 8] = b"LOBBYPW1";
const HEAD: usize = 64;
const ROW: usize = 32;
/// xorf makes no longer segments.
const LONGEST_SEGMENT: u32 = 1 << 18;

/// SHA-1 of a password's UTF-8 bytes, as lists of stolen ones have it; it protects nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sha1(pub [u8; 20]);

impl Sha1 {
    /// Hashes it.
    pub fn of(password: impl AsRef<[u8]>) -> Self {
        let mut hash = [0; 20];
        hash.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_ref()).as_ref());
        Self(hash)
    }

    /// The first eight bytes.
    fn key(&self) -> u64 {
        self.0.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
    }
}

/// How long a fingerprint is: what is traded between size and false alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// 1.13 bytes a hash, one false alarm in 256.
    Eight,
    /// 2.26 bytes a hash, one false alarm in 65,536.
    Sixteen,
}

impl Bits {
    /// 8 or 16.
    pub fn count(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    fn bytes(self) -> u64 {
        u64::from(self.count() / 8)
    }
}

/// Why a file is no filter, or a damaged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FilterError {
    /// It does not begin as one.
    #[error("it is no filter of breached passwords; `lobby pwned build` makes one")]
    Form,
    /// Its head or directory was changed, or is cut off.
    #[error("its directory is damaged")]
    Directory,
    /// It has not the length that its directory says.
    #[error("it should have {expected} bytes and has {found}")]
    Length {
        /// By its directory.
        expected: u64,
        /// What there is.
        found: u64,
    },
}

/// A filter in memory, or mapped from a file.
pub struct Filter<B> {
    bytes: B,
    bits: Bits,
    entries: u64,
    shards: Vec<Shard>,
}

/// A row of the directory.
#[derive(Debug, Clone, Copy)]
struct Shard {
    first: u64,
    seed: u64,
    segment: u32,
    segments: u32,
    entries: u64,
    /// Where its fingerprints begin. Not written: they follow each other.
    start: u64,
}

impl Shard {
    fn fingerprints(&self) -> u64 {
        u64::from(self.segments) + 2 * u64::from(self.segment)
    }

    /// The three places of a hash, as xorf has them.
    fn places(&self, hash: u64) -> [u64; 3] {
        let (segment, mask) = (u64::from(self.segment), u64::from(self.segment.saturating_sub(1)));
        let wide = (u128::from(hash) * u128::from(self.segments)) >> 64;
        let first = u64::try_from(wide).unwrap_or_default();
        let second = (first + segment) ^ (hash >> 18 & mask);
        let third = (first + 2 * segment) ^ (hash & mask);
        [first, second, third]
    }

    fn is_sound(&self) -> bool {
        self.segment.is_power_of_two()
            && self.segment <= LONGEST_SEGMENT
            && self.segments > 0
            && self.segments.is_multiple_of(self.segment)
            && self.entries > 0
    }
}

impl<B: AsRef<[u8]>> Filter<B> {
    /// Reads head and directory, and holds the length against them. The fingerprints are not read: it takes as
    /// long for a list of a thousand million as for one of a thousand.
    pub fn open(bytes: B) -> Result<Self, FilterError> {
        let all = bytes.as_ref();
        let head = all.get(..HEAD).filter(|head| head.starts_with(MAGIC)).ok_or(FilterError::Form)?;
        let (said, seal) = head.split_at(32);
        let bits = match number(said, 8, 4) {
            8 => Bits::Eight,
            16 => Bits::Sixteen,
            _ => return Err(FilterError::Directory),
        };
        let (rows, entries, body) = (number(said, 12, 4), number(said, 16, 8), number(said, 24, 8));
        let rows = usize::try_from(rows).map_err(|_| FilterError::Directory)?;
        let end = rows.checked_mul(ROW).and_then(|length| length.checked_add(HEAD));
        let end = end.filter(|end| *end as u64 <= body).ok_or(FilterError::Directory)?;
        let directory = all.get(HEAD..end).ok_or(FilterError::Directory)?;
        if digest(&SHA256, &[said, directory].concat()).as_ref() != seal {
            return Err(FilterError::Directory);
        }
        let (shards, expected) = rows_of(directory, bits, body)?;
        if shards.iter().map(|shard| shard.entries).sum::<u64>() != entries {
            return Err(FilterError::Directory);
        }
        let found = all.len() as u64;
        if found != expected {
            return Err(FilterError::Length { expected, found });
        }
        Ok(Self { bytes, bits, entries, shards })
    }

    /// Whether the hash is in it; a false alarm is as rare as [`Filter::bits`] says.
    pub fn contains(&self, hash: &Sha1) -> bool {
        let key = hash.key();
        let after = self.shards.partition_point(|shard| shard.first <= key);
        let Some(shard) = after.checked_sub(1).and_then(|place| self.shards.get(place)) else {
            return false;
        };
        let hash = mixed(key.wrapping_add(shard.seed));
        let found = shard.places(hash).map(|place| self.fingerprint(shard, place));
        let print = (hash ^ hash >> 32) & ((1 << self.bits.count()) - 1);
        // Outside of the bytes: the file shrank under a mapping that did not. Nothing is found there.
        let rest = found.into_iter().try_fold(print, |print, found| found.map(|found| print ^ found));
        rest == Some(0)
    }

    /// Whether a password is in it, as it is typed or in its NFKC form.
    pub fn knows(&self, password: &[u8]) -> bool {
        let normal = std::str::from_utf8(password).map(nfkc);
        self.contains(&Sha1::of(password))
            || normal.is_ok_and(|normal| {
                normal.as_bytes() != password && self.contains(&Sha1::of(normal.as_bytes()))
            })
    }

    fn fingerprint(&self, shard: &Shard, place: u64) -> Option<u64> {
        let width = self.bits.bytes();
        let start = usize::try_from(shard.start + place * width).ok()?;
        let bytes = self.bytes.as_ref().get(start..)?.get(..usize::try_from(width).ok()?)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// How long its fingerprints are.
    pub fn bits(&self) -> Bits {
        self.bits
    }

    /// How many hashes were put in.
    pub fn entries(&self) -> u64 {
        self.entries
    }
}

impl<B> fmt::Debug for Filter<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({} hashes, {:?})", self.entries, self.bits)
    }
}

/// The rows of the directory, and where the file ends by them.
fn rows_of(directory: &[u8], bits: Bits, body: u64) -> Result<(Vec<Shard>, u64), FilterError> {
    let mut shards: Vec<Shard> = Vec::new();
    let mut start = body;
    for row in directory.chunks_exact(ROW) {
        let narrow = |from| u32::try_from(number(row, from, 4)).unwrap_or_default();
        let shard = Shard {
            first: number(row, 0, 8),
            seed: number(row, 8, 8),
            segment: narrow(16),
            segments: narrow(20),
            entries: number(row, 24, 8),
            start,
        };
        let follows = shards.last().is_none_or(|before| before.first < shard.first);
        let length = shard.fingerprints().checked_mul(bits.bytes());
        let end = length.and_then(|length| start.checked_add(length));
        start = end.filter(|_| follows && shard.is_sound()).ok_or(FilterError::Directory)?;
        shards.push(shard);
    }
    Ok((shards, start))
}

/// `length` bytes from `from`, as a number; what is not there is 0.
fn number(bytes: &[u8], from: usize, length: usize) -> u64 {
    bytes.iter().skip(from).take(length).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The end of murmur3, by which xorf mixes a key.
fn mixed(key: u64) -> u64 {
    let key = (key ^ key >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let key = (key ^ key >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ key >> 33
}

#[cfg(test)]
mod tests;

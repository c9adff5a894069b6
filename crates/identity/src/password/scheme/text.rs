use std::ops::RangeInclusive;

use base64::{
    Engine,
    alphabet::{Alphabet, STANDARD},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::password::PhcError;

/// As the PHC string format writes: no padding. Padding is borne, since some write it.
const PHC: GeneralPurpose = engine(&STANDARD);

pub(super) const fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

pub(super) fn base64(bytes: &[u8]) -> String {
    PHC.encode(bytes)
}

/// Base64 of so many bytes. passlib writes `.` for `+`.
pub(super) fn bytes(text: &str, length: RangeInclusive<usize>) -> Result<Vec<u8>, PhcError> {
    let bytes = PHC.decode(text.replace('.', "+")).map_err(|_| PhcError::Bytes)?;
    if length.contains(&bytes.len()) { Ok(bytes) } else { Err(PhcError::Bytes) }
}

/// `name=value,name=value$salt$hash`
pub(super) struct Fields<'a> {
    parameters: Vec<(&'a str, &'a str)>,
    pub(super) salt: &'a str,
    pub(super) hash: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, PhcError> {
        let mut parts = text.split('$');
        let (Some(parameters), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PhcError::Form);
        };
        let parameters: Option<_> =
            parameters.split(',').map(|parameter| parameter.split_once('=')).collect();
        Ok(Self { parameters: parameters.ok_or(PhcError::Parameters)?, salt, hash })
    }

    /// The values of exactly these parameters.
    pub(super) fn values<const N: usize>(&self, names: [&str; N]) -> Result<[&'a str; N], PhcError> {
        if self.parameters.len() != N {
            return Err(PhcError::Parameters);
        }
        let mut values = [""; N];
        for (name, to) in names.iter().zip(&mut values) {
            let found = self.parameters.iter().find(|(known, _)| known == name);
            *to = found.ok_or(PhcError::Parameters)?.1;
        }
        Ok(values)
    }

    /// As [`Fields::values`], as numbers.
    pub(super) fn numbers<const N: usize>(&self, names: [&str; N]) -> Result<[u32; N], PhcError> {
        let mut numbers = [0; N];
        for (text, to) in self.values(names)?.iter().zip(&mut numbers) {
            *to = number(text)?;
        }
        Ok(numbers)
    }

    /// As [`Fields::values`], but others may be there too.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// A number without signs. One that is too great for 32 bits costs too much, whatever it counts.
pub(super) fn number(text: &str) -> Result<u32, PhcError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PhcError::Parameters);
    }
    text.parse().map_err(|_| PhcError::Cost)
}

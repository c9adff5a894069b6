//! The few DER structures that hold keys: `SubjectPublicKeyInfo` (RFC 5280), `RSAPublicKey` and
//! `RSAPrivateKey` (RFC 8017 A.1), `PrivateKeyInfo` (RFC 5208). Lengths are checked, nothing recurses.

use super::{Curve, KeyError, Material};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

const ID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

/// Reads a `SubjectPublicKeyInfo`.
pub(super) fn public_key(spki: &[u8]) -> Result<Material, KeyError> {
    let malformed = KeyError::Member("SubjectPublicKeyInfo");
    let (mut body, rest) = element(spki, SEQUENCE).ok_or(malformed)?;
    let algorithm = take(&mut body, SEQUENCE).ok_or(malformed)?;
    let bits = take(&mut body, BIT_STRING).ok_or(malformed)?;
    // The first byte counts the unused bits of the last one.
    let [0, key @ ..] = bits else { return Err(malformed) };
    if !rest.is_empty() || !body.is_empty() {
        return Err(malformed);
    }
    let (name, parameters) = element(algorithm, OBJECT).ok_or(malformed)?;
    match name {
        ID_RSA => rsa_public(key).map(|(n, e)| Material::Rsa { n, e }).ok_or(malformed),
        ID_ED25519 if key.len() == 32 => Ok(Material::Ed25519 { x: key.to_vec() }),
        ID_EC => {
            let (curve, _) = element(parameters, OBJECT).ok_or(malformed)?;
            let curve = match curve {
                P256 => Curve::P256,
                P384 => Curve::P384,
                P521 => Curve::P521,
                _ => return Err(KeyError::Type),
            };
            ec_point(curve, key).ok_or(KeyError::Point)
        }
        _ => Err(KeyError::Type),
    }
}

/// Splits an uncompressed point.
pub(super) fn ec_point(curve: Curve, bytes: &[u8]) -> Option<Material> {
    let [4, coordinates @ ..] = bytes else { return None };
    let (x, y) = coordinates.split_at_checked(curve.length())?;
    (y.len() == curve.length()).then(|| Material::Ec { curve, x: x.to_vec(), y: y.to_vec() })
}

/// Reads modulus and exponent of an `RSAPublicKey`.
pub(super) fn rsa_public(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut body, rest) = element(der, SEQUENCE)?;
    let n = unsigned(&mut body)?.to_vec();
    let e = unsigned(&mut body)?.to_vec();
    (rest.is_empty() && body.is_empty()).then_some((n, e))
}

/// Reads d, p, q, dP, dQ and qInv of a PKCS#8 RSA key, in this order.
pub(super) fn rsa_private(pkcs8: &[u8]) -> Option<[&[u8]; 6]> {
    let (mut info, _) = element(pkcs8, SEQUENCE)?;
    take(&mut info, INTEGER)?;
    take(&mut info, SEQUENCE)?;
    let (mut key, _) = element(take(&mut info, OCTET_STRING)?, SEQUENCE)?;
    take(&mut key, INTEGER)?;
    unsigned(&mut key)?;
    unsigned(&mut key)?;
    let mut next = || unsigned(&mut key);
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// The two numbers of an `ECDSA-Sig-Value` (RFC 3279 2.2.3) side by side, each as long as a coordinate, as a JWS
/// has them.
pub(super) fn ecdsa_signature(curve: Curve, der: &[u8]) -> Option<Vec<u8>> {
    let (mut body, rest) = element(der, SEQUENCE)?;
    let (r, s) = (unsigned(&mut body)?, unsigned(&mut body)?);
    let zeros = |number: &[u8]| curve.length().checked_sub(number.len()).map(|zeros| vec![0; zeros]);
    let signature = [&zeros(r)?, r, &zeros(s)?, s].concat();
    (rest.is_empty() && body.is_empty()).then_some(signature)
}

/// A non-negative integer without its sign byte.
fn unsigned<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    match take(from, INTEGER)? {
        [0, digits @ ..] if !digits.is_empty() => Some(digits),
        [first, ..] if first & 0x80 != 0 => None,
        digits => Some(digits),
    }
}

fn take<'a>(from: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (content, rest) = element(from, tag)?;
    *from = rest;
    Some(content)
}

/// The content of the element with `tag` that `from` begins with, and what is behind it.
fn element(from: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, from) = from.split_first()?;
    let (short, from) = from.split_first()?;
    let (length, from) = match short {
        0..=0x7f => (usize::from(*short), from),
        0x81 | 0x82 => {
            let (bytes, from) = from.split_at_checked(usize::from(short & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), from)
        }
        _ => return None,
    };
    (*found == tag).then(|| from.split_at_checked(length)).flatten()
}

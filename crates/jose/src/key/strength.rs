//! Keys that are too weak, or too dear, to verify with.

use super::{KeyError, Material, roca};

pub(super) fn check(material: &Material) -> Result<(), KeyError> {
    match material {
        Material::Rsa { n, e } => rsa(n, e),
        Material::Ed25519 { x } if is_of_small_order(x) => Err(KeyError::Point),
        // The library checks that a point lies on its curve; the length of a secret decides its algorithms.
        Material::Ed25519 { .. } | Material::Ec { .. } | Material::Secret(_) => Ok(()),
    }
}

/// RFC 7518 3.3 and 3.5 ask for 2048 bits; above 8192 one verification costs more than a stranger may cause.
/// The exponent is odd and above 2^16 (FIPS 186-5 5.1), and short.
fn rsa(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let bits =
        |bytes: &[u8]| bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize);
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last & 1 == 1);
    let sound = (2048..=8192).contains(&bits(n)) && is_odd(n) && (17..=33).contains(&bits(e)) && is_odd(e);
    if !sound {
        return Err(KeyError::Size);
    }
    if roca::is_vulnerable(n) {
        return Err(KeyError::Roca);
    }
    Ok(())
}

/// The y coordinates of the points whose order divides 8, in every encoding below 2^255: with such a key a
/// signature that fits any message can be made by anybody (RFC 8032 5.1.7 checks S alone).
const SMALL_ORDER: [[u8; 32]; 7] = [
    ends(0, 0, 0),
    ends(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    // p - 1, p, and p + 1 for p = 2^255 - 19.
    ends(0xec, 0xff, 0x7f),
    ends(0xed, 0xff, 0x7f),
    ends(0xee, 0xff, 0x7f),
];

/// A number whose bytes are alike but for the lowest and the highest.
const fn ends(lowest: u8, between: u8, highest: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    let [first, .., last] = &mut bytes;
    *first = lowest;
    *last = highest;
    bytes
}

fn is_of_small_order(x: &[u8]) -> bool {
    let mut y = x.to_vec();
    if let Some(last) = y.last_mut() {
        // The highest bit is the sign of the other coordinate.
        *last &= 0x7f;
    }
    SMALL_ORDER.iter().any(|point| point.as_slice() == y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_points_of_order_eight_are_each_others_negative() {
        // y and -y: together they are p.
        let mut carry = 0u16;
        let sum: Vec<u8> = (0..32)
            .map(|at| {
                carry += u16::from(SMALL_ORDER[2][at]) + u16::from(SMALL_ORDER[3][at]);
                let byte = (carry & 0xff) as u8;
                carry >>= 8;
                byte
            })
            .collect();
        assert_eq!(sum, SMALL_ORDER[5]);
        assert_eq!(SMALL_ORDER[4][0], 0xec);
    }

    #[test]
    fn an_ed25519_key_of_small_order_is_refused() {
        for point in SMALL_ORDER {
            assert_eq!(check(&Material::Ed25519 { x: point.to_vec() }), Err(KeyError::Point));
            let mut other = point;
            other[31] |= 0x80;
            assert_eq!(check(&Material::Ed25519 { x: other.to_vec() }), Err(KeyError::Point));
        }
    }

    #[test]
    fn rsa_below_2048_bits_and_odd_exponents_are_refused() {
        let modulus = |bits: usize| {
            let mut n = vec![0xab; bits.div_ceil(8)];
            n[0] = if bits.is_multiple_of(8) { 0x80 } else { 1 << (bits % 8 - 1) };
            n
        };
        let e = [1, 0, 1];
        assert_eq!(rsa(&modulus(2048), &e), Ok(()));
        assert_eq!(rsa(&modulus(8192), &e), Ok(()));
        for bits in [1024, 2041, 2047, 8193] {
            assert_eq!(rsa(&modulus(bits), &e), Err(KeyError::Size), "{bits}");
        }
        for e in [&[][..], &[1], &[3], &[1, 0, 0], &[0xff, 0xff], &[3, 0, 0, 0, 1], &[1; 9]] {
            assert_eq!(rsa(&modulus(2048), e), Err(KeyError::Size), "{e:?}");
        }
    }
}

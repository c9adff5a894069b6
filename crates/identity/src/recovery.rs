//! Codes for whoever lost everything else: ten, shown once, each opens once. They have 120 random bits, so
//! that their SHA-256 keeps them (OWASP ASVS 5.0, 6.5.2).

use aws_lc_rs::digest;
use store::Hash;

/// How many there are.
pub const RECOVERY_CODES: usize = 10;
/// How many random bytes one is made of.
pub const RECOVERY_BYTES: usize = 15;

/// Digits and letters that are not taken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code of random bytes as it is shown: `k7mq-2p9d-xw4t-h0ne-83vb-r5sa`.
pub fn recovery_code(random: [u8; RECOVERY_BYTES]) -> String {
    let mut text = String::new();
    for (group, chunk) in random.chunks(5).enumerate() {
        let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in 0..8 {
            if place == 4 || (place == 0 && group > 0) {
                text.push('-');
            }
            let index = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
            text.push(ALPHABET.get(index).copied().map_or('0', char::from));
        }
    }
    text
}

/// What is kept of a user's code, and looked for when one is typed: capitals, spaces and dashes make no
/// difference, nor do letters that look like digits.
pub fn recovery_hash(user: &str, typed: &str) -> Hash {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    });
    let code: String = letters.take(64).collect();
    let mut hash = [0; 32];
    let digest = digest::digest(&digest::SHA256, format!("recovery code\0{user}\0{code}").as_bytes());
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_all_its_bits_in_six_groups() {
        assert_eq!(recovery_code([0; 15]), "0000-0000-0000-0000-0000-0000");
        assert_eq!(recovery_code([255; 15]), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
        let one = recovery_code(*b"\x00\x44\x32\x14\xc7AAAAAAAAAA");
        assert_eq!(one.len(), 29);
        assert!(one.starts_with("0123-4567-"), "{one}");
    }

    #[test]
    fn a_code_is_known_however_it_is_typed_and_is_one_persons() {
        let hash = recovery_hash("u1", "k7mq-0p91");
        assert_eq!(recovery_hash("u1", " K7MQ Op9l "), hash);
        assert_eq!(recovery_hash("u1", "k7mqOP9I"), hash);
        assert_ne!(recovery_hash("u1", "k7mq-0p92"), hash);
        assert_ne!(recovery_hash("u2", "k7mq-0p91"), hash);
    }
}

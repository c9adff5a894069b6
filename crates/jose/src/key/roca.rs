//! The fingerprint of CVE-2017-15361: the broken generator made primes of the form `k·M + (65537^a mod M)`,
//! M a product of small primes, so the modulus is a power of 65537 modulo each of them.

/// The odd primes up to 167, which divide M for every length of key. A sound modulus passes all of them
/// with a chance of about one in 2^27.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the factors of `n` (big-endian) can be computed with the published attack.
pub(super) fn is_vulnerable(n: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_65537(remainder(n, *prime), *prime))
}

fn remainder(n: &[u8], prime: u32) -> u32 {
    n.iter().fold(0, |rest, byte| ((rest << 8) | u32::from(*byte)) % prime)
}

fn is_power_of_65537(value: u32, prime: u32) -> bool {
    let base = 65537 % prime;
    let mut power = 1;
    // The powers repeat after at most prime - 1 steps.
    (0..prime).any(|_| {
        let found = power == value;
        power = power * base % prime;
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_told_from_other_remainders() {
        // 65537 ≡ 1 modulo 2^16's neighbours does not hold for 7: 65537 mod 7 = 3, which generates everything.
        assert!((1..7).all(|value| is_power_of_65537(value, 7)));
        assert!(!is_power_of_65537(0, 7));
        // Modulo 11 the powers of 65537 ≡ 10 are 1 and 10 alone.
        assert_eq!((0..11).filter(|value| is_power_of_65537(*value, 11)).collect::<Vec<_>>(), [1, 10]);
    }
}

//! One-time codes by time (RFC 6238): SHA-1, six digits, thirty seconds, which every authenticator knows.

use std::fmt::Write;

use aws_lc_rs::hmac;
use model::{RealmId, Timestamp};
use qrcodegen::{QrCode, QrCodeEcc};
use store::{Fault, Store};
use subtle::ConstantTimeEq;

/// How many random bytes a seed has: as many as the hash (RFC 4226 4, R6).
pub const SEED_BYTES: usize = 20;
/// For how many seconds a code is shown.
const PERIOD: u64 = 30;

/// The step of a moment. Authenticators know the real time alone.
fn step(real: Timestamp) -> u64 {
    u64::try_from(real.as_seconds()).unwrap_or(0) / PERIOD
}

/// The code of a seed that an authenticator shows now, and for how many seconds it is shown yet.
pub fn totp_code(seed: &[u8], real: Timestamp) -> (String, u64) {
    let into = u64::try_from(real.as_seconds()).unwrap_or(0) % PERIOD;
    (code(seed, step(real)), PERIOD - into)
}

/// Whether a typed code is one of now, or of the step before or after, and was not taken before: of a seed's
/// codes each opens once, and none after a later one (RFC 6238 5.2).
pub async fn take_totp(
    store: &Store,
    realm: &RealmId,
    user: &str,
    (seed, typed): (&[u8], &str),
    real: Timestamp,
) -> Result<bool, Fault> {
    match matching(seed, typed, real) {
        Some(step) => store.take_totp_step(realm, user, step).await,
        None => Ok(false),
    }
}

/// The step whose code was typed; each is compared, so that time tells nothing.
fn matching(seed: &[u8], typed: &str, real: Timestamp) -> Option<u64> {
    let typed: String = typed.chars().filter(char::is_ascii_digit).collect();
    let now = step(real);
    let mut found = None;
    for step in [now.saturating_sub(1), now, now.saturating_add(1)] {
        if bool::from(code(seed, step).as_bytes().ct_eq(typed.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// RFC 4226 5.3.
fn code(seed: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = tag.as_ref().last().map_or(0, |last| usize::from(last & 0xf));
    let bytes = tag.as_ref().get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000)
}

/// A seed as people read it and authenticators take it: base32 (RFC 4648 6) without padding.
pub fn seed_text(seed: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in seed.chunks(5) {
        let bits =
            chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let index = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
            text.push(ALPHABET.get(index).copied().map_or('A', char::from));
        }
    }
    text
}

/// What a QR code tells an authenticator: the account's seed, and whose it is.
pub fn totp_uri(service: &str, account: &str, seed: &[u8]) -> String {
    let escape = |text: &str| {
        let mut escaped = String::new();
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                // Writing to a `String` does not fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
        escaped
    };
    // A colon ends the service's name, also an escaped one.
    let service = escape(&service.replace(':', " "));
    let account = escape(&account.replace(':', " "));
    format!(
        "otpauth://totp/{service}:{account}?secret={}&issuer={service}&algorithm=SHA1&digits=6&period={PERIOD}",
        seed_text(seed)
    )
}

/// A QR code to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// How many modules it is wide and high, with the quiet zone.
    pub size: i32,
    /// The dark modules as the data of an SVG path, a unit each.
    pub path: String,
}

/// The QR code of a text; `None` where it is too long for one.
pub fn qr(text: &str) -> Option<Qr> {
    const QUIET: i32 = 4;
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).map(|_| 1).sum::<i32>();
            if run > 0 {
                // Writing to a `String` does not fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Some(Qr { size: code.size() + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 6238, appendix B.
    const SEED: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The appendix shows eight digits; these are the last six.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp_code(SEED, at(seconds)).0, expected, "{seconds}");
        }
        assert_eq!(totp_code(SEED, at(59)).1, 1);
        assert_eq!(totp_code(SEED, at(60)).1, 30);
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_more() {
        let shown = totp_code(SEED, at(3000)).0;
        for (seconds, good) in [(2939, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(matching(SEED, &shown, at(seconds)).is_some(), good, "{seconds}");
        }
        assert!(matching(SEED, &format!(" {} {}", &shown[..3], &shown[3..]), at(3000)).is_some());
        for junk in ["", "12345", "1234567", "abcdef", "００００００"] {
            assert_eq!(matching(SEED, junk, at(3000)), None, "{junk}");
        }
    }

    #[tokio::test]
    async fn a_code_opens_once_and_an_earlier_one_not_at_all() {
        let (store, realm) = (Store::in_memory().unwrap(), RealmId::new("main"));
        let take =
            async |code: &str, real| take_totp(&store, &realm, "u1", (SEED, code), real).await.unwrap();
        let (first, second) = (totp_code(SEED, at(3000)).0, totp_code(SEED, at(3030)).0);
        assert!(take(&second, at(3000)).await, "a clock may be fast");
        assert!(!take(&second, at(3030)).await);
        assert!(!take(&first, at(3030)).await, "it is older than one that was used");
        assert!(take(&totp_code(SEED, at(3060)).0, at(3060)).await);
    }

    #[test]
    fn a_seed_is_written_as_base32() {
        // RFC 4648, section 10.
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(seed_text(plain.as_bytes()), text);
        }
        assert_eq!(seed_text(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_uri_holds_what_is_asked_for_and_no_more() {
        assert_eq!(
            totp_uri("Book & shop: x", "ana@example.com", b"foobar"),
            "otpauth://totp/Book%20%26%20shop%20%20x:ana%40example.com?secret=MZXW6YTBOI\
             &issuer=Book%20%26%20shop%20%20x&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_qr_code_is_square_and_as_dark_as_its_modules() {
        let drawn = qr("otpauth://totp/a:b?secret=MZXW6YTBOI").unwrap();
        let code = QrCode::encode_text("otpauth://totp/a:b?secret=MZXW6YTBOI", QrCodeEcc::Medium).unwrap();
        let dark = (0..code.size())
            .flat_map(|y| (0..code.size()).map(move |x| (x, y)))
            .filter(|(x, y)| code.get_module(*x, *y))
            .count();
        let drawn_dark: usize = drawn
            .path
            .split('M')
            .skip(1)
            .map(|run| run.split('h').nth(1).unwrap().split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!((drawn_dark, drawn.size), (dark, code.size() + 8));
        assert_eq!(qr(&"x".repeat(5000)), None);
    }
}

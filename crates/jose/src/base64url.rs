//! Base64url as JOSE has it (RFC 7515 2): no padding, no white space, and one text per value.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use thiserror::Error;

/// A text that is no canonical base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not base64url without padding in its one canonical form")]
pub struct EncodingError;

/// Writes `bytes`.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads `text`, and refuses padding, white space, other alphabets and bits set behind the last byte: two
/// texts for one value would let a token be changed without its signature noticing.
pub fn decode_strict(text: impl AsRef<[u8]>) -> Result<Vec<u8>, EncodingError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EncodingError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_text() {
        assert_eq!(decode_strict("AA"), Ok(vec![0]));
        for text in ["AB", "AA==", "AA=", " AA", "AA\n", "A", "+/", "AAé", "A.A", "AA A"] {
            assert!(decode_strict(text).is_err(), "{text:?}");
        }
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|byte: u8| byte.wrapping_mul(7)).collect();
            assert_eq!(decode_strict(encode(&bytes)), Ok(bytes));
        }
    }
}

use std::sync::LazyLock;

use jose::{Algorithm, base64url, fuzz, jwt};
use proptest::{collection::vec, prelude::*};

use crate::stage::Stage;

static STAGE: LazyLock<(Stage, String)> = LazyLock::new(|| {
    let stage = Stage::new(Algorithm::Es256);
    let token = stage.token(|_| {});
    (stage, token)
});

/// Bytes that come nearer to a token than chance does.
fn shaped() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        Just(r#"{"alg":"ES256","typ":"at+jwt"}"#.to_owned()),
        Just(r#"{"alg":"none"}"#.to_owned()),
        Just(r#"{"iss":"x","exp":1e9,"aud":["a"],"cnf":{"jkt":"x"}}"#.to_owned()),
        "\\{\"[a-z]{0,4}\":[0-9e.\\[{\"]{0,8}\\}",
        ".{0,40}",
    ];
    let part = prop_oneof![json.prop_map(base64url::encode), "[A-Za-z0-9_=-]{0,20}"];
    vec(part, 0..7).prop_map(|parts| parts.join(".").into_bytes())
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop_oneof![vec(any::<u8>(), 0..300), shaped()]) {
        fuzz::jws(&bytes);
        fuzz::keys(&bytes);
        fuzz::proof(&bytes);
    }

    #[test]
    fn a_token_that_was_tampered_with_is_never_accepted(
        position in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3
    ) {
        let (stage, token) = &*STAGE;
        let mut bytes = token.clone().into_bytes();
        let at = position.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => drop(bytes.remove(at)),
        }
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(stage.judge(&changed).is_err() || changed == *token);
        }
    }

    #[test]
    fn base64url_reads_back_what_it_wrote_and_only_that(bytes in vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_-]{0,80}") {
        prop_assert_eq!(base64url::decode_strict(base64url::encode(&bytes)).unwrap(), bytes);
        if let Ok(read) = base64url::decode_strict(&text) {
            prop_assert_eq!(base64url::encode(read), text);
        }
    }

    #[test]
    fn whatever_is_opaque_has_no_two_dots(text in "[a-zA-Z0-9._~+/=-]{0,40}") {
        if jwt::classify(&text) == jwt::Bearer::Opaque {
            prop_assert!(text.matches('.').count() < 2 && !text.starts_with("eyJ"));
        }
    }
}

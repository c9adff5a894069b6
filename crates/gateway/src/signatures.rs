//! Which tokens were verified already: a signature is checked once.

use std::sync::Arc;

use guard::{Hash, Token};
use jose::KeySet;
use moka::sync::Cache;

/// What the verified tokens that are remembered may weigh, in bytes: a flood of new ones must not fill the
/// memory. Some 4,000 usual ones.
const WEIGHT: u64 = 6 << 20;

/// What the cache itself takes for one, near enough.
const ENTRY: usize = 256;

/// "This signature is good": the verified token by keys and hash. Times, audience and revocation are judged anew
/// on each request.
#[derive(Debug)]
pub(crate) struct Signatures(Cache<(usize, Hash), Remembered>);

/// The key set is held with the token, so that no other can come to lie at its address.
type Remembered = (Arc<KeySet>, Arc<Token>);

impl Signatures {
    pub(crate) fn new() -> Self {
        let weigh = |_: &(usize, Hash), (_, token): &Remembered| {
            u32::try_from(ENTRY + token.weight()).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(WEIGHT).weigher(weigh).build())
    }

    /// What was verified with exactly these keys: what a lost key signed is not remembered.
    pub(crate) fn find(&self, keys: &Arc<KeySet>, hash: Hash) -> Option<Arc<Token>> {
        self.0.get(&(Arc::as_ptr(keys).addr(), hash)).map(|(_, token)| token)
    }

    pub(crate) fn remember(&self, keys: &Arc<KeySet>, hash: Hash, token: Arc<Token>) {
        self.0.insert((Arc::as_ptr(keys).addr(), hash), (keys.clone(), token));
    }
}

#[cfg(test)]
mod tests {
    use guard::Issuers;
    use jose::{Algorithm, SigningKey, digest::sha256, jwt};
    use model::Timestamp;
    use serde_json::{Map, Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    /// Issues and verifies tokens of one issuer.
    struct Issuer {
        key: SigningKey,
        keys: Arc<KeySet>,
    }

    impl Issuer {
        fn new() -> Self {
            let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
            let keys = Arc::new(KeySet::new([key.public().clone()]));
            Self { key, keys }
        }

        fn verified(&self, jti: usize, more: &Map<String, Value>) -> (Hash, Arc<Token>) {
            let claims = json!({
                "iss": "http://127.0.0.1:4010", "sub": "alice", "aud": "http://127.0.0.1:4010/bookshop",
                "client_id": "app", "jti": format!("1234567890abcdefghijkl-{jti:08}"), "iat": NOW.as_seconds(),
                "exp": NOW.as_seconds() + 600, "auth_time": NOW.as_seconds(), "lobby_at": NOW.as_seconds(),
                "acr": "pwd", "sid": "1234567890abcdefghijkl", "roles": ["reader"],
                "scope": "books:read books:write orders:read orders:write profile openid",
            });
            let mut claims = claims.as_object().unwrap().clone();
            claims.extend(more.clone());
            let text = jwt::sign(&self.key, "at+jwt", &claims).unwrap();
            let trust = jwt::Trust::access_tokens(
                "http://127.0.0.1:4010",
                self.keys.clone(),
                "http://127.0.0.1:4010/bookshop",
            );
            let issuers = Issuers { trusts: vec![trust], ours: 1, unavailable: Vec::new() };
            (sha256(&text), Arc::new(Token::verify(&text, &issuers, NOW).unwrap()))
        }
    }

    #[test]
    fn what_is_remembered_of_a_token_is_little_and_its_own_claims_add_nothing() {
        let issuer = Issuer::new();
        let (_, usual) = issuer.verified(1, &Map::new());
        assert!((500..2_000).contains(&usual.weight()), "{}", usual.weight());
        let long = Map::from_iter([("picture".to_owned(), json!("x".repeat(8_000)))]);
        let (_, talkative) = issuer.verified(2, &long);
        assert_eq!(talkative.weight(), usual.weight());
        assert!(talkative.claims().raw.is_empty());
        let many: Vec<String> = (0..200).map(|number| format!("books:read:shelf-{number}")).collect();
        let wide = Map::from_iter([("scope".to_owned(), json!(many.join(" ")))]);
        let (_, wide) = issuer.verified(3, &wide);
        assert!(wide.weight() > 200 * 20, "{}", wide.weight());
    }

    #[test]
    fn a_flood_of_new_tokens_fills_no_more_than_its_bound() {
        let (issuer, signatures) = (Issuer::new(), Signatures::new());
        let (_, token) = issuer.verified(0, &Map::new());
        // The same token under many names: signing 20,000 would take its time.
        for number in 0..20_000_u32 {
            signatures.remember(&issuer.keys, sha256(number.to_be_bytes()), token.clone());
        }
        signatures.0.run_pending_tasks();
        assert!(signatures.0.weighted_size() <= WEIGHT, "{}", signatures.0.weighted_size());
        let kept = signatures.0.entry_count();
        assert!((2_000..10_000).contains(&kept), "{kept}");
    }

    #[test]
    fn a_token_is_remembered_for_the_keys_that_verified_it() {
        let (issuer, signatures) = (Issuer::new(), Signatures::new());
        let (hash, token) = issuer.verified(0, &Map::new());
        signatures.remember(&issuer.keys, hash, token);
        assert!(signatures.find(&issuer.keys, hash).is_some());
        assert!(signatures.find(&Arc::new(KeySet::new([])), hash).is_none());
        assert!(signatures.find(&issuer.keys, sha256("another")).is_none());
    }
}

use jose::{Algorithm, SigningKey, dpop};
use model::Timestamp;
use testkit::Lobby;

/// A client's key, and a name for each of its proofs.
pub(crate) struct Prover {
    key: SigningKey,
}

impl Prover {
    pub(crate) fn new() -> Self {
        Self { key: SigningKey::generate(Algorithm::Es256).unwrap() }
    }

    pub(crate) fn proof(
        &self,
        jti: &str,
        method: &str,
        uri: &str,
        token: Option<&str>,
        nonce: Option<&str>,
    ) -> String {
        self.proof_made(0, jti, method, uri, token, nonce)
    }

    /// One that says it was made so many seconds after now.
    pub(crate) fn proof_made(
        &self,
        seconds: i64,
        jti: &str,
        method: &str,
        uri: &str,
        token: Option<&str>,
        nonce: Option<&str>,
    ) -> String {
        let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let now = Timestamp::from_seconds(now.saturating_add(seconds).max(1));
        dpop::proof(&self.key, &dpop::Request { method, uri, access_token: token, nonce, jti, now }).unwrap()
    }

    /// A token that is bound to the key, from the token endpoint.
    pub(crate) async fn token(&self, lobby: &Lobby) -> String {
        let proof = self.proof("token", "POST", &format!("{}/_lobby/oauth/token", lobby.url()), None, None);
        let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", "books:read")];
        let mut answer = lobby.post("/_lobby/oauth/token").header("dpop", &proof).form(&form).await;
        if let Some(nonce) = answer.header("dpop-nonce").map(str::to_owned)
            && answer.status() == 400
        {
            let uri = format!("{}/_lobby/oauth/token", lobby.url());
            let proof = self.proof("again", "POST", &uri, None, Some(&nonce));
            answer = lobby.post("/_lobby/oauth/token").header("dpop", &proof).form(&form).await;
        }
        answer.is(200);
        assert_eq!(answer.json()["token_type"], "DPoP");
        answer.string("/access_token")
    }
}

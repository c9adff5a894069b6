use http::StatusCode;
use jose::digest;
use serde_json::json;
use store::Pushed;

use crate::{
    answer::{Answer, Refusal, json_answer},
    authorize::{self, Unfit},
    client, dpop,
    opaque::Kind,
    parameters::Parameters,
    server::Call,
};

/// What proves the client, and is no part of the request that it pushes.
const PROOF: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// How many bytes of parameters are kept: no request that a browser could bring in its URL is larger.
const LARGEST: usize = 16 << 10;

/// Takes an authorization request beforehand, from the client itself (RFC 9126).
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Parameters::of_body(call.headers, body)?;
    form.once_each()?;
    let proven = client::authenticate(call, &form)?;
    if form.get("request_uri").is_some() {
        return Err(Refusal::request("`request_uri` cannot be pushed"));
    }
    let mut pairs: Vec<(String, String)> =
        form.pairs().iter().filter(|(name, _)| !PROOF.contains(&name.as_str())).cloned().collect();
    if form.get("client_id").is_none() {
        pairs.push(("client_id".to_owned(), proven.client.id.clone()));
    }
    if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LARGEST {
        return Err(Refusal::large("a pushed request has at most 16 KiB of parameters"));
    }
    if let Some(thumbprint) = dpop::shown_key(call, "/_lobby/oauth/par")? {
        // RFC 9449 10.1: the proof's key and `dpop_jkt` must be one.
        match form.get("dpop_jkt") {
            Some(named) if named != thumbprint => {
                return Err(Refusal::new("invalid_dpop_proof", "`dpop_jkt` is another key than the proof's"));
            }
            Some(_) => {}
            None => pairs.push(("dpop_jkt".to_owned(), thumbprint)),
        }
    }
    let parameters = Parameters::of_pairs(pairs.clone());
    authorize::check(&call.settings, call.visit, &parameters).map_err(refusal)?;
    let uri = Kind::Pushed.write(&call.visit.sandbox, &call.server.random::<32>());
    let lifetime = call.settings.lifetimes.par;
    let pushed = Pushed {
        client: proven.client.id,
        parameters: pairs,
        expires_at: call.visit.now.plus(lifetime),
        spent: false,
    };
    call.server.store.keep_pushed(&call.realm, digest::sha256(&uri), pushed).await?;
    let body = json!({"request_uri": uri, "expires_in": lifetime.as_secs()});
    Ok(json_answer(StatusCode::CREATED, &body))
}

fn refusal(unfit: Unfit) -> Refusal {
    match unfit {
        Unfit::Fault(fault) => fault.into(),
        Unfit::Client(_) => Refusal::client("the client is unknown"),
        Unfit::Redirect(_) => Refusal::request("`redirect_uri` is not one of the client's"),
        Unfit::Request(text) => Refusal::request(text),
        Unfit::Reply { error, description, .. } => Refusal::new(&error, description),
    }
}

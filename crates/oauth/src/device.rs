use std::time::Duration;

use http::StatusCode;
use jose::digest;
use model::{Scope, ScopeSet};
use serde_json::json;
use store::{Device, DeviceState, Grant};

use crate::{
    answer::{Answer, Refusal, json_answer},
    client,
    opaque::Kind,
    parameters::Parameters,
    scope,
    server::{Call, Server},
    settings::{GrantKind, Settings},
};

/// How long a device waits between two tries, in real time.
const INTERVAL: Duration = Duration::from_secs(5);
/// Letters that cannot be taken for one another, and make no words (RFC 8628 6.1). Eight of them are 34 bits,
/// and wrong ones are counted.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Gives a device two codes: one to ask with, one to show (RFC 8628 3.1).
pub(crate) async fn serve(call: &Call<'_>, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Parameters::of_body(call.headers, body)?;
    form.once_each()?;
    let proven = client::authenticate(call, &form)?;
    let settings = &call.settings;
    if !settings.allows(&proven.client, GrantKind::DeviceCode) {
        return Err(Refusal::new("unauthorized_client", "this client may not use this grant"));
    }
    let asked = scope::asked(settings, &proven.client, form.get("scope"))?;
    let audience = scope::audience(settings, call.visit, &form.resources(), asked.as_ref())?;
    let now = call.visit.now;
    let grant = Grant {
        client: proven.client.id.clone(),
        account: String::new(),
        scopes: asked.unwrap_or_else(|| every_scope(settings)),
        audience,
        sid: None,
        auth_time: now,
        signed_in_at: now,
        acr: String::new(),
        methods: Vec::new(),
        nonce: None,
        id_token_claims: Vec::new(),
        userinfo_claims: Vec::new(),
        thumbprint: None,
        certificate: None,
    };
    let lifetime = settings.lifetimes.device;
    let text = Kind::Device.write(&call.visit.sandbox, &call.server.random::<32>());
    // A code that is taken is as likely as guessing one.
    for _ in 0..8 {
        let user_code = user_code(call.server);
        let device = Device {
            user_code: user_code.clone(),
            grant: grant.clone(),
            expires_at: now.plus(lifetime),
            state: DeviceState::Pending,
            asked_from: call.visit.peer.to_string(),
        };
        let hash = digest::sha256(&text);
        if call.server.store.keep_device(&call.realm, hash, device, INTERVAL).await? {
            return Ok(answer(call, &text, &user_code, lifetime));
        }
    }
    Err(Refusal::fault())
}

fn answer(call: &Call<'_>, device_code: &str, user_code: &str, lifetime: Duration) -> Answer {
    let shown = shown(user_code);
    let page = format!("{}{}", call.visit.origin(), call.visit.path("/_lobby/device"));
    let joint = if page.contains('?') { '&' } else { '?' };
    let body = json!({
        "device_code": device_code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}{joint}user_code={shown}"),
        "expires_in": lifetime.as_secs(),
        "interval": INTERVAL.as_secs(),
    });
    json_answer(StatusCode::OK, &body)
}

/// Nothing was asked for: all that the APIs have; whoever allows it gives what they have of it.
fn every_scope(settings: &Settings) -> ScopeSet {
    let names = settings.apis.iter().flat_map(|api| api.scopes.keys());
    names.filter_map(|name| name.parse::<Scope>().ok()).collect()
}

fn user_code(server: &Server) -> String {
    let mut code = String::new();
    while code.len() < 8 {
        // 240 is the last multiple of 20 in a byte: what lies above would make some letters likelier.
        let bytes: [u8; 16] = server.random();
        let letters = bytes.iter().filter(|byte| **byte < 240);
        let letters = letters.filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
        code.extend(letters.map(|letter| char::from(*letter)).take(8 - code.len()));
    }
    code
}

/// As a device shows it: `BCDF-GHJK`.
pub(crate) fn shown(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

/// As it is stored, whatever a person typed between the letters.
pub(crate) fn normal(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).take(16).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "B.C.D.F-G.H.J.K"] {
            assert_eq!(normal(typed), "BCDFGHJK");
        }
    }
}

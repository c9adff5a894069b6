use bytes::Bytes;
use http::Response;
use jose::forge::Defect;
use serde_json::{Map, Value, json};

use crate::{
    Desk, Order, Unissued,
    body::Members,
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, ok},
};

const MEMBERS: [&str; 7] = ["as", "scope", "audience", "client_id", "lifetime", "claims", "defect"];

/// `POST /_lobby/token`
pub(crate) async fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let order = read(Members::read(call.request, &MEMBERS)?)?;
    let desk = &*call.control.rooms.desk;
    Catalogue::of(desk).persona(&order.persona).map_err(Refusal::wrong)?;
    let defect = order.defect;
    let (persona, wanted) = (order.persona.clone(), order.scope.clone());
    let issued = desk.issue(order, call.visit).await.map_err(|why| match why {
        Unissued::Wrong(detail) => Refusal::wrong(with_scopes(detail, desk, &persona, wanted.as_deref())),
        Unissued::Fault => Refusal::Fault,
    })?;
    // A token that has expired on purpose is good for no time at all.
    let good_for = if defect == Some(Defect::Expired) { 0 } else { issued.expires_in.as_secs() };
    Ok(ok(&json!({
        "access_token": issued.access_token,
        "token_type": issued.token_type,
        "expires_in": good_for,
        "scope": issued.scope.to_string(),
        "defect": defect.map(Defect::as_str),
    })))
}

/// Why a token was not made; where it is for a scope that the persona has not, with those that it has.
fn with_scopes(detail: String, desk: &dyn Desk, persona: &str, wanted: Option<&str>) -> String {
    let directory = desk.directory();
    let Some(account) = directory.account(persona) else { return detail };
    let scopes = account.scopes.to_string();
    let has = |word: &str| scopes.split(' ').any(|scope| scope == word);
    let lacks = wanted.unwrap_or_default().split(' ').any(|word| !word.is_empty() && !has(word));
    if lacks && !detail.ends_with(&scopes) { format!("{detail}; `{persona}` has: {scopes}") } else { detail }
}

fn read(mut members: Members) -> Result<Order, Refusal> {
    let defect = members.text("defect")?.map(|text| read_defect(&text)).transpose()?;
    let claims = match members.take("claims") {
        None => Map::new(),
        Some(Value::Object(claims)) => claims,
        Some(_) => return Err(Refusal::wrong("`claims` takes an object, as {\"tenant\":\"t-1\"}")),
    };
    Ok(Order {
        persona: members.required("as", "\"alice\"")?,
        scope: members.text("scope")?,
        audience: members.texts("audience")?,
        api: None,
        client_id: members.text("client_id")?,
        lifetime: members.duration("lifetime")?,
        claims,
        defect,
    })
}

/// The exact names: `-` is the command line's.
fn read_defect(text: &str) -> Result<Defect, Refusal> {
    let names = Defect::ALL.map(Defect::as_str);
    let defect = Defect::ALL.into_iter().find(|defect| defect.as_str() == text);
    defect.ok_or_else(|| {
        let detail = match model::nearest(text, names) {
            Some(near) => format!("there is no defect `{}`; did you mean `{near}`?", cut(text)),
            None => format!("there is no defect `{}`; there are: {}", cut(text), names.join(", ")),
        };
        Refusal::Wrong { detail }
    })
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

pub(super) fn refused(unissued: Unissued) -> Refusal {
    match unissued {
        Unissued::Wrong(detail) => Refusal::Wrong { detail },
        Unissued::Fault => Refusal::Fault,
    }
}

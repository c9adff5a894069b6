use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use contract::{Alternative, Demand, KeyPlace, Scheme, SchemeId, SchemeKind};
use http::Response;
use identity::{Account, default_key};
use model::ScopeSet;
use serde_json::{Map, Value, json};

use super::token::refused;
use crate::{
    Api, Order,
    body::Members,
    catalogue::Catalogue,
    control::Call,
    refusal::{Refusal, ok},
};

/// `POST /_lobby/credentials`: how a persona gets into an operation, for each alternative; without an
/// operation, by each scheme.
pub(crate) async fn post(call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
    let mut members = Members::read(call.request, &["as", "operation"])?;
    let name = members.required("as", "\"alice\"")?;
    let operation = members.text("operation")?;
    let desk = &*call.control.rooms.desk;
    let catalogue = Catalogue::of(desk);
    catalogue.persona(&name).map_err(Refusal::wrong)?;
    let directory = desk.directory();
    let Some(account) = directory.account(&name) else { return Err(Refusal::Fault) };
    let wanted = match &operation {
        None => by_scheme(&catalogue),
        Some(written) => by_operation(&catalogue, written)?,
    };
    let mut wallet = Wallet { call, account, tokens: Vec::new() };
    let mut alternatives = Vec::new();
    for (api, alternative) in wanted {
        alternatives.extend(wallet.way(api, &alternative).await?.map(Way::into_json));
    }
    Ok(ok(&json!({ "alternatives": alternatives })))
}

fn by_scheme<'a>(catalogue: &'a Catalogue<'_>) -> Vec<(&'a Api, Alternative)> {
    let alone = |scheme: SchemeId| {
        let demand = Demand { scheme, scopes: ScopeSet::new(), roles: std::collections::BTreeSet::new() };
        Alternative { demands: vec![demand] }
    };
    let each = |api: &'a Api| api.contract.schemes().iter().map(move |scheme| (api, alone(scheme.id)));
    catalogue.apis().iter().flat_map(each).collect()
}

/// An operation that demands nothing has one alternative, which is empty.
fn by_operation<'a>(
    catalogue: &'a Catalogue<'_>,
    written: &str,
) -> Result<Vec<(&'a Api, Alternative)>, Refusal> {
    let (api, operation) = catalogue.operation(written).map_err(Refusal::wrong)?;
    let requirement = &operation.requirement;
    let public = requirement.is_public().then(Alternative::default);
    let alternatives = requirement.alternatives.iter().cloned().chain(public);
    Ok(alternatives.map(|alternative| (api, alternative)).collect())
}

/// What a persona has at hand. One token does for all alternatives of an API.
struct Wallet<'a> {
    call: &'a Call<'a>,
    account: &'a Account,
    tokens: Vec<(Arc<str>, String)>,
}

/// One way in.
#[derive(Default)]
struct Way {
    schemes: Vec<Value>,
    headers: Map<String, Value>,
    query: Map<String, Value>,
    cookies: Map<String, Value>,
}

impl Wallet<'_> {
    /// How to meet an alternative; `None` where nobody can.
    async fn way(&mut self, api: &Api, alternative: &Alternative) -> Result<Option<Way>, Refusal> {
        let mut way = Way::default();
        for demand in &alternative.demands {
            let Some(scheme) = api.contract.scheme(demand.scheme) else { return Ok(None) };
            if !self.show(&mut way, api, scheme).await? {
                return Ok(None);
            }
            way.schemes.push(scheme.name.as_str().into());
        }
        Ok(Some(way))
    }

    /// Puts what `scheme` asks for into its place; whether that can be, and the place is free.
    async fn show(&mut self, way: &mut Way, api: &Api, scheme: &Scheme) -> Result<bool, Refusal> {
        let (place, name, value) = match &scheme.kind {
            SchemeKind::ApiKey { place, name } => (way.place(*place), name.as_str(), self.key(&scheme.name)),
            SchemeKind::Basic => (&mut way.headers, "Authorization", self.basic()),
            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                let token = self.token(api).await?;
                (&mut way.headers, "Authorization", format!("Bearer {token}"))
            }
            // The client's certificate is shown in the handshake.
            SchemeKind::MutualTls => return Ok(true),
            SchemeKind::Unmeetable { .. } => return Ok(false),
        };
        // Two schemes in one place: a field has one value, unless they ask for the same.
        let value = Value::from(value);
        let taken = place.insert(name.to_owned(), value.clone());
        Ok(taken.is_none_or(|before| before == value))
    }

    fn key(&self, scheme: &str) -> String {
        let written = self.account.keys.get(scheme).map(|key| key.expose().clone());
        written.unwrap_or_else(|| default_key(&self.account.name, scheme))
    }

    fn basic(&self) -> String {
        let pair = format!("{}:{}", self.account.name, self.account.written_password());
        format!("Basic {}", STANDARD.encode(pair))
    }

    async fn token(&mut self, api: &Api) -> Result<String, Refusal> {
        if let Some((_, token)) = self.tokens.iter().find(|(name, _)| *name == api.name) {
            return Ok(token.clone());
        }
        let persona = self.account.name.clone();
        let order = Order { persona, api: Some(api.name.clone()), ..Order::default() };
        let desk = &self.call.control.rooms.desk;
        let issued = desk.issue(order, self.call.visit).await.map_err(refused)?;
        self.tokens.push((api.name.clone(), issued.access_token.clone()));
        Ok(issued.access_token)
    }
}

impl Way {
    fn place(&mut self, place: KeyPlace) -> &mut Map<String, Value> {
        match place {
            KeyPlace::Header => &mut self.headers,
            KeyPlace::Query => &mut self.query,
            KeyPlace::Cookie => &mut self.cookies,
        }
    }

    fn into_json(self) -> Value {
        json!({ "schemes": self.schemes, "headers": self.headers, "query": self.query, "cookies": self.cookies })
    }
}

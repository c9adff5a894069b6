use bytes::Bytes;
use http::Response;
use identity::Account;
use model::Scope;
use serde_json::{Value, json};

use crate::{control::Call, refusal::ok};

/// `GET /_lobby/personas`: with their passwords, which are no secrets.
pub(crate) fn get(call: &Call<'_>) -> Response<Bytes> {
    let directory = call.control.rooms.desk.directory();
    ok(&directory.accounts().iter().map(|account| shown(account)).collect())
}

fn shown(account: &Account) -> Value {
    json!({
        "name": account.name,
        "password": account.written_password(),
        "scopes": account.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "roles": *account.roles,
        "plan": account.plan,
        "disabled": account.disabled,
    })
}

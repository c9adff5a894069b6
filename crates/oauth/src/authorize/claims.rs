//! The `claims` parameter (OpenID Connect Core 5.5): what an app wants to be told, and of which class the sign-in
//! must be.

use serde_json::{Map, Value};

use crate::{answer::Refusal, parameters::Parameters};

/// More names or values than anybody asks for.
const MOST: usize = 50;

/// What `claims` asks for. But for an essential `acr`, values that are asked for are not promised to be met.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Names, for the ID token.
    pub(super) id_token: Vec<String>,
    /// Names, for user info.
    pub(super) userinfo: Vec<String>,
    /// Classes of sign-in, the best first (OpenID Connect Core 5.5.1.1).
    pub(super) classes: Vec<String>,
    /// Whether one of the classes is a must.
    pub(super) is_essential: bool,
}

impl Asked {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let Some(text) = parameters.get("claims") else { return Ok(Self::default()) };
        let wrong = || Refusal::request("`claims` is no JSON object");
        let value: Value = serde_json::from_str(text).map_err(|_| wrong())?;
        let object = value.as_object().ok_or_else(wrong)?;
        let members = |place: &str| object.get(place).and_then(Value::as_object);
        let names = |place: &str| -> Vec<String> {
            members(place).into_iter().flat_map(|asked| asked.keys().take(MOST).cloned()).collect()
        };
        let acr = members("id_token").and_then(|asked| asked.get("acr")).and_then(Value::as_object);
        let essential = acr.and_then(|acr| acr.get("essential")).and_then(Value::as_bool).unwrap_or(false);
        let classes = acr.map(classes).unwrap_or_default();
        Ok(Self {
            id_token: names("id_token"),
            userinfo: names("userinfo"),
            // Essential without a value asks for the claim alone, and that is always there.
            is_essential: essential && !classes.is_empty(),
            classes,
        })
    }
}

/// `value`, or `values`.
fn classes(acr: &Map<String, Value>) -> Vec<String> {
    let listed = acr.get("values").and_then(Value::as_array).into_iter().flatten();
    let all = acr.get("value").into_iter().chain(listed);
    all.filter_map(Value::as_str).take(MOST).map(str::to_owned).collect()
}

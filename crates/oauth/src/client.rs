use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use jose::{AlgorithmSet, digest, jwt};
use percent_encoding::percent_decode_str;

use crate::{
    answer::Refusal,
    parameters::Parameters,
    server::Call,
    settings::{Client, Clients},
};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far a client's clock may be off, and how long an assertion may live at most, in real time.
const LEEWAY: std::time::Duration = std::time::Duration::from_secs(10);
const LONGEST: std::time::Duration = std::time::Duration::from_secs(3600);

/// A client that is who it says, or a public one that nobody can check.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) client: Client,
    /// Whether it proved itself: introspection is not for strangers.
    pub(crate) is_confidential: bool,
}

/// How a request says who its client is.
enum Claimed {
    Secret { id: String, secret: String },
    Assertion(String),
    Nothing { id: String },
}

/// Authenticates the client of a request (RFC 6749 2.3). Two methods at once are refused: which one counts
/// must not be a matter of taste (attacks.md, A05).
pub(crate) fn authenticate(call: &Call<'_>, form: &Parameters) -> Result<Proven, Refusal> {
    match claimed(call, form)? {
        Claimed::Assertion(assertion) => by_assertion(call, form, &assertion),
        Claimed::Secret { id, secret } => {
            let client = call.settings.client(&id).ok_or_else(wrong)?;
            if matches!(call.settings.clients, Clients::Everyone) {
                return Ok(Proven { client, is_confidential: true });
            }
            if client.has_secret(&secret) {
                Ok(Proven { client, is_confidential: true })
            } else {
                Err(wrong())
            }
        }
        Claimed::Nothing { id } => {
            let client = call.settings.client(&id).ok_or_else(wrong)?;
            match &call.settings.clients {
                Clients::Everyone => Ok(Proven { client, is_confidential: true }),
                Clients::Listed(_) if !client.proves_itself() => {
                    Ok(Proven { client, is_confidential: false })
                }
                Clients::Listed(_) => Err(Refusal::client("this client must prove who it is")),
            }
        }
    }
}

fn wrong() -> Refusal {
    Refusal::client("the client is unknown, or did not prove who it is")
}

fn claimed(call: &Call<'_>, form: &Parameters) -> Result<Claimed, Refusal> {
    let basic = basic(call)?;
    let assertion = form.owned("client_assertion");
    let secret = form.owned("client_secret");
    let methods =
        usize::from(basic.is_some()) + usize::from(assertion.is_some()) + usize::from(secret.is_some());
    if methods > 1 {
        return Err(Refusal::request("the client authenticates in more than one way"));
    }
    let id = form.owned("client_id");
    if let Some((name, secret)) = basic {
        if id.is_some_and(|id| id != name) {
            return Err(Refusal::request("`client_id` is not the one that authenticates"));
        }
        return Ok(Claimed::Secret { id: name, secret });
    }
    if let Some(assertion) = assertion {
        if form.get("client_assertion_type") != Some(ASSERTION) {
            return Err(Refusal::request("`client_assertion_type` is not supported"));
        }
        return Ok(Claimed::Assertion(assertion));
    }
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Claimed::Secret { id, secret }),
        (Some(id), None) => Ok(Claimed::Nothing { id }),
        (None, _) => Err(Refusal::client("`client_id` is missing")),
    }
}

/// The Basic pair, each half form-encoded (RFC 6749 2.3.1).
fn basic(call: &Call<'_>) -> Result<Option<(String, String)>, Refusal> {
    let mut fields = call.headers.get_all(header::AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(Refusal::request("there are two `Authorization` fields"));
    }
    let text = field.to_str().map_err(|_| wrong())?;
    let Some((scheme, rest)) = text.split_once(' ') else { return Err(wrong()) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Refusal::client("a client authenticates with Basic, in the form, or with an assertion"));
    }
    let bytes = STANDARD.decode(rest.trim()).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (id, secret) = text.split_once(':').ok_or_else(wrong)?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| wrong())
    };
    Ok(Some((decode(id)?, decode(secret)?)))
}

/// `private_key_jwt` (RFC 7523 3, OpenID Connect Core 9). A client made it, so the real clock judges it.
fn by_assertion(call: &Call<'_>, form: &Parameters, assertion: &str) -> Result<Proven, Refusal> {
    let presented = jwt::Presented::parse(assertion).map_err(|_| wrong())?;
    let id = presented.claims().sub.clone().ok_or_else(wrong)?;
    if form.get("client_id").is_some_and(|named| named != &*id) {
        return Err(Refusal::request("`client_id` is not the one that authenticates"));
    }
    let client = call.settings.client(&id).ok_or_else(wrong)?;
    if matches!(call.settings.clients, Clients::Everyone) {
        return Ok(Proven { client, is_confidential: true });
    }
    let keys = client.keys.clone().ok_or_else(wrong)?;
    // The issuer, or the token endpoint, which RFC 7523 3 names as well; never what the client called.
    let trust = jwt::Trust {
        issuer: id.clone(),
        keys,
        algorithms: AlgorithmSet::ASYMMETRIC,
        audience: jwt::Audience::OneOf(vec![
            call.visit.issuer.as_str().into(),
            call.visit.url("/_lobby/oauth/token").into(),
        ]),
        types: jwt::Types::Any,
        expiry: jwt::Expiry::Required,
        leeway: LEEWAY,
    };
    let real = call.visit.real;
    let verified = jwt::verify(presented, &[trust], real).map_err(|_| wrong())?;
    let claims = verified.claims();
    let (Some(jti), Some(exp)) = (claims.jti.as_deref(), claims.exp) else { return Err(wrong()) };
    let is_sound = exp <= real.plus(LONGEST) && jti.len() <= 256;
    let seen = digest::sha256(format!("assertion\0{id}\0{jti}"));
    if !is_sound || !call.memory().is_first(seen, exp.plus(LEEWAY), real) {
        return Err(wrong());
    }
    Ok(Proven { client, is_confidential: true })
}

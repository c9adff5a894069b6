use std::{collections::BTreeSet, time::Duration};

use model::ScopeSet;
use store::Hash;

use super::{Reply, claims::Asked, reply::Mode};
use crate::{
    answer::Refusal,
    parameters::Parameters,
    redirect::may_redirect,
    scope,
    settings::{Client, GrantKind, Pkce, Settings},
    visit::Visit,
};

/// What an app asks for, checked; nobody has agreed to anything yet.
#[derive(Debug, Clone)]
pub(crate) struct Requested {
    pub(crate) client: Client,
    pub(crate) reply: Reply,
    pub(crate) redirect_given: bool,
    pub(crate) wants: Wants,
    pub(crate) scopes: Option<ScopeSet>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    pub(crate) prompt: BTreeSet<Prompt>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) login_hint: Option<String>,
    pub(crate) id_token_hint: Option<String>,
    /// Classes of sign-in, the best first.
    pub(crate) acr_values: Vec<String>,
    /// Of one of these it must be; none: of any.
    pub(crate) acr_essential: Vec<String>,
    pub(crate) id_token_claims: Vec<String>,
    pub(crate) userinfo_claims: Vec<String>,
    pub(crate) thumbprint: Option<String>,
    pub(crate) locales: Option<String>,
    pub(crate) pushed: Option<Hash>,
    /// As they came: what a form carries on.
    pub(crate) parameters: Vec<(String, String)>,
}

/// What comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    pub(crate) code: bool,
    pub(crate) token: bool,
    pub(crate) id_token: bool,
}

/// What the app wants of the pages (OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

/// Why a request leads nowhere.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// The store could not tell.
    Fault(store::Fault),
    /// Nobody's `client_id`: a page.
    Client(String),
    /// A redirect that is not the client's: a page, and never a redirect.
    Redirect(String),
    /// Unreadable: a page.
    Request(String),
    /// Told to the app.
    Reply { reply: Box<Reply>, error: String, description: String },
}

/// Checks a request, up to what depends on who is signed in. First what decides where an error may go.
pub(crate) fn check(settings: &Settings, visit: &Visit, parameters: &Parameters) -> Result<Requested, Unfit> {
    for name in ["client_id", "redirect_uri"] {
        if parameters.repeats(name) {
            return Err(Unfit::Request(format!("`{name}` is there more than once")));
        }
    }
    let id = parameters.text("client_id");
    let client = settings.client(id).ok_or_else(|| Unfit::Client(id.chars().take(100).collect()))?;
    let (redirect, redirect_given) = match (parameters.get("redirect_uri"), client.redirects.as_slice()) {
        (Some(redirect), _) => (redirect.to_owned(), true),
        (None, [only]) if !is_openid(parameters) => (only.clone(), false),
        (None, _) => return Err(Unfit::Request("`redirect_uri` is missing".to_owned())),
    };
    if !may_redirect(&settings.clients, &client, &redirect) {
        return Err(Unfit::Redirect(redirect.chars().take(200).collect()));
    }
    let mut reply = Reply::plain(&redirect, parameters.owned("state"));
    let result = features(settings, visit, parameters, client, redirect_given, &mut reply);
    result.map(|requested| Requested { reply: reply.clone(), ..requested }).map_err(|refusal| Unfit::Reply {
        reply: Box::new(reply),
        error: refusal.error,
        description: refusal.description,
    })
}

fn is_openid(parameters: &Parameters) -> bool {
    parameters.text("scope").split(' ').any(|scope| scope == "openid")
}

fn features(
    settings: &Settings,
    visit: &Visit,
    parameters: &Parameters,
    client: Client,
    redirect_given: bool,
    reply: &mut Reply,
) -> Result<Requested, Refusal> {
    let wants = wants(settings, &client, parameters, reply)?;
    parameters.once_each()?;
    if parameters.get("request").is_some() {
        return Err(Refusal::new("request_not_supported", "request objects are not supported"));
    }
    if parameters.get("registration").is_some() {
        return Err(Refusal::new("registration_not_supported", "`registration` is not supported"));
    }
    let challenge = challenge(settings, &client, parameters, wants)?;
    let scopes = scope::asked(settings, &client, parameters.get("scope"))?;
    if wants.id_token && (!is_openid(parameters) || parameters.get("nonce").is_none()) {
        // OpenID Connect Core 3.2.2.1
        return Err(Refusal::request("an ID token from here needs the scope `openid` and a `nonce`"));
    }
    let resources = parameters.resources();
    scope::audience(settings, visit, &resources, scopes.as_ref())?;
    let thumbprint = parameters.owned("dpop_jkt");
    if thumbprint.as_ref().is_some_and(|text| text.len() != 43) {
        return Err(Refusal::request("`dpop_jkt` is no SHA-256 thumbprint"));
    }
    let max_age = match parameters.get("max_age") {
        None => None,
        Some(text) => {
            let seconds =
                text.parse::<u64>().map_err(|_| Refusal::request("`max_age` is no number of seconds"))?;
            Some(Duration::from_secs(seconds))
        }
    };
    let claims = Asked::read(parameters)?;
    let acr_values = parameters.text("acr_values").split_ascii_whitespace().map(str::to_owned);
    let acr_values = claims.classes.iter().cloned().chain(acr_values).collect();
    Ok(Requested {
        client,
        reply: reply.clone(),
        redirect_given,
        wants,
        scopes,
        resources,
        nonce: parameters.owned("nonce"),
        challenge,
        prompt: prompt(parameters)?,
        max_age,
        login_hint: parameters.owned("login_hint"),
        id_token_hint: parameters.owned("id_token_hint"),
        acr_values,
        acr_essential: if claims.is_essential { claims.classes } else { Vec::new() },
        id_token_claims: claims.id_token,
        userinfo_claims: claims.userinfo,
        thumbprint,
        locales: parameters.owned("ui_locales"),
        pushed: None,
        parameters: parameters.pairs().to_vec(),
    })
}

/// `response_type` and `response_mode`: first the mode that the type brings, so that even its own error
/// reaches the app where it looks.
fn wants(
    settings: &Settings,
    client: &Client,
    parameters: &Parameters,
    reply: &mut Reply,
) -> Result<Wants, Refusal> {
    let written =
        parameters.get("response_type").ok_or_else(|| Refusal::request("`response_type` is missing"));
    let mut wants = Wants::default();
    let mut unknown = false;
    for word in written.as_deref().unwrap_or_default().split(' ') {
        match word {
            "code" => wants.code = true,
            "token" => wants.token = true,
            "id_token" => wants.id_token = true,
            _ => unknown = true,
        }
    }
    if wants.token || wants.id_token {
        reply.mode = Mode::Fragment;
    }
    match (parameters.get("response_mode"), reply.mode) {
        (None, _) => {}
        // A token in a query would be in every log on its way.
        (Some("query"), Mode::Fragment) => return Err(Refusal::request("tokens do not go into a query")),
        (Some("query"), _) => reply.mode = Mode::Query,
        (Some("fragment"), _) => reply.mode = Mode::Fragment,
        (Some("form_post"), _) => reply.mode = Mode::FormPost,
        (Some(_), _) => return Err(Refusal::request("`response_mode` is not supported")),
    }
    written?;
    let is_hybrid = wants.code && (wants.token || wants.id_token);
    let kind = if wants.code { GrantKind::AuthorizationCode } else { GrantKind::Implicit };
    if unknown || is_hybrid || !settings.grants.contains(&kind) {
        return Err(Refusal::new("unsupported_response_type", "this response type is not offered here"));
    }
    if !settings.allows(client, kind) {
        return Err(Refusal::new("unauthorized_client", "this client may not ask for this"));
    }
    Ok(wants)
}

/// The challenge of RFC 7636, `S256` alone; empty where there is none and none is needed.
fn challenge(
    settings: &Settings,
    client: &Client,
    parameters: &Parameters,
    wants: Wants,
) -> Result<String, Refusal> {
    let rule = client.pkce.unwrap_or(settings.pkce);
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, Some(_)) => Err(Refusal::request("`code_challenge` is missing")),
        (None, None) if wants.code && rule == Pkce::Required => {
            Err(Refusal::request("`code_challenge` is missing: PKCE is required"))
        }
        (None, None) => Ok(String::new()),
        (Some(challenge), Some("S256")) => {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if challenge.len() == 43 && challenge.bytes().all(legal) {
                Ok(challenge.to_owned())
            } else {
                Err(Refusal::request("`code_challenge` is no SHA-256 in base64url"))
            }
        }
        (Some(_), Some(_) | None) => Err(Refusal::request("`code_challenge_method` must be S256")),
    }
}

fn prompt(parameters: &Parameters) -> Result<BTreeSet<Prompt>, Refusal> {
    let mut prompts = BTreeSet::new();
    for word in parameters.text("prompt").split_ascii_whitespace() {
        prompts.insert(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => return Err(Refusal::request("`prompt` is not supported")),
        });
    }
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(Refusal::request("`prompt=none` stands alone"));
    }
    Ok(prompts)
}

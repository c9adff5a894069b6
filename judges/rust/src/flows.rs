use anyhow::{Context as _, Result, ensure};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreDeviceAuthorizationResponse, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadata, RedirectUrl, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::person::Person;
use crate::{Desk, send};

/// A place to come back to; nothing listens there, a person stops before it.
const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// Members that the crate's own metadata has not.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    device_authorization_endpoint: DeviceAuthorizationUrl,
    pushed_authorization_request_endpoint: String,
    end_session_endpoint: EndSessionUrl,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// Everything that the crate can do, one after the other.
pub(crate) fn all(desk: &Desk) -> Result<()> {
    let metadata = Metadata::discover(&IssuerUrl::new(desk.issuer.clone())?, &send)?;
    let more = metadata.additional_metadata().clone();
    let client = client(metadata.clone(), None)?;
    let mut person = Person::new("alice");

    let tokens = sign_in(&client, &mut person, None).context("code and PKCE")?;
    refresh(desk, &client, &tokens).context("refresh")?;
    sign_in(&client, &mut person, Some(&more.pushed_authorization_request_endpoint))
        .context("a pushed request")?;
    device(&client).context("a device")?;

    let machine = self::client(metadata, Some(ClientSecret::new("any secret".to_owned())))?;
    let scope = Scope::new("books:read".to_owned());
    let tokens = machine
        .exchange_client_credentials()
        .add_scope(scope)
        .request(&send)
        .context("client credentials")?;
    ensure!(desk.verdict(tokens.access_token().secret())? == "allow", "a client's token is not taken");

    leave(&client, more.end_session_endpoint).context("logout")
}

fn client(metadata: Metadata, secret: Option<ClientSecret>) -> Result<Client> {
    let device = metadata.additional_metadata().device_authorization_endpoint.clone();
    let token = metadata.token_endpoint().context("no token endpoint")?.clone();
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("oidc-crate".to_owned()), secret);
    let client = client.set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?);
    Ok(client.set_device_authorization_url(device).set_token_uri(token))
}

fn sign_in(client: &Client, person: &mut Person, pushed: Option<&str>) -> Result<CoreTokenResponse> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let mut request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
    for scope in ["profile", "email", "offline_access", "books:read"] {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    let (mut url, state, nonce) = request.set_pkce_challenge(challenge).url();
    if let Some(endpoint) = pushed {
        url = push(endpoint, url)?;
    }
    let back = person.visit(&url)?.context("the pages lead nowhere")?;
    let value = |wanted: &str| {
        back.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    ensure!(value("state").as_ref() == Some(state.secret()), "another state came back: {back}");
    let code = AuthorizationCode::new(value("code").with_context(|| format!("no code came back: {back}"))?);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request(&send)?;
    let identity = tokens.id_token().context("no ID token was issued")?;
    let judge = client.id_token_verifier();
    let claims = identity.claims(&judge, &nonce)?;
    ensure!(claims.subject().as_str() == "alice", "the ID token is about {}", claims.subject().as_str());
    if let Some(promised) = claims.access_token_hash() {
        let key = identity.signing_key(&judge)?;
        let real = AccessTokenHash::from_token(tokens.access_token(), identity.signing_alg()?, key)?;
        ensure!(real == *promised, "at_hash is of another access token");
    }
    let user: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?.request(&send)?;
    ensure!(
        user.email().is_some_and(|email| email.as_str() == "alice@example.com"),
        "user info has no email"
    );
    Ok(tokens)
}

/// The crate knows no pushed requests (RFC 9126); what it would send is pushed.
fn push(endpoint: &str, url: Url) -> Result<Url> {
    let form = url.query().unwrap_or_default().to_owned();
    let kind = "application/x-www-form-urlencoded";
    let request = http::Request::post(endpoint).header("content-type", kind).body(form.into_bytes())?;
    let answer = send(request)?;
    ensure!(answer.status() == 201, "{}: {}", answer.status(), String::from_utf8_lossy(answer.body()));
    let body: serde_json::Value = serde_json::from_slice(answer.body())?;
    let place = body["request_uri"].as_str().context("no request URI was given")?;
    let mut short = url.clone();
    short.query_pairs_mut().clear().append_pair("client_id", "oidc-crate").append_pair("request_uri", place);
    Ok(short)
}

fn refresh(desk: &Desk, client: &Client, tokens: &CoreTokenResponse) -> Result<()> {
    desk.control("clock", &json!({ "advance": "11m" }))?;
    ensure!(desk.verdict(tokens.access_token().secret())? == "token.expired", "a token outlives its time");
    let old = tokens.refresh_token().context("no refresh token was issued")?;
    let fresh = client.exchange_refresh_token(old).request(&send)?;
    ensure!(desk.verdict(fresh.access_token().secret())? == "allow", "a refreshed token is not taken");
    let new = fresh.refresh_token().context("no successor was issued")?;
    ensure!(new.secret() != old.secret(), "a refresh token is given out twice");
    Ok(())
}

fn device(client: &Client) -> Result<()> {
    let asked: CoreDeviceAuthorizationResponse =
        client.exchange_device_code().add_scope(Scope::new("books:read".to_owned())).request(&send)?;
    let place = asked.verification_uri_complete().context("no complete place to confirm")?;
    Person::new("alice").visit(&Url::parse(place.secret())?)?;
    let tokens = client.exchange_device_access_token(&asked).request(&send, std::thread::sleep, None)?;
    ensure!(tokens.refresh_token().is_some(), "a device gets no refresh token");
    Ok(())
}

fn leave(client: &Client, end: EndSessionUrl) -> Result<()> {
    let mut person = Person::new("alice");
    let tokens = sign_in(client, &mut person, None)?;
    let url = LogoutRequest::from(end)
        .set_id_token_hint(tokens.id_token().context("no ID token was issued")?)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(CALLBACK.to_owned())?)
        .set_state(CsrfToken::new("bye".to_owned()))
        .http_get_url();
    let back = person.visit(&url)?.context("the pages lead nowhere")?;
    ensure!(back.as_str() == format!("{CALLBACK}?state=bye"), "logout led to {back}");
    Ok(())
}

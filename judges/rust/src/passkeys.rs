use anyhow::{Context as _, Result, ensure};
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData, WebauthnError};
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use serde_json::{Value, json};
use url::Url;

use crate::person::{Form, Person, forms};

/// Somebody who is there, and lets the authenticator see a finger.
struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        match hint {
            // Somebody who has one does not want another.
            UiHint::InformExcludedCredentialFound(_) => Err(Ctap2Error::CredentialExcluded),
            _ => Ok(UserCheck { presence, verification }),
        }
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// Registers a passkey at the pages, with and without a counter, and signs in with it where nobody is signed in.
pub(crate) fn all(lobby: &str) -> Result<()> {
    // Authenticators take names alone: the mock's address has none, but this one.
    let mut home = Url::parse(lobby)?;
    home.set_host(Some("localhost"))?;
    for counts in [false, true] {
        let place = home.join(&format!("/_lobby/in/rust-passkey-{counts}/"))?;
        ceremonies(&place, counts).with_context(|| format!("with a counter: {counts}"))?;
    }
    Ok(())
}

fn ceremonies(home: &Url, counts: bool) -> Result<()> {
    let mut authenticator = Authenticator::new(Aaguid::new_empty(), None::<Passkey>, Finger);
    authenticator.set_make_credentials_with_signature_counter(counts);
    let mut browser = Client::new(authenticator).allows_insecure_localhost(true);

    // Where the browser is: scheme, host and port.
    let origin = Url::parse(&home.origin().ascii_serialization())?;
    let keys = home.join("_lobby/account/passkeys")?;
    let mut alice = Person::new("alice");
    let (at, page) = signed_in(&mut alice, &keys)?;
    let form = question(&page, "create")?;
    let options: CredentialCreationOptions = asked(&form)?;
    let made = pollster::block_on(browser.register(&origin, options, DefaultClientData)).map_err(refused)?;
    let (_, status, page) =
        alice.page(&at.join(&form.action)?, Some(&sent(&form, &serde_json::to_value(&made)?)))?;
    ensure!(status == 200 && page.contains("Passkey 20"), "the passkey is not on the page: {status}\n{page}");
    let options: CredentialCreationOptions = asked(&question(&page, "create")?)?;
    let twice = pollster::block_on(browser.register(&origin, options, DefaultClientData));
    ensure!(twice.is_err(), "a second passkey of one authenticator is made");

    for _ in 0..2 {
        let mut stranger = Person::new("alice");
        let (at, _, page) = stranger.page(&keys, None)?;
        let form = question(&page, "get")?;
        let options: CredentialRequestOptions = asked(&form)?;
        ensure!(
            options.public_key.allow_credentials.as_ref().is_none_or(Vec::is_empty),
            "a stranger learns who is known here"
        );
        let answer =
            pollster::block_on(browser.authenticate(&origin, options, DefaultClientData)).map_err(refused)?;
        let answer = serde_json::to_value(&answer)?;
        let (_, status, page) = stranger.page(&at.join(&form.action)?, Some(&sent(&form, &answer)))?;
        ensure!(status == 200 && page.contains("Passkey 20"), "nobody is signed in: {status}\n{page}");
        replayed(&keys, &answer)?;
    }
    let mut stranger = Person::new("alice");
    let (_, _, page) = stranger.page(&keys, None)?;
    let evil = Url::parse("https://login.evil.example/")?;
    let options: CredentialRequestOptions = asked(&question(&page, "get")?)?;
    let told = pollster::block_on(browser.authenticate(&evil, options, DefaultClientData));
    ensure!(told.is_err(), "the question of one site is answered at another");
    Ok(())
}

/// An answer is good once.
fn replayed(keys: &Url, answer: &Value) -> Result<()> {
    let mut thief = Person::new("alice");
    let (at, _, page) = thief.page(keys, None)?;
    let form = question(&page, "get")?;
    let (_, status, page) = thief.page(&at.join(&form.action)?, Some(&sent(&form, answer)))?;
    ensure!(status == 422 && !page.contains("Passkey 20"), "an old answer signs in: {status}\n{page}");
    Ok(())
}

/// Signs in as the persona by its button, and comes back to `place`.
fn signed_in(person: &mut Person, place: &Url) -> Result<(Url, String)> {
    let (at, _, page) = person.page(place, None)?;
    let forms = forms(&page);
    let form =
        forms.iter().find(|form| form.buttons().any(|name| name == "persona")).context("no persona")?;
    let mut values = hidden(form);
    values.push(("persona".to_owned(), "alice".to_owned()));
    let (_, status, _) = person.page(&at.join(&form.action)?, Some(&encoded(&values)))?;
    ensure!(status == 200, "the persona is not let in: {status}");
    let (at, _, page) = person.page(place, None)?;
    Ok((at, page))
}

/// The form that asks an authenticator.
fn question(page: &str, kind: &str) -> Result<Form> {
    let found = forms(page)
        .into_iter()
        .find(|form| form.attributes.get("data-passkey").is_some_and(|own| own == kind));
    found.with_context(|| format!("the page asks for no passkey ({kind}):\n{page}"))
}

/// What it asks, as the browser's own types have it.
fn asked<T: serde::de::DeserializeOwned>(form: &Form) -> Result<T> {
    let options: Value = serde_json::from_str(form.attributes.get("data-options").context("no options")?)?;
    Ok(serde_json::from_value(json!({ "publicKey": options }))?)
}

fn sent(form: &Form, credential: &Value) -> String {
    let mut values = hidden(form);
    values.retain(|(name, _)| name != "credential");
    values.push(("credential".to_owned(), credential.to_string()));
    encoded(&values)
}

fn hidden(form: &Form) -> Vec<(String, String)> {
    let hidden = form.fields.iter().filter(|field| field.get("type").is_some_and(|kind| kind == "hidden"));
    hidden
        .filter_map(|field| {
            Some((field.get("name")?.clone(), field.get("value").cloned().unwrap_or_default()))
        })
        .collect()
}

fn encoded(values: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(values).finish()
}

fn refused(error: WebauthnError) -> anyhow::Error {
    anyhow::anyhow!("the crate answers nothing: {error:?}")
}

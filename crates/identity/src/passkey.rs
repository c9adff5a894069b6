//! Passkeys (WebAuthn level 3): what a browser is asked, and whether what it answers is good. A ceremony's
//! state is a text that the caller keeps; single use and its end are the store's.

mod attestation;
#[cfg(test)]
mod tests;
mod tpm;

pub use self::attestation::Roots;
pub(crate) use self::{attestation::Attestation, tpm::verify as verify_tpm};

use std::{collections::BTreeSet, time::Duration};

use jose::{base64url, digest};
use model::Timestamp;
use serde_json::{Value as Json, json};
use store::Passkey;
use thiserror::Error;
use url::Url;
use webauthn_rs_core::{
    WebauthnCore,
    error::WebauthnError,
    proto::{
        AttestationConveyancePreference, AttestationMetadata, AuthenticationState, Credential,
        ParsedAttestationData, PublicKeyCredential, RegisterPublicKeyCredential, RegistrationState,
        UserVerificationPolicy,
    },
};

use crate::Method;

/// Bytes of a credential's id (WebAuthn 3, 7.1, step 25).
const LONGEST_ID: usize = 1023;
/// How long a browser is asked to wait for its person (`timeout`, WebAuthn 3, 5.4). The caller takes answers as long as it
/// likes.
pub const PASSKEY_PATIENCE: Duration = Duration::from_secs(300);
/// How many passkeys one person may have.
pub const PASSKEYS: u32 = 50;

/// What is demanded of passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRules {
    /// Whether the authenticator must make sure who holds it, by a fingerprint or a PIN. Otherwise it is asked
    /// to, and one that did not counts as one factor.
    pub verification_required: bool,
    /// Whether its make is asked for and must be told.
    pub attested: bool,
    /// The makes (AAGUID) that are let in, in lower case with dashes; none: all.
    pub aaguids: BTreeSet<String>,
    /// Whose word on the make is taken; of nobody in particular, anybody's.
    pub roots: Roots,
    /// Other sites that use this service's passkeys (`/.well-known/webauthn`).
    pub related_origins: Vec<String>,
}

impl Default for PasskeyRules {
    fn default() -> Self {
        Self {
            verification_required: true,
            attested: false,
            aaguids: BTreeSet::new(),
            roots: Roots::default(),
            related_origins: Vec::new(),
        }
    }
}

/// Why a passkey's answer is not taken.
#[derive(Debug, Error)]
pub enum PasskeyError {
    /// The service's own address is no place for passkeys.
    #[error("passkeys need a host name: {0} has none")]
    Place(String),
    /// What came is no answer of a browser.
    #[error("the answer is no credential")]
    Form,
    /// The authenticator did not make sure who holds it.
    #[error("the authenticator did not verify its user")]
    Unverified,
    /// Its make is not let in.
    #[error("authenticators of this make are not let in")]
    Make,
    /// It is somebody else's passkey.
    #[error("the passkey is somebody else's")]
    Stranger,
    /// It was copied, or has turned into another kind.
    #[error("the passkey may have been copied")]
    Copied,
    /// Anything else: a wrong challenge, origin or signature.
    #[error("the answer does not hold")]
    Wrong(#[source] WebauthnError),
    /// A state of ours that cannot be read.
    #[error("the ceremony cannot be read")]
    State,
}

/// A ceremony that begins.
#[derive(Debug)]
pub struct Begun {
    /// What the browser is asked: `PublicKeyCredentialCreationOptionsJSON`, or `…RequestOptionsJSON`.
    pub options: Json,
    /// What judges the answer.
    pub state: String,
}

/// A passkey that was just used.
#[derive(Debug)]
pub struct Used {
    /// What its record becomes: the arguments of [`judge_use`].
    pub counter: u32,
    /// Whether it is backed up now.
    pub backup_state: bool,
    /// What it stands for.
    pub method: Method,
}

/// The service, as authenticators know it.
pub struct RelyingParty {
    core: WebauthnCore,
    rules: PasskeyRules,
    id: String,
    origin: String,
}

impl RelyingParty {
    /// The service at an issuer's origin. On a loopback address it is `localhost`: authenticators take names
    /// alone (WebAuthn 3, 5.1.2), and browsers take that one without TLS.
    pub fn new(name: &str, issuer: &str, rules: PasskeyRules) -> Result<Self, PasskeyError> {
        let place = || PasskeyError::Place(issuer.to_owned());
        let url = Url::parse(issuer).map_err(|_| place())?;
        let origin = url.origin().ascii_serialization();
        let mut origins = vec![url.clone()];
        let id = match url.host().ok_or_else(place)? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(address) if address.is_loopback() => "localhost".to_owned(),
            url::Host::Ipv6(address) if address.is_loopback() => "localhost".to_owned(),
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => return Err(place()),
        };
        let mut named = url;
        named.set_host(Some(&id)).map_err(|_| place())?;
        origins.push(named);
        origins.extend(rules.related_origins.iter().filter_map(|origin| Url::parse(origin).ok()));
        let core = WebauthnCore::new_unsafe_experts_only(
            name,
            &id,
            origins,
            PASSKEY_PATIENCE,
            Some(false),
            Some(false),
        );
        Ok(Self { core, rules, id, origin })
    }

    /// What authenticators know it by (RP ID): a host name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is asked.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    fn policy(&self) -> UserVerificationPolicy {
        if self.rules.verification_required {
            UserVerificationPolicy::Required
        } else {
            UserVerificationPolicy::Preferred
        }
    }

    /// Begins to register a passkey, none of those that the person has: one that signs in without a name.
    pub fn begin_register(&self, user: (&str, &str), there: &[Passkey]) -> Result<Begun, PasskeyError> {
        let (id, name) = user;
        let name = if name.is_empty() { id } else { name };
        let there = there.iter().filter_map(|passkey| credential(&passkey.record).ok());
        let builder = self
            .core
            .new_challenge_register_builder(&user_handle(id), name, name)
            .map_err(PasskeyError::Wrong)?
            .attestation(if self.rules.attested {
                AttestationConveyancePreference::Direct
            } else {
                AttestationConveyancePreference::None
            })
            .user_verification_policy(self.policy())
            .require_resident_key(true)
            .exclude_credentials(Some(there.map(|credential| credential.cred_id).collect()));
        let (options, state) = self.core.generate_challenge_register(builder).map_err(PasskeyError::Wrong)?;
        let options = serde_json::to_value(options.public_key).map_err(|_| PasskeyError::State)?;
        Ok(Begun { options, state: serde_json::to_string(&state).map_err(|_| PasskeyError::State)? })
    }

    /// Judges what a browser brings to register: the credential's id, and the record of the new passkey. The
    /// certificates of its maker must be good now, in real time.
    pub fn register(
        &self,
        state: &str,
        answer: &str,
        now: Timestamp,
    ) -> Result<(String, Json), PasskeyError> {
        let state: RegistrationState = serde_json::from_str(state).map_err(|_| PasskeyError::State)?;
        let mut answer: RegisterPublicKeyCredential =
            serde_json::from_str(answer).map_err(|_| PasskeyError::Form)?;
        let attestation = Attestation::read(&answer.response.attestation_object).ok_or(PasskeyError::Form)?;
        let tpm = take_tpm(&attestation, &mut answer)?;
        let credential = self.core.register_credential(&answer, &state, None).map_err(refused)?;
        match tpm {
            Some(make) => self.check_listed(&make)?,
            None => self.check_make(&credential)?,
        }
        if self.rules.attested && !self.rules.roots.vouch_for(&attestation.chain(), now) {
            return Err(PasskeyError::Make);
        }
        let record = serde_json::to_value(&credential).map_err(|_| PasskeyError::State)?;
        let id = record.get("cred_id").and_then(Json::as_str).ok_or(PasskeyError::State)?.to_owned();
        if !(1..=LONGEST_ID).contains(&answer.raw_id.len()) {
            return Err(PasskeyError::Form);
        }
        Ok((id, record))
    }

    /// Whether an authenticator's make is let in. A statement that nobody but the authenticator itself has
    /// signed says nothing of its make.
    fn check_make(&self, credential: &Credential) -> Result<(), PasskeyError> {
        if !self.rules.attested {
            return Ok(());
        }
        match credential.attestation.data {
            ParsedAttestationData::Basic(_)
            | ParsedAttestationData::AttCa(_)
            | ParsedAttestationData::AnonCa(_) => {}
            ParsedAttestationData::Self_
            | ParsedAttestationData::ECDAA
            | ParsedAttestationData::None
            | ParsedAttestationData::Uncertain => return Err(PasskeyError::Make),
        }
        match &credential.attestation.metadata {
            AttestationMetadata::Packed { aaguid } | AttestationMetadata::Tpm { aaguid, .. } => {
                self.check_listed(&aaguid.to_string())
            }
            AttestationMetadata::None
            | AttestationMetadata::AndroidKey { .. }
            | AttestationMetadata::AndroidSafetyNet { .. } => self.check_listed(""),
        }
    }

    /// Whether a make that somebody vouches for is one of the list, if there is one.
    fn check_listed(&self, make: &str) -> Result<(), PasskeyError> {
        let aaguids = &self.rules.aaguids;
        let is_open = !self.rules.attested || aaguids.is_empty();
        if is_open || aaguids.contains(make) { Ok(()) } else { Err(PasskeyError::Make) }
    }

    /// Begins to ask for a passkey: one of those, or, of nobody in particular, any that the browser has. Then
    /// nothing in the question tells who is known here.
    pub fn begin_sign_in(&self, of: &[Passkey]) -> Result<Begun, PasskeyError> {
        let credentials = of.iter().filter_map(|passkey| credential(&passkey.record).ok()).collect();
        let builder = self
            .core
            .new_challenge_authenticate_builder(credentials, Some(self.policy()))
            .map_err(PasskeyError::Wrong)?;
        let (options, mut state) =
            self.core.generate_challenge_authenticate(builder).map_err(PasskeyError::Wrong)?;
        state.set_allowed_credentials(Vec::new());
        let options = serde_json::to_value(options.public_key).map_err(|_| PasskeyError::State)?;
        Ok(Begun { options, state: serde_json::to_string(&state).map_err(|_| PasskeyError::State)? })
    }

    /// Judges what a browser brings to sign in, by the passkey that it names ([`Answer::id`]). What it says of
    /// the counter is to be kept at once, with [`judge_use`].
    pub fn sign_in(&self, state: &str, answer: &Answer, passkey: &Passkey) -> Result<Used, PasskeyError> {
        let state: AuthenticationState = serde_json::from_str(state).map_err(|_| PasskeyError::State)?;
        let credential = credential(&passkey.record)?;
        if answer.is_framed() {
            return Err(PasskeyError::Wrong(WebauthnError::CredentialCrossOrigin));
        }
        // WebAuthn 3, 7.2, step 6: whoever is named must be its owner.
        match answer.0.get_user_unique_id() {
            Some(handle) if handle == user_handle(&passkey.user_id) => {}
            Some(_) => return Err(PasskeyError::Stranger),
            None => {}
        }
        let result =
            self.core.authenticate_single_credential(&answer.0, &state, &credential).map_err(refused)?;
        Ok(Used {
            counter: result.counter(),
            backup_state: result.backup_state(),
            method: Method::Passkey {
                verified: result.user_verified(),
                // What may be copied to another device is no piece of hardware.
                hardware: !credential.backup_eligible,
            },
        })
    }
}

/// What a browser brought to sign in; nothing in it may be believed yet.
pub struct Answer(PublicKeyCredential);

impl Answer {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, PasskeyError> {
        serde_json::from_str(text).map(Self).map_err(|_| PasskeyError::Form)
    }

    /// The credential that it names, as the store knows it.
    pub fn id(&self) -> String {
        base64url::encode(&self.0.raw_id)
    }

    /// Whether it was given within a page of another site, where nobody sees who asks (WebAuthn 3, 7.2, step 15).
    fn is_framed(&self) -> bool {
        let said: Option<Json> = serde_json::from_slice(&self.0.response.client_data_json).ok();
        said.is_some_and(|said| said.get("crossOrigin") == Some(&Json::Bool(true)))
    }

    /// Whether it says whose it is: it must, where nobody in particular was asked.
    pub fn names_its_owner(&self) -> bool {
        self.0.get_user_unique_id().is_some()
    }
}

/// What a record becomes by a use; `None`: another use came first, with this counter or a later one, so there
/// are two of it (WebAuthn 3, 6.1.1).
pub fn judge_use(record: &Json, counter: u32, backup_state: bool) -> Option<Json> {
    let before = record.get("counter").and_then(Json::as_u64).unwrap_or(0);
    if (counter > 0 || before > 0) && u64::from(counter) <= before {
        return None;
    }
    let mut record = record.clone();
    let fields = record.as_object_mut()?;
    fields.insert("counter".to_owned(), counter.into());
    fields.insert("backup_state".to_owned(), backup_state.into());
    Some(record)
}

/// Whether a passkey lives on several devices, as it said when it was last used.
pub fn is_backed_up(record: &Json) -> bool {
    record.get("backup_state").and_then(Json::as_bool).unwrap_or(false)
}

/// What authenticators know a person by: nothing that tells who it is (WebAuthn 3, 14.6.1).
pub fn user_handle(id: &str) -> Vec<u8> {
    digest::sha256(format!("user handle\0{id}")).to_vec()
}

/// Verifies the attestation of a TPM, which the library does not, and takes it out; gives the make.
fn take_tpm(
    attestation: &Attestation,
    answer: &mut RegisterPublicKeyCredential,
) -> Result<Option<String>, PasskeyError> {
    if !attestation.is_of_a_tpm() {
        return Ok(None);
    }
    let make = verify_tpm(attestation, &answer.response.client_data_json).map_err(PasskeyError::Wrong)?;
    answer.response.attestation_object = attestation.bare();
    let hex = format!("{:032x}", u128::from_be_bytes(make));
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    Ok(Some(parts.join("-")))
}

fn credential(record: &Json) -> Result<Credential, PasskeyError> {
    serde_json::from_value(record.clone()).map_err(|_| PasskeyError::State)
}

/// What the page's script needs to tell an authenticator which passkeys there are
/// (`PublicKeyCredential.signalAllAcceptedCredentials`).
pub fn accepted(rp_id: &str, user: &str, there: &[Passkey]) -> Json {
    let ids: Vec<&str> = there.iter().map(|passkey| &*passkey.id).collect();
    json!({"rpId": rp_id, "userId": base64url::encode(user_handle(user)), "allAcceptedCredentialIds": ids})
}

fn refused(error: WebauthnError) -> PasskeyError {
    match error {
        WebauthnError::UserNotVerified => PasskeyError::Unverified,
        WebauthnError::CredentialPossibleCompromise
        | WebauthnError::CredentialBackupEligibilityInconsistent
        | WebauthnError::CredentialMayNotBeHardwareBound => PasskeyError::Copied,
        other => PasskeyError::Wrong(other),
    }
}

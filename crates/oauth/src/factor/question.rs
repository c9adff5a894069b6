use identity::{Answer as Credential, Begun, Method, PasskeyError, judge_use};
use jose::digest;
use model::Timestamp;
use serde_json::Value as Json;
use store::{Fault, Passkey};

use super::means::{party, passkey};
use crate::{
    activity::Activity,
    pages::{PasskeyAsked, field},
    parameters::Parameters,
    seal::{Errand, Sealed},
    server::Call,
};

/// How long an answer is taken: a page may lie about that long with its passkeys offered in the name's field.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3600);

/// A ceremony that a page carries; keeps its texts alive while the page is rendered.
pub(crate) struct Question {
    options: String,
    ceremony: String,
}

/// What came of an answer.
pub(super) enum Outcome<T> {
    /// It is good.
    Good(T),
    /// The passkey is not registered here; its authenticator may be told so.
    Unknown {
        /// The service as authenticators know it.
        rp_id: String,
        /// The credential's id.
        id: String,
    },
    /// It is no answer to a question that was asked here, or not in time, or not for the first time.
    Refused,
}

impl Question {
    /// Asks for a passkey: one of those, or any. `None` where this address can have none.
    pub(crate) fn get(call: &Call<'_>, account: &str, of: &[Passkey]) -> Option<Self> {
        Self::of(call, account, party(call).ok()?.begin_sign_in(of).ok()?)
    }

    /// Asks for a new passkey.
    pub(crate) fn create(call: &Call<'_>, account: (&str, &str), there: &[Passkey]) -> Option<Self> {
        Self::of(call, account.0, party(call).ok()?.begin_register(account, there).ok()?)
    }

    fn of(call: &Call<'_>, account: &str, begun: Begun) -> Option<Self> {
        let errand = Errand::Ceremony { state: begun.state, account: account.to_owned() };
        let sealed = Sealed { at: call.visit.now, errand };
        Some(Self {
            options: begun.options.to_string(),
            ceremony: sealed.seal(&call.key("sealed ceremony"))?,
        })
    }

    /// What the page shows of it.
    pub(crate) fn asked(&self) -> PasskeyAsked<'_> {
        PasskeyAsked { options: &self.options, ceremony: &self.ceremony }
    }
}

/// The ceremony that a form answers, by its state and whose it must be: once, and in time.
async fn spent(call: &Call<'_>, form: &Parameters) -> Result<Option<(String, String)>, Fault> {
    let sealed = Sealed::open(form.text(field::CEREMONY), &call.key("sealed ceremony"));
    let Some(Sealed { at, errand: Errand::Ceremony { state, account } }) = sealed else { return Ok(None) };
    let until: Timestamp = at.plus(PATIENCE);
    let first =
        call.server.store.spend_ceremony(&call.realm, digest::sha256(&state), until, call.visit.now).await?;
    Ok(first.then_some((state, account)))
}

/// Judges a passkey that was shown: whose it is, and what it stands for.
pub(super) async fn shown(call: &Call<'_>, form: &Parameters) -> Result<Outcome<(String, Method)>, Fault> {
    let Some((state, account)) = spent(call, form).await? else { return Ok(Outcome::Refused) };
    let (Ok(party), Ok(answer)) = (party(call), Credential::parse(form.text(field::CREDENTIAL))) else {
        return Ok(Outcome::Refused);
    };
    let id = answer.id();
    let Some(found) = passkey(call, &id).await? else {
        return Ok(Outcome::Unknown { rp_id: party.id().to_owned(), id });
    };
    let is_asked = if account.is_empty() { answer.names_its_owner() } else { account == found.user_id };
    let used = match party.sign_in(&state, &answer, &found) {
        Ok(used) if is_asked => used,
        Ok(_) | Err(_) => return Ok(Outcome::Refused),
    };
    let (counter, backed_up) = (used.counter, used.backup_state);
    let judge = move |record: &Json| judge_use(record, counter, backed_up);
    match call.server.store.use_passkey(&call.realm, &id, call.visit.now, judge).await? {
        Some(true) => Ok(Outcome::Good((found.user_id, used.method))),
        // A persona's own is nowhere written; it does not count either. Any other was removed meanwhile.
        None if call.settings.directory.account(&found.user_id).is_some_and(|it| it.built_in.passkey) => {
            Ok(Outcome::Good((found.user_id, used.method)))
        }
        Some(false) | None => Ok(Outcome::Refused),
    }
}

/// Registers the passkey that was made; what its maker has shown by it.
pub(super) async fn made(
    call: &Call<'_>,
    form: &Parameters,
    account: &str,
    name: &str,
) -> Result<Result<Method, PasskeyError>, Fault> {
    let Some((state, whose)) = spent(call, form).await? else { return Ok(Err(PasskeyError::State)) };
    if whose != account {
        return Ok(Err(PasskeyError::Stranger));
    }
    let registered =
        party(call).and_then(|party| party.register(&state, form.text(field::CREDENTIAL), call.visit.real));
    let (id, record) = match registered {
        Ok(registered) => registered,
        Err(error) => return Ok(Err(error)),
    };
    let passkey = Passkey {
        id,
        user_id: account.to_owned(),
        name: name.to_owned(),
        record,
        created_at: call.visit.now,
        used_at: None,
    };
    if !call.server.store.add_passkey(&call.realm, passkey, identity::PASSKEYS).await? {
        return Ok(Err(PasskeyError::Stranger));
    }
    call.told_of_factor(account, Activity::PasskeyAdded).await;
    // Whether it never leaves a device is for its first use to show.
    let verified = call.settings.factors.passkeys.verification_required;
    Ok(Ok(Method::Passkey { verified, hardware: false }))
}

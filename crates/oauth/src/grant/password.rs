use store::Grant;

use super::Exchange;
use crate::{
    answer::{Answer, Refusal},
    factor,
    known_device::Whose,
    scope,
};

/// A password that was handed to the client (RFC 6749 4.3): only where a document declares it. The lockout
/// holds here only where it is configured (control.md, default 16).
pub(crate) async fn serve(exchange: Exchange<'_>) -> Result<Answer, Refusal> {
    let Exchange { call, form, proven, .. } = exchange;
    let (name, password) = (exchange.need("username")?, exchange.need("password")?);
    let wrong = || Refusal::grant("name and password do not go together");
    let settings = &call.settings;
    let asked = scope::asked(settings, &proven.client, form.get("scope"))?;
    let attempts = &call.server.attempts;
    let account = call.who(name).await?;
    // Counted with those of the sign-in page.
    let whose = Whose::of(account.as_deref(), name);
    let is_locked = || {
        settings.lockout_everywhere && attempts.locked_for(&call.realm, &whose.name, call.visit.now).is_some()
    };
    call.admits(&whose).map_err(Refusal::limited)?;
    if is_locked() {
        return Err(wrong());
    }
    let is_right = call.server.passwords.check(account.as_deref(), password).await;
    let is_right =
        is_right.map_err(|_| Refusal::new("temporarily_unavailable", "too many sign-ins at once"))?;
    call.admits_still(&whose).map_err(Refusal::limited)?;
    if is_locked() {
        return Err(wrong());
    }
    let (Some(account), true) = (&account, is_right.is_right()) else {
        if settings.lockout_everywhere {
            call.wrong_password((&whose, &whose.name), account.as_deref(), name).await;
        } else {
            call.failed(&whose);
        }
        return Err(wrong());
    };
    attempts.succeed(&call.realm, &whose.name);
    call.succeeded(&whose.name);
    let account = super::account(call, &account.id).await?;
    if account.must_change || !factor::is_password_enough(call, &account).await? {
        return Err(Refusal::grant("a password is not enough for this account: sign in on the sign-in page"));
    }
    let grant = Grant {
        client: proven.client.id.clone(),
        account: account.id.clone(),
        scopes: scope::of_account(&call.settings, &account, &proven.client, asked.as_ref()),
        audience: scope::audience(settings, call.visit, &form.resources(), asked.as_ref())?,
        sid: None,
        auth_time: call.earlier(),
        signed_in_at: call.visit.now,
        acr: "pwd".to_owned(),
        methods: vec!["pwd".to_owned()],
        nonce: None,
        id_token_claims: Vec::new(),
        userinfo_claims: Vec::new(),
        thumbprint: None,
        certificate: None,
    };
    exchange.begin(grant, call.family()).await
}

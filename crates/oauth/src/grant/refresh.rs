use model::Event;
use store::{Rotation, Turn};

use super::{Exchange, Given};
use crate::{
    answer::{Answer, Refusal},
    opaque::Refresh,
    scope,
};

/// Exchanges a refresh token for its successor and a new access token (RFC 6749 6, product.md).
pub(crate) async fn serve(exchange: Exchange<'_>) -> Result<Answer, Refusal> {
    let Exchange { call, form, proven, bound } = exchange;
    let wrong = |cause| {
        exchange.refused(cause, "the refresh token is unknown, used, ended, revoked, or another client's")
    };
    let unknown = || wrong("no such refresh token was given here; a mock without --state forgets at its end");
    let text = exchange.need("refresh_token")?;
    let token = Refresh::read(text, &call.visit.sandbox, &call.key("refresh token")).ok_or_else(unknown)?;
    let store = &call.server.store;
    let family = store.family(&call.realm, &token.family).await?.ok_or_else(unknown)?;
    let grant = family.grant;
    if grant.client != proven.client.id {
        return Err(wrong("the refresh token was given to another client_id"));
    }
    // A stolen token without its key must not even burn the family.
    if grant.thumbprint.is_some() && grant.thumbprint != bound.thumbprint {
        return Err(Refusal::new("invalid_dpop_proof", "the refresh token is bound to another key"));
    }
    if grant.certificate.is_some() && grant.certificate != bound.certificate {
        return Err(wrong("the refresh token is bound to another certificate"));
    }
    let account = super::account(call, &grant.account).await?;
    let asked = scope::asked(&call.settings, &proven.client, form.get("scope"))?;
    let scopes = asked.unwrap_or_else(|| grant.scopes.clone());
    if !grant.scopes.covers(&scopes) {
        return Err(Refusal::new("invalid_scope", "a refresh gives no more than was granted"));
    }
    // What the account lost since then is gone from new tokens.
    let scopes = scope::of_account(&call.settings, &account, &proven.client, Some(&scopes));
    let audience = exchange.audience(&grant.audience)?;
    let (now, lifetimes) = (call.visit.now, &call.settings.lifetimes);
    let jti = call.jti(&token.family);
    let turn = Turn {
        family: token.family.clone(),
        sequence: token.sequence,
        jti: jti.clone(),
        grace: lifetimes.reuse_grace,
        lifetime: lifetimes.refresh,
        access_until: now.plus(lifetimes.access).plus(lifetimes.access),
    };
    let sequence = match store.rotate_refresh(&call.realm, turn, now).await? {
        Rotation::Rotated { sequence } | Rotation::Again { sequence } => sequence,
        Rotation::Burnt { first_used_at } => {
            call.server.tell(Event::FamilyBurnt {
                at: now,
                sandbox: call.visit.sandbox.clone(),
                client: grant.client.as_str().into(),
                subject: grant.account.as_str().into(),
                session: grant.sid.as_deref().map(Into::into),
                first_used_at,
            });
            return Err(wrong("the refresh token was used before, so all of its family is revoked now"));
        }
        Rotation::Dead if family.revoked => {
            return Err(wrong(
                "the refresh token's family is revoked: its session ended, or one of it was used twice",
            ));
        }
        Rotation::Dead => {
            return Err(wrong(
                "the refresh token is too old: it lives for tokens.refresh, by the sandbox's clock",
            ));
        }
    };
    let refresh = Some(Refresh { family: token.family, sequence });
    super::answer(
        call,
        Given { grant: &grant, account: &account, bound, jti, scopes: &scopes, audience: &audience, refresh },
    )
}

//! `/_lobby/account/app-passwords`: a password of its own for each program that cannot open a page. It is shown
//! once, does what was ticked, and is taken away by itself.

use identity::{KeyId, key_hash, make_named_key};
use model::{Scope, ScopeSet};
use store::{Key, KeyKind, Owner as Whose};

use super::{
    enrol::{Owner, Sent, owner, sent, wish},
    passkeys::{day, written},
};
use crate::{
    activity::Activity,
    answer::Answer,
    pages::{AppPasswordLine, AppPasswords, FailureKind, Permission, field},
    server::Call,
    settings::AppPasswordRules,
};

const PATH: &str = "/_lobby/account/app-passwords";
/// How many of one person open at a time.
const MOST: u32 = 50;
/// How many are listed: an administrator may have made more.
const LISTED: u32 = 1000;

pub(crate) async fn serve(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Answer {
    match answered(call, query, body).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn answered(call: &Call<'_>, query: Option<&str>, body: &[u8]) -> Result<Answer, Answer> {
    let Some(rules) = &call.settings.app_passwords else { return Err(call.failure(FailureKind::Missing)) };
    let mut there = owner(call, PATH, query).await?;
    let sent = sent(call, &mut there, body).await?;
    let open = open(call, &there).await?;
    let made = match (wish(sent.as_ref()), &sent) {
        ("make", Some(sent)) => make(call, rules, &there, sent).await?,
        ("remove", Some(sent)) => {
            let id = sent.form.text(field::ID);
            // Only one's own: the list of them is what it is looked for in.
            if open.iter().any(|key| key.id == id) {
                let revoked = call.server.store.revoke_key(&call.realm, id, call.visit.now).await;
                if revoked.map_err(|fault| call.fault(&fault))?.is_some() {
                    call.told_of_factor(&there.account.id, Activity::AppPasswordRemoved).await;
                }
            }
            None
        }
        _ => None,
    };
    page(call, &there, made.as_deref()).await
}

/// Those that open yet.
async fn open(call: &Call<'_>, owner: &Owner) -> Result<Vec<Key>, Answer> {
    let whose = Whose::User(owner.account.id.clone());
    let keys = call.server.store.app_passwords(&call.realm, &whose, call.visit.now, LISTED).await;
    keys.map_err(|fault| call.fault(&fault))
}

fn is_full(open: &[Key]) -> bool {
    open.len() >= MOST as usize
}

/// What one may do at most: what its owner may of what the APIs declare.
fn offered(call: &Call<'_>, owner: &Owner) -> ScopeSet {
    let declared = call.settings.apis.iter().flat_map(|api| api.scopes.keys());
    owner.account.has_of(&declared.filter_map(|scope| scope.parse().ok()).collect())
}

async fn make(
    call: &Call<'_>,
    rules: &AppPasswordRules,
    owner: &Owner,
    sent: &Sent,
) -> Result<Option<String>, Answer> {
    // Each form has the name of one: a page that is loaded again makes no second.
    let Some(id) = sent.pending.first().and_then(|id| KeyId::parse(id)) else { return Ok(None) };
    let text = make_named_key(&rules.prefix, &id, call.server.entropy());
    let text = text.map_err(|_| call.failure(FailureKind::Fault))?;
    let offered = offered(call, owner);
    let ticked = sent.form.pairs().iter().filter(|(name, _)| name == field::SCOPE);
    let ticked = ticked.filter_map(|(_, scope)| scope.parse::<Scope>().ok());
    let key = Key {
        id: id.as_str().to_owned(),
        kind: KeyKind::AppPassword,
        hash: key_hash(text.expose().as_bytes()),
        owner: Whose::User(owner.account.id.clone()),
        name: written(sent.form.text(field::LABEL)),
        scopes: ticked.filter(|scope| offered.contains(scope.as_str())).collect(),
        plan: None,
        addresses: Vec::new(),
        created_at: call.visit.now,
        expires_at: rules.life.map(|life| call.visit.now.plus(life)),
        revoked_at: None,
        replaces: None,
    };
    match call.server.store.add_app_password(&call.realm, key, MOST).await {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(fault) => return Err(call.fault(&fault)),
    }
    call.told_of_factor(&owner.account.id, Activity::AppPasswordMade).await;
    Ok(Some(text.expose().clone()))
}

async fn page(call: &Call<'_>, owner: &Owner, made: Option<&str>) -> Result<Answer, Answer> {
    let next = KeyId::new(call.server.entropy()).as_str().to_owned();
    let form = call.form(PATH, owner.errand(vec![next]));
    let open = open(call, owner).await?;
    let told: Vec<(String, String, Option<String>)> = open
        .iter()
        .map(|key| (key.scopes.to_string(), day(key.created_at), key.expires_at.map(day)))
        .collect();
    let lines: Vec<AppPasswordLine<'_>> = open
        .iter()
        .zip(&told)
        .map(|(key, (scopes, since, until))| AppPasswordLine {
            id: &key.id,
            name: &key.name,
            scopes,
            since,
            until: until.as_deref(),
        })
        .collect();
    let offered = offered(call, owner);
    let text = |name: &str| call.settings.scope_text(name);
    let scopes = offered.iter().map(Scope::as_str);
    let scopes: Vec<Permission<'_>> =
        scopes.map(|scope| Permission { scope, text: text(scope), optional: true, ticked: false }).collect();
    let page = AppPasswords {
        ticket: form.ticket(),
        user: &owner.account.name,
        passwords: &lines,
        made,
        scopes: Some(&*scopes).filter(|_| !is_full(&open)),
    };
    Ok(call.page(&page, Some(&form), None))
}

use identity::Account;
use model::{Scope, ScopeSet};

use crate::{
    answer::Refusal,
    settings::{Client, OwnScopes, Settings},
    visit::Visit,
};

/// Reads `scope`, and refuses what no API declares and what the client may not have (control.md, default 5).
/// `None`: nothing was asked for.
pub(crate) fn asked(
    settings: &Settings,
    client: &Client,
    written: Option<&str>,
) -> Result<Option<ScopeSet>, Refusal> {
    let Some(written) = written else { return Ok(None) };
    let invalid = |text: String| Refusal::new("invalid_scope", text);
    let scopes: ScopeSet = written.parse().map_err(|_| invalid("`scope` is no list of scopes".to_owned()))?;
    for scope in scopes.iter() {
        let name = scope.as_str();
        if is_own(settings, scope) {
            // Nothing less than its name gives an app what makes its bearer an administrator.
            if !client.scopes.as_ref().is_some_and(|allowed| allowed.contains(name)) {
                return Err(invalid(format!("this client may not have `{name}`, which it does not name")));
            }
        } else if !Scope::OPENID.contains(&name)
            && !settings.apis.iter().any(|api| api.scopes.contains_key(name))
        {
            return Err(invalid(format!("no API here has the scope `{name}`")));
        }
    }
    if let Some(allowed) = &client.scopes {
        let beyond = allowed.lacking(&scopes.of_apis());
        if !beyond.is_empty() {
            return Err(invalid(format!("this client may not have `{beyond}`")));
        }
    }
    Ok(Some(scopes).filter(|scopes| !scopes.is_empty()))
}

/// Whether it is one of Lobby's own API.
pub(crate) fn is_own(settings: &Settings, scope: &Scope) -> bool {
    settings.own.as_ref().is_some_and(|own| own.has(scope))
}

/// What an account gives of what was asked for: declared scopes that it lacks are left out.
pub(crate) fn of_account(
    settings: &Settings,
    account: &Account,
    client: &Client,
    asked: Option<&ScopeSet>,
) -> ScopeSet {
    match asked {
        Some(asked) => {
            let openid: ScopeSet = asked.iter().filter(|scope| scope.is_openid()).cloned().collect();
            let asked = within(client, asked.of_apis());
            let Some(own) = &settings.own else { return account.has_of(&asked).joined(&openid) };
            let (ours, others): (Vec<&Scope>, Vec<&Scope>) = asked.iter().partition(|scope| own.has(scope));
            let given =
                ours.into_iter().filter(|scope| own.may_give(scope, &account.roles)).cloned().collect();
            account.has_of(&others.into_iter().cloned().collect()).joined(&openid).joined(&given)
        }
        None if account.has_every_scope() => {
            let declared = settings.apis.iter().flat_map(|api| api.scopes.keys());
            within(client, declared.filter_map(|scope| scope.parse().ok()).collect())
        }
        None => within(client, account.scopes.clone()),
    }
}

/// What a client has of its own: what the documents' clientCredentials flows declare.
pub(crate) fn of_client(settings: &Settings, client: &Client, asked: Option<&ScopeSet>) -> ScopeSet {
    let declared = settings.apis.iter().fold(ScopeSet::new(), |all, api| all.joined(&api.client_scopes));
    let own = within(client, declared);
    match asked {
        None => own,
        Some(asked) => asked.shared(&own),
    }
}

fn within(client: &Client, scopes: ScopeSet) -> ScopeSet {
    match &client.scopes {
        Some(allowed) => scopes.shared(allowed),
        None => scopes,
    }
}

/// `aud` of the tokens of a request (control.md, default 5).
pub(crate) fn audience(
    settings: &Settings,
    visit: &Visit,
    resources: &[String],
    scopes: Option<&ScopeSet>,
) -> Result<Vec<String>, Refusal> {
    let issuer = &visit.issuer;
    let mut named = Vec::new();
    let mut add = |audience: Vec<String>| {
        for name in audience {
            if !named.contains(&name) {
                named.push(name);
            }
        }
    };
    for resource in resources {
        if settings.own.is_some() && *resource == OwnScopes::audience(issuer) {
            add(vec![resource.clone()]);
            continue;
        }
        let is_meant = |api: &&crate::settings::Api| {
            let own = api.audience(issuer).contains(resource);
            own || is_base(api, visit, resource) || (settings.apis.len() == 1 && same(resource, issuer))
        };
        let api = settings.apis.iter().find(is_meant);
        let api = api.ok_or_else(|| {
            Refusal::new("invalid_target", format!("`{resource}` is no audience or base URL of an API here"))
        })?;
        add(api.audience(issuer));
    }
    if !resources.is_empty() {
        return Ok(named);
    }
    // What administers Lobby is for nobody else, who could use it there.
    if scopes.is_some_and(|scopes| scopes.iter().any(|scope| is_own(settings, scope))) {
        return Ok(vec![OwnScopes::audience(issuer)]);
    }
    let owns = |api: &&crate::settings::Api| {
        let owns_one = |scope: &Scope| api.scopes.contains_key(scope.as_str());
        settings.apis.len() == 1 || scopes.is_some_and(|scopes| scopes.iter().any(owns_one))
    };
    settings.apis.iter().filter(owns).for_each(|api| add(api.audience(issuer)));
    if named.is_empty() {
        settings.apis.iter().for_each(|api| named.extend(api.audience(issuer)));
    }
    if named.is_empty() {
        // An authorization server alone: its tokens are for itself.
        named.push(issuer.clone());
    }
    Ok(named)
}

fn is_base(api: &crate::settings::Api, visit: &Visit, resource: &str) -> bool {
    let bases = api.bases.iter();
    let mut urls =
        bases.flat_map(|base| [format!("{}{base}", visit.origin()), format!("{}{base}", visit.issuer)]);
    urls.any(|url| same(resource, &url))
}

fn same(resource: &str, url: &str) -> bool {
    resource.trim_end_matches('/') == url.trim_end_matches('/')
}

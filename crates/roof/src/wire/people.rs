//! Personas → accounts, their keys, and the plays that they are in.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use contract::SchemeKind;
use identity::{
    Account, BuiltIn, Directory, default_email, default_key, default_password, default_personas,
    password::Stored,
};
use mock::scenario::{Play, Target, read_steps};
use model::{Kind, Principal, Problem, ScopeSet, Secret};
use oauth::AppPasswordRules;

use super::Wired;
use crate::{
    administration::key_terms,
    config::{accounts::BasicTakes, apis::scopes, people::Persona},
    gather::{Footing, Gathering},
};

/// Who there is: the configured personas, else `alice`, `guest` and `suspended`.
pub(super) fn accounts(gathering: &Gathering, problems: &mut Vec<Problem>) -> Vec<Account> {
    let schemes = key_schemes(gathering);
    if gathering.config.personas.is_empty() {
        let (scopes, roles) = (super::scopes::everything(gathering), roles(gathering));
        let names: Vec<&str> = schemes.iter().map(String::as_str).collect();
        return default_personas(&scopes, &roles, &names);
    }
    let personas = gathering.config.personas.iter();
    personas.map(|(name, persona)| account(name, persona, &schemes, gathering, problems)).collect()
}

fn account(
    name: &str,
    persona: &Persona,
    schemes: &BTreeSet<String>,
    gathering: &Gathering,
    problems: &mut Vec<Problem>,
) -> Account {
    if let Some((plan, written)) = persona.plan.as_ref().zip(gathering.written.as_ref())
        && !gathering.config.plans.contains_key(&plan.value)
    {
        let near = model::nearest(&plan.value, gathering.config.plans.keys().map(String::as_str));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        problems.push(written.problem(plan.defined, format!("there is no plan `{}`", plan.value), help));
    }
    for scheme in persona.keys.keys().filter(|scheme| !schemes.contains(*scheme)) {
        let near = model::nearest(scheme, schemes.iter().map(String::as_str));
        let message = format!(
            "persona {name} has a key for `{scheme}`, but no document has an apiKey scheme of that name"
        );
        let help = near.map(|near| format!("did you mean `{near}`?"));
        if let Some(file) = &gathering.written {
            problems.push(file.key_problem(&["personas", name, "keys", scheme], message, help));
        }
    }
    let own = scopes(&persona.scopes).unwrap_or_else(|error| {
        if let Some(file) = &gathering.written {
            problems.push(file.value_problem(&["personas", name, "scopes"], error.to_string(), None));
        }
        ScopeSet::new()
    });
    let key = |scheme: &String| {
        let value = persona.keys.get(scheme).cloned().unwrap_or_else(|| default_key(name, scheme));
        (scheme.clone(), Secret::new(value))
    };
    Account {
        id: name.to_owned(),
        name: name.to_owned(),
        email: Some(default_email(name)),
        password: Stored::Written(Secret::new(
            persona.password.clone().unwrap_or_else(|| default_password(name)),
        )),
        keys: schemes.iter().map(key).collect(),
        roles: Arc::new(persona.roles.iter().cloned().collect()),
        scopes: own.of_apis(),
        plan: persona.plan.as_ref().map(|plan| plan.value.clone()),
        claims: persona.claims.clone(),
        disabled: persona.disabled,
        scenario: persona.scenario.as_ref().map(|scenario| scenario.value.clone()),
        built_in: BuiltIn { totp: persona.totp.unwrap_or(false), passkey: persona.passkey.unwrap_or(false) },
        must_change: false,
        password_version: 0,
    }
}

/// What of people is taken in Basic; a mock's personas show the password that they have.
pub(super) fn basic(gathering: &Gathering) -> gateway::Basic {
    let written = gathering.config.accounts.as_ref().and_then(|accounts| accounts.basic);
    let usual = match gathering.footing {
        Footing::Mock => BasicTakes::Passwords,
        Footing::Production => BasicTakes::AppPasswords,
    };
    match written.unwrap_or(usual) {
        BasicTakes::AppPasswords => gateway::Basic::AppPasswords,
        BasicTakes::Passwords => gateway::Basic::Passwords,
        BasicTakes::Off => gateway::Basic::Off,
    }
}

/// How people make passwords for their programs: where an API takes them.
pub(super) fn app_passwords(gathering: &Gathering) -> Option<AppPasswordRules> {
    let mut schemes = gathering.apis.iter().flat_map(|api| api.contract.schemes());
    if basic(gathering) == gateway::Basic::Off || !schemes.any(|scheme| scheme.kind == SchemeKind::Basic) {
        return None;
    }
    let (prefix, life) = key_terms(&gathering.config);
    Some(AppPasswordRules { prefix, life })
}

/// The plays that personas are always in.
pub(super) fn standing(gathering: &Gathering, problems: &mut Vec<Problem>) -> Vec<Play> {
    let mut plays = Vec::new();
    for (name, persona) in &gathering.config.personas {
        let Some((scenario, written)) = persona.scenario.as_ref().zip(gathering.written.as_ref()) else {
            continue;
        };
        let play = read_steps([scenario.value.as_str()])
            .and_then(|steps| Play::new(steps, Some(name.as_str().into()), Target::Apis, true));
        match play {
            Ok(play) => plays.push(play),
            Err(error) => problems.push(written.problem(scenario.defined, error.to_string(), None)),
        }
    }
    plays
}

/// Every role that the documents ask for.
fn roles(gathering: &Gathering) -> BTreeSet<String> {
    let mut roles = BTreeSet::new();
    for operation in gathering.apis.iter().flat_map(|gathered| gathered.contract.operations()) {
        roles.extend(operation.requirement.rules.roles.iter().cloned());
        let demands = operation.requirement.alternatives.iter().flat_map(|alternative| &alternative.demands);
        roles.extend(demands.flat_map(|demand| demand.roles.iter().cloned()));
    }
    roles
}

/// The names of all schemes that want a key or cookie.
fn key_schemes(gathering: &Gathering) -> BTreeSet<String> {
    let schemes = gathering.apis.iter().flat_map(|gathered| gathered.contract.schemes());
    schemes
        .filter(|scheme| matches!(scheme.kind, SchemeKind::ApiKey { .. }))
        .map(|scheme| scheme.name.clone())
        .collect()
}

/// Whose value stands in which scheme's place, by its SHA-256.
pub(super) fn keys(
    directory: &Directory,
    wired: &[Wired],
) -> HashMap<(Arc<str>, String, [u8; 32]), Arc<Principal>> {
    let mut keys = HashMap::new();
    for api in wired {
        for account in directory.accounts() {
            let principal = Arc::new(gateway::of_account(account, Kind::Key));
            for (scheme, value) in &account.keys {
                let hash = jose::digest::sha256(value.expose().as_bytes());
                keys.entry((api.name.clone(), scheme.clone(), hash)).or_insert_with(|| principal.clone());
            }
        }
    }
    keys
}

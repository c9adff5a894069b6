//! Users as Keycloak, Auth0 and Firebase export them, made records of ours. Their passwords stay as they were
//! hashed; the next sign-in hashes them anew.

use std::io::BufRead;

use admin::DIRECTOR;
use identity::{
    EVERY_SCOPE,
    names::{email_key, name_key},
    password::{FirebaseKey, ImportError, Phc, auth0, firebase, keycloak},
};
use jose::{base64url, digest};
use model::Clock;
use serde_json::{Map, Value, json};

use super::unreadable;
use crate::{cli, exit::Failure, system::SystemClock};

/// What was read.
pub(super) struct People {
    /// Each with its line, or its number where the export is one document.
    pub(super) records: Vec<(u64, Map<String, Value>)>,
    /// What cannot be taken: a password, in whose place they choose another by a reset, or a role.
    pub(super) lost: Vec<String>,
}

/// Somebody, as another product knew them.
#[derive(Default)]
struct Person<'a> {
    /// Their id there: whoever is imported twice is the same.
    id: &'a str,
    name: &'a str,
    email: &'a str,
    verified: bool,
    password: Option<Result<Phc, ImportError>>,
    roles: Vec<&'a str>,
    claims: Map<String, Value>,
    disabled: bool,
    /// Milliseconds since the epoch.
    created: Option<i64>,
}

/// Reads all users of an export.
pub(super) fn people(arguments: &cli::Import, mut input: Box<dyn BufRead>) -> Result<People, Failure> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(|error| unreadable(&arguments.file, &error))?;
    let mut gathered = Gathered { arguments, now: SystemClock.now().as_micros(), people: People::none() };
    match arguments.from {
        // A line each; another export is one document.
        cli::From::Auth0 => {
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                let user = gathered.json(line, number)?;
                gathered.add(number, "auth0", of_auth0(&user))?;
            }
        }
        cli::From::Keycloak => {
            let export = gathered.json(&text, 1)?;
            for (number, user) in (1..).zip(gathered.users(&export)?) {
                gathered.add(number, "keycloak", of_keycloak(user))?;
            }
        }
        cli::From::Firebase => {
            let export = gathered.json(&text, 1)?;
            let project = project(arguments)?;
            for (number, user) in (1..).zip(gathered.users(&export)?) {
                gathered.add(number, "firebase", of_firebase(user, &project))?;
            }
        }
        cli::From::Lobby => {}
    }
    Ok(gathered.people)
}

impl People {
    fn none() -> Self {
        Self { records: Vec::new(), lost: Vec::new() }
    }
}

struct Gathered<'a> {
    arguments: &'a cli::Import,
    /// Microseconds since the epoch.
    now: i64,
    people: People,
}

impl Gathered<'_> {
    fn wrong(&self, number: u64, why: &str) -> Failure {
        let message = format!("{}: user {number}: {why}", self.arguments.file.display());
        Failure::new(message, "nothing was taken; mend the export, or leave them out")
    }

    fn json(&self, text: &str, number: u64) -> Result<Value, Failure> {
        let read = serde_json::from_str(text);
        read.map_err(|error| self.wrong(number, &format!("this is no JSON: {error}")))
    }

    fn users<'a>(&self, export: &'a Value) -> Result<impl Iterator<Item = &'a Value> + use<'a>, Failure> {
        let users = export.get("users").and_then(Value::as_array);
        users.map(|users| users.iter()).ok_or_else(|| unreadable(&self.arguments.file, &"it has no `users`"))
    }

    fn add(&mut self, number: u64, source: &str, person: Option<Person<'_>>) -> Result<(), Failure> {
        let Some(person) = person else { return Err(self.wrong(number, "it has no id")) };
        let password = match person.password.as_ref() {
            Some(Ok(hash)) => hash.as_str().to_owned(),
            Some(Err(why)) => {
                let (file, handle) = (self.arguments.file.display(), person.handle());
                let why = format!("{file}: user {number} ({handle}) comes without a password: {why}");
                self.people.lost.push(why);
                String::new()
            }
            None => String::new(),
        };
        for role in person.roles.iter().filter(|role| is_ours(role)) {
            let (file, handle) = (self.arguments.file.display(), person.handle());
            let why = "who administers here is not said elsewhere";
            self.people
                .lost
                .push(format!("{file}: user {number} ({handle}) comes without the role {role}: {why}"));
        }
        let record = person.record(&self.arguments.realm, source, &password, self.now);
        let record = record.map_err(|why| self.wrong(number, &why))?;
        self.people.records.push((number, record));
        Ok(())
    }
}

impl Person<'_> {
    fn handle(&self) -> &str {
        if self.name.is_empty() { self.email } else { self.name }
    }

    fn record(
        &self,
        realm: &str,
        source: &str,
        password: &str,
        now: i64,
    ) -> Result<Map<String, Value>, String> {
        // Where the address is the name it is not a second one.
        let is_address = self.name.contains('@');
        let name = if is_address { "" } else { self.name };
        let email = if self.email.is_empty() && is_address { self.name } else { self.email };
        if name.is_empty() && email.is_empty() {
            return Err("there is neither a name nor an address".to_owned());
        }
        let name_key = if name.is_empty() {
            String::new()
        } else {
            name_key(name).map_err(|error| format!("`{name}`: {error}"))?.as_str().to_owned()
        };
        let email_key = if email.is_empty() {
            String::new()
        } else {
            email_key(email).map_err(|error| format!("`{email}`: {error}"))?.as_str().to_owned()
        };
        let created = self.created.map_or(now, |milliseconds| milliseconds.saturating_mul(1000));
        let since = |is: bool| if is { created.max(1) } else { 0 };
        let version = i64::from(!password.is_empty());
        let hash = digest::sha256(format!("{source}\n{}", self.id).as_bytes());
        let id = base64url::encode(hash.get(..16).unwrap_or_default());
        let roles: Vec<_> = self.roles.iter().filter(|role| !is_ours(role)).collect();
        let record = json!({
            "kind": "user", "realm": realm, "id": id, "name": name, "name_key": name_key,
            "email": email, "email_key": email_key, "email_verified_at": since(self.verified),
            "password": password, "password_version": version, "must_change": 0,
            "roles": json!(roles).to_string(), "scopes": EVERY_SCOPE, "plan": "",
            "claims": Value::Object(self.claims.clone()).to_string(),
            "disabled_at": since(self.disabled), "created_at": created, "seen_at": 0,
        });
        match record {
            Value::Object(record) => Ok(record),
            _ => Err("a record is an object".to_owned()),
        }
    }
}

fn is_ours(role: &str) -> bool {
    role.starts_with("lobby:") || role == DIRECTOR
}

fn text<'a>(user: &'a Value, name: &str) -> &'a str {
    user.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(user: &Value, name: &str) -> Option<bool> {
    user.get(name).and_then(Value::as_bool)
}

/// Standard claims (OpenID Connect Core 5.1), from the members that hold them.
fn claims(user: &Value, members: &[(&str, &str)]) -> Map<String, Value> {
    let all = members.iter().map(|(member, claim)| (text(user, member), *claim));
    all.filter(|(value, _)| !value.is_empty())
        .map(|(value, claim)| (claim.to_owned(), value.into()))
        .collect()
}

/// Roles that Keycloak gives to everybody, and that mean nothing elsewhere.
const EVERYBODYS: [&str; 2] = ["offline_access", "uma_authorization"];

fn of_keycloak(user: &Value) -> Option<Person<'_>> {
    let list = |name| user.get(name).and_then(Value::as_array).into_iter().flatten();
    let password = list("credentials").find(|credential| text(credential, "type") == "password");
    let roles = list("realmRoles").filter_map(Value::as_str);
    let roles = roles.filter(|role| !EVERYBODYS.contains(role) && !role.starts_with("default-roles-"));
    Some(Person {
        id: Some(text(user, "id")).filter(|id| !id.is_empty()).or(Some(text(user, "username")))?,
        name: text(user, "username"),
        email: text(user, "email"),
        verified: flag(user, "emailVerified") == Some(true),
        password: password.map(keycloak),
        roles: roles.collect(),
        claims: claims(user, &[("firstName", "given_name"), ("lastName", "family_name")]),
        disabled: flag(user, "enabled") == Some(false),
        created: user.get("createdTimestamp").and_then(Value::as_i64),
    })
    .filter(|person| !person.id.is_empty())
}

fn of_auth0(user: &Value) -> Option<Person<'_>> {
    let nested = user.get("_id").map(|id| text(id, "$oid"));
    let ids = [nested, Some(text(user, "user_id")), Some(text(user, "id")), Some(text(user, "email"))];
    let has = |name| user.get(name).is_some();
    let hashed = has("passwordHash") || has("password_hash") || has("custom_password_hash");
    Some(Person {
        id: ids.into_iter().flatten().find(|id| !id.is_empty())?,
        name: text(user, "username"),
        email: text(user, "email"),
        verified: flag(user, "email_verified") == Some(true),
        password: hashed.then(|| auth0(user)),
        claims: claims(
            user,
            &[
                ("name", "name"),
                ("nickname", "nickname"),
                ("given_name", "given_name"),
                ("family_name", "family_name"),
                ("picture", "picture"),
            ],
        ),
        disabled: flag(user, "blocked") == Some(true),
        ..Person::default()
    })
}

fn of_firebase<'a>(user: &'a Value, project: &FirebaseKey) -> Option<Person<'a>> {
    let hashed = !text(user, "passwordHash").is_empty();
    Some(Person {
        id: Some(text(user, "localId")).filter(|id| !id.is_empty())?,
        email: text(user, "email"),
        verified: flag(user, "emailVerified") == Some(true),
        password: hashed.then(|| firebase(user, project)),
        claims: claims(
            user,
            &[("displayName", "name"), ("photoUrl", "picture"), ("phoneNumber", "phone_number")],
        ),
        disabled: flag(user, "disabled") == Some(true),
        created: text(user, "createdAt").parse().ok(),
        ..Person::default()
    })
}

/// The parameters as Firebase's console shows them: `name: value,` on a line each.
fn project(arguments: &cli::Import) -> Result<FirebaseKey, Failure> {
    let Some(file) = &arguments.hash_config else {
        return Err(Failure::new(
            "Firebase's hash parameters are not named",
            "name their file with --hash-config",
        ));
    };
    let written = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let find = |name: &str| {
        let found = written.lines().find_map(|line| {
            let (found, value) = line.trim().split_once(':')?;
            (found.trim() == name).then(|| value.trim().trim_end_matches(',').trim())
        });
        found.ok_or_else(|| unreadable(file, &format!("it has no `{name}: …`")))
    };
    let number = |name| find(name)?.parse().map_err(|_| unreadable(file, &format!("`{name}` is no number")));
    if find("algorithm")? != "SCRYPT" {
        return Err(unreadable(file, &"its algorithm is not SCRYPT"));
    }
    Ok(FirebaseKey {
        signer_key: find("base64_signer_key")?.to_owned(),
        salt_separator: find("base64_salt_separator")?.to_owned(),
        rounds: number("rounds")?,
        mem_cost: number("mem_cost")?,
    })
}

//! What a command line asks for, as a call of the admin API.

use std::io::BufRead;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::{
    cli::{
        AuditCommand, ClientAdd, ClientCommand, KeyAdd, KeyCommand, SessionCommand, UserCommand, UserInvite,
        UserTerms,
    },
    exit::Failure,
};

/// One call, and how its answer is shown.
pub(super) struct Wanted {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// A list under this name, of at most so many records.
    pub(super) list: Option<(&'static str, usize)>,
    pub(super) shown: Shown,
}

/// How an answer is written for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// A secret that is told once.
    Secret(&'static str),
    /// A record, member by member.
    Record,
    /// A table with these columns.
    Table(&'static str, &'static [&'static str]),
    /// One sentence.
    Said(String),
    /// The link that is handed over; else that it is mailed.
    Link(String),
    /// How many sessions ended.
    Ended,
    /// What the walk through the audit trail found.
    Proof,
}

pub(super) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

fn call(method: Method, path: String, body: Option<Value>, shown: Shown) -> Wanted {
    Wanted { method, path, body, list: None, shown }
}

fn list(path: String, name: &'static str, columns: &'static [&'static str]) -> Wanted {
    let list = Some((name, usize::MAX));
    Wanted { method: Method::GET, path, body: None, list, shown: Shown::Table(name, columns) }
}

fn suspend(path: String, name: &str, disabled: bool) -> Wanted {
    let word = if disabled { "suspended" } else { "let in again" };
    let said = Shown::Said(format!("{name} is {word}"));
    call(Method::PATCH, path, Some(json!({ "disabled": disabled })), said)
}

pub(super) fn user(command: &UserCommand) -> Result<Wanted, Failure> {
    let one = |user: &str| format!("/admin/v1/users/{}", encoded(user));
    Ok(match command {
        UserCommand::Add(add) => {
            let mut body = terms(&add.terms)?;
            let is_address = add.name.contains('@') && add.terms.email.is_none();
            body.insert(if is_address { "email" } else { "name" }.to_owned(), add.name.as_str().into());
            let name = &add.name;
            let said = Shown::Said(if add.terms.password_stdin {
                format!("{name} is added")
            } else {
                format!("{name} is added, and chooses a password by `lobby user reset {name}`")
            });
            call(Method::POST, "/admin/v1/users".to_owned(), Some(body.into()), said)
        }
        UserCommand::List => {
            list("/admin/v1/users".to_owned(), "users", &["name", "email", "roles", "disabled", "id"])
        }
        UserCommand::Show { user } => call(Method::GET, one(user), None, Shown::Record),
        UserCommand::Set(set) => {
            let mut body = terms(&set.terms)?;
            if let Some(name) = &set.name {
                body.insert("name".to_owned(), name.as_str().into());
            }
            call(
                Method::PATCH,
                one(&set.user),
                Some(body.into()),
                Shown::Said(format!("{} is changed", set.user)),
            )
        }
        UserCommand::Disable { user } => suspend(one(user), user, true),
        UserCommand::Enable { user } => suspend(one(user), user, false),
        UserCommand::Reset { user, factors: true, .. } => {
            let said = Shown::Said(format!("{user} has nothing beside a password"));
            call(Method::DELETE, format!("{}/factors", one(user)), None, said)
        }
        UserCommand::Reset { user, language, .. } => {
            let body =
                language.as_ref().map_or_else(|| json!({}), |language| json!({ "language": language }));
            let said = Shown::Link(format!("{user} is mailed a link to choose another password"));
            call(Method::POST, format!("{}/reset", one(user)), Some(body), said)
        }
        UserCommand::Remove { user } => {
            call(Method::DELETE, one(user), None, Shown::Said(format!("{user} is removed")))
        }
        UserCommand::Invite(invite) => {
            let said = Shown::Link(format!("{} is invited by mail", invite.email));
            call(Method::POST, "/admin/v1/invitations".to_owned(), Some(invitation(invite)), said)
        }
        UserCommand::Invitations => {
            let columns = &["email", "roles", "plan", "expires_at"];
            list("/admin/v1/invitations".to_owned(), "invitations", columns)
        }
        UserCommand::Uninvite { email } => {
            let said = Shown::Said(format!("{email} is invited no more"));
            call(Method::DELETE, format!("/admin/v1/invitations/{}", encoded(email)), None, said)
        }
    })
}

fn invitation(invite: &UserInvite) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("email", invite.email.as_str().into());
    for (name, values) in [("roles", &invite.roles), ("scopes", &invite.scopes)] {
        if !values.is_empty() {
            put(name, values.clone().into());
        }
    }
    for (name, value) in [("plan", &invite.plan), ("language", &invite.language)] {
        if let Some(value) = value {
            put(name, value.as_str().into());
        }
    }
    body.into()
}

fn terms(terms: &UserTerms) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    if terms.password_stdin {
        put("password", first_line("the password")?.into());
    }
    if let Some(email) = &terms.email {
        put("email", email.as_str().into());
    }
    if terms.email_verified {
        put("email_verified", true.into());
    }
    if !terms.roles.is_empty() {
        put("roles", terms.roles.clone().into());
    }
    if !terms.scopes.is_empty() {
        put("scopes", terms.scopes.clone().into());
    }
    if let Some(plan) = &terms.plan {
        put("plan", plan.as_str().into());
    }
    Ok(body)
}

pub(super) fn client(command: &ClientCommand) -> Result<Wanted, Failure> {
    let one = |client: &str| format!("/admin/v1/clients/{}", encoded(client));
    Ok(match command {
        ClientCommand::Add(add) => {
            let shown = if add.public || add.secret_stdin {
                Shown::Said(format!("{} is added", add.name))
            } else {
                Shown::Secret("secret")
            };
            call(Method::POST, "/admin/v1/clients".to_owned(), Some(new_client(add)?), shown)
        }
        ClientCommand::List => {
            let columns = &["id", "public", "grants", "redirect_uris", "disabled"];
            list("/admin/v1/clients".to_owned(), "clients", columns)
        }
        ClientCommand::Show { client } => call(Method::GET, one(client), None, Shown::Record),
        ClientCommand::Disable { client } => suspend(one(client), client, true),
        ClientCommand::Enable { client } => suspend(one(client), client, false),
        ClientCommand::Remove { client } => {
            call(Method::DELETE, one(client), None, Shown::Said(format!("{client} is removed")))
        }
    })
}

fn new_client(add: &ClientAdd) -> Result<Value, Failure> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("id", add.name.as_str().into());
    if add.secret_stdin {
        put("secret", first_line("the secret")?.into());
    }
    if add.public {
        put("public", true.into());
    }
    let lists = [
        ("redirect_uris", &add.redirect_uris),
        ("post_logout_redirect_uris", &add.post_logout_redirect_uris),
        ("grants", &add.grants),
        ("scopes", &add.scopes),
    ];
    for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        put(name, values.clone().into());
    }
    if let Some(title) = &add.title {
        put("name", title.as_str().into());
    }
    if add.skip_consent {
        put("consent", "skip".into());
    }
    Ok(body.into())
}

pub(super) fn key(command: &KeyCommand) -> Wanted {
    let one = |id: &str| format!("/admin/v1/keys/{}", encoded(id));
    match command {
        KeyCommand::Add(add) => {
            call(Method::POST, "/admin/v1/keys".to_owned(), Some(new_key(add)), Shown::Secret("key"))
        }
        KeyCommand::List { owner } => {
            let of = owner.as_ref().map(|owner| format!("?owner={}", encoded(owner))).unwrap_or_default();
            let columns = &["id", "kind", "standing", "owner", "name", "scopes", "expires_at"];
            list(format!("/admin/v1/keys{of}"), "keys", columns)
        }
        KeyCommand::Show { id } => call(Method::GET, one(id), None, Shown::Record),
        KeyCommand::Rotate { id, overlap } => {
            let body = overlap.as_ref().map_or_else(|| json!({}), |overlap| json!({ "overlap": overlap }));
            call(Method::POST, format!("{}/rotate", one(id)), Some(body), Shown::Secret("key"))
        }
        KeyCommand::Revoke { id } => {
            call(Method::DELETE, one(id), None, Shown::Said(format!("{id} is revoked")))
        }
    }
}

fn new_key(add: &KeyAdd) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("owner", add.owner.as_str().into());
    let lists = [("scopes", &add.scopes), ("addresses", &add.addresses)];
    for (name, values) in lists.into_iter().filter(|(_, values)| !values.is_empty()) {
        put(name, values.clone().into());
    }
    for (name, value) in [("expires", &add.expires), ("name", &add.name), ("plan", &add.plan)] {
        if let Some(value) = value {
            put(name, value.as_str().into());
        }
    }
    if add.app_password {
        put("kind", "app_password".into());
    }
    body.into()
}

pub(super) fn session(command: &SessionCommand) -> Wanted {
    const COLUMNS: &[&str] = &["id", "user", "methods", "address", "signed_in_at", "seen_at"];
    let of = |user: &str| format!("/admin/v1/users/{}/sessions", encoded(user));
    match command {
        SessionCommand::List { user: Some(user) } => {
            call(Method::GET, of(user), None, Shown::Table("sessions", COLUMNS))
        }
        SessionCommand::List { user: None } => list("/admin/v1/sessions".to_owned(), "sessions", COLUMNS),
        SessionCommand::End { all: true, .. } => {
            call(Method::DELETE, "/admin/v1/sessions".to_owned(), None, Shown::Ended)
        }
        SessionCommand::End { user: Some(user), .. } => call(Method::DELETE, of(user), None, Shown::Ended),
        SessionCommand::End { user: None, session, .. } => {
            let session = session.as_deref().unwrap_or_default();
            let said = Shown::Said(format!("{session} is ended"));
            call(Method::DELETE, format!("/admin/v1/sessions/{}", encoded(session)), None, said)
        }
    }
}

pub(super) fn audit(command: &AuditCommand) -> Wanted {
    match command {
        AuditCommand::List { limit } => Wanted {
            list: Some(("entries", usize::try_from(*limit).unwrap_or(usize::MAX).max(1))),
            ..list(
                "/admin/v1/audit".to_owned(),
                "entries",
                &["number", "at", "actor", "address", "action", "target"],
            )
        },
        AuditCommand::Verify => call(Method::GET, "/admin/v1/audit/proof".to_owned(), None, Shown::Proof),
    }
}

/// What stands in the first line of standard input: a secret has no place among arguments, which others see.
fn first_line(what: &str) -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Failure::from_error)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::new(
            format!("{what} is missing on standard input"),
            "hand it over, as in: printf %s SECRET | lobby …",
        ));
    }
    Ok(line.to_owned())
}

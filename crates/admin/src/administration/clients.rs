use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};
use store::{Client, ClientTerms};

use super::{
    Call, Refused,
    actor::{OURS, Role},
    created, page, shown,
    users::scopes,
};
use crate::{
    body::Members,
    refusal::{done, ok},
};

const MEMBERS: [&str; 13] = [
    "id",
    "name",
    "home",
    "public",
    "secret",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grants",
    "scopes",
    "pkce",
    "consent",
    "dpop",
    "disabled",
];

/// The grants that a client may be limited to, as `grant_type` has them, and how each may be written too.
const GRANTS: [(&str, &str); 6] = [
    ("authorization_code", "authorization_code"),
    ("refresh_token", "refresh_token"),
    ("client_credentials", "client_credentials"),
    ("urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    ("implicit", "implicit"),
    ("password", "password"),
];

/// What is written of a client; `None`: it stays as it is.
#[derive(Clone, Default)]
struct Wish {
    name: Option<String>,
    home: Option<String>,
    secret: Option<String>,
    public: Option<bool>,
    redirects: Option<Vec<String>>,
    logout_redirects: Option<Vec<String>>,
    grants: Option<Vec<String>>,
    scopes: Option<model::ScopeSet>,
    pkce_optional: Option<bool>,
    skips_consent: Option<bool>,
    dpop: Option<bool>,
    disabled: Option<bool>,
}

impl Wish {
    fn read(members: &mut Members) -> Result<Self, Refused> {
        let list =
            |members: &mut Members, name: &str| members.has(name).then(|| members.texts(name)).transpose();
        let redirects = list(members, "redirect_uris")?;
        for redirect in redirects.iter().flatten() {
            check_redirect(redirect)?;
        }
        let grants = list(members, "grants")?;
        let grants =
            grants.map(|written| written.iter().map(|grant| grant_of(grant)).collect::<Result<_, _>>());
        Ok(Self {
            name: members.text("name")?,
            home: members.text("home")?,
            secret: members.text("secret")?,
            public: members.flag("public")?,
            redirects,
            logout_redirects: list(members, "post_logout_redirect_uris")?,
            grants: grants.transpose()?,
            scopes: scopes(members, "scopes")?,
            pkce_optional: choice(members, "pkce", "required", "optional")?,
            skips_consent: choice(members, "consent", "ask", "skip")?,
            dpop: members.flag("dpop")?,
            disabled: members.flag("disabled")?,
        })
    }

    fn over(self, client: &mut Client, now: model::Timestamp) {
        let terms = &mut client.terms;
        terms.name = self.name.unwrap_or_else(|| std::mem::take(&mut terms.name));
        terms.home = self.home.unwrap_or_else(|| std::mem::take(&mut terms.home));
        terms.redirects = self.redirects.unwrap_or_else(|| std::mem::take(&mut terms.redirects));
        terms.logout_redirects =
            self.logout_redirects.unwrap_or_else(|| std::mem::take(&mut terms.logout_redirects));
        terms.grants = self.grants.unwrap_or_else(|| std::mem::take(&mut terms.grants));
        if let Some(scopes) = self.scopes {
            terms.scopes = Some(scopes).filter(|scopes| !scopes.contains(identity::EVERY_SCOPE));
        }
        terms.pkce_optional = self.pkce_optional.unwrap_or(terms.pkce_optional);
        terms.skips_consent = self.skips_consent.unwrap_or(terms.skips_consent);
        terms.dpop = self.dpop.unwrap_or(terms.dpop);
        if let Some(secret) = &self.secret {
            client.secret = Some(shown::secret_hash(secret));
        }
        if self.public == Some(true) {
            client.secret = None;
        }
        match self.disabled {
            Some(true) => client.disabled_at = client.disabled_at.or(Some(now)),
            Some(false) => client.disabled_at = None,
            None => {}
        }
    }
}

impl Call<'_> {
    pub(super) async fn list_clients(&self) -> Result<Response<Bytes>, Refused> {
        let (office, limit, after) = (self.office, self.limit()? as usize, self.asked("after"));
        let clients = office.store.clients(&office.realm).await?;
        let rest = clients.values().filter(|client| after.as_ref().is_none_or(|after| client.id > *after));
        let found: Vec<&Client> = rest.take(limit).collect();
        let last = found.last().filter(|_| found.len() >= limit).map(|client| client.id.as_str());
        let next = last.map_or(Value::Null, Value::from);
        Ok(page("clients", found.into_iter().map(shown::client).collect(), next))
    }

    /// Adds a client. A confidential one whose secret is not said is given one, which is told once.
    pub(super) async fn add_client(&self) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &MEMBERS)?;
        let told = members.told(&["secret"]);
        let id = members.required("id", r#""shop""#)?;
        check_id(&id)?;
        let mut wish = Wish::read(&mut members)?;
        self.may_register(wish.scopes.as_ref())?;
        if wish.public == Some(true) && wish.secret.is_some() {
            return Err(Refused::wrong("a public client can keep no secret: leave out `public` or `secret`"));
        }
        let mut made = None;
        match &wish.secret {
            Some(secret) => check_secret(secret)?,
            None if wish.public == Some(true) => {}
            None => {
                let secret = URL_SAFE_NO_PAD.encode(self.random::<32>());
                wish.secret = Some(secret.clone());
                made = Some(secret);
            }
        }
        let mut client = Client {
            id: id.clone(),
            secret: None,
            terms: ClientTerms::default(),
            created_at: self.now,
            disabled_at: None,
        };
        wish.over(&mut client, self.now);
        let mut answer = shown::client(&client);
        if let Some((secret, members)) = made.zip(answer.as_object_mut()) {
            members.insert("secret".to_owned(), secret.into());
        }
        let store = self.audited("client.add", format!("client:{id}"), told);
        if store.add_client(&self.office.realm, client).await? {
            Ok(created(&answer))
        } else {
            Err(Refused::Taken(format!("there is a client {id}")))
        }
    }

    pub(super) async fn show_client(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let clients = self.office.store.clients(&self.office.realm).await?;
        clients.get(id).map(|client| ok(&shown::client(client))).ok_or_else(|| absent(id))
    }

    pub(super) async fn change_client(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let mut members = Members::read(self.request, &MEMBERS)?;
        let told = members.told(&["secret"]);
        if members.text("id")?.is_some_and(|written| written != id) {
            return Err(Refused::wrong("a client's `id` stays what it is"));
        }
        let wish = Wish::read(&mut members)?;
        if let Some(secret) = &wish.secret {
            check_secret(secret)?;
        }
        self.may_register(wish.scopes.as_ref())?;
        let clients = self.office.store.clients(&self.office.realm).await?;
        self.may_register(clients.get(id).and_then(|client| client.terms.scopes.as_ref()))?;
        let now = self.now;
        let change = move |client: &mut Client| wish.clone().over(client, now);
        let store = self.audited("client.change", format!("client:{id}"), told);
        let changed = store.change_client(&self.office.realm, id, change).await?;
        changed.map(|client| ok(&shown::client(&client))).ok_or_else(|| absent(id))
    }

    pub(super) async fn remove_client(&self, id: &str) -> Result<Response<Bytes>, Refused> {
        let store = self.audited("client.remove", format!("client:{id}"), Map::new());
        let until = self.office.until(self.now);
        let removed = store.remove_client(&self.office.realm, id, self.now, until).await?;
        if removed { Ok(done()) } else { Err(absent(id)) }
    }
}

impl Call<'_> {
    /// Whoever says where the tokens go that administer Lobby gets those of its owners.
    fn may_register(&self, scopes: Option<&model::ScopeSet>) -> Result<(), Refused> {
        let is_ours = |scopes: &model::ScopeSet| scopes.iter().any(|scope| scope.as_str().starts_with(OURS));
        if scopes.is_some_and(is_ours) { self.actor.must_be(Role::Owner) } else { Ok(()) }
    }
}

fn absent(id: &str) -> Refused {
    Refused::Absent(format!("the store has no client {}", id.chars().take(100).collect::<String>()))
}

/// What stands in a URL and a Basic pair without being in the way (RFC 6749 A.1).
fn check_id(id: &str) -> Result<(), Refused> {
    let legal = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    if legal && (1..=100).contains(&id.len()) {
        Ok(())
    } else {
        Err(Refused::wrong("`id` is 1 to 100 visible ASCII characters without `:`"))
    }
}

/// RFC 6749 A.2.
fn check_secret(secret: &str) -> Result<(), Refused> {
    let legal = secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if legal && (1..=1024).contains(&secret.len()) {
        Ok(())
    } else {
        Err(Refused::wrong("`secret` is 1 to 1024 printable ASCII characters; leave it out to be given one"))
    }
}

/// What no request could ever match, or no browser should be sent to.
fn check_redirect(redirect: &str) -> Result<(), Refused> {
    let wrong = |why: &str| Err(Refused::wrong(format!("the redirect `{redirect}` {why}")));
    let Some((scheme, rest)) = redirect.split_once(':') else { return wrong("is no URI") };
    if redirect.contains('#') || redirect.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return wrong("has a fragment or a space");
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" if rest.len() > 2 => Ok(()),
        "http" => {
            let host = rest.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default();
            let name = crate::admission::name_of(host);
            if name.is_some_and(crate::admission::is_loopback) {
                Ok(())
            } else {
                wrong("is plain HTTP to another machine")
            }
        }
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about" => wrong("leads to no app"),
        scheme if scheme.contains('.') => Ok(()),
        _ => wrong("is neither https, http on loopback, nor of a private-use scheme as com.example.app"),
    }
}

fn grant_of(written: &str) -> Result<String, Refused> {
    let found = GRANTS.iter().find(|(full, short)| *full == written || *short == written);
    found.map(|(full, _)| (*full).to_owned()).ok_or_else(|| {
        let known: Vec<&str> = GRANTS.iter().map(|(_, short)| *short).collect();
        Refused::wrong(format!("there is no grant `{written}`; there are: {}", known.join(", ")))
    })
}

fn choice(members: &mut Members, name: &str, no: &str, yes: &str) -> Result<Option<bool>, Refused> {
    match members.text(name)? {
        None => Ok(None),
        Some(word) if word == no => Ok(Some(false)),
        Some(word) if word == yes => Ok(Some(true)),
        Some(_) => Err(Refused::wrong(format!("`{name}` takes `{no}` or `{yes}`"))),
    }
}

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use identity::{Directory, Found, Keyring, People, SessionRules, Sessions, SignIn, key_hash, make_key};
use model::{RealmId, ScopeSet, Timestamp};
use store::{Grant, Handle, Key, KeyKind, Location, Owner, Store, Turn, User};
use testkit::Seeded;

use crate::Outcome;

/// The realm that is filled.
pub(crate) const REALM: &str = "main";
/// How many of each are measured, one after the other.
const SAMPLES: usize = 1_000;
/// How often each is asked for again, from memory.
const AGAIN: u32 = 100;

/// What was measured, and its median.
pub(crate) type Costs = Vec<(&'static str, Duration)>;

/// What refresh tokens stand for.
pub(crate) fn grant(account: &str) -> Grant {
    Grant {
        client: "app".to_owned(),
        account: account.to_owned(),
        scopes: "books:read books:write offline_access openid profile".parse().unwrap_or_default(),
        audience: vec!["https://api.example.com/bookshop".to_owned()],
        sid: Some("0123456789abcdef0123456789abcdef".to_owned()),
        auth_time: now(),
        signed_in_at: now(),
        acr: "pwd".to_owned(),
        methods: vec!["pwd".to_owned()],
        nonce: None,
        id_token_claims: Vec::new(),
        userinfo_claims: Vec::new(),
        thumbprint: None,
        certificate: None,
    }
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn later() -> Timestamp {
    now().plus(Duration::from_secs(86_400))
}

/// Somebody with a session, a key and a refresh token.
struct Somebody {
    id: String,
    name: String,
    cookie: String,
    key: String,
    family: String,
}

/// Adds some whose secrets are known, and measures on a store that has not seen them yet.
pub(crate) async fn costs(location: &Location) -> Outcome<Costs> {
    let realm = RealmId::new(REALM);
    let store = Store::open(location).await?;
    let entropy = Seeded::new(1);
    let mut people = Vec::with_capacity(SAMPLES);
    for number in 0..SAMPLES {
        people.push(somebody(&store, &realm, &entropy, number).await?);
    }
    drop(store);
    let store = Store::open(location).await?;
    let sessions = Sessions::new(store.clone(), SessionRules::default());
    let directory = Directory::new(Vec::new());
    let keyring = Keyring {
        people: People { directory: &directory, store: &store, realm: &realm },
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        now: now(),
    };

    let check_session = async |one: &Somebody| {
        sessions.find(&realm, &one.cookie, now()).await?.ok_or("the session is there")?;
        Outcome::Ok(())
    };
    let check_key = async |one: &Somebody| {
        let text = one.key.as_bytes();
        match keyring.api_key(text, key_hash(text)).await? {
            Found::Good(..) => Outcome::Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    };
    let sign_in = async |one: &Somebody| {
        store.find_user(&realm, Handle::Name(&one.name)).await?.ok_or("the user is there")?;
        let cookie = format!("again-{}", one.cookie);
        sessions.open(&realm, signed_in(&one.id), (&cookie, &one.id), None).await?;
        Outcome::Ok(())
    };
    let refresh = async |one: &Somebody| {
        store.rotate_refresh(&realm, turn(&one.family), now()).await?;
        Outcome::Ok(())
    };
    Ok(vec![
        ("check of a key, from the store", median(&people, check_key).await?),
        ("check of a key, from memory", from_memory(&people, check_key).await?),
        ("check of a session, from the store", median(&people, check_session).await?),
        ("check of a session, from memory", from_memory(&people, check_session).await?),
        ("refresh", median(&people, refresh).await?),
        ("sign-in", median(&people, sign_in).await?),
    ])
}

async fn median(people: &[Somebody], job: impl AsyncFn(&Somebody) -> Outcome<()>) -> Outcome<Duration> {
    let mut spans = Vec::with_capacity(people.len());
    for one in people {
        let began = Instant::now();
        job(one).await?;
        spans.push(began.elapsed());
    }
    spans.sort_unstable();
    Ok(spans.get(spans.len() / 2).copied().unwrap_or_default())
}

async fn from_memory(people: &[Somebody], job: impl AsyncFn(&Somebody) -> Outcome<()>) -> Outcome<Duration> {
    let began = Instant::now();
    for _ in 0..AGAIN {
        for one in people {
            job(one).await?;
        }
    }
    Ok(began.elapsed() / AGAIN / u32::try_from(people.len())?)
}

async fn somebody(store: &Store, realm: &RealmId, entropy: &Seeded, number: usize) -> Outcome<Somebody> {
    let (id, secret) = make_key("lk", entropy)?;
    let name = format!("sample{number}");
    let one = Somebody {
        id: format!("id-{}", id.as_str()),
        cookie: format!("cookie-{}", secret.expose()),
        key: secret.expose().clone(),
        family: format!("family-{}", id.as_str()),
        name,
    };
    let mut user = User::new(one.id.clone(), now());
    user.name.clone_from(&one.name);
    user.name_key.clone_from(&one.name);
    user.scopes = "books:read".parse()?;
    store.add_user(realm, user).await?;
    store.add_key(realm, key(&one, id.as_str())).await?;
    let sessions = Sessions::new(store.clone(), SessionRules::default());
    sessions.open(realm, signed_in(&one.id), (&one.cookie, &one.id), None).await?;
    store.begin_family(realm, &one.family, &grant(&one.id), now(), later()).await?;
    Ok(one)
}

fn key(of: &Somebody, id: &str) -> Key {
    Key {
        id: id.to_owned(),
        kind: KeyKind::ApiKey,
        hash: key_hash(of.key.as_bytes()),
        owner: Owner::User(of.id.clone()),
        name: "a key".to_owned(),
        scopes: ScopeSet::default(),
        plan: None,
        addresses: Vec::new(),
        created_at: now(),
        expires_at: Some(later()),
        revoked_at: None,
        replaces: None,
    }
}

fn signed_in(id: &str) -> SignIn<'_> {
    SignIn {
        account: id,
        password_version: 0,
        agent: "Firefox",
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        acr: Some("pwd"),
        methods: "pwd",
        auth_time: now(),
        signed_in_at: now(),
        now: now(),
    }
}

/// The first use of a family's first token.
pub(crate) fn turn(family: &str) -> Turn {
    Turn {
        family: family.to_owned(),
        sequence: 0,
        jti: "jti".to_owned(),
        grace: Duration::ZERO,
        lifetime: Duration::from_secs(30 * 86_400),
        access_until: later(),
    }
}

//! Whether an account exists shows neither in text, status and headers nor in how long an answer takes
//! (attacks.md, G03): 2,000 that there are and 2,000 that there are not, asked about in random order.

mod statistic;

use std::{fmt::Write, path::Path};

use serde_json::Value;
use testkit::{Answer, Client, Lobby, serve};
use tokio::time::Instant;

use self::statistic::{Chance, SUSPICIOUS, apart};
use crate::{
    admin::{PASSWORD, add_alice, done, lobby},
    browser::{fields, type_password},
};

const SAMPLES: usize = 2_000;
/// A difference that is not there again is none.
const ROUNDS: usize = 3;

/// Nothing is limited, and hashing costs next to nothing, so that the rest shows.
const CONFIG: &str = "issuer: https://login.example.com\naccounts: { sign_up: open }\nmail: outbox\n\
    passwords: { argon2: { memory: 64KB, passes: 1 }, breached: 'off', score: 0 }\n\
    limits: { per_address: 1000000/s }\n\
    lockout: { failures: 1000000, window: 1s, per_address: 1000000/s, per_network: 1000000/s, spraying: 0 }\n\
    clients: { app: { public: true, redirects: ['https://app.example.com/cb'] } }\n";

/// A server with `user0000` and so on, all with the hash that the first of them got by `made_by`.
async fn server(made_by: &str, config: &str) -> Lobby {
    let start = serve(config);
    let folder = start.folder();
    let written = std::fs::read_to_string(folder.join("lobby.yaml")).unwrap();
    std::fs::write(folder.join("lobby.yaml"), made_by).unwrap();
    add_alice(folder);
    multiply(folder);
    std::fs::write(folder.join("lobby.yaml"), written).unwrap();
    start.await
}

/// Makes many of alice.
fn multiply(folder: &Path) {
    let export = folder.join("export.jsonl");
    done(folder, &["export", export.to_str().unwrap()]);
    let exported = std::fs::read_to_string(&export).unwrap();
    let mut lines = exported.lines();
    let mut all = format!("{}\n", lines.next().unwrap());
    let alice = lines.find(|line| line.contains("alice@example.com") && line.contains("\"user\"")).unwrap();
    let alice: Value = serde_json::from_str(alice).unwrap();
    for number in 0..SAMPLES {
        let mut user = alice.clone();
        let name = format!("user{number:04}");
        let email = format!("{name}@example.com");
        for (member, value) in [
            ("id", format!("id-{name}")),
            ("name", name.clone()),
            ("name_key", name),
            ("email", email.clone()),
            ("email_key", email),
        ] {
            user[member] = value.into();
        }
        writeln!(all, "{user}").unwrap();
    }
    std::fs::write(&export, all).unwrap();
    lobby(folder, &["import", export.to_str().unwrap()], "").exits(0);
}

/// What may differ: what was typed, what is random, what is sealed, and when.
fn shown(answer: &Answer, typed: &str) -> String {
    let mut text = format!("{}\n", answer.status());
    for (name, value) in answer.headers() {
        let value = match name.as_str() {
            "date" | "lobby-request-id" | "set-cookie" => "",
            _ => value.to_str().unwrap(),
        };
        writeln!(text, "{name}: {value}").unwrap();
    }
    text.push_str(&answer.text().replace(typed, "NAME"));
    for before in
        ["name=\"request\" value=\"", "name=\"ceremony\" value=\"", "challenge&quot;:&quot;", "request="]
    {
        let parts: Vec<&str> = text.split(before).collect();
        let kept = parts.iter().enumerate().map(|(place, part)| match place {
            0 => part,
            _ => part.find(['"', '&', '\n']).map_or("", |end| &part[end..]),
        });
        text = kept.collect();
    }
    text
}

/// Asks about each name of a list, known and unknown ones in random order, and measures.
async fn measured(
    ask: &impl AsyncFn(&str) -> Answer,
    names: &impl Fn(bool, usize) -> String,
    seed: u64,
) -> (Vec<u64>, Vec<u64>) {
    let mut chance = Chance(seed);
    let mut order: Vec<(bool, usize)> =
        (0..SAMPLES).flat_map(|number| [(true, number), (false, number)]).collect();
    for place in (1..order.len()).rev() {
        let other = usize::try_from(chance.roll()).unwrap() % (place + 1);
        order.swap(place, other);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (is_known, number) in order {
        let name = names(is_known, number);
        let began = Instant::now();
        let answer = ask(&name).await;
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap();
        assert!(answer.status() < 500, "{answer:?}");
        if is_known { known.push(took) } else { unknown.push(took) }
    }
    (known, unknown)
}

/// Fails where names that somebody has are answered otherwise than those that nobody has, or not as soon.
async fn are_alike(what: &str, ask: impl AsyncFn(&str) -> Answer, names: impl Fn(bool, usize) -> String) {
    for number in 0..3 {
        let (known, unknown) = (names(true, number), names(false, number));
        let (one, other) = (ask(&known).await, ask(&unknown).await);
        assert_eq!(shown(&one, &known), shown(&other, &unknown), "{what}");
    }
    let mut found = Vec::new();
    for round in 1..=ROUNDS {
        let (known, unknown) = measured(&ask, &names, round as u64).await;
        let far = apart(&known, &unknown);
        let middle = |times: &[u64]| {
            let mut times = times.to_vec();
            times.sort_unstable();
            times[times.len() / 2] / 1000
        };
        found.push((far, middle(&known), middle(&unknown)));
        if far.abs() < SUSPICIOUS || far.signum() != found[0].0.signum() {
            return;
        }
    }
    panic!(
        "{what}: whether an account exists shows in the time: by deviations, and in the middle µs: {found:.1?}"
    );
}

fn by_name(is_known: bool, number: usize) -> String {
    format!("{}{number:04}", if is_known { "user" } else { "none" })
}

fn by_email(is_known: bool, number: usize) -> String {
    format!("{}@example.com", by_name(is_known, number))
}

/// Sends one page's form over and over.
async fn form<'a>(
    browser: &'a Client,
    path: &str,
    field: &'static str,
    more: &'static [(&'static str, &'static str)],
) -> impl AsyncFn(&str) -> Answer + use<'a> {
    let page = browser.get(path).await;
    let (action, request, token) = fields(&page);
    async move |name: &str| {
        let own = [("request", request.as_str()), ("token", token.as_str()), (field, name)];
        let form = [own.as_slice(), more].concat();
        browser.post(&action).form(&form).await
    }
}

const WRONG: [(&str, &str); 1] = [("password", "wrong horse battery")];

#[tokio::test]
async fn a_sign_in_tells_nobody_who_has_an_account() {
    let lobby = server(CONFIG, CONFIG).await;
    let ask = form(&lobby, "/_lobby/sign-in", "username", &WRONG).await;
    are_alike("sign-in by name", &ask, by_name).await;
    are_alike("sign-in by address", &ask, by_email).await;
}

#[tokio::test]
async fn a_sign_in_that_locks_tells_nobody_who_has_an_account() {
    let config = CONFIG.replace("failures: 1000000, window: 1s", "failures: 1, lock: 1s");
    let lobby = server(&config, &config).await;
    let ask = form(&lobby, "/_lobby/sign-in", "username", &WRONG).await;
    are_alike("the try that locks", &ask, by_name).await;
}

#[tokio::test]
async fn signing_up_tells_nobody_who_has_an_account() {
    let lobby = server(CONFIG, CONFIG).await;
    let ask = form(&lobby, "/_lobby/sign-up", "email", &[("new", "violin tuesday cactus marble")]).await;
    are_alike("sign-up", &ask, by_email).await;
}

#[tokio::test]
async fn a_reset_tells_nobody_who_has_an_account() {
    let lobby = server(CONFIG, CONFIG).await;
    let ask = form(&lobby, "/_lobby/reset", "username", &[]).await;
    are_alike("reset by address", &ask, by_email).await;
    are_alike("reset by name", &ask, by_name).await;
}

#[tokio::test]
async fn the_question_for_a_passkey_tells_nobody_who_has_an_account() {
    let lobby = server(CONFIG, CONFIG).await;
    let query = "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&\
                 code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let ask = async |name: &str| {
        lobby.get(&format!("/_lobby/oauth/authorize?{query}&login_hint={}", name.replace('@', "%40"))).await
    };
    // A browser that comes for the first time gets a cookie for the form.
    ask("nobody@example.com").await.is(200);
    are_alike("passkey start", ask, by_email).await;
}

/// The same instrument sees a difference where there is one: these hashes are dearer than those that are made now.
#[tokio::test]
async fn a_difference_is_seen_where_there_is_one() {
    let dear = CONFIG.replace("memory: 64KB, passes: 1", "memory: 128KB, passes: 2");
    let lobby = server(&dear, CONFIG).await;
    let ask = form(&lobby, "/_lobby/sign-in", "username", &WRONG).await;
    let (known, unknown) = measured(&ask, &by_name, 1).await;
    assert!(apart(&known, &unknown) > SUSPICIOUS, "{}", apart(&known, &unknown));
    let browser = lobby.another();
    let page = browser.get("/_lobby/sign-in").await;
    type_password(&browser, &page, "user0001", PASSWORD).await.is(303);
}

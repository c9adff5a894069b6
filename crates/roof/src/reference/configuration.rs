//! `docs/configuration.md`, from the doc comments of the types that lobby.yaml is read into.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use super::cell;
use crate::config::read::Written;

const SOURCES: [&str; 9] = [
    include_str!("../config.rs"),
    include_str!("../config/accounts.rs"),
    include_str!("../config/apis.rs"),
    include_str!("../config/listen.rs"),
    include_str!("../config/pages.rs"),
    include_str!("../config/store.rs"),
    include_str!("../config/limits.rs"),
    include_str!("../config/oauth.rs"),
    include_str!("../config/people.rs"),
];

/// Each type that a mapping of lobby.yaml is read into, where it stands, and what a test writes before a key of it.
const SECTIONS: [(&str, &str, &str); 32] = [
    ("Config", "", "{ K: 1 }"),
    ("Api", "apis.<name>", "apis: { a: { K: 1 } }"),
    ("Issuer", "apis.<name>.issuers[]", "apis: { a: { issuers: [{ K: 1 }] } }"),
    ("Rules", "apis.<name>.operations.<operation>", "apis: { a: { operations: { o: { K: 1 } } } }"),
    ("Cors", "apis.<name>.cors", "apis: { a: { cors: { K: 1 } } }"),
    ("Challenge", "apis.<name>.challenge", "apis: { a: { challenge: { K: 1 } } }"),
    ("Persona", "personas.<name>", "personas: { p: { K: 1 } }"),
    ("Plan", "plans.<name>", "plans: { p: { K: 1 } }"),
    ("Client", "clients.<id>", "clients: { c: { K: 1 } }"),
    ("Tokens", "tokens", "tokens: { K: 1 }"),
    ("Oauth", "oauth", "oauth: { K: 1 }"),
    ("Dpop", "oauth.dpop", "oauth: { dpop: { K: 1 } }"),
    ("Lockout", "lockout", "lockout: { K: 1 }"),
    ("Sessions", "sessions", "sessions: { K: 1 }"),
    ("Limits", "limits", "limits: { K: 1 }"),
    ("Control", "control", "control: { K: 1 }"),
    ("Journal", "journal", "journal: { K: 1 }"),
    ("Sandboxes", "sandboxes", "sandboxes: { K: 1 }"),
    ("Listening", "listen", "listen: { K: 1 }"),
    ("Certificate", "listen.tls", "listen: { tls: { K: 1 } }"),
    ("Secrets", "secrets", "secrets: { K: 1 }"),
    ("Passwords", "passwords", "passwords: { K: 1 }"),
    ("BreachedApi", "passwords.breached", "passwords: { breached: { K: 1 } }"),
    ("Argon2", "passwords.argon2", "passwords: { argon2: { K: 1 } }"),
    ("Accounts", "accounts", "accounts: { K: 1 }"),
    ("Factors", "factors", "factors: { K: 1 }"),
    ("Passkeys", "factors.passkeys", "factors: { passkeys: { K: 1 } }"),
    ("Keys", "keys", "keys: { K: 1 }"),
    ("MailServer", "mail", "mail: { K: 1 }"),
    ("Pages", "pages", "pages: { K: 1 }"),
    ("Colours", "pages.colours", "pages: { colours: { K: 1 } }"),
    ("DarkColours", "pages.colours.dark", "pages: { colours: { dark: { K: 1 } } }"),
];

/// A key, as its type declares it.
struct Key {
    name: String,
    kind: String,
    words: String,
}

pub(super) fn page() -> String {
    let types = types();
    let mut out = String::from(
        "# lobby.yaml\n\nOptional: `lobby mock` finds it in its folder, or by `--config`. `lobby init api.yaml` writes one to begin with.\n\
         What is not here is an error that names the nearest key. Paths are relative to the file. A change takes effect\n\
         without dropping a request; a broken change is reported, and the old one goes on serving.\n\n\
         Durations are `500ms`, `90s`, `15m`, `1h30m`, `30d`; rates `60/s`, `60/min`, `60/h`; quotas `N/day`, `N/month`;\n\
         sizes `64 KB`, `10 MB`. A secret is never written here: `${NAME}` takes it from the environment, `file:PATH` from\n\
         a file.\n\n\
         Of `listen`, a mock takes `public` and `tls: local`. A key that is read and checked, and has no effect\n\
         yet, is named by one warning at the start. A mock mails nothing to anybody, whatever `mail` says: `lobby outbox` shows\n\
         its mails.\n\n\
         ```yaml\napis:\n  bookshop:\n    contract: bookshop.openapi.yaml\n    operations:\n      \
         deleteBook: { roles: [admin], max_age: 5m }\nplans:\n  free: { limits: 60/min, quota: 10000/month }\n\
         personas:\n  alice: { scopes: [books:read], plan: free }\n  admin: { roles: [admin], scopes: [books:read, books:write] }\n```\n",
    );
    for (name, place, _) in sections() {
        let keys = types.get(name).unwrap_or_else(|| panic!("there is no type {name} under config/"));
        let title = if place.is_empty() { "The file" } else { place };
        let tick = if place.is_empty() { "" } else { "`" };
        let _ = write!(out, "\n## {tick}{title}{tick}\n\n| key | type | is |\n| --- | --- | --- |\n");
        for key in keys {
            let _ = writeln!(out, "| `{}` | {} | {} |", key.name, cell(&key.kind), cell(&key.words));
        }
    }
    out
}

fn sections() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SECTIONS.into_iter()
}

/// The fields of every struct, by the struct's name.
fn types() -> BTreeMap<String, Vec<Key>> {
    let mut types = BTreeMap::new();
    for source in SOURCES {
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix("pub(crate) struct ").and_then(|rest| rest.strip_suffix(" {"));
            let Some(name) = name else { continue };
            let (mut keys, mut words) = (Vec::new(), Vec::new());
            for line in lines.by_ref().map(str::trim).take_while(|line| *line != "}") {
                if let Some(comment) = line.strip_prefix("///") {
                    words.push(comment.trim());
                } else if let Some((field, of)) =
                    line.strip_prefix("pub(crate) ").and_then(|field| field.split_once(": "))
                {
                    let kind = kind(of.trim_end_matches(','));
                    keys.push(Key {
                        name: field.to_owned(),
                        kind,
                        words: std::mem::take(&mut words).join(" "),
                    });
                }
            }
            types.insert(name.to_owned(), keys);
        }
    }
    types
}

/// A Rust type in the words of somebody who writes YAML.
fn kind(of: &str) -> String {
    let inside = |outer: &str| {
        of.strip_prefix(outer).and_then(|rest| rest.strip_prefix('<')).and_then(|rest| rest.strip_suffix('>'))
    };
    if let Some(inner) = inside("Option").or_else(|| inside("Placed")) {
        return kind(inner);
    }
    if let Some(inner) = inside("Vec") {
        return format!("list of {}", kind(inner));
    }
    if let Some(inner) = inside("BTreeMap").and_then(|inner| inner.strip_prefix("String, ")) {
        return format!("mapping of names to {}", kind(inner));
    }
    match of {
        "String" => "text",
        "PathBuf" => "path",
        "Hex" => "colour as `'#3547b8'`",
        "SocketAddr" => "address with port",
        "Count<4>" => "0 to 4",
        "Store" => "`memory`, `sqlite:PATH`, `postgres://…`",
        "Counters" => "`memory`, `valkey://…`",
        "Listen" => "address with port, or [mapping](#listen)",
        "Tls" => "`local`, or [mapping](#listentls)",
        "Breached" => "`embedded`, `off`, `file:PATH`, `api`, or [mapping](#passwordsbreached)",
        "OnError" => "`allow`, `refuse`",
        "SignUp" => "`open`, `invitation`, `closed`",
        "Names" => "`email`, `name`, `either`",
        "BasicTakes" => "`app_passwords`, `passwords`, `off`",
        "Required" => "`none`, `any`, `passkey`",
        "Verification" => "`required`, `preferred`",
        "Attestation" => "`none`, `direct`",
        "Recovery" => "`email`, `codes`",
        "Mail" => "`outbox`, or [mapping](#mail)",
        "bool" => "`true`, `false`",
        "u32" | "u64" | "usize" | "f64" => "number",
        "OneOrMany" => "text or list of texts",
        "Span" => "duration",
        "Life" => "duration or `never`",
        "Rate" => "rate",
        "Quota" => "quota",
        "Size" => "size",
        "SecretReference" => "secret",
        "ipnet::IpNet" => "network",
        "serde_json::Map<String, serde_json::Value>" => "mapping",
        "Auth" => "`verify`, `presence`, `off`",
        "Validate" => "`off`, `warn`, `strict`",
        "Values" => "`realistic`, `plain`",
        "BasicChallenge" => "`shown`, `hidden`",
        "Pkce" => "`required`, `optional`",
        "Consent" => "`ask`, `skip`",
        "Switch" => "`on`, `off`",
        // A type of its own has a section of its own.
        of => {
            let (_, place, _) = sections()
                .find(|(name, ..)| *name == of)
                .unwrap_or_else(|| panic!("no words for the type {of}"));
            return format!(
                "[mapping](#{})",
                place.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "")
            );
        }
    }
    .to_owned()
}

#[test]
fn the_page_has_exactly_the_keys_that_are_read() {
    let types = types();
    for (name, _, before) in sections() {
        let text = before.replace('K', "qqqqqqqqqqqqqqqq");
        let problem =
            Written { file: Arc::new("lobby.yaml".into()), text }.parse().expect_err("no key is called that");
        let help = problem.help.unwrap_or_default();
        let read =
            help.strip_prefix("the keys here are: ").unwrap_or_else(|| panic!("{name}: {}", problem.message));
        let read: Vec<&str> = read.split(", ").collect();
        let told: Vec<&str> = types[name].iter().map(|key| key.name.as_str()).collect();
        assert_eq!(told, read, "{name}");
        assert!(types[name].iter().all(|key| !key.words.is_empty()), "{name}: a key without a word about it");
    }
}

//! Reading lobby.yaml: text → [`Config`], or the problem with its place.

use std::{path::PathBuf, sync::Arc};

use model::{Place, Problem, Severity};
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location};

use super::{
    Config,
    places::{Part, Places},
};

/// A file's text with its name, to point into.
pub(crate) struct Written {
    pub(crate) file: Arc<PathBuf>,
    pub(crate) text: String,
}

impl Written {
    /// Reads the whole file. Serde stops at the first thing that it cannot read.
    pub(crate) fn parse(&self) -> Result<Config, Box<Problem>> {
        self.parse_as()
    }

    /// The same of any file that is written so.
    pub(crate) fn parse_as<T: DeserializeOwned + Default>(&self) -> Result<T, Box<Problem>> {
        if self.text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(T::default());
        }
        serde_saphyr::from_str(&self.text).map_err(|error| Box::new(self.explain(error.without_snippet())))
    }

    /// A problem at a place of the file.
    pub(crate) fn problem(&self, at: Location, message: String, help: Option<String>) -> Problem {
        Problem { severity: Severity::Error, code: "config.value", message, place: self.place(at), help }
    }

    /// A problem with the value at the end of `path`; a step is a key, or the number of an item.
    pub(crate) fn value_problem(&self, path: &[&str], message: String, help: Option<String>) -> Problem {
        let place = self.find(path, Part::Value);
        Problem { severity: Severity::Error, code: "config.value", message, place, help }
    }

    /// A problem with the key at the end of `path` itself.
    pub(crate) fn key_problem(&self, path: &[&str], message: String, help: Option<String>) -> Problem {
        let place = self.find(path, Part::Key).map(|mut place| {
            let key = path.last().map_or(0, |key| key.chars().count());
            let quoted = place.text.chars().nth(place.column as usize - 1).is_some_and(|c| "\"'".contains(c));
            place.length = u32::try_from(key + if quoted { 2 } else { 0 }).unwrap_or(1).max(1);
            place
        });
        Problem { severity: Severity::Error, code: "config.value", message, place, help }
    }

    /// A problem with a line as a whole; with the file, where none is known.
    pub(crate) fn line_problem(&self, line: Option<u32>, message: String, help: Option<String>) -> Problem {
        let line = line.unwrap_or(1).max(1);
        let text = &self.line(line);
        let column = text.chars().take_while(|c| c.is_whitespace()).count();
        let length = u32::try_from(text.trim().chars().count()).unwrap_or(1).clamp(1, 200);
        let column = u32::try_from(column).unwrap_or(0).saturating_add(1);
        let text = text.chars().take(200).collect();
        let place = Some(Place { file: self.file.clone(), line, column, length, text });
        Problem { severity: Severity::Error, code: "config.value", message, place, help }
    }

    /// What is said once of all keys that are written and do nothing yet.
    pub(crate) fn idle(&self, config: &Config) -> Option<Problem> {
        let idle = config.idle();
        let first = idle.first()?;
        let names: Vec<String> = idle.iter().map(|path| format!("`{}`", path.join("."))).collect();
        let (these, have) =
            if idle.len() == 1 { ("this key has", "it") } else { ("these keys have", "they") };
        let message = format!("{these} no effect yet in this version: {}", names.join(", "));
        let help = format!("{have} may stay: what is written was checked");
        let found = self.key_problem(first, message, Some(help));
        Some(Problem { severity: Severity::Warning, code: "config.idle", ..found })
    }

    fn find(&self, path: &[&str], part: Part) -> Option<Place> {
        self.place(Places::read(&self.text).find(path, part)?)
    }

    fn place(&self, at: Location) -> Option<Place> {
        let line = u32::try_from(at.line()).ok().filter(|line| *line > 0)?;
        let text = &self.line(line);
        let column = u32::try_from(at.column()).unwrap_or(1).max(1);
        let length = length(text.chars().skip(column as usize - 1));
        let text = text.chars().take(200).collect();
        Some(Place { file: self.file.clone(), line, column, length, text })
    }

    /// A line of the file as it may be shown: no URL's password is in it.
    pub(crate) fn line(&self, number: u32) -> String {
        let line = self.text.lines().nth(number as usize - 1).unwrap_or_default();
        line.split("://").map(without_password).collect::<Vec<_>>().join("://")
    }

    fn explain(&self, error: &Error) -> Problem {
        let place = error.location().and_then(|at| self.place(at));
        let (code, message, help) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                ("config.key", format!("`{field}` is no key here"), Some(unknown_key(field, expected)))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => (
                "config.value",
                format!("`{variant}` is none of the values of this key"),
                Some(format!("write one of: {}", expected.join(", "))),
            ),
            Error::SerdeMissingField { field, .. } => {
                ("config.key", format!("`{field}` is missing here"), Some(format!("add `{field}:`")))
            }
            Error::DuplicateMappingKey { key, .. } => {
                let key = key.as_deref().unwrap_or("this key");
                ("config.key", format!("`{key}` is here twice"), Some("leave one of them".to_owned()))
            }
            other => ("config.form", without_place(&other.to_string()), None),
        };
        Problem { severity: Severity::Error, code, message, place, help }
    }
}

/// `lobby:…@db` of `lobby:sekret@db`.
fn without_password(part: &str) -> String {
    let end = part.find([' ', '"', '\'']).unwrap_or(part.len());
    let (authority, rest) = part.split_at(end);
    let held = authority.rsplit_once('@').and_then(|(held, host)| Some((held.split_once(':')?, host)));
    held.map_or_else(|| part.to_owned(), |((user, _), host)| format!("{user}:…@{host}{rest}"))
}

fn unknown_key(field: &str, expected: &[&'static str]) -> String {
    match model::nearest(field, expected.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys here are: {}", expected.join(", ")),
    }
}

/// How many characters are meant: a text in quotes, or a word.
fn length(mut rest: impl Iterator<Item = char>) -> u32 {
    let Some(first) = rest.next() else { return 1 };
    let more = if matches!(first, '"' | '\'') {
        rest.take_while(|c| *c != first).count() + 1
    } else {
        rest.take_while(|c| !matches!(c, ' ' | ':' | ',' | '}' | ']')).count()
    };
    u32::try_from(more + 1).unwrap_or(1)
}

/// The first line of what the library says, without the place that it puts behind: that is shown beside it.
fn without_place(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let ends = [" at line ", " (defined at line ", " (used at line "];
    let end = ends.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
    line.get(..end).unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Box<Problem>> {
        Written { file: Arc::new("lobby.yaml".into()), text: text.to_owned() }.parse()
    }

    #[test]
    fn the_example_of_the_papers_is_read() {
        let config = parse(
            "apis:\n  bookshop:\n    contract: bookshop.openapi.yaml\n    backend: mock\n    audience: https://api.example.com\n    \
             issuers:\n      - { url: https://id.example.net, audience: bookshop }\n    operations:\n      \
             deleteBook: { roles: [admin], max_age: 5m, acr: mfa, policy: principal.sub == path.ownerId }\n\
             plans:\n  free: { limits: 60/min, quota: 10000/month, scopes: [books:read] }\n\
             tokens: { access: 10m, refresh: 30d, reuse_grace: 10s }\nlockout: { failures: 5, window: 15m, lock: 15m }\n\
             personas:\n  alice: { roles: [reader], scopes: [books:read], plan: free }\n",
        )
        .unwrap();
        assert_eq!(config.apis["bookshop"].audience.0, ["https://api.example.com"]);
        assert_eq!(config.plans["free"].limits.unwrap().0, "60/min".parse().unwrap());
        assert_eq!(config.personas["alice"].plan.as_ref().unwrap().value, "free");
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_place() {
        let problem = parse("tokens:\n  acess: 10m\n").unwrap_err();
        assert_eq!(problem.help.as_deref(), Some("did you mean `access`?"));
        let place = problem.place.unwrap();
        assert_eq!((place.line, place.column, place.length), (2, 3, 5));
    }

    #[test]
    fn a_secret_written_in_clear_is_refused_without_repeating_it() {
        let problem = parse("clients:\n  shop: { secret: hunter2 }\n").unwrap_err();
        assert!(problem.message.contains("never written in this file"), "{}", problem.message);
        assert!(!problem.message.contains("hunter2"));
    }

    #[test]
    fn a_urls_password_is_not_shown_with_its_line() {
        let text = "store: \"postgres://lobby:s/e@kret@db/x\" # note@home\n";
        let file = Written { file: Arc::new("lobby.yaml".into()), text: text.to_owned() };
        let shown = "store: \"postgres://lobby:…@db/x\" # note@home";
        let place = file.value_problem(&["store"], String::new(), None).place.unwrap();
        assert_eq!((&*place.text, place.length), (shown, 25));
        assert_eq!(file.line_problem(Some(1), String::new(), None).place.unwrap().text, shown);
    }

    #[test]
    fn a_key_that_is_written_twice_is_said_so_in_our_words() {
        let problem = parse("tokens: { access: 10m }\ntokens: { access: 5m }\n").unwrap_err();
        assert_eq!((problem.message.as_str(), problem.place.unwrap().line), ("`tokens` is here twice", 2));
    }

    #[test]
    fn a_place_is_told_once() {
        let problem = parse("tokens: { access: soon }\n").unwrap_err();
        assert!(!problem.message.contains("line"), "{}", problem.message);
        assert_eq!(problem.place.unwrap().column, 19);
    }

    #[test]
    fn every_form_of_the_sections_is_read_and_a_wrong_one_is_not() {
        for right in [
            "store: memory\n",
            "store: sqlite:lobby.db\n",
            "store: postgres://db/lobby\n",
            "counters: valkey://cache\n",
            "listen: 127.0.0.1:4010\n",
            "listen: { public: 0.0.0.0:8443, tls: { cert: a.pem, key: file:a.key } }\n",
            "listen: { tls: local }\n",
            "passwords: { breached: embedded, score: 4, argon2: { memory: 19MiB, lanes: 1 } }\n",
            "passwords: { breached: off }\n",
            "passwords: { breached: file:known.bin }\n",
            "passwords: { breached: { api: https://pwned.example, timeout: 1s, on_error: refuse } }\n",
            "accounts: { sign_up: invitation, names: either, basic: app_passwords }\n",
            "factors: { passkeys: { verification: preferred }, totp: true, required: any }\n",
            "recovery: [email, codes]\n",
            "mail: outbox\n",
            "mail: { smtp: smtps://mail.example, user: lobby, password: '${MAIL}', from: a@b.example }\n",
            "keys: { prefix: bk, expires: 90d }\n",
            "keys: { expires: never }\n",
            "pages: { name: Bookshop, colours: { accent: '#345', dark: { page: '#001122' } } }\n",
            "personas: { alice: { totp: true, passkey: false } }\n",
        ] {
            assert!(parse(right).is_ok(), "{right}: {:?}", parse(right).err());
        }
        for wrong in [
            "store: disk\n",
            "store: 'sqlite:'\n",
            "counters: disk\n",
            "listen: here\n",
            "listen: { tls: none }\n",
            "passwords: { breached: maybe }\n",
            "passwords: { breached: on }\n",
            "passwords: { score: 5 }\n",
            "accounts: { sign_up: maybe }\n",
            "factors: { passkeys: { verification: maybe } }\n",
            "recovery: [post]\n",
            "mail: post\n",
            "mail: { from: a@b.example }\n",
            "keys: { expires: soon }\n",
            "pages: { colors: {} }\n",
            "pages: { colours: { accent: red } }\n",
            "pages: { colours: { accnet: '#345' } }\n",
            "pages: { colours: { dark: { accent: '#3456' } } }\n",
        ] {
            let problem = parse(wrong).err().unwrap_or_else(|| panic!("{wrong}: read"));
            assert!(problem.place.is_some(), "{wrong}: {problem:?}");
        }
    }

    #[test]
    fn all_keys_without_effect_are_told_of_at_once() {
        let written = |text: &str| Written { file: Arc::new("lobby.yaml".into()), text: text.to_owned() };
        let file = written("mail: outbox\npages: {}\ncounters: valkey://cache\n");
        let problem = file.idle(&file.parse().unwrap()).unwrap();
        assert!(problem.message.ends_with("`counters`"), "{}", problem.message);
        assert_eq!((problem.severity, problem.place.unwrap().line), (Severity::Warning, 3));
        let file = written("store: memory\ncounters: memory\nlisten: { tls: local }\n");
        assert_eq!(file.idle(&file.parse().unwrap()), None);
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        assert!(parse("# nothing\n").unwrap().apis.is_empty());
    }
}

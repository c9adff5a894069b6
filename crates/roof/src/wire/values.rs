//! Values of lobby.yaml that are of the right form, and still cannot be meant.

use std::time::Duration;

use model::Problem;
use url::Url;

use crate::{
    config::{Config, apis::Api, oauth::Client, read::Written, value},
    gather::{Footing, Gathering, is_url},
};

/// What is wrong with a value, by the path to it.
struct Found<'a> {
    file: &'a Written,
    problems: &'a mut Vec<Problem>,
}

impl Found<'_> {
    fn wrong(&mut self, path: &[&str], message: impl Into<String>, help: &str) {
        self.problems.push(self.file.value_problem(path, message.into(), Some(help.to_owned())));
    }

    /// A number or a span that must be more than nothing.
    fn positive(&mut self, path: &[&str], written: Option<bool>) {
        if written == Some(false) {
            let name = path.last().copied().unwrap_or_default();
            self.wrong(path, format!("`{name}` must be more than 0"), "leave it out for the default");
        }
    }
}

/// Looks at every value that a room would take as it is.
pub(super) fn check(gathering: &Gathering, problems: &mut Vec<Problem>) {
    let Some(file) = &gathering.written else { return };
    let mut found = Found { file, problems };
    let config = &gathering.config;
    if let Some(Err(why)) = config.issuer.as_deref().map(value::issuer) {
        found.wrong(&["issuer"], why, "write for example https://login.example.com");
    }
    numbers(config, &mut found);
    if let Some(prefix) = config.keys.as_ref().and_then(|keys| keys.prefix.as_deref())
        && let Err(why) = identity::check_prefix(prefix)
    {
        found.wrong(&["keys", "prefix"], why.to_string(), "leave it out for `lk`");
    }
    for (id, client) in &config.clients {
        addresses(id, client, &mut found);
    }
    for gathered in &gathering.apis {
        if let Some(api) = &gathered.written {
            of_api(&gathered.name, api, gathering.footing, &mut found);
        }
    }
}

fn numbers(config: &Config, found: &mut Found<'_>) {
    let more = |span: value::Span| span.0 > Duration::ZERO;
    if let Some(lockout) = &config.lockout {
        found.positive(&["lockout", "failures"], lockout.failures.map(|failures| failures > 0));
        found.positive(&["lockout", "window"], lockout.window.map(more));
        found.positive(&["lockout", "lock"], lockout.lock.map(more));
        found.positive(&["lockout", "max"], lockout.max.map(more));
        if lockout.grow.is_some_and(|grow| !grow.is_finite() || grow < 1.0) {
            found.wrong(&["lockout", "grow"], "a lock cannot grow shorter", "write 1 or more, as 2");
        }
    }
    let least = config.passwords.as_ref().and_then(|passwords| passwords.min_length);
    found.positive(&["passwords", "min_length"], least.map(|least| least > 0));
    let tokens = &config.tokens;
    let lifetimes = [
        ("access", tokens.access),
        ("refresh", tokens.refresh),
        ("id", tokens.id),
        ("code", tokens.code),
        ("device", tokens.device),
        ("par", tokens.par),
    ];
    for (name, span) in lifetimes {
        found.positive(&["tokens", name], span.map(more));
    }
    found.positive(&["sessions", "idle"], config.sessions.idle.map(more));
    found.positive(&["sessions", "absolute"], config.sessions.absolute.map(more));
    found.positive(&["limits", "connections"], config.limits.connections.map(|number| number > 0));
    found.positive(&["sandboxes", "max"], config.sandboxes.max.map(|number| number > 0));
}

fn addresses(id: &str, client: &Client, found: &mut Found<'_>) {
    if client.public && client.secret.is_some() {
        let help = "leave out `public:`, or the secret of an app that cannot keep one";
        found.wrong(&["clients", id, "public"], "a public client has no secret", help);
    }
    let lists = [("redirects", &client.redirects), ("logout_redirects", &client.logout_redirects)];
    for (key, list) in lists {
        for (index, written) in list.iter().enumerate().filter(|(_, written)| !::oauth::is_redirect(written))
        {
            found.wrong(
                &["clients", id, key, &index.to_string()],
                format!("`{written}` is no address that a browser can be sent to"),
                "write a whole URL without a fragment, as https://app.example.com/callback",
            );
        }
    }
    if client.home.as_deref().is_some_and(|home| !is_web(home)) {
        found.wrong(
            &["clients", id, "home"],
            "this is no http or https URL",
            "write https://app.example.com",
        );
    }
}

fn of_api(name: &str, api: &Api, footing: Footing, found: &mut Found<'_>) {
    let backend = &api.backend.value;
    if backend != "mock" && !is_web(backend) {
        found.wrong(
            &["apis", name, "backend"],
            format!("`{backend}` is no backend"),
            "write `mock`, or a URL as http://127.0.0.1:3000",
        );
    } else if backend != "mock" && footing == Footing::Production {
        found.wrong(
            &["apis", name, "backend"],
            "this version forwards to no backend yet",
            "write `mock`, or leave this API out",
        );
    }
    let base = api.base.as_ref().map_or("/", |base| base.value.as_str());
    if !base.starts_with('/') || base.contains(['?', '#', '{', '\\', ' ']) {
        found.wrong(&["apis", name, "base"], format!("`{base}` is no path"), "write it as /v1");
    }
    for (index, origin) in api.cors.iter().flat_map(|cors| &cors.origins).enumerate() {
        let is_origin = Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !is_origin {
            found.wrong(
                &["apis", name, "cors", "origins", &index.to_string()],
                format!("`{origin}` is no origin as browsers write it"),
                "write scheme, host and port alone, as https://app.example.com",
            );
        }
    }
}

fn is_web(text: &str) -> bool {
    is_url(text) && Url::parse(text).is_ok_and(|url| url.has_host())
}

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use url::Url;

/// Somebody in front of a browser without JavaScript: follows redirects, keeps cookies, presses buttons.
pub(crate) struct Person {
    persona: &'static str,
    cookies: BTreeMap<String, String>,
    agent: ureq::Agent,
}

pub(crate) type Attributes = BTreeMap<String, String>;

#[derive(Default)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// What else its tag says.
    pub(crate) attributes: Attributes,
    pub(crate) fields: Vec<Attributes>,
    buttons: Vec<Attributes>,
}

impl Form {
    /// The names of its buttons.
    pub(crate) fn buttons(&self) -> impl Iterator<Item = &str> {
        self.buttons.iter().filter_map(|button| button.get("name")).map(String::as_str)
    }
}

impl Person {
    pub(crate) fn new(persona: &'static str) -> Self {
        Self { persona, cookies: BTreeMap::new(), agent: crate::agent() }
    }

    /// Opens `start` and does what the pages ask, until they lead away (gives that URL) or ask no more
    /// (nothing).
    pub(crate) fn visit(&mut self, start: &Url) -> Result<Option<Url>> {
        let home = start.origin();
        let mut at = start.clone();
        let mut answer = self.ask(&at, None)?;
        for _ in 0..20 {
            if answer.status().is_redirection() {
                let location = answer.headers().get("location").context("a redirect without a place")?;
                at = at.join(location.to_str()?)?;
                if at.origin() != home {
                    return Ok(Some(at));
                }
                answer = self.ask(&at, None)?;
                continue;
            }
            let status = answer.status();
            let page = answer.body_mut().read_to_string()?;
            ensure!(status.is_success(), "{at}: {status}\n{page}");
            let Some((action, values)) = self.choose(&forms(&page)) else { return Ok(None) };
            at = at.join(&action)?;
            answer = self.ask(&at, Some(&values))?;
        }
        bail!("the pages lead in a circle at {at}")
    }

    /// Opens a page, or sends a form; gives where that led, the status and the page. Nowhere but here.
    pub(crate) fn page(&mut self, start: &Url, form: Option<&str>) -> Result<(Url, u16, String)> {
        let mut at = start.clone();
        let mut answer = self.ask(&at, form)?;
        for _ in 0..20 {
            if !answer.status().is_redirection() {
                return Ok((at, answer.status().as_u16(), answer.body_mut().read_to_string()?));
            }
            let location = answer.headers().get("location").context("a redirect without a place")?;
            let next = at.join(location.to_str()?)?;
            if next.origin() != start.origin() {
                return Ok((next, answer.status().as_u16(), String::new()));
            }
            at = next;
            answer = self.ask(&at, None)?;
        }
        bail!("the pages lead in a circle at {at}")
    }

    /// The first button that leads on: my name, then consent, then a form that knows all it asks for.
    fn choose(&self, forms: &[Form]) -> Option<(String, String)> {
        let is = |button: &Attributes, name: &str, value: &str| {
            button.get("name").is_some_and(|own| own == name)
                && button.get("value").is_some_and(|own| own == value)
        };
        let named = |name: &'static str, value: &'static str| {
            forms.iter().find_map(move |form| {
                Some((form, form.buttons.iter().find(|button| is(button, name, value))?))
            })
        };
        let plain = || {
            let known = |form: &&Form| {
                form.fields.iter().all(|field| {
                    !field.contains_key("required")
                        || field.get("value").is_some_and(|value| !value.is_empty())
                })
            };
            forms.iter().filter(known).find_map(|form| {
                Some((form, form.buttons.iter().find(|button| !button.contains_key("name"))?))
            })
        };
        let (form, button) =
            named("persona", self.persona).or_else(|| named("decision", "allow")).or_else(plain)?;
        let mut values = url::form_urlencoded::Serializer::new(String::new());
        for field in form.fields.iter().chain([button]) {
            if let Some(name) = field.get("name") {
                values.append_pair(name, field.get("value").map_or("", String::as_str));
            }
        }
        Some((form.action.clone(), values.finish()))
    }

    fn ask(&mut self, url: &Url, form: Option<&str>) -> Result<http::Response<ureq::Body>> {
        let mut request = http::Request::builder().uri(url.as_str());
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let answer = match form {
            None => self.agent.run(request.body(())?)?,
            Some(form) => {
                let origin = url.origin().ascii_serialization();
                let kind = "application/x-www-form-urlencoded";
                let request = request.method("POST").header("origin", origin).header("content-type", kind);
                self.agent.run(request.body(form.to_owned())?)?
            }
        };
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str()?;
            let (name, value) =
                line.split(';').next().and_then(|pair| pair.split_once('=')).context("a cookie")?;
            if line.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}

pub(crate) fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|piece| piece.split('>').next()) {
        let name = tag.split_whitespace().next().unwrap_or_default();
        let attributes = attributes(tag.strip_prefix(name).unwrap_or_default());
        match (name, forms.last_mut()) {
            ("form", _) => {
                let action = attributes.get("action").cloned().unwrap_or_default();
                forms.push(Form { action, attributes, ..Form::default() });
            }
            ("input", Some(form)) => form.fields.push(attributes),
            ("button", Some(form)) => form.buttons.push(attributes),
            _ => {}
        }
    }
    forms
}

fn attributes(tag: &str) -> Attributes {
    let mut found = Attributes::new();
    let mut rest = tag.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|char: char| char == '=' || char.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"").and_then(|quoted| quoted.split_once('"')) {
            Some((value, after)) => (value, after),
            None => ("", after.trim_start_matches('=')),
        };
        found.insert(name.to_owned(), plain(value));
        rest = after.trim_start();
    }
    found
}

fn plain(text: &str) -> String {
    let names =
        [("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    names.iter().fold(text.to_owned(), |text, (name, char)| text.replace(name, char)).replace("&amp;", "&")
}

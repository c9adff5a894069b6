//! Whether pages and mails of a service's own templates do what ours do: each is rendered with the same sample
//! values, and compared.

use std::collections::{BTreeMap, BTreeSet};

use model::Severity;

use super::{
    Brand,
    flaw::{At, Flaw},
    markup::{Tag, tags},
};
use crate::pages::{
    Frame, Page, RenderFault, letter, render,
    samples::{self, FRIENDLY, HOSTILE},
};

/// What is wrong with the templates `own`, at most one thing each: who mends it sees the next.
pub(super) fn flaws(brand: &Brand, own: &BTreeSet<&str>) -> Vec<Flaw> {
    let mut found = Found { own, flaws: BTreeMap::new() };
    let shapes = shapes(brand);
    let mut next = 0;
    samples::each(&FRIENDLY, &mut |name, page| {
        found.page(name, page, brand, shapes.get(next).and_then(Option::as_ref));
        next += 1;
    });
    found.mails(brand);
    found.flaws.into_values().collect()
}

/// What is rendered of one page where everything that strangers choose is meant to break it: its tags.
fn shapes(brand: &Brand) -> Vec<Option<Vec<String>>> {
    let mut shapes = Vec::new();
    samples::each(&HOSTILE, &mut |_, page| {
        let html = render(&frame(brand), page).ok();
        shapes.push(html.map(|html| names(&tags(&html))));
    });
    shapes
}

fn frame(brand: &Brand) -> Frame<'_> {
    Frame { language: brand.language(None, None), ..Frame::default() }
}

fn names(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(|tag| tag.name.clone()).collect()
}

struct Found<'a> {
    own: &'a BTreeSet<&'a str>,
    flaws: BTreeMap<String, Flaw>,
}

impl Found<'_> {
    fn page(&mut self, name: &str, page: &dyn Page, brand: &Brand, hostile: Option<&Vec<String>>) {
        let Ok(ours) = render(&Frame::default(), page) else { return };
        let theirs = match render(&frame(brand), page) {
            Ok(html) => html,
            Err(fault) => return self.fault(page.template(), &format!("on the page `{name}`"), &fault),
        };
        let (ours, theirs) = (tags(&ours), tags(&theirs));
        let broken = lacking(&ours, &theirs).map(|lack| {
            let message = format!("on the page `{name}`, {lack}");
            let help =
                "ours has it: `ticket.html` and `passkey.html` bring what every form must send".to_owned();
            (Severity::Error, message, help)
        });
        let broken = broken.or_else(|| {
            let is_same = hostile.is_none_or(|hostile| *hostile == names(&theirs));
            (!is_same).then(|| {
                let message = format!("on the page `{name}`, what a stranger chooses becomes markup");
                (Severity::Error, message, "write values without `|safe`".to_owned())
            })
        });
        let broken = broken.or_else(|| {
            let (field, meant) = unnamed(&ours, &theirs)?;
            let message =
                format!("on the page `{name}`, password managers do not know what `{field}` is for");
            Some((Severity::Warning, message, format!("write `autocomplete=\"{meant}\"`")))
        });
        let broken = broken.or_else(|| {
            let what = inline(&theirs)?;
            let message = format!("on the page `{name}`, browsers pass over {what}");
            let help = "the pages' content security policy lets in files of this server alone: put styles into `pages.css`";
            Some((Severity::Warning, message, help.to_owned()))
        });
        if let Some((severity, message, help)) = broken {
            self.say(page.template(), None, severity, message, Some(help));
        }
    }

    fn mails(&mut self, brand: &Brand) {
        let plain = Brand::built_in();
        for kind in letter::kinds(brand.language(None, None)) {
            for name in ["mail.html", "mail.txt"] {
                let sample = |brand: &'_ Brand, strangers: &str| {
                    letter::sample(brand.language(None, None), name, &kind, strangers)
                };
                let Ok(ours) = sample(plain, letter::DETAIL) else { continue };
                let theirs = match sample(brand, letter::DETAIL) {
                    Ok(text) => text,
                    Err(fault) => {
                        self.fault(name, &format!("in the mail `{kind}`"), &fault);
                        continue;
                    }
                };
                let lost =
                    [("link", letter::LINK), ("detail", letter::DETAIL)].into_iter().find(|(_, text)| {
                        let has =
                            |mail: &str| mail.contains(text) || mail.contains(&text.replace('/', "&#x2f;"));
                        has(&ours) && !has(&theirs)
                    });
                let becomes_markup = || {
                    let hostile = sample(brand, HOSTILE.detail).unwrap_or_default();
                    name == "mail.html" && names(&tags(&hostile)) != names(&tags(&theirs))
                };
                if let Some((what, _)) = lost {
                    let message = format!("the mail `{kind}` lacks `{what}`");
                    self.say(name, None, Severity::Error, message, Some(format!("write `{{{{ {what} }}}}`")));
                } else if becomes_markup() {
                    let message = format!("in the mail `{kind}`, what a stranger chooses becomes markup");
                    self.say(
                        name,
                        None,
                        Severity::Error,
                        message,
                        Some("write values without `|safe`".to_owned()),
                    );
                }
            }
        }
    }

    fn fault(&mut self, template: &str, place: &str, fault: &RenderFault) {
        let RenderFault::Page(error) = fault;
        let message = format!("{place}, it cannot be rendered: {}", super::template_words(error));
        let name = error.name().unwrap_or(template).to_owned();
        let line = error.line().and_then(|line| u32::try_from(line).ok());
        self.say(&name, line, Severity::Error, message, None);
    }

    /// Of a page whose template is ours, one that it takes in is at fault.
    fn say(
        &mut self,
        template: &str,
        line: Option<u32>,
        severity: Severity,
        message: String,
        help: Option<String>,
    ) {
        let parts = ["ticket.html", "passkey.html", "permission.html", "layout.html"];
        let blamed = std::iter::once(template).chain(parts).chain(self.own.iter().copied());
        let Some(name) = blamed.into_iter().find(|name| self.own.contains(name)) else { return };
        let at = At::Template { name: name.to_owned(), line: line.filter(|_| name == template) };
        let is_worse = self.flaws.get(name).is_none_or(|known| known.severity < severity);
        if is_worse {
            self.flaws.insert(name.to_owned(), Flaw { severity, at, message, help });
        }
    }
}

/// What a form sends: a field, or a button with its value.
type Sent = (String, Option<String>);

/// A form that is posted.
struct Form {
    action: String,
    passkey: Option<(String, String)>,
    fields: BTreeSet<Sent>,
    buttons: BTreeSet<Sent>,
}

/// The forms of a page that are posted.
fn forms(tags: &[Tag]) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags {
        let text = |name: &str| tag.attribute(name).map(str::to_owned);
        match tag.name.as_str() {
            "form" if tag.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) => {
                open = Some(Form {
                    action: text("action").unwrap_or_default(),
                    passkey: text("data-passkey").zip(text("data-options")),
                    fields: BTreeSet::new(),
                    buttons: BTreeSet::new(),
                });
            }
            "/form" => forms.extend(open.take()),
            "input" | "select" | "textarea" | "button" => {
                let (Some(form), Some(name)) = (&mut open, text("name")) else { continue };
                let kind = tag.attribute("type").unwrap_or("text");
                let is_button = tag.name == "button" || kind == "submit";
                let has_value = is_button || ["hidden", "checkbox", "radio"].contains(&kind);
                let sent = (name, text("value").filter(|_| has_value));
                if is_button {
                    form.buttons.insert(sent)
                } else {
                    form.fields.insert(sent)
                };
            }
            _ => {}
        }
    }
    forms.extend(open);
    forms
}

/// What of our page another lacks, in words: a form, a field or button of one, the script.
fn lacking(ours: &[Tag], theirs: &[Tag]) -> Option<String> {
    let there = forms(theirs);
    for form in forms(ours) {
        let all: Vec<BTreeSet<Sent>> = match form.buttons.len() {
            0 => vec![form.fields.clone()],
            // Each button sends the fields of its form, and itself alone.
            _ => form
                .buttons
                .iter()
                .map(|button| form.fields.iter().chain([button]).cloned().collect())
                .collect(),
        };
        for sent in all {
            let alike =
                there.iter().filter(|other| other.action == form.action && other.passkey == form.passkey);
            let missing = alike.map(|other| -> Vec<String> {
                let has = |one: &&Sent| !other.fields.contains(*one) && !other.buttons.contains(*one);
                sent.iter().filter(has).map(|one| name(&form, one)).collect()
            });
            match missing.min_by_key(Vec::len) {
                None if form.passkey.is_some() => {
                    return Some("the form of the passkey is missing".to_owned());
                }
                None => {
                    let sent: Vec<String> = sent.iter().map(|one| name(&form, one)).collect();
                    return Some(format!("no form posts {} to `ticket.action`", sent.join(", ")));
                }
                Some(missing) if missing.is_empty() => {}
                Some(missing) => return Some(format!("no form posts {} with the rest", missing.join(", "))),
            }
        }
    }
    let script = |tags: &[Tag]| {
        let sources = tags.iter().filter(|tag| tag.name == "script").filter_map(|tag| tag.attribute("src"));
        sources.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let lost = script(ours).difference(&script(theirs)).next().cloned();
    lost.map(|script| format!("the script `{}` is missing", script.rsplit('/').next().unwrap_or_default()))
}

/// A button by its value as well: a form has several of one name.
fn name(form: &Form, sent: &Sent) -> String {
    match sent {
        (name, Some(value)) if form.buttons.contains(sent) => format!("`{name}={value}`"),
        (name, _) => format!("`{name}`"),
    }
}

/// A field that has lost its autofill name (HTML, autofill detail tokens), and that name.
fn unnamed(ours: &[Tag], theirs: &[Tag]) -> Option<(String, String)> {
    let fields = |tags: &[Tag]| -> BTreeMap<String, String> {
        let inputs = tags.iter().filter(|tag| tag.name == "input");
        let pair =
            |tag: &Tag| Some((tag.attribute("name")?.to_owned(), tag.attribute("autocomplete")?.to_owned()));
        inputs.filter_map(pair).collect()
    };
    let there = fields(theirs);
    let is_known = |field: &str, meant: &str| {
        there.get(field).is_some_and(|own| meant.split(' ').all(|token| own.split(' ').any(|o| o == token)))
    };
    fields(ours).into_iter().find(|(field, meant)| meant != "off" && !is_known(field, meant))
}

/// What the content security policy keeps from working.
fn inline(tags: &[Tag]) -> Option<&'static str> {
    tags.iter().find_map(|tag| match tag.name.as_str() {
        "style" => Some("a `<style>`"),
        "script"
            if !tag.attribute("src").is_some_and(|source| {
                let name = source.rsplit_once("/_lobby/assets/").map(|(_, name)| name);
                matches!(name, Some("passkey.js" | "password.js"))
            }) =>
        {
            Some("a `<script>` of its own")
        }
        _ if tag.attribute("style").is_some() => Some("a `style` attribute"),
        _ if tag.attributes().any(|name| name.starts_with("on")) => Some("an `on…` attribute"),
        _ => None,
    })
}

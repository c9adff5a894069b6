use std::collections::BTreeSet;

use minijinja::context;

use super::{Frame, Language, RenderFault, template, words};

/// A mail's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// What stands above it.
    pub subject: String,
    /// Its text.
    pub plain: String,
    /// The same as HTML, without images.
    pub html: String,
}

/// How long a link in a mail is good, as it is told; a code less, because it is short.
const MINUTES: &str = "15";
const MINUTES_OF_CODE: &str = "10";
const DAYS_OF_INVITATION: &str = "7";

/// A mail in a language: `kind` is half of the ids of its texts.
pub fn mail(
    language: Language<'_>,
    kind: &str,
    app: &str,
    link: Option<&str>,
    detail: &str,
) -> Result<MailText, RenderFault> {
    // What was done is told in the words of the account's own page.
    let done = language.words.text(&format!("activity.{detail}"), None).filter(|_| kind == "factor");
    let detail = done.unwrap_or(detail);
    let value = |name: &str| match name {
        "app" => Some(app),
        "detail" => Some(detail),
        "minutes" => Some(minutes(kind)),
        "days" => Some(DAYS_OF_INVITATION),
        _ => None,
    };
    let subject = language.words.text(&format!("mail.{kind}.subject"), None).unwrap_or_default();
    // A subject is one line, whatever an app calls itself.
    let subject = words::fill(subject, value).replace(['\r', '\n'], " ");
    let part = |name: &str| part(language, name, kind, app, link, detail);
    Ok(MailText { subject, plain: part("mail.txt")?, html: part("mail.html")? })
}

/// One of the two forms of a mail, by its template.
fn part(
    language: Language<'_>,
    template: &str,
    kind: &str,
    app: &str,
    link: Option<&str>,
    detail: &str,
) -> Result<String, RenderFault> {
    let frame = Frame { language, service: app, ..Frame::default() };
    let values = context! {
        kind, app, link, detail, minutes => minutes(kind), days => DAYS_OF_INVITATION,
        palette => language.brand.mail_colours(),
    };
    template::render(template, &frame, &values)
}

fn minutes(kind: &str) -> &'static str {
    if kind == "code" { MINUTES_OF_CODE } else { MINUTES }
}

/// What stands in the place of a link in a sample.
pub(super) const LINK: &str = "https://login.example.com/_lobby/reset?link=sample";
/// What stands in the place of what a mail tells in a sample.
pub(super) const DETAIL: &str = "Sample of Firefox";

/// Every kind of mail that there are texts for.
pub(super) fn kinds(language: Language<'_>) -> BTreeSet<String> {
    let ids = language.words.ids().filter_map(|id| id.strip_prefix("mail.")?.split('.').next());
    ids.map(str::to_owned).collect()
}

/// A sample of one of the two forms of a mail, with `detail` for what it tells. One whose link leads nowhere has
/// none.
pub(super) fn sample(
    language: Language<'_>,
    template: &str,
    kind: &str,
    detail: &str,
) -> Result<String, RenderFault> {
    let link = language.words.text(&format!("mail.{kind}.do"), None).map(|_| LINK);
    part(language, template, kind, "Bookshop", link, detail)
}

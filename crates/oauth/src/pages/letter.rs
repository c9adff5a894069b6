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

/// How long a link in a mail is good, as it is told.
const MINUTES: &str = "15";

/// A mail in a language: `kind` is half of the ids of its texts.
pub fn mail(
    language: Language,
    kind: &str,
    app: &str,
    link: Option<&str>,
    detail: &str,
) -> Result<MailText, RenderFault> {
    let text = |part: &str| {
        let id = format!("mail.{kind}.{part}");
        let value = |name: &str| match name {
            "app" => Some(app),
            "detail" => Some(detail),
            "minutes" => Some(MINUTES),
            _ => None,
        };
        words::text(language, &id, None).map(|text| words::fill(text, value)).unwrap_or_default()
    };
    let frame = Frame { language, ..Frame::default() };
    let values = context! { kind, app, link, detail, minutes => MINUTES };
    let html = template::render("mail.html", &frame, &values)?;
    let link = link.map(|link| format!("\n\n{}:\n{link}", text("do"))).unwrap_or_default();
    // A subject is one line, whatever an app calls itself.
    let subject = text("subject").replace(['\r', '\n'], " ");
    Ok(MailText { subject, plain: format!("{}{link}\n", text("text")), html })
}

use std::{borrow::Cow, sync::Arc};

use minijinja::{
    Environment, Error, ErrorKind, Output, State, Value, context, escape_formatter, syntax::SyntaxConfig,
    value::Kwargs,
};

use super::{
    Decision, Frame, field,
    words::{self, Dictionary},
};

/// A page could not be rendered: a fault of ours, which the tests of each page would have shown, and the proof of
/// a service's own templates.
#[derive(Debug, thiserror::Error)]
pub enum RenderFault {
    /// A template is missing, or lacks a value or a word.
    #[error("a page could not be rendered")]
    Page(#[from] Error),
}

pub(super) const TEMPLATES: [(&str, &str); 22] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("sign_in.html", include_str!("../../templates/sign_in.html")),
    ("consent.html", include_str!("../../templates/consent.html")),
    ("device_code.html", include_str!("../../templates/device_code.html")),
    ("device_confirm.html", include_str!("../../templates/device_confirm.html")),
    ("sign_out.html", include_str!("../../templates/sign_out.html")),
    ("notice.html", include_str!("../../templates/notice.html")),
    ("problem.html", include_str!("../../templates/problem.html")),
    ("permission.html", include_str!("../../templates/permission.html")),
    ("account.html", include_str!("../../templates/account.html")),
    ("app_passwords.html", include_str!("../../templates/app_passwords.html")),
    ("form.html", include_str!("../../templates/form.html")),
    ("mail.html", include_str!("../../templates/mail.html")),
    ("mail.txt", include_str!("../../templates/mail.txt")),
    ("ticket.html", include_str!("../../templates/ticket.html")),
    ("second_factor.html", include_str!("../../templates/second_factor.html")),
    ("factor_needed.html", include_str!("../../templates/factor_needed.html")),
    ("passkey_offer.html", include_str!("../../templates/passkey_offer.html")),
    ("passkeys.html", include_str!("../../templates/passkeys.html")),
    ("authenticator.html", include_str!("../../templates/authenticator.html")),
    ("codes.html", include_str!("../../templates/codes.html")),
    ("passkey.html", include_str!("../../templates/passkey.html")),
];

/// What our templates are called.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// Our templates, compiled, speaking these languages; what of them does not compile, which a test refuses.
pub(super) fn environment(dictionaries: &Arc<[Dictionary]>) -> (Environment<'static>, Option<Error>) {
    let mut environment = Environment::new();
    let broken = furnish(&mut environment, dictionaries).err();
    (environment, broken)
}

fn furnish(environment: &mut Environment<'static>, dictionaries: &Arc<[Dictionary]>) -> Result<(), Error> {
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(write_visibly);
    let dictionaries = dictionaries.clone();
    environment.add_function("t", move |state: &State<'_, '_>, id: &str, values: Kwargs| {
        translate(&dictionaries, state, id, &values)
    });
    environment.add_global(
        "field",
        context! {
            request => field::REQUEST, token => field::TOKEN, name => field::NAME,
            password => field::PASSWORD, persona => field::PERSONA, decision => field::DECISION,
            scope => field::SCOPE, user_code => field::USER_CODE, code => field::CODE,
            recovery => field::RECOVERY, remember => field::REMEMBER, credential => field::CREDENTIAL,
            ceremony => field::CEREMONY, do => field::DO, id => field::ID, label => field::LABEL,
        },
    );
    environment.add_global(
        "decision",
        context! {
            ask => Decision::Ask.as_str(), allow => Decision::Allow.as_str(),
            deny => Decision::Deny.as_str(), switch => Decision::Switch.as_str(),
        },
    );
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(())
}

/// Renders one template with what every page has and what this one has.
pub(super) fn render(page: &str, frame: &Frame<'_>, values: &Value) -> Result<String, RenderFault> {
    let Frame { language, base, sandbox, service, sign_in, sign_out, back: _ } = *frame;
    let shared = context! {
        language => language.tag(),
        direction => language.direction(),
        base,
        sandbox,
        service,
        sign_in,
        sign_out,
        logo => language.brand.logo(),
        colours => language.brand.has_colours(),
    };
    let template = language.brand.environment.get_template(page)?;
    Ok(template.render(context! { ..values.clone(), ..shared })?)
}

/// `t("id", app=…, count=…)` in a template: the text in the page's language, its placeholders filled. The
/// result is plain text, so what was filled in is escaped with it.
fn translate(
    dictionaries: &[Dictionary],
    state: &State<'_, '_>,
    id: &str,
    values: &Kwargs,
) -> Result<String, Error> {
    let tag = state.lookup("language");
    let tag = tag.as_ref().and_then(Value::as_str);
    let spoken = dictionaries.iter().find(|words| Some(words.tag.as_str()) == tag);
    let count = values.peek::<Option<u64>>("count").unwrap_or_default();
    // A service may have texts of its own in the first language alone.
    let found = spoken.into_iter().chain(dictionaries.first()).find_map(|words| words.text(id, count));
    let text =
        found.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no text is called {id}")))?;
    let mut filled = Vec::new();
    for name in values.args() {
        filled.push((name, values.peek::<Value>(name)?.to_string()));
    }
    let value =
        |wanted: &str| filled.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    Ok(words::fill(text, value))
}

/// Writes a value as HTML text; control characters and those that turn the direction of writing are drawn,
/// so that a client's name cannot hide or reorder what stands beside it.
fn write_visibly(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => match visible(text) {
            Cow::Borrowed(_) => escape_formatter(out, state, value),
            Cow::Owned(text) => escape_formatter(out, state, &Value::from(text)),
        },
        _ => escape_formatter(out, state, value),
    }
}

fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let drawn = text.chars().map(|c| {
        if is_hidden(c) { format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(c)) } else { c.to_string() }
    });
    Cow::Owned(drawn.collect())
}

use std::{fmt::Write, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use minijinja::Value;

use super::{App, Brand, Frame, Language, RenderFault, template};

/// A page: what it is rendered from, and what the answer that carries it says.
pub trait Page {
    /// Its template.
    fn template(&self) -> &'static str;
    /// What the template gets.
    fn values(&self) -> Value;
    /// The app that one goes back to, if there is one.
    fn app(&self) -> Option<&App<'_>>;
    /// The status of the answer; 200 unless something went wrong.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
    /// Whether it has the script for passkeys.
    fn has_script(&self) -> bool {
        false
    }
    /// Whether it has the script that asks the server of a password while it is typed.
    fn asks(&self) -> bool {
        false
    }
    /// When it makes sense to try again: `Retry-After`.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// The HTML of a page.
pub fn render(frame: &Frame<'_>, page: &dyn Page) -> Result<String, RenderFault> {
    template::render(page.template(), frame, &page.values())
}

/// The whole answer: the page, its status and every header that keeps it from other sites (attacks.md A08,
/// A15). A service's own template that fails on what its proof did not show gives way to ours; a page that
/// cannot be rendered at all is a bare 500.
pub fn answer(frame: &Frame<'_>, page: &dyn Page) -> Response<Bytes> {
    let plain = || {
        let language = Language { brand: Brand::built_in(), ..frame.language };
        render(&Frame { language, ..*frame }, page)
    };
    let (status, kind, body) = match render(frame, page).or_else(|_| plain()) {
        Ok(html) => (page.status(), "text/html; charset=utf-8", html),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "fault\n".to_owned()),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(page, frame.back.as_ref()));
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(span) = page.retry_after() {
        // Whole seconds, rounded up, and never "at once".
        let seconds = span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

const GUARDS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // For browsers that know no `frame-ancestors`.
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // Not `cross-origin-opener-policy`: an app that opened this page in a popup hears of its end.
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::VARY, "Accept-Language, Cookie"),
];

/// Nothing but our stylesheet and icon; forms go to ourselves and, through a redirect, to the one proven
/// place (browsers check `form-action` on redirects, too).
fn policy(page: &dyn Page, back: Option<&App<'_>>) -> HeaderValue {
    let script = match (page.has_script(), page.asks()) {
        (_, true) => "script-src 'self'; connect-src 'self'; ",
        (true, false) => "script-src 'self'; ",
        (false, false) => "",
    };
    let mut policy = format!(
        "default-src 'none'; {script}style-src 'self'; img-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'self'"
    );
    if let Some(source) = page.app().and_then(App::source).or_else(|| back.and_then(App::source)) {
        // Writing to a `String` does not fail.
        let _ = write!(policy, " {source}");
    }
    HeaderValue::try_from(policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

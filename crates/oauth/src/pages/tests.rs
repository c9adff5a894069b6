use std::{collections::BTreeSet, time::Duration};

use http::{Response, StatusCode, header};
use model::Timestamp;

use super::{
    App, Brand, Consent, DeviceCode, Failure, FailureKind, Frame, Language, Page, Permission, Persona,
    SignIn, SignInProblem, SignedOut, Ticket, Who, answer, field,
    language::BUILT_IN,
    render,
    samples::{self, FRIENDLY, HOSTILE, Strangers},
    template::TEMPLATES,
    words::{is_countless, placeholders},
};

/// The scripts: for passkeys, and for passwords that are typed.
const OURS: [&str; 2] =
    ["script src=\"/_lobby/assets/passkey.js\" defer", "script src=\"/_lobby/assets/password.js\" defer"];

const APP: App<'static> =
    App { name: "Bookshop", redirect: Some("https://app.example.com/callback"), home: None };
const TICKET: Ticket<'static> = Ticket { action: "/_lobby/sign-in", request: "sealed", token: "t1" };

fn sign_in(problem: Option<SignInProblem>) -> SignIn<'static> {
    SignIn {
        app: APP,
        ticket: TICKET,
        label: "sign_in.name",
        who: Who::Suggested("alice"),
        personas: &[],
        problem,
        passkey: None,
        unknown: None,
        sign_up: None,
        reset: None,
    }
}

fn html(page: &dyn Page) -> String {
    render(&Frame::default(), page).unwrap()
}

/// The tags of a page, each from `<` to `>`; text between them is left out.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap())
}

/// A tag without the values of its attributes.
fn bare(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

fn policy(response: &Response<bytes::Bytes>) -> String {
    response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
}

#[test]
fn hostile_names_scopes_and_requests_stay_text_on_every_page() {
    let mut seen = 0;
    samples::each(&HOSTILE, &mut |name, page| {
        let html = html(page);
        seen += 1;
        for tag in tags(&html) {
            assert!(!tag.starts_with("script") || OURS.contains(&tag), "{name}: <{tag}>");
            assert!(!tag.starts_with("img"), "{name}: <{tag}>");
            assert!(!bare(tag).contains("onerror"), "{name}: <{tag}>");
        }
        assert!(!html.contains("49"), "{name}: a value was taken for a template");
        assert!(!html.contains(['\u{202e}', '\u{7}']), "{name}: a hidden character came through");
    });
    assert!(seen > 25, "{seen} pages");
}

#[test]
fn a_hostile_page_has_the_same_tags_as_a_friendly_one() {
    let shape = |strangers: &Strangers<'_>| {
        let mut shape = Vec::new();
        samples::each(strangers, &mut |name, page| {
            let names: Vec<String> = tags(&html(page))
                .map(|tag| tag.split_ascii_whitespace().next().unwrap_or("").to_owned())
                .collect();
            shape.push((name.to_owned(), names));
        });
        shape
    };
    for (hostile, friendly) in shape(&HOSTILE).into_iter().zip(shape(&FRIENDLY)) {
        assert!(hostile == friendly, "{}", friendly.0);
    }
}

#[test]
fn no_page_has_inline_script_or_style_and_only_those_that_need_them_have_ours() {
    samples::each(&FRIENDLY, &mut |name, page| {
        let (html, allowed) = (html(page), policy(&answer(&Frame::default(), page)));
        assert_eq!(html.contains(OURS[0]), page.has_script(), "{name}");
        assert_eq!(html.contains(OURS[1]), page.asks(), "{name}");
        let has_any = page.has_script() || page.asks();
        assert_eq!(allowed.contains("script-src 'self';"), has_any, "{name}: {allowed}");
        assert_eq!(allowed.contains("connect-src 'self';"), page.asks(), "{name}: {allowed}");
        for tag in tags(&html) {
            assert!(!tag.starts_with("script") || OURS.contains(&tag), "{name}: <{tag}>");
            assert!(!tag.starts_with("style"), "{name}: <{tag}>");
            assert!(!bare(tag).contains(" style=") && !bare(tag).contains(" on"), "{name}: <{tag}>");
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_page_one_heading_and_a_title() {
    samples::each(&FRIENDLY, &mut |name, page| {
        let html = html(page);
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert!(!html.contains("<title></title>"), "{name}");
        for tag in tags(&html).filter(|tag| tag.starts_with("input") && !tag.contains("type=\"hidden\"")) {
            let id = tag.split_once("id=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id);
            let labelled = id.is_some_and(|id| html.contains(&format!("<label for=\"{id}\">")));
            // A box to tick stands inside its label.
            assert!(labelled || tag.contains("checkbox"), "{name}: <{tag}>");
            // What somebody knows by heart or pastes is not cut; a name that they give a thing is short.
            let is_cut = tag.contains("maxlength") && !tag.contains("name=\"label\"");
            assert!(!tag.contains("placeholder") && !is_cut, "{name}: <{tag}>");
        }
    });
}

#[test]
fn every_form_is_a_post_that_carries_request_and_token() {
    samples::each(&FRIENDLY, &mut |name, page| {
        for form in html(page).split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.starts_with(" method=\"post\" action=\"&#x2f;_lobby&#x2f;sign-in\""), "{name}");
            assert!(form.contains(&format!("name=\"{}\"", field::REQUEST)), "{name}");
            assert!(form.contains(&format!("name=\"{}\"", field::TOKEN)), "{name}");
        }
    });
}

#[test]
fn an_answer_keeps_other_sites_out() {
    samples::each(&HOSTILE, &mut |name, page| {
        let response = answer(&Frame::default(), page);
        let policy = policy(&response);
        assert!(policy.starts_with("default-src 'none';"), "{name}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{name}");
        assert!(!policy.contains("unsafe"), "{name}");
        for (header, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ] {
            assert_eq!(response.headers()[header], value, "{name}");
        }
    });
}

#[test]
fn forms_may_lead_to_ourselves_and_the_proven_redirect_alone() {
    let response = answer(&Frame::default(), &sign_in(None));
    assert!(policy(&response).ends_with("form-action 'self' https://app.example.com"));
    let failure = Failure {
        app: None,
        kind: FailureKind::RedirectUnregistered { redirect: "https://evil.example/" },
        reference: "r",
    };
    assert!(policy(&answer(&Frame::default(), &failure)).ends_with("form-action 'self'"));
}

#[test]
fn a_wrong_password_keeps_the_name_and_goes_to_the_password() {
    let problem = SignInProblem::Wrong { left: 4, pause: Duration::from_secs(900) };
    let page = sign_in(Some(problem));
    let html = html(&page);
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("That name and password do not go together."));
    assert!(html.contains("value=\"alice\""));
    let focused: Vec<&str> = tags(&html).filter(|tag| tag.contains("autofocus")).collect();
    assert_eq!(focused.len(), 1);
    assert!(focused[0].contains("type=\"password\""));
    assert!(!focused[0].contains("value="), "a password is never written into a page");
}

#[test]
fn the_last_two_tries_are_counted_aloud() {
    let text = |left| html(&sign_in(Some(SignInProblem::Wrong { left, pause: Duration::from_secs(900) })));
    assert!(text(2).contains("2 tries left, then a pause of 15 minutes."));
    assert!(text(1).contains("1 try left, then a pause of 15 minutes."));
    assert!(!text(3).contains("left"));
}

#[test]
fn a_locked_name_is_told_the_time_left() {
    let now = Timestamp::parse_rfc3339("2026-11-24T14:33:00Z").unwrap();
    let page = sign_in(Some(SignInProblem::Locked { until: now.plus(Duration::from_secs(720)), now }));
    assert!(html(&page).contains("Passwords are taken again at 14:45 UTC, in 12 minutes."));
    let response = answer(&Frame::default(), &page);
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "720");
}

#[test]
fn the_password_form_and_each_persona_are_forms_of_their_own() {
    let personas = [
        Persona { name: "alice", about: None, disabled: false },
        Persona { name: "admin", about: None, disabled: false },
    ];
    let html = html(&SignIn { personas: &personas, ..sign_in(None) });
    let forms: Vec<&str> =
        html.split("<form").skip(1).map(|form| form.split("</form>").next().unwrap()).collect();
    let with = |text: &str| forms.iter().filter(|form| form.contains(text)).count();
    assert_eq!(with("name=\"password\""), 1);
    assert_eq!(with("name=\"persona\""), 2);
    assert!(
        !forms.iter().any(|form| form.contains("name=\"persona\"") && form.contains("name=\"password\""))
    );
    assert!(html.contains("This is a mock."));
}

#[test]
fn without_personas_nothing_speaks_of_a_mock() {
    assert!(!html(&sign_in(None)).contains("mock"));
}

#[test]
fn password_managers_find_both_fields_on_one_page() {
    let html = html(&sign_in(None));
    assert!(html.contains("autocomplete=\"username webauthn\""));
    assert!(html.contains("autocomplete=\"current-password\""));
}

#[test]
fn who_must_sign_in_again_cannot_change_the_name() {
    let html = html(&SignIn { who: Who::Only("alice"), ..sign_in(None) });
    let name = tags(&html).find(|tag| tag.contains("id=\"name\"")).unwrap();
    assert!(name.contains(" readonly") && name.contains("value=\"alice\""));
    assert!(html.contains("Bookshop wants to be sure that it is you"));
}

#[test]
fn every_page_of_a_sign_in_has_a_way_back_to_the_app() {
    assert!(html(&sign_in(None)).contains("name=\"decision\" value=\"deny\""));
    let consent = Consent { app: APP, ticket: TICKET, user: "alice", new: &[], already: &[] };
    assert!(html(&consent).contains("name=\"decision\" value=\"deny\""));
}

#[test]
fn enter_in_a_consent_form_asks_again_and_grants_nothing() {
    let email = Permission { scope: "email", text: Some("read your address"), optional: true, ticked: false };
    let page = Consent { app: APP, ticket: TICKET, user: "alice", new: &[email], already: &[] };
    let html = html(&page);
    let form = html.split("<form").find(|form| form.contains("checkbox")).unwrap();
    let first = tags(form).find(|tag| tag.starts_with("button")).unwrap();
    assert!(first.contains("value=\"ask\"") && first.contains(" hidden"), "<{first}>");
    // Browsers pass over a disabled one and press the next.
    assert!(!first.contains("disabled"));
}

#[test]
fn an_optional_scope_is_ticked_only_when_the_person_did_it() {
    let email = Permission { scope: "email", text: None, optional: true, ticked: false };
    let ticked = |ticked| {
        let new = [Permission { ticked, ..email }];
        html(&Consent { app: APP, ticket: TICKET, user: "alice", new: &new, already: &[] })
            .contains(" checked")
    };
    assert!(!ticked(false));
    assert!(ticked(true));
}

#[test]
fn scopes_without_words_of_the_document_have_ours_or_their_code() {
    let bare = |scope| Permission { scope, text: None, optional: false, ticked: false };
    let new = ["openid", "profile", "email", "phone", "address", "offline_access", "x:y"].map(bare);
    let told = Permission { text: Some("See one's name and address"), ..bare("profile") };
    let page =
        Consent { app: APP, ticket: TICKET, user: "alice", new: &new, already: &[told, bare("email")] };
    let html = html(&page);
    for text in
        ["Know who you are here", "See your name<", "Keep its access while you are away", "<span>x:y</span>"]
    {
        assert!(html.contains(text), "{text}");
    }
    assert!(html.contains("<li>See one&#x27;s name and address</li>"));
    assert!(html.contains("<li>See your e-mail address</li>"));
}

#[test]
fn whoever_came_without_an_app_is_offered_no_way_back_to_one() {
    let app = App { name: "Lobby", redirect: None, home: None };
    let html = html(&SignIn { app, ..sign_in(None) });
    assert!(!html.contains("name=\"decision\""));
}

#[test]
fn the_host_that_one_is_sent_back_to_is_always_shown() {
    let app = App { name: "Your Bank", redirect: Some("https://evil.example/callback"), home: None };
    let consent = Consent { app, ticket: TICKET, user: "alice", new: &[], already: &[] };
    assert!(html(&consent).contains("<bdi>evil.example</bdi>"));
    assert!(html(&SignIn { app, ..sign_in(None) }).contains("<bdi>evil.example</bdi>"));
}

#[test]
fn a_code_that_came_by_link_is_filled_in_and_not_confirmed() {
    let html = html(&DeviceCode { ticket: TICKET, code: Some("WDJB-MJHT"), problem: None });
    assert!(html.contains("value=\"WDJB-MJHT\""));
    assert!(html.contains("autocomplete=\"off\" autocapitalize=\"characters\""));
    assert!(!html.contains("name=\"decision\""));
}

#[test]
fn an_address_that_was_not_registered_is_shown_and_never_linked() {
    let kind = FailureKind::RedirectUnregistered { redirect: "https://evil.example/cb" };
    let app = App { name: "Bookshop", redirect: None, home: Some("https://bookshop.example.com/") };
    let html = html(&Failure { app: Some(app), kind, reference: "7f3a" });
    assert!(html.contains("https:&#x2f;&#x2f;evil.example&#x2f;cb"));
    let links: Vec<&str> = tags(&html).filter(|tag| tag.starts_with("a ")).collect();
    assert_eq!(links.len(), 1);
    assert!(links[0].contains("bookshop.example.com"));
    assert!(html.contains("Go to bookshop.example.com") && html.contains("7f3a"));
}

#[test]
fn a_way_back_that_is_no_web_address_is_not_linked() {
    for redirect in ["javascript:alert(1)", "data:text/html,x", "com.example.app:/out"] {
        let html = html(&SignedOut { app: Some(App { redirect: Some(redirect), ..APP }) });
        assert!(!html.contains("<a "), "{redirect}");
    }
}

/// A value of a page must not take the name of what every page has.
#[test]
fn every_page_finds_its_stylesheet() {
    samples::each(&FRIENDLY, &mut |name, page| {
        assert!(html(page).contains("href=\"/_lobby/assets/pages.css\""), "{name}");
    });
}

#[test]
fn the_sandbox_stands_above_the_page_and_in_the_links() {
    let frame = Frame { base: "/_lobby/in/t-42", sandbox: Some("t-42"), ..Frame::default() };
    let html = render(&frame, &sign_in(None)).unwrap();
    assert!(html.contains("Sandbox t-42"));
    assert!(html.contains("href=\"&#x2f;_lobby&#x2f;in&#x2f;t-42/_lobby/assets/pages.css\""));
}

#[test]
fn the_stylesheet_is_under_eight_kilobytes_and_asks_for_nothing_else() {
    let response = Brand::built_in().asset("pages.css").unwrap();
    let text = std::str::from_utf8(response.body()).unwrap();
    assert!(text.len() < 8 * 1024, "{}", text.len());
    assert!(!text.contains("url(") && !text.contains("@import"));
    // Logical properties only, so that a page mirrors itself for languages from right to left.
    assert!(!text.contains("left") && !text.contains("right"));
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
    assert!(Brand::built_in().asset("../pages.css").is_none());
}

fn language(tag: &str) -> Language<'static> {
    let language = Brand::built_in().language(Some(tag), None);
    assert_eq!(language.tag(), tag);
    language
}

#[test]
fn every_text_of_every_language_has_the_placeholders_of_the_english_one() {
    let english = language("en").words;
    for (tag, _) in BUILT_IN {
        let words = language(tag).words;
        for id in words.ids() {
            let mut wanted = placeholders(english.counterpart(id).unwrap());
            let found = placeholders(words.text(id, None).unwrap());
            if tag == "ar" && is_countless(id) && !id.ends_with("zero") && !found.contains("count") {
                wanted.remove("count");
            }
            assert_eq!(found, wanted, "{id} in {tag}");
        }
    }
}

#[test]
fn a_page_in_arabic_runs_from_right_to_left() {
    let frame = Frame { language: language("ar"), ..Frame::default() };
    let html = render(&frame, &sign_in(None)).unwrap();
    assert!(html.contains("lang=\"ar\" dir=\"rtl\""));
    assert!(html.contains(language("ar").words.text("sign_in.password", None).unwrap()));
}

#[test]
fn no_language_lacks_a_word_and_none_has_one_too_many() {
    let words = language("en").words;
    let english: BTreeSet<&str> = words.ids().collect();
    assert!(english.len() > 60);
    for (tag, _) in BUILT_IN {
        let found: BTreeSet<String> = language(tag).words.ids().map(str::to_owned).collect();
        assert_eq!(found, words.wanted(tag), "{tag}");
    }
    // An id is written whole in a template, or put together of a family's name and a kind.
    let templates: String = TEMPLATES.iter().map(|(_, source)| *source).collect();
    let told = [
        include_str!("../account.rs"),
        include_str!("../account/email.rs"),
        include_str!("../account/password.rs"),
        include_str!("../accounts.rs"),
        include_str!("../reset.rs"),
        include_str!("../setup_page.rs"),
        include_str!("../strength.rs"),
        include_str!("../sign_up.rs"),
        include_str!("form.rs"),
        include_str!("letter.rs"),
    ];
    let sources = told.concat();
    // Families whose kinds are named in Rust: each kind is there in quotes.
    let kinds = |id: &str| {
        let mut parts = id.split('.');
        let (first, second) = (parts.next().unwrap(), parts.next().unwrap());
        let kind = if first == "mail" { second } else { first };
        sources.contains(&format!("\"{kind}\""))
            || include_str!("../letter.rs").contains(&format!("\"{kind}\""))
    };
    let families = [
        "setup.",
        "time.",
        "scope.",
        "failure.",
        "device_connected.",
        "device_refused.",
        "signed_out.",
        "waited.",
        "activity.",
    ];
    for id in english {
        let plain = id.trim_end_matches(".one").trim_end_matches(".other");
        let used = templates.contains(&format!("\"{plain}\""))
            || sources.contains(&format!("\"{plain}\""))
            || families.iter().any(|family| id.starts_with(family))
            || kinds(id);
        assert!(used, "{id} is used nowhere");
    }
}

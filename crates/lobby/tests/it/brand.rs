//! Pages with a service's own picture, colours, templates and words; what is wrong with them is told at the start.

use std::fs;

use testkit::{Finished, Start, example, run, serve};

use crate::{browser::submit, reload::until};

const LOGO: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><script>alert(1)</script></svg>";
const NOTICE: &str = "{% extends \"layout.html\" %}\n{% block title %}x{% endblock %}\n{% block main %}<h1>Farewell</h1>{% endblock %}\n";

fn bookshop() -> Start {
    let document = fs::read_to_string(example("bookshop.openapi.yaml")).unwrap();
    run("mock").document("bookshop.openapi.yaml", &document)
}

#[tokio::test]
async fn picture_colours_templates_and_words_are_the_services_own() {
    let lobby = bookshop()
        .config(
            "pages:\n  name: Readers\n  logo: art/logo.svg\n  colours: { accent: '#0b6e4f', dark: { page: '#001010' } }\n  \
             templates: art\n  translations: words\n",
        )
        .file("art/logo.svg", LOGO)
        .file("art/notice.html", NOTICE)
        .file("words/de.yaml", "sign_in.do: Hereinspaziert\n")
        .file("words/de-AT.json", "{\"sign_in.do\": \"Servus\"}")
        .await;
    assert!(!lobby.talk().contains("warning"), "{}", lobby.talk());
    let page = lobby.get("/_lobby/sign-in").header("accept-language", "de").await;
    let html = page.text();
    assert!(html.contains("<img src=\"/_lobby/assets/logo.svg\" alt=\"Readers\">"), "{html}");
    assert!(html.contains("Hereinspaziert") && html.contains("/_lobby/assets/colours.css"), "{html}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("img-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let austria = lobby.get("/_lobby/sign-in").header("accept-language", "de-AT").await;
    assert!(austria.text().contains("Servus") && austria.text().contains("lang=\"de-AT\""));
    let english = lobby.get("/_lobby/sign-in").await;
    assert!(english.text().contains(">Sign in<"), "{}", english.text());

    let logo = lobby.get("/_lobby/assets/logo.svg").await;
    assert_eq!(logo.text(), LOGO);
    assert_eq!(logo.header("content-type"), Some("image/svg+xml"));
    assert!(logo.header("content-security-policy").unwrap().contains("sandbox"));
    let colours = lobby.get("/_lobby/assets/colours.css").await;
    assert_eq!(colours.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(colours.text().contains("--accent: #0b6e4f;") && colours.text().contains("--page: #001010;"));
    let discovery = lobby.get("/.well-known/openid-configuration").await.json();
    let spoken = discovery["ui_locales_supported"].as_array().unwrap();
    assert!(spoken.iter().any(|tag| tag == "de-AT") && spoken.len() == 8, "{spoken:?}");
    lobby.get("/_lobby/assets/logo.png").await.is(404);
}

#[tokio::test]
async fn mails_are_the_services_own_too() {
    let own = "{{ service }} writes: {{ t('mail.' ~ kind ~ '.text', detail=detail, minutes=minutes) }}\n{{ link }}\n";
    let lobby = bookshop()
        .config("pages: { name: Readers, templates: art, translations: words }\n")
        .file("art/mail.txt", own)
        .file("words/en.yaml", "mail.confirm.subject: Welcome to {app}\n")
        .await;
    let page = lobby.get("/_lobby/sign-up").await;
    let sent = [("email", "ana@example.com"), ("new", "orbit walnut harbour quilt")];
    submit(&lobby, &page, &sent).await.is(200);
    let mails = lobby.get("/_lobby/outbox").await;
    assert_eq!(mails.string("/0/subject"), "Welcome to Readers");
    let text = mails.string("/0/text");
    assert!(text.starts_with("Readers writes: Someone, hopefully you,"), "{text}");
    assert!(text.contains("\nhttp://"), "{text}");
}

#[tokio::test]
async fn a_server_for_people_looks_so_too() {
    let config = "issuer: https://login.example.com\npages: { name: Readers, logo: logo.svg }\n";
    let lobby = serve(config).file("logo.svg", LOGO).await;
    let page = lobby.get("/_lobby/sign-in").await;
    assert!(page.text().contains("alt=\"Readers\""), "{}", page.text());
    assert_eq!(lobby.get("/_lobby/assets/logo.svg").await.text(), LOGO);
}

#[tokio::test]
async fn an_edit_is_served_and_a_broken_one_leaves_the_pages_as_they_were() {
    let lobby = bookshop()
        .config("pages: { templates: art, translations: words }\n")
        .file("art/readme.md", "nothing that is read")
        .file("words/en.yaml", "sign_in.do: Enter\n")
        .await;
    let has = |words: &'static str| move |page: &testkit::Answer| page.text().contains(words);
    until(&lobby, "/_lobby/sign-in", has(">Enter<")).await;
    lobby.replace_file("words/en.yaml", "sign_in.do: Come in\n");
    until(&lobby, "/_lobby/sign-in", has(">Come in<")).await;
    let own = include_str!("../../../oauth/templates/sign_in.html").replace("<h1>", "<h1>Welcome. ");
    lobby.replace_file("art/sign_in.html", &own);
    until(&lobby, "/_lobby/sign-in", has("Welcome. ")).await;
    lobby.replace_file("art/sign_in.html", "{% if %}");
    while !lobby.talk().contains("what was served before goes on") {
        tokio::task::yield_now().await;
    }
    assert!(lobby.get("/_lobby/sign-in").await.text().contains("Welcome. "));
}

fn refused(start: Start) -> Finished {
    let finished = start.arguments(&["--port", "0"]).finish("");
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.ends_with("\n1 error\n"), "{}", finished.stderr);
    finished
}

#[test]
fn what_cannot_be_used_is_one_error_with_its_place() {
    let with = |config: &str| bookshop().config(config);
    let sign_in =
        include_str!("../../../oauth/templates/sign_in.html").replace("{% include \"ticket.html\" %}", "");
    for (start, place, words) in [
        (with("pages: { colours: { accent: red } }\n"), "lobby.yaml:1:29", "`red` is no colour"),
        (with("pages: { colours: { acent: '#fff' } }\n"), "lobby.yaml:1:21", "did you mean `accent`"),
        (with("pages: { logo: nowhere.svg }\n"), "", "cannot read nowhere.svg"),
        (
            with("pages: { logo: a.gif }\n").file("a.gif", "GIF89a"),
            "lobby.yaml:1:16",
            "neither SVG, PNG nor WebP",
        ),
        (with("pages: { templates: nowhere }\n"), "", "cannot read nowhere"),
        (
            with("pages: { templates: art }\n").file("art/form.html", "<p>\n{% if %}\n"),
            "art/form.html:2:1",
            "syntax error",
        ),
        (
            with("pages: { templates: art }\n").file("art/sign_in.html", &sign_in),
            "art/sign_in.html:1:1",
            "`request`, `token`",
        ),
        (
            with("pages: { translations: words }\n").file("words/en.yaml", "\nsign_in.doo: x\n"),
            "words/en.yaml:2:1",
            "did you mean `sign_in.do`",
        ),
        (
            with("pages: { translations: words }\n").file("words/en.yaml", "sign_in.do: [x]\n"),
            "words/en.yaml:1:13",
            "",
        ),
        (
            with("pages: { translations: words }\n").file("words/pl.yaml", "sign_in.do: x\n"),
            "words/pl.yaml:1:1",
            "`pl` lacks",
        ),
    ] {
        let finished = refused(start);
        assert!(
            finished.stderr.contains(place) && finished.stderr.contains(words),
            "{place}: {}",
            finished.stderr
        );
    }
}

#[tokio::test]
async fn what_is_hard_to_read_or_leaves_something_out_is_told_and_served() {
    let lobby = bookshop()
        .config("pages:\n  colours:\n    accent: '#ffcc00'\n  translations: words\n")
        .file("words/en.yaml", "sign_in.title: Come in\n")
        .await;
    let talk = lobby.talk();
    assert!(talk.contains("lobby.yaml:3:13") && talk.contains("contrast of 1.5"), "{talk}");
    assert!(talk.contains("words/en.yaml:1:1") && talk.contains("leaves out `{app}`"), "{talk}");
    assert!(lobby.get("/_lobby/sign-in").await.text().contains("<h1>Come in</h1>"));
}

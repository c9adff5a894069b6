use http::header;
use model::Severity;

use super::*;
use crate::pages::{Frame, SignedOut, mail, render, template::TEMPLATES};

fn ours(name: &str) -> &'static str {
    TEMPLATES.iter().find(|(own, _)| *own == name).unwrap().1
}

fn brand(templates: &[(&str, &str)]) -> (Brand, Vec<Flaw>) {
    let templates = templates.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Brand::new(Materials { templates, ..Materials::default() })
}

/// The only flaw of templates of which one is `name`.
#[track_caller]
fn flaw(templates: &[(&str, &str)], severity: Severity, words: &str) -> Flaw {
    let (_, flaws) = brand(templates);
    assert_eq!(flaws.len(), 1, "{flaws:#?}");
    assert_eq!(flaws[0].severity, severity, "{flaws:#?}");
    assert!(flaws[0].message.contains(words), "{}", flaws[0].message);
    flaws[0].clone()
}

#[track_caller]
fn changed(name: &str, from: &str, to: &str) -> String {
    assert!(ours(name).contains(from), "{from} is not in {name}");
    ours(name).replace(from, to)
}

fn at(name: &str, line: Option<u32>) -> At {
    At::Template { name: name.to_owned(), line }
}

#[test]
fn our_own_templates_have_no_flaw() {
    let (_, flaws) = brand(&TEMPLATES);
    assert_eq!(flaws, []);
}

#[test]
fn a_template_takes_the_place_of_ours_and_others_may_be_taken_in() {
    let own = "{% extends \"layout.html\" %}{% block title %}x{% endblock %}{% block main %}<h1>Bye</h1>{% include \"motto.html\" %}{% endblock %}";
    let (brand, flaws) = brand(&[("notice.html", own), ("motto.html", "<p>Read {{ service }}</p>")]);
    assert_eq!(flaws, []);
    let frame = Frame { language: brand.language(None, None), service: "more", ..Frame::default() };
    let html = render(&frame, &SignedOut { app: None }).unwrap();
    assert!(html.contains("<h1>Bye</h1><p>Read more</p>"), "{html}");
}

#[test]
fn a_template_that_does_not_compile_is_told_with_its_line() {
    let flaw = flaw(&[("notice.html", "<p>\n{% if %}\n")], Severity::Error, "syntax error");
    assert_eq!(flaw.at, at("notice.html", Some(2)));
}

#[test]
fn what_is_not_there_is_told_with_the_page_and_the_line() {
    let flaw = flaw(&[("notice.html", "<h1>x</h1>\n{{ user.name }}\n")], Severity::Error, "on the page `");
    assert_eq!(flaw.at, at("notice.html", Some(2)));
    let own = changed("notice.html", "\".title\"", "\".titel\"");
    self::flaw(&[("notice.html", &own)], Severity::Error, ".titel");
}

#[test]
fn a_form_sends_everything_that_ours_does() {
    for (name, from, to, words) in [
        ("sign_in.html", "{% include \"ticket.html\" %}\n<label", "<label", "`request`, `token`"),
        ("sign_in.html", "name=\"{{ field.password }}\"", "name=\"secret\"", "`password`"),
        (
            "sign_in.html",
            "action=\"{{ ticket.action }}\" class=\"fields\"",
            "action=\"/login\" class=\"fields\"",
            "`password`",
        ),
        (
            "sign_in.html",
            "method=\"post\" action=\"{{ ticket.action }}\" class=\"fields\"",
            "method=\"get\" action=\"{{ ticket.action }}\" class=\"fields\"",
            "`password`",
        ),
        ("consent.html", "value=\"{{ decision.deny }}\"", "value=\"no\"", "`decision=deny`"),
        (
            "consent.html",
            "value=\"{{ decision.ask }}\" hidden",
            "value=\"{{ decision.allow }}\"",
            "`decision=ask`",
        ),
        ("form.html", "name=\"link\"", "name=\"lnk\"", "`link`"),
        ("permission.html", "type=\"checkbox\"", "type=\"hidden\"", ""),
        ("device_confirm.html", "name=\"{{ field.user_code }}\"", "", "`user_code`"),
        ("passkey.html", "data-options=\"{{ passkey.options }}\"", "", "the form of the passkey"),
        (
            "passkeys.html",
            "<script src=\"{{ base }}/_lobby/assets/passkey.js\" defer></script>",
            "",
            "`passkey.js`",
        ),
    ] {
        let own = changed(name, from, to);
        let (_, flaws) = brand(&[(name, &own)]);
        if words.is_empty() {
            assert_eq!(flaws, [], "another kind of field sends the same");
            continue;
        }
        assert_eq!(flaws.len(), 1, "{name}: {flaws:#?}");
        assert_eq!((flaws[0].severity, &flaws[0].at), (Severity::Error, &at(name, None)), "{name}");
        assert!(flaws[0].message.contains(words), "{}", flaws[0].message);
    }
}

#[test]
fn a_part_that_every_form_has_is_blamed_once_and_itself() {
    let flaw = flaw(&[("ticket.html", "")], Severity::Error, "`request`");
    assert_eq!(flaw.at, at("ticket.html", None));
}

#[test]
fn forms_may_be_put_together() {
    let own = "{% extends \"layout.html\" %}{% block title %}x{% endblock %}{% block main %}<h1>x</h1>\
        <form method=post action=\"{{ ticket.action }}\">{% include \"ticket.html\" %}\
        <button name=decision value=allow>1</button><button name=decision value=deny>2</button></form>{% endblock %}";
    assert_eq!(brand(&[("sign_out.html", own)]).1, []);
}

#[test]
fn what_a_stranger_chooses_must_stay_text() {
    let own = changed("sign_out.html", "t(\"frame.you\", user=user)", "t(\"frame.you\", user=user)|safe");
    let flaw = flaw(&[("sign_out.html", &own)], Severity::Error, "becomes markup");
    assert!(flaw.help.unwrap().contains("|safe"));
    let own = changed("mail.html", "minutes=minutes, days=days)", "minutes=minutes, days=days)|safe");
    self::flaw(&[("mail.html", &own)], Severity::Error, "in the mail `code`");
}

#[test]
fn what_browsers_pass_over_is_told() {
    for (text, words) in [
        ("<style>p{}</style>", "`<style>`"),
        ("<p style=\"color:red\">x</p>", "`style` attribute"),
        ("<p onclick=\"x()\">x</p>", "`on…` attribute"),
        ("<script>x()</script>", "`<script>`"),
        ("<script src=\"https://cdn.example/x.js\"></script>", "`<script>`"),
    ] {
        let own = changed("notice.html", "<h1>", &format!("{text}<h1>"));
        flaw(&[("notice.html", &own)], Severity::Warning, words);
    }
}

#[test]
fn a_field_that_password_managers_would_not_know_is_told() {
    let own = changed("sign_in.html", "autocomplete=\"current-password\" ", "");
    let flaw = flaw(&[("sign_in.html", &own)], Severity::Warning, "what `password` is for");
    assert_eq!(flaw.help.as_deref(), Some("write `autocomplete=\"current-password\"`"));
}

#[test]
fn a_name_that_is_almost_one_of_ours_is_told() {
    let flaw = flaw(&[("sing_in.html", "x")], Severity::Warning, "takes the place of none");
    assert_eq!(flaw.help.as_deref(), Some("did you mean `sign_in.html`?"));
}

#[test]
fn a_mail_keeps_its_link_and_what_it_tells() {
    let own = ours("mail.html").replace("{{ link }}", "");
    flaw(&[("mail.html", &own)], Severity::Error, "lacks `link`");
    let own = changed("mail.txt", "detail=detail, ", "");
    flaw(&[("mail.txt", &own)], Severity::Error, "the mail `code` lacks `detail`");
    let own = ["Dear reader\n", ours("mail.txt")].concat();
    let (brand, flaws) = brand(&[("mail.txt", &own)]);
    assert_eq!(flaws, []);
    let text = mail(brand.language(None, None), "reset", "Bookshop & Co", Some("https://a.example/?b&c"), "")
        .unwrap();
    assert!(text.plain.starts_with("Dear reader\nSomeone"), "{}", text.plain);
    assert!(
        text.plain.ends_with("\n\nChoose a password:\nhttps://a.example/?b&c\n"),
        "plain text is not escaped: {}",
        text.plain
    );
    assert_eq!(text.subject, "Choose a new password for Bookshop & Co");
}

#[test]
fn a_picture_is_on_every_page_and_has_no_rights_of_its_own() {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let (brand, flaws) = Brand::new(Materials { logo: Some(svg.into()), ..Materials::default() });
    assert_eq!(flaws, []);
    let frame =
        Frame { language: brand.language(None, None), service: "Readers \"&\" Sons", ..Frame::default() };
    let html = render(&frame, &SignedOut { app: None }).unwrap();
    assert!(
        html.contains("<img src=\"/_lobby/assets/logo.svg\" alt=\"Readers &quot;&amp;&quot; Sons\">"),
        "{html}"
    );
    let answer = brand.asset("logo.svg").unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/svg+xml");
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(brand.asset("logo.png").is_none() && Brand::built_in().asset("logo.svg").is_none());
    let (_, flaws) = Brand::new(Materials { logo: Some("GIF89a".into()), ..Materials::default() });
    assert_eq!((flaws.len(), flaws[0].severity, &flaws[0].at), (1, Severity::Error, &At::Logo));
}

#[test]
fn a_stylesheet_and_colours_of_its_own_stand_beside_ours() {
    let accent = Colour::parse("#0b6e4f");
    let colours = Colours { light: Shades { accent, ..Shades::default() }, dark: Shades::default() };
    let templates = vec![("pages.css".to_owned(), "p{color:red}".to_owned())];
    let (brand, flaws) = Brand::new(Materials { colours, templates, ..Materials::default() });
    assert_eq!(flaws, []);
    let text = |name| String::from_utf8(brand.asset(name).unwrap().body().to_vec()).unwrap();
    assert_eq!(text("pages.css"), "p{color:red}");
    assert!(text("colours.css").contains("--accent: #0b6e4f;"));
    let frame = Frame { language: brand.language(None, None), ..Frame::default() };
    let html = render(&frame, &SignedOut { app: None }).unwrap();
    let at = |file: &str| html.find(file).unwrap();
    assert!(at("assets/pages.css") < at("assets/colours.css"), "the later one wins");
    assert!(Brand::built_in().asset("colours.css").is_none());
    assert!(!render(&Frame::default(), &SignedOut { app: None }).unwrap().contains("colours.css"));
}

#[test]
fn a_mail_has_the_colours_of_the_service() {
    let accent = Colour::parse("#0b6e4f");
    let colours = Colours { light: Shades { accent, ..Shades::default() }, dark: Shades::default() };
    let link = Some("https://a.example/");
    for (colours, expected) in [(Colours::default(), "#3547b8"), (colours, "#0b6e4f")] {
        let (brand, flaws) = Brand::new(Materials { colours, ..Materials::default() });
        assert_eq!(flaws, []);
        let html = mail(brand.language(None, None), "reset", "Bookshop", link, "").unwrap().html;
        assert!(html.contains(&format!("background:{expected};color:#ffffff")), "{html}");
        assert!(!html.contains("var("), "{html}");
    }
}

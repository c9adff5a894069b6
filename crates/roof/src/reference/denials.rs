//! `docs/denials.md`, from the guard's table.

use std::fmt::Write;

use guard::{Challenge, Code};

use super::cell;

pub(super) fn page() -> String {
    let mut out = String::from(
        "# Denials\n\nEvery way in which Lobby answers instead of the API. The codes are stable: they stand in the problem body\n\
         (`code`), in `Lobby-Verdict`, in scenarios and in the journal. `GET /_lobby/denials`, where `type` points, has this\n\
         list as JSON; each denial is a scenario: `Lobby-Scenario: token.expired`.\n\n\
         Of one token the first failure is named, in this order: form, algorithm, issuer, key, type, audience, times,\n\
         signature, revocation, proof; then account, scope, role, policy. Of several alternatives the one that came\n\
         nearest is. `lobby inspect TOKEN` shows each step.\n\n",
    );
    heading(&mut out, "Denials of the guard", Code::denials());
    heading(
        &mut out,
        "Answers that are no denials",
        Code::ALL.iter().copied().filter(|code| !code.is_denial()),
    );
    out.push_str("\n# What to do about each\n");
    for code in Code::ALL.iter().copied() {
        section(&mut out, code);
    }
    out
}

fn heading(out: &mut String, title: &str, codes: impl Iterator<Item = Code>) {
    let _ = write!(
        out,
        "## {title}\n\n| code | status | `WWW-Authenticate` | meaning |\n| --- | --- | --- | --- |\n"
    );
    for code in codes {
        let _ = writeln!(
            out,
            "| [`{}`](#{}) | {} | {} | {} |",
            code.as_str(),
            code.anchor(),
            code.status(),
            challenge(code.challenge()),
            cell(code.text()),
        );
    }
    out.push('\n');
}

fn challenge(challenge: Challenge) -> String {
    match challenge {
        Challenge::None => "none".to_owned(),
        Challenge::Offer => "a line for each scheme that would do".to_owned(),
        Challenge::Key
        | Challenge::Basic
        | Challenge::Certificate
        | Challenge::Error(_)
        | Challenge::Proof(_) => {
            format!("`{challenge}`")
        }
    }
}

fn section(out: &mut String, code: Code) {
    // The anchor is the fragment of a problem's `type`; a heading's own would leave the dots out.
    let _ = write!(
        out,
        "\n<a id=\"{}\"></a>\n\n### {}\n\n{}: status {}. {}.\n",
        code.anchor(),
        code.as_str(),
        code.text(),
        code.status(),
        code.hint(),
    );
}

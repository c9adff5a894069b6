//! What attackers do, over the wire: the rows T, R and G08 of the list of attacks that hold for a mock. Those of
//! the authorization server are in oauth/attacks.

mod flood;
mod leaks;
mod requests;
mod tokens;

use model::Timestamp;
use testkit::Lobby;

const ORDERS: &str = "/users/alice/orders";

fn now() -> Timestamp {
    let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Timestamp::from_seconds(i64::try_from(seconds).unwrap())
}

async fn exchange(lobby: &Lobby, request: impl AsRef<[u8]>) -> String {
    let mut raw = lobby.raw().await;
    raw.send(request).await;
    String::from_utf8_lossy(&raw.read_to_end().await).into_owned()
}

const SOURCES: [&str; 10] = [
    include_str!("attacks/flood.rs"),
    include_str!("attacks/leaks.rs"),
    include_str!("attacks/requests.rs"),
    include_str!("attacks/tokens.rs"),
    include_str!("oauth/attacks/authorize.rs"),
    include_str!("oauth/attacks/device.rs"),
    include_str!("oauth/attacks/pages.rs"),
    include_str!("oauth/attacks/told.rs"),
    include_str!("oauth/attacks/token.rs"),
    include_str!("verdicts.rs"),
];

/// Each row, and a test that makes its attack. R03 to R06, R08 and R09 are a guard's; A12, A14, A18, A19 and the
/// other rows G wait for what they attack.
const ROWS: [(&str, &str); 54] = [
    ("T01", "without_a_credential_nobody_gets_where_one_is_demanded"),
    ("T02", "every_attack_on_a_token_is_refused_as_listed"),
    ("T03", "every_attack_on_a_token_is_refused_as_listed"),
    ("T04", "every_attack_on_a_token_is_refused_as_listed"),
    ("T05", "one_bit_changed_anywhere_in_a_token_is_never_let_in"),
    ("T06", "every_attack_on_a_token_is_refused_as_listed"),
    ("T07", "every_attack_on_a_token_is_refused_as_listed"),
    ("T08", "every_attack_on_a_token_is_refused_as_listed"),
    ("T09", "every_attack_on_a_token_is_refused_as_listed"),
    ("T10", "every_attack_on_a_token_is_refused_as_listed"),
    ("T11", "every_attack_on_a_token_is_refused_as_listed"),
    ("T12", "every_attack_on_a_token_is_refused_as_listed"),
    ("T13", "every_attack_on_a_token_is_refused_as_listed"),
    ("T14", "every_attack_on_a_token_is_refused_as_listed"),
    ("T15", "every_attack_on_a_token_is_refused_as_listed"),
    ("T16", "every_attack_on_a_token_is_refused_as_listed"),
    ("T17", "a_token_ends_with_itself_its_session_and_its_account"),
    ("T18", "every_attack_on_a_token_is_refused_as_listed"),
    ("T19", "a_token_is_read_from_one_authorization_field_in_its_form_alone"),
    ("T20", "a_token_is_read_from_one_authorization_field_in_its_form_alone"),
    ("T21", "every_code_is_earned_by_a_request"),
    ("T21", "a_proof_is_good_around_its_own_moment_whatever_the_sandboxs_clock"),
    ("T22", "every_code_is_earned_by_a_request"),
    ("T23", "scopes_are_whole_words_wherever_and_however_they_are_written"),
    ("T24", "a_key_that_we_retired_is_believed_for_its_overlap_and_no_longer"),
    ("T24", "a_key_is_believed_from_when_it_is_published_until_it_is_not"),
    ("T25", "scopes_are_whole_words_wherever_and_however_they_are_written"),
    ("A01", "a01_an_answer_goes_only_where_the_client_registered_letter_by_letter"),
    ("A02", "a02_a_code_is_good_once_for_its_client_its_place_and_a_minute"),
    ("A03", "a03_a_challenge_is_met_and_can_be_neither_weakened_nor_dropped"),
    ("A04", "a04_a_refresh_token_is_good_once_but_a_lost_answer_is_no_theft"),
    ("A05", "a05_a_client_proves_itself_in_one_way_and_rightly"),
    ("A06", "a06_every_answer_names_its_issuer"),
    ("A07", "a07_forms_are_taken_from_the_browser_that_was_shown_them_alone"),
    ("A08", "a08_what_strangers_write_on_pages_stays_text"),
    ("A09", "a09_nobody_is_signed_in_silently_who_should_be_asked"),
    ("A10", "a10_a_device_keeps_its_pace_and_its_code_is_not_guessed"),
    ("A11", "a11_request_objects_and_foreign_request_uris_lead_nowhere"),
    ("A13", "a13_strangers_learn_and_end_nothing"),
    ("A15", "a15_nothing_secret_is_kept_or_passed_on"),
    ("A16", "a16_a_session_is_new_at_each_sign_in_and_its_cookie_is_for_nobody_else"),
    ("A17", "a17_host_names_no_issuer_and_whoever_asks_by_another_name_is_told"),
    ("A20", "a20_the_whole_password_counts_and_no_more_than_a_kilobyte_is_taken"),
    ("G01", "g01_five_wrong_passwords_lock_a_name_on_the_page_whether_it_is_somebodys_or_not"),
    ("G08", "heads_and_bodies_over_their_bounds_are_refused_and_memory_stays_bounded"),
    ("R01", "a_path_leads_to_one_operation_however_it_is_written"),
    ("R02", "another_method_is_never_a_way_round_the_requirement"),
    ("R07", "what_is_not_in_the_document_is_not_there"),
    ("R10", "a_credential_over_plain_http_is_refused_and_never_sent_on_to_https"),
    ("R11", "bodies_that_mean_harm_are_refused_and_cost_little"),
    ("R12", "the_credentials_cookie_is_there_once"),
    ("R13", "no_refusal_tells_what_runs_here_or_where"),
    ("R14", "a_request_line_or_host_that_could_be_read_two_ways_is_refused_and_the_connection_closes"),
    ("R14", "over_http2_a_path_without_a_slash_or_another_host_than_the_authority_is_refused"),
];

#[test]
fn every_row_that_holds_for_a_mock_has_its_test() {
    for (row, test) in ROWS {
        let there = SOURCES.iter().any(|source| source.contains(&format!("async fn {test}() {{")));
        assert!(there, "{row}: there is no test {test}");
    }
    let forged = jose::forge::Attack::all().iter().map(|attack| attack.row);
    let listed = |row: &str| ROWS.iter().any(|(id, _)| *id == row);
    assert!(forged.clone().all(listed), "{:?}", forged.filter(|row| !listed(row)).collect::<Vec<_>>());
    let numbers = (1..=25).map(|number| format!("T{number:02}"));
    assert!(numbers.clone().all(|row| listed(&row)), "a row T is missing");
}

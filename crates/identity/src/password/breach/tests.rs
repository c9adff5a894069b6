use std::{
    fs,
    io::Cursor,
    path::Path,
    sync::{Arc, Mutex},
};

use super::*;
use crate::password::{
    Refusal,
    filter::{Bits, Builder},
};

const LISTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/passwords");

/// The list that the filter in the program is made of, where it lies beside the repository.
fn common() -> Option<Vec<String>> {
    let text = fs::read_to_string(Path::new(LISTS).join("common.txt")).ok()?;
    Some(text.lines().map(str::to_owned).collect())
}

/// `cargo xtask generate` writes it anew.
#[test]
fn the_generated_filter_of_the_commonest_is_fresh() {
    let Some(common) = common() else {
        assert_eq!(Filter::open(COMMON).unwrap().entries(), 40_101);
        return;
    };
    let mut hashes: Vec<_> = common.iter().map(Sha1::of).collect();
    hashes.sort();
    let mut file = Cursor::new(Vec::new());
    let mut builder = Builder::new(&mut file, Bits::Sixteen, hashes.len() as u64).unwrap();
    for hash in hashes {
        builder.push(hash).unwrap();
    }
    builder.finish().unwrap();
    let file = file.into_inner();
    if std::env::var_os("LOBBY_GENERATE").is_some() {
        fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/common.filter"), &file).unwrap();
    } else {
        assert!(file == COMMON, "data/common.filter is not of this list: run `cargo xtask generate`");
    }
}

#[tokio::test]
async fn every_common_password_is_known_in_any_case_and_others_are_not() {
    let breaches = Breaches::embedded().unwrap();
    for password in ["password", "PASSWORD", "PassWord", "123456", "qwertyuiop", "trustno1"] {
        assert_eq!(breaches.look_up(password).await, Leaked::Yes, "{password}");
    }
    for password in common().unwrap_or_default() {
        assert_eq!(breaches.look_up(&password).await, Leaked::Yes, "{password}");
    }
    for number in 0..1000 {
        let password = format!("violin tuesday {number} marble");
        assert_eq!(breaches.look_up(&password).await, Leaked::No, "{password}");
    }
    assert_eq!(Breaches::Off.look_up("password").await, Leaked::No);
}

#[tokio::test]
async fn a_password_is_known_by_its_normal_form_too() {
    let hash = Sha1::of("Motorhead 1975");
    let mut file = Cursor::new(Vec::new());
    let mut builder = Builder::new(&mut file, Bits::Sixteen, 1).unwrap();
    builder.push(hash).unwrap();
    builder.finish().unwrap();
    let filter = Filter::open(Mapped::new(file.into_inner())).unwrap();
    let breaches = Breaches::File(filter);
    assert_eq!(breaches.look_up("Motorhead 1975").await, Leaked::Yes);
    assert_eq!(breaches.look_up("\u{ff2d}otorhead 1975").await, Leaked::Yes);
    assert_eq!(breaches.look_up("motorhead 1975").await, Leaked::No);
}

/// Answers with what it is given, and remembers what it was asked.
#[derive(Default, Clone)]
struct Service {
    answer: Option<String>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Ranges for Service {
    fn range<'a>(&'a self, prefix: &'a str) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>> {
        self.asked.lock().unwrap().push(prefix.to_owned());
        Box::pin(async { self.answer.clone() })
    }
}

fn api(answer: Option<&str>, on_error: OnError) -> (Breaches, Service) {
    let service = Service { answer: answer.map(str::to_owned), ..Service::default() };
    (Breaches::Api { ranges: Box::new(service.clone()), on_error }, service)
}

/// SHA-1 of `password`: 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

#[tokio::test]
async fn a_service_learns_five_digits_and_its_padding_counts_for_nothing() {
    let others = "003D68EB55068C33ACE09247EE4C639306B:3\r\n";
    let (breaches, service) = api(Some(&format!("{others}{SUFFIX}:10434004\r\n")), OnError::Allow);
    assert_eq!(breaches.look_up("password").await, Leaked::Yes);
    assert_eq!(*service.asked.lock().unwrap(), ["5BAA6"]);
    let (breaches, _) = api(Some(&format!("{others}{SUFFIX}:0\r\n")), OnError::Allow);
    assert_eq!(breaches.look_up("password").await, Leaked::No);
    let (breaches, _) = api(Some(others), OnError::Refuse);
    assert_eq!(breaches.look_up("password").await, Leaked::No);
    let (breaches, _) = api(Some(""), OnError::Refuse);
    assert_eq!(breaches.look_up("password").await, Leaked::No);
}

#[tokio::test]
async fn a_service_that_does_not_answer_allows_or_refuses_as_the_setting_says() {
    for answer in [None, Some("<html>a proxy's page</html>"), Some("1E4C9B93F3F0682250B6CF8331B7EE68FD8")] {
        let (breaches, _) = api(answer, OnError::Allow);
        assert_eq!(breaches.look_up("password").await, Leaked::No, "{answer:?}");
        let (breaches, _) = api(answer, OnError::Refuse);
        assert_eq!(breaches.look_up("password").await, Leaked::Unknown, "{answer:?}");
        let policy = Policy { rules: Rules { score: 0, min_length: 1, ..Rules::default() }, breaches };
        let refusals = policy.judge("password", &About::default()).await.unwrap_err();
        assert_eq!(refusals.iter().collect::<Vec<_>>(), [&Refusal::BreachUnknown]);
        assert!(!policy.is_leaked("password").await, "nobody is locked out of their account for it");
    }
}

#[tokio::test]
async fn a_policy_refuses_what_is_breached_and_flags_it_at_sign_in() {
    let breaches = Breaches::embedded().unwrap();
    let policy = Policy { rules: Rules { min_length: 1, score: 0, ..Rules::default() }, breaches };
    let refusals = policy.judge("Password", &About::default()).await.unwrap_err();
    assert_eq!(refusals.iter().collect::<Vec<_>>(), [&Refusal::Breached]);
    assert!(policy.is_leaked("password").await);
    assert!(policy.judge("violin tuesday marble", &About::default()).await.is_ok());
    assert!(!policy.is_leaked("violin tuesday marble").await);
    let long = "password".repeat(1_000_000);
    assert_eq!(policy.judge(&long, &About::default()).await.unwrap_err().iter().count(), 1);
}

//! What a text looks like, judged by the name of its property and of what surrounds it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{moment::Moment, words};

/// The person and the place that the members of one object share, so that an e-mail address fits its name
/// and a country its city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cast {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) place: &'static [&'static str; 8],
}

impl Cast {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self {
            first: pick(words::FIRST, rng),
            last: pick(words::LAST, rng),
            place: rng_index(words::PLACE.len(), rng)
                .and_then(|at| words::PLACE.get(at))
                .unwrap_or(&["", "", "", "", "", "", "", ""]),
        }
    }

    pub(super) fn email(&self) -> String {
        format!("{}.{}@example.com", self.first.to_lowercase(), self.last.to_lowercase())
    }

    /// Symbol and name of the place's currency.
    fn money(&self) -> (&'static str, &'static str) {
        match self.place.get(5).copied().unwrap_or_default() {
            "EUR" => ("€", "Euro"),
            "GBP" => ("£", "Pound sterling"),
            "JPY" => ("¥", "Japanese yen"),
            "INR" => ("₹", "Indian rupee"),
            "GHS" => ("GH₵", "Ghanaian cedi"),
            "UYU" => ("$", "Uruguayan peso"),
            "AUD" => ("$", "Australian dollar"),
            "NOK" => ("kr", "Norwegian krone"),
            _ => ("$", "US dollar"),
        }
    }

    fn of_place(&self, part: usize) -> String {
        self.place.get(part).copied().unwrap_or_default().to_owned()
    }
}

/// The words of a property's name, in lower case: `createdAt`, `created_at` and `Created-At` are the same.
pub(crate) fn split(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for letter in name.chars().take(80) {
        let begins = letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if (begins || !letter.is_alphanumeric()) && !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

/// What a text is about.
pub(super) struct Subject<'a> {
    /// The words of the property's name.
    pub(super) words: &'a [String],
    /// The words of the object that it belongs to (its property, or its schema's name).
    pub(super) parent: &'a [String],
    pub(super) cast: Cast,
    pub(super) moment: Moment,
}

impl Subject<'_> {
    fn is_about(&self, words: &[&str]) -> bool {
        self.parent.iter().chain(self.words).any(|word| words.contains(&word.as_str()))
    }
}

/// A text for a property, or `None` when its name says nothing.
pub(super) fn text(subject: &Subject<'_>, rng: &mut ChaCha8Rng) -> Option<String> {
    let last = subject.words.last()?.as_str();
    let before = subject.words.iter().rev().nth(1).map_or("", String::as_str);
    person(subject, last, before)
        .or_else(|| web(subject, last, before, rng))
        .or_else(|| place(subject, last, before, rng))
        .or_else(|| time(subject, last, before, rng))
        .or_else(|| thing(subject, last, before, rng))
}

fn person(subject: &Subject<'_>, last: &str, before: &str) -> Option<String> {
    let Cast { first, last: family, .. } = subject.cast;
    let full = || format!("{first} {family}");
    Some(match (before, last) {
        ("first" | "given", "name") | (_, "firstname" | "givenname" | "forename") => first.to_owned(),
        ("last" | "family" | "sur", "name") | (_, "lastname" | "surname" | "familyname") => family.to_owned(),
        (
            "full" | "display" | "contact" | "customer" | "recipient" | "owner" | "author" | "holder",
            "name",
        )
        | (_, "fullname" | "displayname" | "author" | "owner" | "recipient" | "assignee" | "creator") => {
            full()
        }
        ("user" | "login" | "nick" | "screen", "name")
        | ("created" | "updated" | "modified" | "added" | "deleted" | "approved", "by")
        | (_, "username" | "login" | "nickname" | "handle" | "user") => {
            format!("{}.{}", first.to_lowercase(), family.to_lowercase())
        }
        (_, "email" | "mail") | ("email", "address") => subject.cast.email(),
        (_, "initials") => first.chars().take(1).chain(family.chars().take(1)).collect(),
        (_, "name") => {
            let about = |word: &String| {
                matches!(
                    word.as_str(),
                    "author"
                        | "user"
                        | "person"
                        | "customer"
                        | "owner"
                        | "employee"
                        | "contact"
                        | "member"
                        | "creator"
                        | "profile"
                        | "account"
                        | "patient"
                        | "student"
                        | "teacher"
                        | "guest"
                )
            };
            if !subject.parent.iter().any(about) {
                return None;
            }
            full()
        }
        _ => return None,
    })
}

fn web(subject: &Subject<'_>, last: &str, before: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let word = |rng: &mut ChaCha8Rng| pick(words::WORD, rng);
    Some(match (before, last) {
        (_, "id" | "uid" | "key" | "ref" | "reference") if before != "public" => {
            let kind: String =
                subject.words.iter().rev().nth(1).or_else(|| subject.parent.first()).map_or_else(
                    || "id".to_owned(),
                    |word| word.chars().filter(char::is_ascii_alphanumeric).take(4).collect(),
                );
            format!("{}_{}", if kind.is_empty() { "id" } else { &kind }, alphanumeric(12, rng))
        }
        (_, "uuid" | "guid") => uuid(rng),
        // The subject of a token (RFC 7519 4.1.2).
        ("", "sub") => format!("user_{}", alphanumeric(12, rng)),
        (
            "image" | "avatar" | "photo" | "picture" | "thumbnail" | "logo" | "cover" | "icon",
            "url" | "uri" | "link",
        )
        | (_, "avatar" | "image" | "photo" | "picture" | "thumbnail" | "logo" | "icon") => {
            format!("https://images.example.com/{}-{}.png", word(rng), rng.random_range(100..1000))
        }
        (
            _,
            "url" | "uri" | "href" | "link" | "website" | "homepage" | "callback" | "webhook" | "endpoint",
        ) => {
            format!("https://www.example.com/{}/{}", word(rng), rng.random_range(100..10_000))
        }
        (_, "host" | "hostname" | "domain") => format!("{}.example.com", word(rng)),
        (_, "ip") | ("ip", "address") => format!("192.0.2.{}", rng.random_range(1..255)),
        (_, "slug") => format!("{}-{}", word(rng), word(rng)),
        (_, "token" | "secret") => alphanumeric(32, rng),
        (_, "hash" | "sha" | "sha256" | "checksum" | "digest" | "fingerprint") => hex(64, rng),
        (_, "etag") => format!("\"{}\"", hex(16, rng)),
        (_, "version") => {
            format!("{}.{}.{}", rng.random_range(1..4), rng.random_range(0..10), rng.random_range(0..10))
        }
        (_, "filename") | ("file", "name") => format!("{}-{}.pdf", word(rng), word(rng)),
        (_, "path" | "file" | "directory" | "folder") => format!("/{}/{}", word(rng), word(rng)),
        ("mime" | "content" | "media", "type") | (_, "mimetype") => "application/json".to_owned(),
        ("user", "agent") => "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101".to_owned(),
        _ => return None,
    })
}

/// The short code of what is mostly named in full; for a text of at most three letters.
pub(super) fn code(subject: &Subject<'_>) -> Option<String> {
    let last = subject.words.last()?.as_str();
    Some(match last {
        "country" | "nationality" | "nation" => subject.cast.of_place(2),
        "language" | "lang" => subject.cast.of_place(6),
        _ => return None,
    })
}

fn place(subject: &Subject<'_>, last: &str, before: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let cast = &subject.cast;
    let street = |rng: &mut ChaCha8Rng| format!("{} {}", rng.random_range(1..200), pick(words::STREET, rng));
    Some(match (before, last) {
        (_, "code") if subject.is_about(&["currency", "currencies"]) => cast.of_place(5),
        (_, "code") if subject.is_about(&["country", "countries", "market", "nation"]) => cast.of_place(2),
        (_, "code") if subject.is_about(&["language", "languages"]) => cast.of_place(6),
        (_, "name") if subject.is_about(&["currency", "currencies"]) => cast.money().1.to_owned(),
        (_, "symbol") if subject.is_about(&["currency", "currencies"]) => cast.money().0.to_owned(),
        (_, "name") if subject.is_about(&["country", "countries"]) => cast.of_place(3),
        (_, "line2" | "address2") | ("address" | "line", "2") => {
            format!("Apartment {}", rng.random_range(1..40))
        }
        (_, "city" | "town" | "locality") => cast.of_place(0),
        (_, "region" | "province" | "county") => cast.of_place(1),
        ("country", "code")
        | ("iso", "2")
        | (_, "countrycode" | "iso2" | "alpha2" | "market" | "markets") => cast.of_place(2),
        (_, "country" | "nationality") => cast.of_place(3),
        (_, "timezone" | "tz") | ("time", "zone") => cast.of_place(4),
        (_, "currency") | ("currency", "code") => cast.of_place(5),
        (_, "language" | "lang") => cast.of_place(6),
        (_, "locale") => format!("{}-{}", cast.of_place(6), cast.of_place(2)),
        ("postal" | "zip" | "post", "code") | (_, "zip" | "postcode" | "zipcode" | "postalcode") => {
            cast.of_place(7)
        }
        (_, "street" | "street1" | "line1") | ("address" | "street", "line" | "address" | "1") => street(rng),
        (_, "address" | "location") => format!("{}, {}", street(rng), cast.of_place(0)),
        (_, "phone" | "telephone" | "mobile" | "tel" | "fax") | ("phone" | "mobile", "number") => {
            format!("+1202555{:04}", rng.random_range(100..200))
        }
        _ => return None,
    })
}

fn time(subject: &Subject<'_>, last: &str, before: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let moment = subject.moment;
    Some(match (before, last) {
        (_, "birthday" | "birthdate" | "dob" | "born") | ("birth", "date") => moment.birthday(rng),
        (_, "date") => moment.date(subject.words, rng),
        (
            _,
            "at" | "timestamp" | "datetime" | "utc" | "created" | "updated" | "modified" | "expires"
            | "expiry",
        ) => moment.instant(subject.words, rng),
        (_, "time") => moment.time(rng),
        (_, "year") => moment.year().to_string(),
        (_, "month") => format!("{:02}", rng.random_range(1..=12)),
        _ => return None,
    })
}

fn thing(subject: &Subject<'_>, last: &str, before: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let about = |words: &[&str]| subject.is_about(words);
    Some(match (before, last) {
        ("job", "title" | "position") | (_, "occupation" | "profession") | ("", "position") => {
            pick(words::JOB, rng).to_owned()
        }
        (_, "isbn" | "isbn13") => isbn(rng),
        (_, "sku") => format!("{}-{}", upper(3, rng), rng.random_range(1000..10_000)),
        (_, "iban") => "DE89370400440532013000".to_owned(),
        (_, "bic" | "swift") => "COBADEFFXXX".to_owned(),
        (
            _,
            "company" | "organization" | "organisation" | "publisher" | "vendor" | "brand" | "employer"
            | "manufacturer",
        ) => pick(words::COMPANY, rng).to_owned(),
        (_, "name")
            if about(&["company", "organization", "organisation", "publisher", "vendor", "brand"]) =>
        {
            pick(words::COMPANY, rng).to_owned()
        }
        (_, "name" | "title") if about(&["product", "item", "article", "goods"]) => {
            pick(words::PRODUCT, rng).to_owned()
        }
        (_, "name" | "label") if about(&["tag", "category", "genre", "topic"]) => {
            pick(words::TOPIC, rng).to_owned()
        }
        (_, "name") if about(&["city", "place"]) => subject.cast.of_place(0),
        (_, "product") => pick(words::PRODUCT, rng).to_owned(),
        (_, "title" | "subject" | "headline" | "book") => pick(words::TITLE, rng).to_owned(),
        (_, "name" | "label") => {
            let (a, b) = (pick(words::WORD, rng), pick(words::WORD, rng));
            format!("{} {b}", capital(a))
        }
        (
            _,
            "description" | "summary" | "comment" | "note" | "notes" | "text" | "content" | "body"
            | "message" | "bio" | "about" | "review" | "detail" | "details" | "remarks" | "reason"
            | "instructions",
        ) => pick(words::SENTENCE, rng).to_owned(),
        (_, "color" | "colour") => pick(words::COLOUR, rng).to_owned(),
        (_, "status" | "state") => pick(words::STATUS, rng).to_owned(),
        (_, "tag" | "tags" | "category" | "genre" | "topic" | "keyword" | "keywords" | "categories") => {
            pick(words::TOPIC, rng).to_owned()
        }
        (_, "department" | "team" | "group") => pick(words::DEPARTMENT, rng).to_owned(),
        (_, "role" | "roles") => pick(words::ROLE, rng).to_owned(),
        (_, "gender" | "sex") => "unspecified".to_owned(),
        (_, "price" | "amount" | "cost" | "total" | "balance") => {
            format!("{}.{:02}", rng.random_range(5..250), rng.random_range(0..100))
        }
        (_, "cursor" | "nonce" | "next" | "previous" | "prev") => alphanumeric(16, rng),
        (_, "object") => subject.parent.last().cloned().unwrap_or_else(|| "object".to_owned()),
        (_, "type" | "kind") => pick(words::KIND, rng).to_owned(),
        (_, "code") => format!("{}{}", upper(2, rng), rng.random_range(100..1000)),
        (_, "number" | "no") => rng.random_range(100_000..1_000_000).to_string(),
        _ => return None,
    })
}

/// Whether a property says when something ended that mostly goes on: best `null` where it may be.
pub(super) fn is_rare(words: &[String]) -> bool {
    const RARE: [&str; 9] = [
        "deleted",
        "archived",
        "cancelled",
        "canceled",
        "revoked",
        "removed",
        "suspended",
        "disabled",
        "blocked",
    ];
    let is_moment = words.last().is_some_and(|last| matches!(last.as_str(), "at" | "on" | "date" | "time"));
    is_moment && words.iter().any(|word| RARE.contains(&word.as_str()))
}

/// One of a list; empty for an empty list.
pub(super) fn pick(list: &[&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    rng_index(list.len(), rng).and_then(|at| list.get(at)).copied().unwrap_or_default()
}

fn rng_index(length: usize, rng: &mut ChaCha8Rng) -> Option<usize> {
    (length > 0).then(|| rng.random_range(0..length))
}

/// A word with a capital letter.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn from(alphabet: &[u8], length: usize, rng: &mut ChaCha8Rng) -> String {
    let letter =
        |rng: &mut ChaCha8Rng| rng_index(alphabet.len(), rng).and_then(|at| alphabet.get(at)).copied();
    (0..length).filter_map(|_| letter(rng)).map(char::from).collect()
}

pub(super) fn alphanumeric(length: usize, rng: &mut ChaCha8Rng) -> String {
    from(b"abcdefghijkmnpqrstuvwxyz23456789", length, rng)
}

pub(super) fn hex(length: usize, rng: &mut ChaCha8Rng) -> String {
    from(b"0123456789abcdef", length, rng)
}

fn upper(length: usize, rng: &mut ChaCha8Rng) -> String {
    from(b"ABCDEFGHJKLMNPQRSTUVWXYZ", length, rng)
}

/// A random UUID (RFC 9562 5.4).
pub(super) fn uuid(rng: &mut ChaCha8Rng) -> String {
    let variant = from(b"89ab", 1, rng);
    format!("{}-{}-4{}-{variant}{}-{}", hex(8, rng), hex(4, rng), hex(3, rng), hex(3, rng), hex(12, rng))
}

/// An ISBN-13 with its check digit.
fn isbn(rng: &mut ChaCha8Rng) -> String {
    let body = format!("978{:09}", rng.random_range(0..1_000_000_000_u32));
    let weighed = body.bytes().enumerate();
    let sum: u32 = weighed.map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 }).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use rand::SeedableRng;

    use super::*;

    fn made(name: &str, parent: &str) -> String {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let cast = Cast { first: "Ada", last: "Dahl", place: &words::PLACE[0] };
        let moment = Moment::at(Timestamp::from_seconds(1_800_000_000));
        let subject = Subject { words: &split(name), parent: &split(parent), cast, moment };
        text(&subject, &mut rng).unwrap_or_default()
    }

    #[test]
    fn names_are_split_however_they_are_written() {
        for name in ["createdAt", "created_at", "Created-At", "created at"] {
            assert_eq!(split(name), ["created", "at"], "{name}");
        }
        assert_eq!(split("ISBN"), ["isbn"]);
    }

    #[test]
    fn a_text_looks_like_what_its_name_says() {
        for (name, parent, looks) in [
            ("email", "", "ada.dahl@example.com"),
            ("firstName", "", "Ada"),
            ("name", "author", "Ada Dahl"),
            ("country_code", "address", "PT"),
            ("city", "", "Lisbon"),
            ("currency", "", "EUR"),
        ] {
            assert_eq!(made(name, parent), looks, "{name}");
        }
        assert!(words::COMPANY.contains(&&*made("name", "publisher")));
        assert!(made("userId", "").starts_with("user_"));
        assert!(made("website", "").starts_with("https://"));
        assert!(made("createdAt", "").starts_with("202"));
        let isbn = made("isbn", "book");
        let sum: u32 = isbn.bytes().enumerate().map(|(at, d)| u32::from(d - b'0') * [1, 3][at % 2]).sum();
        assert_eq!((isbn.len(), sum % 10), (13, 0));
    }
}

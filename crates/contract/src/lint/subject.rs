//! What an operation is about, judged by its method, path and name: documents have no better word for it.

use crate::{Operation, Segment, Template};

/// What a path segment says, whatever way it is written: `Sign-In` → `signin`.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The words of a name: `deleteBook`, `delete_book` and `books/delete-one` begin with or hold `delete`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            previous_lower = false;
            continue;
        }
        if c.is_ascii_uppercase() && previous_lower {
            words.push(String::new());
        }
        previous_lower = !c.is_ascii_uppercase();
        match words.last_mut() {
            Some(word) => word.push(c.to_ascii_lowercase()),
            None => words.push(c.to_ascii_lowercase().to_string()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn literals(template: &Template) -> impl DoubleEndedIterator<Item = String> {
    template.segments.iter().filter_map(|segment| match segment {
        Segment::Literal(text) => Some(plain(text)),
        Segment::Parameter(_) | Segment::Mixed(_) => None,
    })
}

/// Methods that only read (RFC 9110 9.2.1; `QUERY` by its own).
pub(crate) fn is_safe(operation: &Operation) -> bool {
    matches!(operation.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY")
}

/// What a `POST` is called that asks something too long for a URL.
const QUESTIONS: [&str; 23] = [
    "search",
    "query",
    "find",
    "lookup",
    "filter",
    "list",
    "count",
    "validate",
    "verify",
    "check",
    "preview",
    "calculate",
    "estimate",
    "simulate",
    "compare",
    "graphql",
    "export",
    "evaluate",
    "translate",
    "match",
    "retrieve",
    "suggest",
    "watch",
];

/// Whether an operation changes something. A `POST` that is named after a question does not.
pub(crate) fn changes(operation: &Operation) -> bool {
    if is_safe(operation) {
        return false;
    }
    if operation.method != "POST" {
        return true;
    }
    let is_question = |word: &str| QUESTIONS.contains(&word);
    let last = operation.template.segments.last().and_then(|segment| match segment {
        Segment::Literal(text) => words(text).into_iter().next_back(),
        Segment::Parameter(_) | Segment::Mixed(_) => None,
    });
    // `calendar.events.watch`: the verb comes last where a name is a path of its own.
    let verb = |name: &str| words(name).into_iter().next();
    let verbs = [verb(&operation.name), operation.name.rsplit('.').next().and_then(verb)];
    let named = verbs.into_iter().flatten().any(|word| is_question(&word) || word == "get");
    !(named || last.is_some_and(|word| is_question(&word)))
}

/// What is called before anybody has a credential, or with another one: signing in, signing up, getting a token,
/// and being called back by another party, who signs what it sends.
const ENTRANCES: [&str; 42] = [
    "login",
    "signin",
    "logon",
    "logout",
    "signout",
    "logoff",
    "signup",
    "register",
    "registration",
    "token",
    "tokens",
    "auth",
    "oauth",
    "oauth2",
    "authenticate",
    "authentication",
    "authorize",
    "authorization",
    "session",
    "sessions",
    "sso",
    "saml",
    "refresh",
    "introspect",
    "revoke",
    "passwordreset",
    "resetpassword",
    "forgotpassword",
    "forgot",
    "recover",
    "recovery",
    "confirm",
    "confirmation",
    "activate",
    "verify",
    "verification",
    "otp",
    "callback",
    "webhook",
    "webhooks",
    "passkey",
    "accesstoken",
];

/// Whether an operation is a way to a credential rather than one that needs it.
pub(crate) fn is_entrance(operation: &Operation) -> bool {
    let known = |word: &String| ENTRANCES.contains(&word.as_str());
    let last = literals(&operation.template).next_back();
    let named = words(&operation.name);
    let pair = |pair: &[String]| matches!(pair, [sign, way] if sign == "sign" && matches!(way.as_str(), "in" | "up" | "out"));
    last.is_some_and(|word| known(&word))
        || literals(&operation.template).any(|word| word.starts_with("oauth") || word == "auth")
        || named
            .first()
            .is_some_and(|word| matches!(word.as_str(), "login" | "logout" | "register" | "authenticate"))
        || named.windows(2).any(pair)
}

const MYSELF: [&str; 8] =
    ["me", "myself", "self", "whoami", "currentuser", "myaccount", "myprofile", "account"];
const PEOPLE: [&str; 17] = [
    "user",
    "users",
    "people",
    "person",
    "persons",
    "customer",
    "customers",
    "patient",
    "patients",
    "member",
    "members",
    "employee",
    "employees",
    "subscriber",
    "subscribers",
    "student",
    "students",
];
const WHO: [&str; 9] = [
    "userid",
    "username",
    "personid",
    "customerid",
    "patientid",
    "memberid",
    "employeeid",
    "subscriberid",
    "studentid",
];

/// The path parameter that says whose data are meant: that of `/users/{id}`, or one that is called `userId`.
pub(crate) fn owner(template: &Template) -> Option<&str> {
    let mut after_people = false;
    for segment in &template.segments {
        match segment {
            Segment::Literal(text) => after_people = PEOPLE.contains(&plain(text).as_str()),
            Segment::Parameter(name) if after_people || WHO.contains(&plain(name).as_str()) => {
                return Some(name);
            }
            Segment::Parameter(_) | Segment::Mixed(_) => after_people = false,
        }
    }
    None
}

/// Whether an operation opens a person's data: `/me`, `/users/{id}`.
pub(crate) fn is_personal(operation: &Operation) -> bool {
    owner(&operation.template).is_some()
        || operation.template.segments.iter().any(|segment| match segment {
            Segment::Literal(text) => text == "@me" || MYSELF.contains(&plain(text).as_str()),
            Segment::Parameter(_) | Segment::Mixed(_) => false,
        })
}

/// Whether an operation is an administrator's by its path.
pub(crate) fn is_administration(operation: &Operation) -> bool {
    literals(&operation.template).any(|word| {
        matches!(word.as_str(), "admin" | "admins" | "administration" | "administrator" | "superuser")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, read_text};

    fn with(operation: &str, path: &str, ask: impl Fn(&Operation) -> bool) -> bool {
        let text =
            format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  {path}:\n    {operation}\n");
        let contract = read_text("a.yaml", text.as_bytes(), &Options::default()).contract.unwrap();
        ask(&contract.operations()[0])
    }

    #[test]
    fn a_question_sent_by_post_changes_nothing() {
        for (operation, path, expected) in [
            ("post: {}", "/books", true),
            ("post: {}", "/books/search", false),
            ("post: {}", "/books:search", false),
            ("post: {operationId: searchBooks}", "/books", false),
            ("post: {operationId: shop.books.query}", "/books", false),
            ("post: {operationId: getty}", "/books", true),
            ("delete: {}", "/books/search", true),
            ("get: {}", "/books", false),
        ] {
            assert_eq!(with(operation, path, changes), expected, "{operation} {path}");
        }
    }

    #[test]
    fn whoever_signs_in_has_no_credential_yet() {
        for (operation, path, expected) in [
            ("post: {}", "/login", true),
            ("post: {}", "/users/forgot-password", true),
            ("post: {operationId: userSignUp}", "/users", true),
            ("post: {}", "/books/authors", false),
            ("post: {}", "/login/attempts", false),
        ] {
            assert_eq!(with(operation, path, is_entrance), expected, "{operation} {path}");
        }
    }

    #[test]
    fn a_persons_data_are_known_by_their_path() {
        for (path, expected) in [
            ("/me", true),
            ("/users/{id}", true),
            ("/orders/{userId}/items", true),
            ("/users", false),
            ("/books/{id}", false),
            ("/users/groups/{id}", false),
            ("/media", false),
        ] {
            assert_eq!(with("get: {}", path, is_personal), expected, "{path}");
        }
    }

    #[test]
    fn words_are_cut_where_a_reader_cuts_them() {
        assert_eq!(words("deleteBook"), ["delete", "book"]);
        assert_eq!(words("books/delete-one"), ["books", "delete", "one"]);
        assert_eq!(words("GET /a"), ["get", "a"]);
    }
}

use std::borrow::Cow;

use contract::{Comparison, Operand, Policy};
use model::Principal;

use crate::collect::query_value;

/// What the sides of a comparison may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) plan: Option<&'a str>,
    pub(crate) captures: &'a [(&'a str, String)],
    pub(crate) query: Option<&'a str>,
}

/// Whether the comparison is true. A side that is not there, or there twice, makes it false, `!=` too:
/// nobody passes because something is lacking.
pub(crate) fn holds(policy: &Policy, sides: &Sides<'_>) -> bool {
    let (Some(left), Some(right)) = (sides.value(&policy.left), sides.value(&policy.right)) else {
        return false;
    };
    match policy.comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
    }
}

impl<'a> Sides<'a> {
    fn value(&self, operand: &'a Operand) -> Option<Cow<'a, [u8]>> {
        let text = match operand {
            Operand::Subject => Some(&*self.principal.subject),
            Operand::Client => self.principal.client.as_deref(),
            Operand::Plan => self.plan,
            Operand::Path(name) => {
                self.captures.iter().find(|(captured, _)| captured == name).map(|(_, value)| value.as_str())
            }
            Operand::Query(name) => return query_value(self.query, name),
            Operand::Text(text) => Some(text.as_str()),
        };
        text.map(|text| Cow::Borrowed(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use model::{Kind, ScopeSet};

    use super::*;

    fn check(policy: &str, query: Option<&str>) -> bool {
        let principal = Principal {
            kind: Kind::User,
            subject: "alice".into(),
            client: None,
            scopes: ScopeSet::new(),
            roles: std::collections::BTreeSet::new(),
            plan: None,
            acr: None,
            signed_in_at: None,
        };
        let captures = [("userId", "alice".to_owned()), ("bookId", "7".to_owned())];
        let sides = Sides { principal: &principal, plan: Some("free"), captures: &captures, query };
        holds(&policy.parse().unwrap(), &sides)
    }

    #[test]
    fn a_comparison_is_of_whole_texts() {
        assert!(check("principal.sub == path.userId", None));
        assert!(!check("principal.sub == path.bookId", None));
        assert!(check("principal.sub != path.bookId", None));
        assert!(check("principal.plan == 'free'", None));
        assert!(check("query.owner == principal.sub", Some("x=1&owner=%61lice")));
        assert!(!check("query.owner == principal.sub", Some("owner=Alice")));
    }

    #[test]
    fn what_is_lacking_or_there_twice_makes_it_false() {
        for policy in [
            "principal.client == path.userId",
            "principal.client != path.userId",
            "principal.sub != path.nothing",
        ] {
            assert!(!check(policy, None), "{policy}");
        }
        assert!(!check("query.owner == principal.sub", Some("owner=alice&owner=bob")));
        assert!(!check("query.owner != 'bob'", Some("owner=alice&owner=bob")));
    }
}

use std::{fmt, str::FromStr};

use thiserror::Error;

/// One comparison that must be true for a principal to pass: `principal.sub == path.userId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Left side.
    pub left: Operand,
    /// How they are compared.
    pub comparison: Comparison,
    /// Right side.
    pub right: Operand,
}

/// How two sides are compared, as texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// `principal.sub`
    Subject,
    /// `principal.client`
    Client,
    /// `principal.plan`
    Plan,
    /// `path.NAME`: a path parameter, decoded.
    Path(String),
    /// `query.NAME`: a query parameter, decoded.
    Query(String),
    /// A text in quotes.
    Text(String),
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Not two sides with `==` or `!=` between.
    #[error("a policy is one comparison, as `principal.sub == path.userId`")]
    Form,
    /// A side that means nothing.
    #[error(
        "`{0}` is neither principal.sub, principal.client, principal.plan, path.NAME, query.NAME nor a text in quotes"
    )]
    Operand(String),
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (at, comparison) = match (text.find("=="), text.find("!=")) {
            (Some(at), None) => (at, Comparison::Equal),
            (None, Some(at)) => (at, Comparison::NotEqual),
            (None, None) | (Some(_), Some(_)) => return Err(PolicyError::Form),
        };
        let (left, right) = text.split_at(at);
        let right = right.get(2..).unwrap_or_default();
        if right.contains("==") || right.contains("!=") {
            return Err(PolicyError::Form);
        }
        Ok(Self { left: operand(left.trim())?, comparison, right: operand(right.trim())? })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '=' | '!' | '"' | '\''))
}

fn operand(text: &str) -> Result<Operand, PolicyError> {
    let unknown = || PolicyError::Operand(text.chars().take(60).collect());
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let whole = |inner: &&str| !inner.contains(['"', '\'']);
    if let Some(inner) = quoted('"').or_else(|| quoted('\'')).filter(whole) {
        return Ok(Operand::Text(inner.to_owned()));
    }
    match text.split_once('.').ok_or_else(unknown)? {
        ("principal", "sub") => Ok(Operand::Subject),
        ("principal", "client") => Ok(Operand::Client),
        ("principal", "plan") => Ok(Operand::Plan),
        ("path", name) if is_name(name) => Ok(Operand::Path(name.to_owned())),
        ("query", name) if is_name(name) => Ok(Operand::Query(name.to_owned())),
        _ => Err(unknown()),
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparison = match self.comparison {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
        };
        write!(f, "{} {comparison} {}", self.left, self.right)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject => f.write_str("principal.sub"),
            Self::Client => f.write_str("principal.client"),
            Self::Plan => f.write_str("principal.plan"),
            Self::Path(name) => write!(f, "path.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_of_the_papers_is_read_and_written_back() {
        let text = "principal.sub == path.userId";
        let policy: Policy = text.parse().unwrap();
        assert_eq!(policy.right, Operand::Path("userId".to_owned()));
        assert_eq!(policy.to_string(), text);
    }

    #[test]
    fn two_comparisons_or_a_word_that_means_nothing_are_refused() {
        assert_eq!("a".parse::<Policy>(), Err(PolicyError::Form));
        assert_eq!("principal.sub == path.a == path.b".parse::<Policy>(), Err(PolicyError::Form));
        assert_eq!("principal.sub != path.a != path.b".parse::<Policy>(), Err(PolicyError::Form));
        assert!("principal.name == path.a".parse::<Policy>().is_err());
    }
}

use http::{HeaderMap, header};
use thiserror::Error;
use url::form_urlencoded;

/// How many parameters are read at most.
const MOST: usize = 200;

/// What a request says, in order. Empty values count as absent (RFC 6749 3.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// Why a request's parameters are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ParameterError {
    #[error("`{0}` is there more than once")]
    Repeated(String),
    #[error("the body must be application/x-www-form-urlencoded")]
    BodyType,
    #[error("the body is not UTF-8")]
    Text,
    #[error("there are too many parameters")]
    Many,
}

/// Parameters that may be there several times (RFC 8707 2).
const SEVERAL: [&str; 2] = ["resource", "audience"];

impl Parameters {
    pub(crate) fn of_query(query: Option<&str>) -> Result<Self, ParameterError> {
        Self::read(query.unwrap_or_default().as_bytes())
    }

    /// The form in a body. An empty body needs no type.
    pub(crate) fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, ParameterError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !body.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(ParameterError::BodyType);
        }
        Self::read(body)
    }

    pub(crate) fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    fn read(bytes: &[u8]) -> Result<Self, ParameterError> {
        if std::str::from_utf8(bytes).is_err() {
            return Err(ParameterError::Text);
        }
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if pairs.len() >= MOST {
                return Err(ParameterError::Many);
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// Refuses a parameter that is there twice (RFC 6749 3.1): whoever reads the other one reads another
    /// request.
    pub(crate) fn once_each(&self) -> Result<(), ParameterError> {
        for (place, (name, _)) in self.0.iter().enumerate() {
            let before = self.0.get(..place).unwrap_or_default();
            if !SEVERAL.contains(&name.as_str()) && before.iter().any(|(other, _)| other == name) {
                return Err(ParameterError::Repeated(name.chars().take(40).collect()));
            }
        }
        Ok(())
    }

    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(other, _)| other == name).count() > 1
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, value)| other == name && !value.is_empty()).map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| &**value)
    }

    /// What `resource` and `audience` name.
    pub(crate) fn resources(&self) -> Vec<String> {
        SEVERAL.into_iter().flat_map(|name| self.all(name).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_is_there_twice_is_refused_but_for_resources() {
        let read = |query| Parameters::of_query(Some(query)).unwrap().once_each();
        assert_eq!(read("a=1&b=2&resource=x&resource=y"), Ok(()));
        assert_eq!(read("a=1&b=2&a=1"), Err(ParameterError::Repeated("a".to_owned())));
        assert_eq!(read("a=&a=1"), Err(ParameterError::Repeated("a".to_owned())));
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let read = Parameters::of_query(Some("scope=&state=x+y%20z")).unwrap();
        assert_eq!((read.get("scope"), read.get("state")), (None, Some("x y z")));
    }

    #[test]
    fn a_body_of_another_type_is_not_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(Parameters::of_body(&headers, b"a=1").unwrap_err(), ParameterError::BodyType);
        headers
            .insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8".parse().unwrap());
        assert_eq!(Parameters::of_body(&headers, b"a=1").unwrap().get("a"), Some("1"));
    }
}

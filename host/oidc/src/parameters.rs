//! The parameters of a request, from a query or a form body.

use std::{collections::BTreeMap, fmt};
use url::form_urlencoded;

/// Parameters by name (RFC 6749 sections 3.1 and 3.2).
///
/// A parameter without a value is absent. One that stands there twice, with or without a value, is
/// neither of its values: it is [`Repeated`], so that no two parties can read different values out of
/// one request. Parameters that nobody asks for are ignored, repeated ones too.
#[derive(Clone, Default)]
pub struct Parameters(BTreeMap<String, Given>);

#[derive(Clone)]
enum Given {
    Once(String),
    Repeated,
}

/// A parameter that stands in a request more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is given more than once")]
pub struct Repeated;

impl Parameters {
    /// Takes the text of a query or of a body of the type `application/x-www-form-urlencoded`.
    ///
    /// Shape: no limit here; whoever reads the request bounds it. Octets that are no UTF-8 become
    /// U+FFFD, which nothing registered or issued contains.
    pub fn parse(urlencoded: &str) -> Self {
        Self::from_pairs(form_urlencoded::parse(urlencoded.as_bytes()))
    }

    /// Takes names and values that are decoded already, in any order.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let mut all = BTreeMap::new();
        for (name, value) in pairs {
            all.entry(name.into())
                .and_modify(|given| *given = Given::Repeated)
                .or_insert_with(|| Given::Once(value.into()));
        }
        Self(all)
    }

    /// The value of a parameter; none: it is absent or empty.
    ///
    /// # Errors
    ///
    /// [`Repeated`].
    pub fn get(&self, name: &str) -> Result<Option<&str>, Repeated> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Given::Once(value)) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            Some(Given::Repeated) => Err(Repeated),
        }
    }
}

/// Names only: values are codes and secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_absent() {
        let parameters = Parameters::parse("a=&b&c=1");
        assert_eq!(parameters.get("a"), Ok(None));
        assert_eq!(parameters.get("b"), Ok(None));
        assert_eq!(parameters.get("c"), Ok(Some("1")));
        assert_eq!(parameters.get("d"), Ok(None));
    }

    #[test]
    fn a_repeated_parameter_has_no_value() {
        for text in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&a"] {
            assert_eq!(Parameters::parse(text).get("a"), Err(Repeated), "{text}");
        }
    }

    #[test]
    fn values_are_decoded_once() {
        let parameters = Parameters::parse("a=b+c%2B%2520&%61b=1");
        assert_eq!(parameters.get("a"), Ok(Some("b c+%20")));
        assert_eq!(parameters.get("ab"), Ok(Some("1")));
    }

    #[test]
    fn values_do_not_print() {
        let text = format!("{:?}", Parameters::parse("client_secret=hunter2"));
        assert_eq!(text, r#"{"client_secret"}"#);
    }
}

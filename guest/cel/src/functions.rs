//! What expressions may call.

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelString, STRING_TYPE},
        value::CowVal,
    },
    extensions,
};
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

/// Functions, as they are called alone or on a value.
pub(crate) const FUNCTIONS: &[&str] = &[
    "bool",
    "bytes",
    "charAt",
    "contains",
    "distinct",
    "double",
    "dyn",
    "endsWith",
    "flatten",
    "format",
    "hasValue",
    "indexOf",
    "int",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "matches",
    "or",
    "orValue",
    "replace",
    "reverse",
    "size",
    "slice",
    "sort",
    "split",
    "startsWith",
    "string",
    "substring",
    "trim",
    "type",
    "uint",
    "upperAscii",
    "value",
];

/// Functions with a namespace.
pub(crate) const QUALIFIED: &[(&str, &[&str])] = &[
    ("lists", &["range"]),
    (
        "math",
        &[
            "abs", "ceil", "floor", "isFinite", "isInf", "isNaN", "round", "sign", "sqrt", "trunc",
        ],
    ),
    ("optional", &["none", "of", "ofNonZeroValue"]),
    ("strings", &["quote"]),
];

/// Types, which a value's type is compared with.
pub(crate) const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

/// The language with these extensions.
///
/// # Errors
///
/// Two of them declare one function.
pub(crate) fn environment() -> Result<Arc<Env>, String> {
    let mut environment = Env::stdlib();
    match extend(&mut environment) {
        Ok(()) => Ok(Arc::new(environment)),
        Err(error) => Err(error.to_string()),
    }
}

fn extend(environment: &mut Env) -> Result<(), DeclarationError> {
    environment.add_extension(extensions::strings)?;
    environment.add_extension(extensions::lists)?;
    environment.add_extension(extensions::math)?;
    let (text, pattern) = (STRING_TYPE, STRING_TYPE);
    environment.add_overload("matches", "matches", vec![text, pattern], matches)?;
    let (text, pattern) = (STRING_TYPE, STRING_TYPE);
    environment.add_member_overload("matches", "matches_string", text, vec![pattern], matches)
}

/// The function `matches`, which the crate has only with all of Unicode's tables.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the interpreter hands arguments over so"
)]
fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let texts = arguments
        .iter()
        .map(|value| value.downcast_ref::<CelString<'_>>());
    let [Some(text), Some(pattern)] = texts.collect::<Vec<_>>()[..] else {
        return Err(ExecutionError::function_error(
            "matches",
            "two strings are missing",
        ));
    };
    match pattern_of(pattern.inner()) {
        Ok(pattern) => Ok(CowVal::owned(CelBool::from(pattern.is_match(text.inner())))),
        Err(error) => Err(ExecutionError::function_error("matches", error)),
    }
}

/// Compiles a pattern of `matches`.
///
/// # Errors
///
/// It is no regular expression, or takes too much memory.
pub(crate) fn pattern_of(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(256 * 1024).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it takes more than 256 KiB".to_owned(),
        // The last line says what is wrong; those before draw the place.
        other => {
            let text = other.to_string();
            let what = text.lines().last().unwrap_or_default();
            what.trim_start_matches("error: ").to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review;
    use cel::{Context, ExecutionError, Value};

    fn is_there(call: &str) -> bool {
        let expression = review::parse(call).expect(call);
        let context = Context::with_env(environment().expect("no function is there twice"));
        let result = Value::resolve(&expression, &context);
        !matches!(result, Err(ExecutionError::UndeclaredReference(_)))
    }

    #[test]
    fn what_is_said_to_be_known_is_known() {
        for name in FUNCTIONS {
            let alone = is_there(&format!("{name}(1, 2, 3, 4, 5)"));
            assert!(
                alone || is_there(&format!("1.{name}(2, 3, 4, 5)")),
                "{name}"
            );
        }
        for (namespace, names) in QUALIFIED {
            for name in *names {
                assert!(
                    is_there(&format!("{namespace}.{name}(1, 2, 3, 4, 5)")),
                    "{name}"
                );
            }
        }
        for name in TYPES {
            assert!(is_there(&format!("type(1) == {name}")), "{name}");
        }
        assert!(!is_there("nothing(1)") && !is_there("1.nothing()"));
    }
}

//! What an expression that failed says of it, without what it read: problems are logged.

use crate::values;
use cel::ExecutionError;

/// Whether it failed because something is not there that need not be.
pub(crate) fn is_of_something_missing(error: &ExecutionError) -> bool {
    matches!(error, ExecutionError::NoSuchKey(key) if values::is_missing(key))
}

/// "What is wrong; what to do", without any value.
pub(crate) fn message(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchOverload(error) => format!("{error}; correct the expression"),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => format!(
            "{operator} does not go with {} and {}; correct the expression, and mind that an attribute is a \
             list: entry.mail[0]",
            left.type_of(),
            right.type_of()
        ),
        ExecutionError::IndexOutOfBounds(_) => {
            "a list has fewer values than were asked for; ask size() first".to_owned()
        }
        ExecutionError::NoSuchKey(_) => {
            "a map has no such key as was asked for; ask with `in` first".to_owned()
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "the expression divides by zero; ask first".to_owned()
        }
        ExecutionError::Overflow(..) => {
            "a number becomes too large; correct the expression".to_owned()
        }
        ExecutionError::FunctionError { function, .. } => {
            format!(
                "the function {function} fails on this entry; ask first, or correct the expression"
            )
        }
        ExecutionError::UndeclaredReference(name) => {
            format!("{name} is not known; correct the expression")
        }
        _ => "the expression fails on this entry; correct it".to_owned(),
    }
}

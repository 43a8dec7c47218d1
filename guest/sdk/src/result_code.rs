//! Result codes (RFC 4511 section 4.1.9 and appendix A).

use crate::types::{Refusal, Rejection, Reply};

/// Success, and nothing else is.
pub const SUCCESS: u32 = 0;
/// A limit or rule of the directory; several say so of locked accounts.
pub const CONSTRAINT_VIOLATION: u32 = 19;
/// The name or the password is wrong, or the directory says no more than that.
pub const INVALID_CREDENTIALS: u32 = 49;
/// The directory will not, for a reason of its own; several say so of disabled accounts.
pub const UNWILLING_TO_PERFORM: u32 = 53;

/// Why a bind failed, as far as RFC 4511 goes.
pub fn rejection(reply: &Reply) -> Rejection {
    because(refusal(reply.result_code))
}

/// A rejection that says nothing of the password and of no end.
pub fn because(reason: Refusal) -> Rejection {
    Rejection {
        reason,
        until: None,
        password_was_right: false,
    }
}

fn refusal(code: u32) -> Refusal {
    match code {
        // noSuchObject beside invalidCredentials: the entry went away after it was found.
        32 | INVALID_CREDENTIALS => Refusal::BadCredentials,
        // operationsError, timeLimitExceeded, adminLimitExceeded, busy, unavailable, other; and
        // strongerAuthRequired and confidentialityRequired, which are the federation's settings and
        // no fault of the person's.
        1 | 3 | 8 | 11 | 13 | 51 | 52 | 80 => Refusal::DirectoryUnavailable,
        code => Refusal::Other(format!(
            "the directory answered the bind with result {code}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_no_wrong_password() {
        let reason = |result_code| {
            let reply = Reply {
                result_code,
                diagnostic: String::new(),
                controls: vec![],
            };
            rejection(&reply).reason
        };
        for code in [1, 3, 8, 11, 13, 51, 52, 80] {
            assert_eq!(reason(code), Refusal::DirectoryUnavailable, "{code}");
        }
        for code in [32, 49] {
            assert_eq!(reason(code), Refusal::BadCredentials, "{code}");
        }
        for code in [2, 10, 14, 19, 48, 50, 53, 118, u32::MAX] {
            assert!(matches!(reason(code), Refusal::Other(_)), "{code}");
        }
    }
}

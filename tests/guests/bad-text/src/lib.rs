//! A guest whose texts are over-long, blank, or not UTF-8.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::types::{Person, Step};

struct BadText;

impl Hostile for BadText {
    const ID: &'static str = "bad-text";

    fn misbehave(how: &str, _: Vec<Person>) -> Vec<Step> {
        let username = match how {
            "over-long" => "x".repeat(1025),
            "blank" => " \t".into(),
            _ => not_utf8(),
        };
        vec![identified(username)]
    }
}

fn not_utf8() -> String {
    // SAFETY: nothing reads the text as characters before it leaves; what the host makes of it is what
    // is to be seen.
    #[expect(unsafe_code, reason = "there is no safe way to make what must not be")]
    unsafe {
        String::from_utf8_unchecked(vec![0xff, 0xfe])
    }
}

policy_sdk::export_policy!(Guest<BadText>);

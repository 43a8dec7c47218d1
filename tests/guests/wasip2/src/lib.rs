//! A guest that means no harm and is built for `wasm32-wasip2`: it asks its standard library for what a
//! policy has not by itself, and says what it was told.

#[path = "../../../support/hostile_guest.rs"]
mod hostile_guest;

use hostile_guest::{Guest, Hostile, identified};
use policy_sdk::types::{Person, Step};
use std::{
    collections::HashMap,
    env, fs,
    io::{Read as _, Write as _},
    time::SystemTime,
};

struct Wasip2;

impl Hostile for Wasip2 {
    const ID: &'static str = "wasip2";

    #[expect(
        clippy::disallowed_methods,
        reason = "what a clock says that stands still is what is tried"
    )]
    fn misbehave(how: &str, persons: Vec<Person>) -> Vec<Step> {
        let told = match how {
            "clock" => SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or_else(|error| error.to_string(), |time| time.as_secs().to_string()),
            "environment" => format!("{} and {}", env::vars().count(), env::args().count()),
            "input" => {
                let mut text = String::new();
                let read = std::io::stdin().read_to_string(&mut text);
                format!("{}", read.unwrap_or(usize::MAX))
            }
            "file" => match fs::read("/etc/passwd") {
                Ok(octets) => format!("{} octets", octets.len()),
                Err(_) => "nothing".to_owned(),
            },
            // The order of such a map is random where random numbers are.
            "random" => {
                let numbers: HashMap<u32, ()> = (0..32).map(|number| (number, ())).collect();
                format!("{:?}", numbers.keys().collect::<Vec<_>>())
            }
            "output" => {
                let written = writeln!(std::io::stdout(), "a line of a policy");
                let _ = std::io::stdout().flush();
                format!("{}", written.is_ok())
            }
            other => other.to_owned(),
        };
        persons.iter().map(|_| identified(told.clone())).collect()
    }
}

policy_sdk::export_policy!(Guest<Wasip2>);

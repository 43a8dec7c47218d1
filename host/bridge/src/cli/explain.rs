//! `explain`: a sign-in step by step, and the rule that kept somebody out.

use super::{
    output::printable,
    remote::{Place, Remote},
};
use clap::Args;
use serde_json::{Value, json};
use std::{fmt::Write as _, io::Write as _};

/// Whose sign-in.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The realm
    #[arg(long)]
    realm: String,
    /// The user name: what would come of a sign-in with the right password
    #[arg(required_unless_present = "request")]
    user: Option<String>,
    /// The client whose rules hold too
    #[arg(long, value_name = "CLIENT_ID", requires = "user")]
    client: Option<String>,
    /// The request of a sign-in of a short while ago, as the error page and the audit trail have it
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    request: Option<String>,
    /// Print the JSON of the admin API
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Explain {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let remote = Remote::open(&self.place)?.of(&self.realm);
        let explanation = if let Some(request) = &self.request {
            remote.get(&format!("/explanations/{request}")).await?
        } else {
            let asked = json!({ "username": self.user, "client_id": self.client });
            remote.post("/explanations", &asked).await?
        };
        let text = if self.json {
            format!("{explanation:#}\n")
        } else {
            in_words(&explanation)
        };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(())
    }
}

/// An explanation as people read it.
fn in_words(explanation: &Value) -> String {
    let mut text = String::new();
    write_words(&mut text, explanation).expect("a string takes what is written");
    text
}

fn write_words(out: &mut String, explanation: &Value) -> std::fmt::Result {
    let who = explanation["username"].as_str().unwrap_or("somebody");
    write!(out, "{who} in the realm {}", word(&explanation["realm"]))?;
    if let Some(client) = explanation["client_id"].as_str() {
        write!(out, ", for the client {client}")?;
    }
    writeln!(out, " ({})", time(&explanation["time_us"]))?;
    for federation in items(&explanation["federations"]) {
        write_federation(out, federation)?;
    }
    if let Some(person) = explanation.get("person") {
        write_person(out, person)?;
    }
    if let Some(standing) = explanation.get("standing") {
        let blocked = if standing["blocked"] == true {
            "blocked"
        } else {
            "not blocked"
        };
        let federation = if standing["federation_enabled"] == true {
            "on"
        } else {
            "off"
        };
        writeln!(
            out,
            "  the bridge itself: {blocked}, federation {federation}"
        )?;
    }
    let allowed: Vec<_> = items(&explanation["allowed_groups"]).map(word).collect();
    if !allowed.is_empty() {
        writeln!(
            out,
            "  the client is for the groups: {}",
            allowed.join(", ")
        )?;
    }
    match explanation.get("kept_out") {
        Some(rule) => writeln!(
            out,
            "{}: {}: {}",
            if explanation["outcome"] == "refused" {
                "kept out"
            } else {
                "cannot be told"
            },
            word(&rule["reason"]),
            word(&rule["text"])
        ),
        None => writeln!(out, "may come in"),
    }
}

fn write_federation(out: &mut String, federation: &Value) -> std::fmt::Result {
    write!(
        out,
        "  federation {}: {}",
        word(&federation["name"]),
        word(&federation["result"])
    )?;
    if let Some(reason) = federation["reason"].as_str() {
        write!(out, ": {reason}")?;
    }
    writeln!(out)?;
    if let Some(policy) = federation.get("policy") {
        writeln!(out, "    policy {}", policy_in_words(policy))?;
    }
    for search in items(&federation["searches"]) {
        let answer = match search["error"].as_str() {
            Some(error) => error.to_owned(),
            None => format!(
                "result {}, entries {}",
                search["result_code"], search["entries"]
            ),
        };
        writeln!(
            out,
            "    search {} ({}) {}: {answer}, {}",
            word(&search["base"]),
            word(&search["scope"]),
            word(&search["filter"]),
            time(&search["time_us"])
        )?;
    }
    Ok(())
}

pub(super) fn write_person(out: &mut String, person: &Value) -> std::fmt::Result {
    let entry = &person["entry"];
    writeln!(out, "  entry {}", word(&entry["dn"]))?;
    for attribute in items(&entry["attributes"]) {
        let values: Vec<_> = items(&attribute["values"]).map(word).collect();
        writeln!(
            out,
            "    {}: {}",
            word(&attribute["name"]),
            values.join(", ")
        )?;
    }
    if let Some(bind) = person.get("bind") {
        let (code, said) = (&bind["result_code"], word(&bind["diagnostic"]));
        writeln!(out, "  bind: result {code} {said}")?;
    }
    let plan = &person["plan"];
    writeln!(
        out,
        "  plan: identified by {} in the namespace {}",
        word(&plan["stable_id"]["attribute"]),
        word(&plan["subject_namespace"])
    )?;
    for read in items(&person["reads"]) {
        let (key, code, entries) = (word(&read["key"]), &read["result_code"], &read["entries"]);
        writeln!(out, "  read {key}: result {code}, entries {entries}")?;
    }
    for mapper in items(&person["mappers"]) {
        if let Some(failure) = mapper["failure"].as_str() {
            let (name, failure) = (word(&mapper["name"]), printable(failure));
            writeln!(out, "  mapper {name} failed: {failure}")?;
        }
    }
    if let Some(problem) = person["problem"].as_str() {
        writeln!(out, "  no identity: {problem}")?;
    }
    if let Some(identity) = person.get("identity") {
        write_identity(out, identity)?;
    }
    let (policy, whole) = (time(&person["policy_time_us"]), time(&person["time_us"]));
    writeln!(
        out,
        "  in the policy {policy}, from the entry to the claims {whole}"
    )
}

fn write_identity(out: &mut String, identity: &Value) -> std::fmt::Result {
    if let Some(subject) = identity["subject"].as_str() {
        writeln!(out, "  subject {subject}")?;
    }
    let claims = identity["claims"].as_object();
    for (name, value) in claims.into_iter().flatten() {
        writeln!(out, "    {name}: {}", word(value))?;
    }
    for group in items(&identity["group_dns"]) {
        writeln!(out, "  group {}", word(group))?;
    }
    for bar in items(&identity["bars"]) {
        let holds = if bar["holds"] == true {
            "holds"
        } else {
            "does not hold now"
        };
        writeln!(out, "  bar {}: {holds}", word(&bar["reason"]))?;
    }
    Ok(())
}

/// A policy by its name and as much of its digest as tells it from others.
pub(super) fn policy_in_words(policy: &Value) -> String {
    let digest: String = word(&policy["digest"]).chars().take(19).collect();
    format!(
        "{} {} {digest}",
        word(&policy["id"]),
        word(&policy["version"])
    )
}

pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A text without quotes, anything else as JSON.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

fn time(microseconds: &Value) -> String {
    let microseconds = microseconds.as_u64().unwrap_or_default();
    format!("{}.{:03} ms", microseconds / 1_000, microseconds % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_that_kept_somebody_out_comes_last() {
        let explanation = json!({
            "realm": "staff", "client_id": "wiki", "username": "ada", "outcome": "refused",
            "time_us": 12_345, "allowed_groups": ["editors"],
            "federations": [{
                "name": "people", "result": "found",
                "policy": { "id": "generic", "version": "0.1.0", "digest": "sha256:0123456789abcdef0123" },
                "searches": [{
                    "base": "ou=people", "scope": "SUBTREE", "filter": "(uid=ada)",
                    "result_code": 0, "entries": 1, "time_us": 1_002,
                }],
            }],
            "person": {
                "entry": { "dn": "uid=ada,ou=people", "attributes": [
                    { "name": "cn", "values": ["Ada\nLovelace"] },
                ] },
                "plan": { "stable_id": { "attribute": "entryUUID" }, "subject_namespace": "people" },
                "reads": [], "policy_time_us": 20, "time_us": 900,
                "identity": { "subject": "s", "claims": { "name": "Ada" }, "group_dns": [], "bars": [] },
            },
            "standing": { "blocked": false, "federation_enabled": true },
            "kept_out": { "reason": "not_in_allowed_groups", "text": "in none of the groups" },
        });
        let text = in_words(&explanation);
        assert!(
            text.starts_with("ada in the realm staff, for the client wiki (12.345 ms)\n"),
            "{text}"
        );
        assert!(
            text.contains("policy generic 0.1.0 sha256:0123456789ab\n"),
            "{text}"
        );
        assert!(
            text.contains("search ou=people (SUBTREE) (uid=ada): result 0, entries 1, 1.002 ms"),
            "{text}"
        );
        assert!(text.contains("cn: Ada\\u{a}Lovelace\n"), "{text}");
        assert!(
            text.ends_with("kept out: not_in_allowed_groups: in none of the groups\n"),
            "{text}"
        );
    }
}

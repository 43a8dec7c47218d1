//! Many groups.

use super::*;

/// So many texts, one after another.
fn many(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

#[test]
fn more_groups_than_can_be_followed_one_by_one_are_an_error() {
    let groups = many(41, |at| {
        format!("\ndn: cn=m{at},ou=groups,o=x\nmember: uid=ada,ou=people,o=x\n")
    });
    let directory = Directory::of(&format!("{TREE}{groups}"));
    let nested = [("strategy", "search"), ("nested", "1")];
    let message = directory.groups(&nested).expect_err("a problem");
    assert!(message.contains("more than 40 groups"), "{message}");
    assert_eq!(
        directory
            .groups(&[("strategy", "search")])
            .map(|groups| groups.len()),
        Ok(42)
    );
}

#[test]
fn many_groups_are_read_in_a_few_searches() {
    let named = many(450, |at| format!("memberOf: cn=m{at},ou=groups,o=x\n"));
    let groups = many(450, |at| {
        format!("\ndn: cn=m{at},ou=groups,o=x\ncn: m{at}\n")
    });
    let directory = Directory::of(&format!("dn: uid=ada,o=x\nuid: ada\n{named}{groups}"));
    let (mapped, rounds) = directory
        .apply(&defaults::RFC, mapper("group", &[("nested", "3")]))
        .expect("groups");
    assert_eq!((mapped.groups.len(), rounds), (450, 1));
}

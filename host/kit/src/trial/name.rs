//! Names of entries, part by part, as they are written.

/// Cuts the first part off a DN that can be read: the part, and what it stands below (empty for the
/// last one).
pub(crate) fn cut(dn: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let mut is_quoted = false;
    for (at, c) in dn.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' | ';' if !is_quoted => {
                let (rdn, rest) = dn.split_at(at);
                return (rdn.trim(), rest.get(1..).unwrap_or_default().trim_start());
            }
            _ => {}
        }
    }
    (dn.trim(), "")
}

/// What an entry stands below.
pub(crate) fn parent(dn: &str) -> &str {
    cut(dn).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_between_their_parts() {
        for (dn, rdn, rest) in [
            ("uid=ada,ou=people,o=x", "uid=ada", "ou=people,o=x"),
            ("cn=Doe\\, Jane , o=x", "cn=Doe\\, Jane", "o=x"),
            ("cn=\"a,b\",o=x", "cn=\"a,b\"", "o=x"),
            ("cn=a\\\\,o=x", "cn=a\\\\", "o=x"),
            ("o=x", "o=x", ""),
            ("", "", ""),
        ] {
            assert_eq!(cut(dn), (rdn, rest), "{dn}");
        }
    }
}

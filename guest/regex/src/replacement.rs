//! What a replacement names of its pattern.

use regex::Regex;

/// What is wrong with a replacement: groups that the pattern has not, each "what is wrong; what to do".
pub(crate) fn faults(replacement: &str, pattern: &Regex) -> Vec<String> {
    let is_known = |name: &str| match name.parse::<usize>() {
        Ok(number) => number < pattern.captures_len(),
        Err(_) => pattern.capture_names().flatten().any(|known| known == name),
    };
    let fault = |name: &str| {
        let digits = name.trim_end_matches(|c: char| !c.is_ascii_digit());
        if !digits.is_empty() && is_known(digits) {
            format!(
                "${name} names a group {name:?}, which the pattern has not; write ${{{digits}}} where text follows"
            )
        } else {
            format!("the pattern has no group {name:?}; name one that it has, or write $$ for a $")
        }
    };
    groups(replacement)
        .into_iter()
        .filter(|name| !is_known(name))
        .map(fault)
        .collect()
}

/// The groups that a replacement names, as the crate `regex` reads them: `${name}`, or `$` and as many
/// letters, digits and `_` as there are.
fn groups(replacement: &str) -> Vec<&str> {
    let mut groups = Vec::new();
    let mut rest = replacement;
    while let Some((_, after)) = rest.split_once('$') {
        rest = if let Some(after) = after.strip_prefix('$') {
            after
        } else if let Some((name, after)) = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'))
        {
            groups.push(name);
            after
        } else {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if !name.is_empty() {
                groups.push(name);
            }
            after
        };
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_as_the_crate_reads_them() {
        let pattern = Regex::new("(?<first>a)(b)").expect("a pattern");
        let all = pattern.captures("ab").expect("it matches");
        for (text, names) in [
            ("$1-$first", vec!["1", "first"]),
            ("${1}a", vec!["1"]),
            ("$1a", vec!["1a"]),
            ("$$1 ${x", vec![]),
            ("$$$2", vec!["2"]),
            ("$", vec![]),
        ] {
            assert_eq!(groups(text), names, "{text}");
            // A name that the pattern has not becomes nothing, which a check has to find before.
            let mut made = String::new();
            all.expand(text, &mut made);
            let is_all_known = names.iter().all(|name| {
                name.parse::<usize>().is_ok_and(|number| number < 3) || *name == "first"
            });
            assert_eq!(
                faults(text, &pattern).is_empty(),
                is_all_known,
                "{text}: {made}"
            );
        }
    }
}

//! A starting point under another id.
//!
//! Two policies cannot be in force under one name, so a copy takes the project's id and has no aliases. Its
//! own tests follow. Nothing else of its text changes.

/// Before an id stands one of these.
const BEFORE_AN_ID: [&str; 5] = [
    "id: ",
    "federation(",
    "vendor: ",
    "vendor = ",
    "description.id, ",
];
/// Aliases are listed after one of these; what they become has no names.
const BEFORE_ALIASES: [(&str, &str); 2] = [
    ("aliases: &", "aliases: &[]"),
    ("description.aliases, ", "description.aliases, [\"\"; 0]"),
];

/// The id that a policy had, with its aliases.
pub(super) struct Names {
    names: Vec<String>,
}

impl Names {
    /// Those of a starting point, from the file that says them.
    pub(super) fn of(id: &str, library: &str) -> Self {
        let (open, _) = BEFORE_ALIASES[0];
        let listed = library.split_once(open).and_then(|(_, after)| {
            let (list, _) = after.strip_prefix('[')?.split_once(']')?;
            Some(list)
        });
        let aliases = listed.unwrap_or_default().split(',');
        let aliases = aliases.map(|alias| alias.trim().trim_matches('"').to_owned());
        Self {
            names: aliases
                .filter(|alias| !alias.is_empty())
                .chain([id.to_owned()])
                .collect(),
        }
    }

    /// A file of it, with the new id in the place of these.
    pub(super) fn replace(&self, text: &str, id: &str) -> String {
        let mut text = text.to_owned();
        for (open, nothing) in BEFORE_ALIASES {
            text = without_lists(&text, open, nothing);
        }
        for before in BEFORE_AN_ID {
            text = self.replace_after(&text, before, id);
        }
        text
    }

    fn replace_after(&self, text: &str, before: &str, id: &str) -> String {
        let start = format!("{before}\"");
        let mut parts = text.split(&start);
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            replaced.push_str(&start);
            let named = part.split_once('"').filter(|(name, _)| self.has(name));
            match named {
                Some((_, rest)) => {
                    replaced.push_str(id);
                    replaced.push('"');
                    replaced.push_str(rest);
                }
                None => replaced.push_str(part),
            }
        }
        replaced
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn without_lists(text: &str, open: &str, nothing: &str) -> String {
    let start = format!("{open}[");
    let mut parts = text.split(&start);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        replaced.push_str(nothing);
        replaced.push_str(part.split_once(']').map_or("", |(_, rest)| rest));
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "id: \"old\",\naliases: &[\"older\", \"o\"],\ntitle: \"old\",\n";

    #[test]
    fn a_copy_has_the_new_id_and_no_alias() {
        let names = Names::of("old", LIBRARY);
        assert_eq!(
            names.replace(LIBRARY, "new"),
            "id: \"new\",\naliases: &[],\ntitle: \"old\",\n"
        );
        assert_eq!(
            names.replace(
                "federation(\"O\", x); vendor: \"OLDER\"; federation(\"p\", x)",
                "new"
            ),
            "federation(\"new\", x); vendor: \"new\"; federation(\"p\", x)"
        );
        assert_eq!(
            names.replace("assert_eq!(description.aliases, [\"o\"]);", "new"),
            "assert_eq!(description.aliases, [\"\"; 0]);"
        );
    }
}

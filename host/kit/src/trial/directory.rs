//! Entries from LDIF in the place of a directory.

use crate::{
    ldif::{LdifError, Record},
    tree::{Query, Tree},
};
use async_trait::async_trait;
use bridge_model::{
    entry::{Attribute, Entry},
    federation::{BindName, Federation},
    ports::{Directories, Directory, DirectoryError, DirectoryFault, Pages},
    search::{Control, Found, Page, PageEntry, PagedSearch, Reply, Search},
    secret::{Password, Secret},
    write::{PasswordAnswer, PasswordChange, Write},
};
use std::sync::Arc;

/// What stands in the place of a server's name.
const SERVER: &str = "ldif";
/// The option of an attribute description that names a part of its values.
const RANGE: &str = "range=";

/// Entries from LDIF in the place of every directory: they are read as a directory's are, and cannot
/// be written.
///
/// As some directories do, it gives at most `values_max` values of an attribute at once, under a
/// description with the option `range`, and the rest to whoever asks for that.
#[derive(Clone, Debug)]
pub struct LdifDirectory {
    tree: Arc<Tree>,
    values_max: usize,
}

impl LdifDirectory {
    /// A directory of these entries.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, and why.
    pub fn new(records: Vec<Record>, values_max: Option<usize>) -> Result<Self, LdifError> {
        Ok(Self {
            tree: Arc::new(Tree::of(SERVER, records)?),
            values_max: values_max.unwrap_or(usize::MAX).max(1),
        })
    }

    fn found(&self, search: &Search) -> Found {
        let wishes: Vec<_> = search.attributes.iter().map(|it| Wish::of(it)).collect();
        let attributes: Vec<_> = wishes.iter().map(|wish| wish.plain.clone()).collect();
        let mut found = self.tree.search(&Query {
            base: search.base.as_str(),
            scope: search.scope.into(),
            filter: &search.filter,
            attributes: &attributes,
            types_only: false,
            size_limit: usize::try_from(search.size_limit).unwrap_or(usize::MAX),
        });
        for entry in &mut found.entries {
            self.cut(entry, &wishes);
        }
        found
    }

    /// Leaves of each attribute the part that is wanted, or as much as is given at once.
    fn cut(&self, entry: &mut Entry, wishes: &[Wish]) {
        for attribute in &mut entry.attributes {
            let own = Wish::of(&attribute.name);
            let is_meant = |wish: &&Wish| wish.plain.eq_ignore_ascii_case(&own.plain);
            let wanted = wishes.iter().filter(is_meant).find_map(|wish| wish.from);
            // A part that the file itself says stays what it is.
            if own.from.is_none() && (wanted.is_some() || attribute.values.len() > self.values_max)
            {
                part(attribute, wanted.unwrap_or(0), self.values_max);
            }
        }
        entry.attributes.retain(|attribute| {
            let own = Wish::of(&attribute.name);
            let is_asked = |wish: &Wish| {
                wish.plain.eq_ignore_ascii_case(&own.plain)
                    && wish.from.unwrap_or(0) == own.from.unwrap_or(0)
            };
            own.from.is_none() || wishes.is_empty() || wishes.iter().any(is_asked)
        });
    }
}

/// Leaves the values from the `from`th on, at most `values_max`, and says so in the name.
fn part(attribute: &mut Attribute, from: usize, values_max: usize) {
    let all = attribute.values.len();
    let end = from.saturating_add(values_max).min(all);
    attribute.values = attribute.values.get(from..end).unwrap_or_default().to_vec();
    let last = match end {
        end if end == all => "*".to_owned(),
        end => end.saturating_sub(1).to_string(),
    };
    attribute.name = format!("{};{RANGE}{from}-{last}", attribute.name);
}

/// An attribute description, its range apart.
struct Wish {
    plain: String,
    from: Option<usize>,
}

impl Wish {
    fn of(description: &str) -> Self {
        let mut from = None;
        let options = description.split(';').filter(|option| {
            let range = option.get(..RANGE.len());
            let is_range = range.is_some_and(|it| it.eq_ignore_ascii_case(RANGE));
            if is_range {
                let first = option.get(RANGE.len()..).unwrap_or_default();
                from = first.split('-').next().and_then(|it| it.parse().ok());
            }
            !is_range
        });
        let plain = options.collect::<Vec<_>>().join(";");
        Self { plain, from }
    }
}

fn read_only() -> DirectoryError {
    DirectoryError::new(
        DirectoryFault::Misconfigured,
        SERVER,
        "entries from LDIF are for reading only",
    )
}

impl Directories for LdifDirectory {
    fn open(
        &self,
        _: &Federation,
        _: Option<Secret>,
    ) -> Result<Arc<dyn Directory>, DirectoryError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Directory for LdifDirectory {
    async fn search(&self, search: &Search) -> Result<Found, DirectoryError> {
        Ok(self.found(search))
    }

    async fn bind(
        &self,
        name: &BindName,
        password: &Password,
        _: &[Control],
    ) -> Result<Reply, DirectoryError> {
        let password = password.expose().as_bytes();
        Ok(self.tree.bind(name.as_str(), password))
    }

    async fn pages(&self, search: &PagedSearch) -> Result<Box<dyn Pages>, DirectoryError> {
        let found = self.found(&Search {
            size_limit: u32::MAX,
            ..search.search.clone()
        });
        let entries = found.entries.into_iter().map(|entry| PageEntry {
            entry,
            controls: Vec::new(),
        });
        Ok(Box::new(OnePage(Some(Page {
            entries: entries.collect(),
            reply: Reply {
                result_code: found.result_code,
                ..Reply::default()
            },
            is_last: true,
            ..Page::default()
        }))))
    }

    async fn write(&self, _: &Write) -> Result<Reply, DirectoryError> {
        Err(read_only())
    }

    async fn set_password(&self, _: &PasswordChange<'_>) -> Result<PasswordAnswer, DirectoryError> {
        Err(read_only())
    }
}

struct OnePage(Option<Page>);

#[async_trait]
impl Pages for OnePage {
    async fn next(&mut self) -> Result<Option<Page>, DirectoryError> {
        Ok(self.0.take())
    }

    fn server(&self) -> &str {
        SERVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::read;
    use bridge_model::{dn::Dn, filter::Filter, search::SearchScope};

    const LDIF: &str = "dn: o=x
o: x

dn: cn=all,o=x
cn: all
cn;lang-de: alle
member: cn=1,o=x
member: cn=2,o=x
member: cn=3,o=x
member: cn=4,o=x
member: cn=5,o=x

dn: cn=part,o=x
cn: part
member;range=0-1: cn=1,o=x
member;range=0-1: cn=2,o=x
member;range=2-*: cn=3,o=x
";

    fn search(directory: &LdifDirectory, base: &str, attributes: &[&str]) -> Found {
        directory.found(&Search {
            base: Dn::parse(base).expect("a DN"),
            scope: SearchScope::Base,
            filter: Filter::Present("cn".to_owned()),
            attributes: attributes.iter().map(|it| (*it).to_owned()).collect(),
            size_limit: 10,
        })
    }

    fn given(directory: &LdifDirectory, base: &str, attributes: &[&str]) -> Vec<(String, usize)> {
        let found = search(directory, base, attributes);
        let attributes = found.entries.into_iter().flat_map(|it| it.attributes);
        attributes.map(|it| (it.name, it.values.len())).collect()
    }

    fn directory(values_max: Option<usize>) -> LdifDirectory {
        LdifDirectory::new(read(LDIF).expect("LDIF"), values_max).expect("a tree")
    }

    #[test]
    fn many_values_come_in_parts() {
        let (all, two) = (directory(None), directory(Some(2)));
        let named = |list: &[(&str, usize)]| -> Vec<(String, usize)> {
            list.iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect()
        };
        assert_eq!(
            given(&all, "cn=all,o=x", &["member"]),
            named(&[("member", 5)])
        );
        for (asked, expected) in [
            ("member", named(&[("member;range=0-1", 2)])),
            ("member;range=2-*", named(&[("member;range=2-3", 2)])),
            ("member;range=4-*", named(&[("member;range=4-*", 1)])),
            ("member;range=5-*", named(&[("member;range=5-*", 0)])),
        ] {
            assert_eq!(given(&two, "cn=all,o=x", &[asked]), expected, "{asked}");
        }
        // Parts that the file itself has are given as they are.
        assert_eq!(
            given(&all, "cn=part,o=x", &["member"]),
            named(&[("member;range=0-1", 2)])
        );
        assert_eq!(
            given(&all, "cn=part,o=x", &["member;range=2-*"]),
            named(&[("member;range=2-*", 1)])
        );
    }

    #[test]
    fn options_are_told_apart() {
        let all = directory(None);
        assert_eq!(
            given(&all, "cn=all,o=x", &["cn;lang-de"]),
            [("cn;lang-de".to_owned(), 1)]
        );
        assert_eq!(given(&all, "cn=all,o=x", &["cn"]).len(), 2);
    }

    #[test]
    fn what_is_not_there_has_its_result_code() {
        assert_eq!(
            search(&directory(None), "cn=gone,o=x", &["cn"]).result_code,
            32
        );
    }
}

//! What stands in the claim `groups`.

use super::{ClaimError, VALUES_MAX};
use bridge_model::{decision::Group, dn::Dn, plan::GroupForm};
use std::collections::HashMap;

/// The most groups on a way from the outermost one: a directory that nests deeper does so by mistake.
const DEPTH_MAX: usize = 64;
/// The most steps over all ways: where groups hold each other in many ways, ways multiply.
const STEPS_MAX: usize = 100_000;

/// What stands in the claim for these groups, in no order, perhaps repeated.
pub(super) fn named(groups: &[&Group], form: GroupForm) -> Result<Vec<String>, ClaimError> {
    match form {
        GroupForm::Name => Ok(groups.iter().map(|group| group.name.clone()).collect()),
        GroupForm::Dn => Ok(groups.iter().map(|group| dn_or_name(group)).collect()),
        GroupForm::Path => paths(groups),
    }
}

/// A group that is in no directory has no DN.
fn dn_or_name(group: &Group) -> String {
    let text = if group.dn.is_empty() {
        &group.name
    } else {
        &group.dn
    };
    text.clone()
}

/// Every way from an outermost group down to each of the groups: over those groups alone that the
/// directory named for the person.
///
/// Cycles are cut: no group stands twice on a way. A `/` in a name is written `~/`, and a `~` as `~~`,
/// so that no name looks like a way.
fn paths(groups: &[&Group]) -> Result<Vec<String>, ClaimError> {
    let known: HashMap<Dn, usize> = groups
        .iter()
        .enumerate()
        .filter_map(|(place, group)| Some((Dn::parse(&group.dn).ok()?, place)))
        .filter(|(dn, _)| !dn.is_root())
        .collect();
    let parents: Vec<Vec<usize>> = groups
        .iter()
        .map(|group| {
            let dns = group.parents.iter().filter_map(|dn| Dn::parse(dn).ok());
            let mut parents: Vec<_> = dns.filter_map(|dn| known.get(&dn).copied()).collect();
            parents.sort_unstable();
            parents.dedup();
            parents
        })
        .collect();
    let mut ways = Ways {
        names: groups.iter().map(|group| escape(&group.name)).collect(),
        parents,
        upwards: Vec::new(),
        steps: 0,
        found: Vec::new(),
    };
    for place in 0..groups.len() {
        ways.climb(place)?;
    }
    Ok(ways.found)
}

struct Ways {
    /// By place, as are the parents.
    names: Vec<String>,
    parents: Vec<Vec<usize>>,
    /// From the group that it is about up to where it has come.
    upwards: Vec<usize>,
    steps: usize,
    found: Vec<String>,
}

impl Ways {
    fn climb(&mut self, place: usize) -> Result<(), ClaimError> {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.upwards.len() >= DEPTH_MAX {
            return Err(ClaimError::TooLarge("ways from group to group"));
        }
        self.upwards.push(place);
        let parents = self.parents.get(place).cloned().unwrap_or_default();
        let mut is_outermost = true;
        for parent in parents {
            if !self.upwards.contains(&parent) {
                is_outermost = false;
                self.climb(parent)?;
            }
        }
        if is_outermost {
            self.arrive()?;
        }
        self.upwards.pop();
        Ok(())
    }

    fn arrive(&mut self) -> Result<(), ClaimError> {
        if self.found.len() >= VALUES_MAX {
            return Err(ClaimError::TooLarge("ways from group to group"));
        }
        let names = self.upwards.iter().rev();
        let names = names.filter_map(|place| self.names.get(*place));
        self.found
            .push(names.flat_map(|name| ["/", name.as_str()]).collect());
        Ok(())
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~~").replace('/', "~/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, parents: &[&str]) -> Group {
        Group {
            dn: format!("cn={},o=x", name.replace('/', "\\2f")),
            name: name.to_owned(),
            id: None,
            parents: parents.iter().map(|it| format!("CN={it}, o=x")).collect(),
        }
    }

    fn claim(groups: &[Group], form: GroupForm) -> Result<Vec<String>, ClaimError> {
        let groups: Vec<_> = groups.iter().collect();
        let mut named = named(&groups, form)?;
        named.sort();
        Ok(named)
    }

    fn ways(groups: &[Group]) -> Vec<String> {
        claim(groups, GroupForm::Path).expect("few ways")
    }

    #[test]
    fn a_group_is_its_name_its_dn_or_its_ways() {
        let groups = [group("all", &[]), group("staff", &["all"])];
        let claims = |form| claim(&groups, form).expect("few groups");
        assert_eq!(claims(GroupForm::Name), ["all", "staff"]);
        assert_eq!(claims(GroupForm::Dn), ["cn=all,o=x", "cn=staff,o=x"]);
        assert_eq!(claims(GroupForm::Path), ["/all", "/all/staff"]);
    }

    #[test]
    fn there_are_as_many_ways_as_lead_to_a_group() {
        let diamond = [
            group("top", &[]),
            group("left", &["top"]),
            group("right", &["top", "TOP"]),
            group("both", &["left", "right"]),
        ];
        assert_eq!(
            ways(&diamond),
            [
                "/top",
                "/top/left",
                "/top/left/both",
                "/top/right",
                "/top/right/both"
            ]
        );
    }

    #[test]
    fn parents_that_nobody_named_for_the_person_are_no_part_of_a_way() {
        assert_eq!(ways(&[group("staff", &["secret"])]), ["/staff"]);
    }

    #[test]
    fn cycles_are_cut() {
        assert_eq!(ways(&[group("a", &["a"])]), ["/a"]);
        assert_eq!(
            ways(&[group("a", &["b"]), group("b", &["a"])]),
            ["/a/b", "/b/a"]
        );
        let with_a_door = [
            group("top", &[]),
            group("a", &["b", "top"]),
            group("b", &["a"]),
        ];
        assert_eq!(ways(&with_a_door), ["/b/a", "/top", "/top/a", "/top/a/b"]);
    }

    #[test]
    fn a_name_never_looks_like_a_way() {
        assert_eq!(
            ways(&[group("a/b", &[]), group("a~", &[]), group("b", &["a~"])]),
            ["/a~/b", "/a~~", "/a~~/b"]
        );
    }

    #[test]
    fn too_many_ways_are_an_error_and_not_fewer_ways() {
        let mut layers = vec![group("top-0", &[]), group("top-1", &[])];
        for layer in 1..20 {
            let above = if layer == 1 {
                ["top-0".to_owned(), "top-1".to_owned()]
            } else {
                [0, 1].map(|side| format!("{}-{side}", layer - 1))
            };
            let above = above.each_ref().map(String::as_str);
            layers.extend([0, 1].map(|side| group(&format!("{layer}-{side}"), &above)));
        }
        let refused = claim(&layers, GroupForm::Path);
        assert!(matches!(refused, Err(ClaimError::TooLarge(_))));
        let chain: Vec<_> = (0..70_u32)
            .map(|i| group(&i.to_string(), &[(i + 1).to_string().as_str()]))
            .collect();
        let refused = claim(&chain, GroupForm::Path);
        assert!(matches!(refused, Err(ClaimError::TooLarge(_))));
    }
}

//! The contract: every item of it says what it is.

use crate::tree::assert_none;
use suites::repository;
use wit_parser::{Docs, Resolve, Type, TypeDefKind, TypeId};

#[test]
fn every_item_of_the_contract_is_documented() {
    let mut resolve = Resolve::default();
    resolve
        .push_dir(repository().join("wit"))
        .expect("the contract in wit/");
    let mut items: Vec<(String, &Docs)> = Vec::new();
    for (_, world) in &resolve.worlds {
        items.push((format!("world {}", world.name), &world.docs));
    }
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().expect("an interface with a name");
        items.push((format!("interface {name}"), &interface.docs));
        for function in interface.functions.values() {
            items.push((format!("{name}.{}", function.name), &function.docs));
        }
        for (type_name, id) in &interface.types {
            type_items(&resolve, &format!("{name}.{type_name}"), *id, &mut items);
        }
    }
    assert!(
        items.len() > 100,
        "only {} items: is the contract read?",
        items.len()
    );
    let bare: Vec<_> = items
        .into_iter()
        .filter(|(_, docs)| {
            docs.contents
                .as_deref()
                .is_none_or(|text| text.trim().is_empty())
        })
        .map(|(name, _)| name)
        .collect();
    assert_none(&bare, "without documentation in wit/:");
}

fn type_items<'a>(
    resolve: &'a Resolve,
    name: &str,
    id: TypeId,
    items: &mut Vec<(String, &'a Docs)>,
) {
    let definition = &resolve.types[id];
    // A `use` of another interface's type is documented there.
    if let TypeDefKind::Type(Type::Id(target)) = definition.kind
        && resolve.types[target].owner != definition.owner
    {
        return;
    }
    items.push((name.to_owned(), &definition.docs));
    let parts: Vec<(&str, &Docs)> = match &definition.kind {
        TypeDefKind::Record(record) => record
            .fields
            .iter()
            .map(|item| (&*item.name, &item.docs))
            .collect(),
        TypeDefKind::Variant(variant) => variant
            .cases
            .iter()
            .map(|item| (&*item.name, &item.docs))
            .collect(),
        TypeDefKind::Enum(cases) => cases
            .cases
            .iter()
            .map(|item| (&*item.name, &item.docs))
            .collect(),
        TypeDefKind::Flags(flags) => flags
            .flags
            .iter()
            .map(|item| (&*item.name, &item.docs))
            .collect(),
        _ => Vec::new(),
    };
    items.extend(
        parts
            .into_iter()
            .map(|(part, docs)| (format!("{name}.{part}"), docs)),
    );
}

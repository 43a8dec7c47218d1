//! Files and functions that one can read in one go.

use crate::tree::{assert_none, rust_files};
use syn::{
    Attribute, Block, ImplItemFn, ItemFn, ItemMod, Meta, Signature, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Lines of a file before its tests.
const FILE_LINES_MAX: usize = 400;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Files that may be longer: path, lines at most, why.
const LONG_FILES: &[(&str, usize, &str)] = &[];
/// Functions that may be longer: path, name, lines at most, why.
const LONG_FUNCTIONS: &[(&str, &str, usize, &str)] = &[];

/// A function and its length.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Collects the functions outside of tests.
#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let line = signature.span().start().line;
        let lines = block.brace_token.span.close().end().line + 1 - line;
        self.0.push(Function {
            name: signature.ident.to_string(),
            line,
            lines,
        });
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'a TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !item.attrs.iter().any(is_for_tests) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}

fn functions(path: &str, text: &str) -> Vec<Function> {
    let file = syn::parse_file(text).expect(path);
    let mut functions = Functions::default();
    functions.visit_file(&file);
    functions.0
}

fn lines_before_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count()
}

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    for file in ["host", "guest", "tests"]
        .iter()
        .flat_map(|folder| rust_files(folder))
    {
        let lines = lines_before_tests(&file.text);
        let exception = LONG_FILES.iter().find(|(path, ..)| *path == file.path);
        let max = exception.map_or(FILE_LINES_MAX, |(_, lines, _)| *lines);
        if lines > max {
            findings.push(format!("{}: {lines} lines, {max} at most", file.path));
        }
    }
    assert_none(&findings, "a file this long has a seam; cut it there:");
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    let mut count = 0;
    for file in ["host", "guest", "tests"]
        .iter()
        .flat_map(|folder| rust_files(folder))
    {
        for Function { name, line, lines } in functions(&file.path, &file.text) {
            count += 1;
            let exception = LONG_FUNCTIONS
                .iter()
                .find(|(path, of, ..)| *path == file.path && *of == name);
            let max = exception.map_or(FUNCTION_LINES_MAX, |(_, _, lines, _)| *lines);
            if lines > max {
                findings.push(format!(
                    "{}:{line}: {name} has {lines} lines, {max} at most",
                    file.path
                ));
            }
        }
    }
    assert!(count > 100, "only {count} functions: are the sources read?");
    assert_none(
        &findings,
        "a function this long does several things; name them:",
    );
}

#[test]
fn exceptions_are_still_needed() {
    for (path, max, reason) in LONG_FILES {
        let file = rust_files(".").into_iter().find(|file| file.path == *path);
        let lines = file.map_or(0, |file| lines_before_tests(&file.text));
        assert!(
            lines > FILE_LINES_MAX,
            "{path} ({max} lines: {reason}) is no exception any more"
        );
    }
    for (path, name, max, reason) in LONG_FUNCTIONS {
        let file = rust_files(".").into_iter().find(|file| file.path == *path);
        let long = file.is_some_and(|file| {
            functions(path, &file.text)
                .iter()
                .any(|function| function.name == *name && function.lines > FUNCTION_LINES_MAX)
        });
        assert!(
            long,
            "{name} in {path} ({max} lines: {reason}) is no exception any more"
        );
    }
}

#[test]
fn a_function_is_measured_from_its_signature_to_its_brace() {
    let text = "/// Text.\n#[inline]\nfn one(\n    a: u8,\n) -> u8 {\n    a\n}\n\
                #[cfg(test)]\nmod tests {\n    fn two() {}\n}\n\
                trait T {\n    fn three() {\n    }\n    fn four();\n}\n";
    let found: Vec<_> = functions("sample", text)
        .into_iter()
        .map(|f| (f.name, f.line, f.lines))
        .collect();
    assert_eq!(
        found,
        [("one".to_owned(), 3, 5), ("three".to_owned(), 13, 2)]
    );
    assert_eq!(lines_before_tests(text), 7);
}

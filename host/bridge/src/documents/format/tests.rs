use super::*;
use crate::documents::tree::Value;
use serde_json::json;

fn line(format: Format, text: &str) -> Option<usize> {
    format.read(text).err().map(|malformed| malformed.line)
}

#[test]
fn one_document_is_the_same_in_every_format() {
    let expected = json!({
        "realm": {"name": "staff", "enabled": true},
        "list": [{"a": 1, "b": ["x", "y z"]}, {"a": -2}],
        "empty": "",
    });
    for (format, text) in [
        (
            Format::Toml,
            "empty = ''\n[realm]\nname = 'staff'\nenabled = true\n[[list]]\na = 1\nb = ['x', \"y z\"]\n[[list]]\na = -2\n",
        ),
        (
            Format::Yaml,
            "realm:\n  name: staff\n  enabled: true\nlist:\n  - a: 1\n    b: [x, y z]\n  - {a: -2}\nempty: ''\n",
        ),
        (
            Format::Json,
            r#"{"realm": {"name": "staff", "enabled": true}, "list": [{"a": 1, "b": ["x", "y z"]}, {"a": -2}], "empty": ""}"#,
        ),
    ] {
        let node = format.read(text).expect("a document");
        assert_eq!(node.to_json(), expected, "{format:?}");
        let again = format.read(&format.write(&node)).expect("what was written");
        assert_eq!(again.to_json(), expected, "{}", format.write(&node));
    }
}

#[test]
fn any_text_survives_being_written() {
    for text in [
        "",
        " ",
        "~",
        "yes",
        "null",
        "1",
        "1e3",
        "0x1f",
        ".5",
        "- a",
        "a: b",
        "#",
        "a #b",
        "'",
        "\"",
        "\\",
        "line\nbreak",
        "tab\t",
        "\u{85}",
        "ä",
        "😀",
        "&a",
        "*a",
        "!t",
        "%x",
        "@x",
        "`",
        "true",
        "[",
        "{",
        "|",
        ">",
        "?",
        "2026-11-22",
        "(&(a=b)(c=*))",
        "cn=x,dc=y",
        "\u{feff}x",
        "\r\n",
        "---",
        "...",
    ] {
        let expected = json!({"a": {"b": [text]}, text: text});
        let node = Node::from(&expected);
        for format in [Format::Toml, Format::Yaml, Format::Json] {
            let written = format.write(&node);
            let again = format.read(&written);
            let again =
                again.unwrap_or_else(|error| unreachable!("{format:?}: {error:?}\n{written}"));
            assert_eq!(again.to_json(), expected, "{format:?}:\n{written}");
        }
    }
}

#[test]
fn a_name_stands_once_in_a_table() {
    assert_eq!(line(Format::Toml, "a = 1\nb = 2\na = 3\n"), Some(3));
    assert_eq!(line(Format::Yaml, "a: 1\nb: 2\na: 3\n"), Some(3));
    assert_eq!(
        line(Format::Json, "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"),
        Some(3)
    );
    assert_eq!(line(Format::Json, "{\"a\": 1,\n\"\\u0061\": 3}"), Some(2));
}

#[test]
fn yaml_has_no_references_and_no_types() {
    for text in [
        "a: &x 1\nb: 2",
        "a: &x [1]",
        "a: &x\n  b: 1",
        "a: !!str 1",
        "a: !x {b: 1}",
        "a: *x",
        "*x : 1",
        "&x a: 1",
        "a: 1\n---\nb: 2",
        "? [a]\n: 1",
        "? {a: b}\n: 1",
    ] {
        assert!(Format::Yaml.read(text).is_err(), "{text}");
    }
    let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]";
    assert_eq!(line(Format::Yaml, laughs), Some(1));
}

#[test]
fn what_is_no_document_is_told_with_its_line() {
    for (format, text, expected) in [
        (Format::Toml, "a = 1\n[b\n", 2),
        (Format::Yaml, "a: 1\nb: [1\nc: 2\n", 3),
        (Format::Json, "{\n\"a\": 1,\n}", 3),
        (Format::Json, "{\n\"a\":\n\"\\ud800\"}", 3),
        (Format::Json, "{} x", 1),
    ] {
        assert_eq!(line(format, text), Some(expected), "{text:?}");
    }
}

#[test]
fn depth_ends() {
    let deep = 100_000;
    for (format, text) in [
        (
            Format::Toml,
            format!("a = {}{}", "[".repeat(50), "]".repeat(50)),
        ),
        (
            Format::Yaml,
            format!("a: {}{}", "[".repeat(200), "]".repeat(200)),
        ),
        (
            Format::Json,
            format!("{{\"a\": {}{}}}", "[".repeat(deep), "]".repeat(deep)),
        ),
    ] {
        assert!(format.read(&text).is_err(), "{format:?}");
    }
}

#[test]
fn yaml_takes_for_a_number_what_is_one() {
    for (text, expected) in [
        ("1", Some(1)),
        ("-1", Some(-1)),
        ("+1", Some(1)),
        ("0x10", Some(16)),
        ("0o10", Some(8)),
        ("1_000", None),
        ("99999999999999999999", None),
        ("1.5", None),
        ("'1'", None),
        ("-", None),
    ] {
        let node = Format::Yaml.read(&format!("a: {text}"));
        let number = node.ok().and_then(|node| match node.get("a")?.value {
            Value::Number(number) => Some(number),
            _ => None,
        });
        assert_eq!(number, expected, "{text}");
    }
}

#[test]
fn the_end_of_a_name_says_what_a_file_is() {
    for (name, expected) in [
        ("a.toml", Some(Format::Toml)),
        ("a.YAML", Some(Format::Yaml)),
        ("a.yml", Some(Format::Yaml)),
        ("a.b.json", Some(Format::Json)),
        ("a.conf", None),
        ("a", None),
    ] {
        assert_eq!(Format::of(Path::new(name)), expected, "{name}");
    }
}

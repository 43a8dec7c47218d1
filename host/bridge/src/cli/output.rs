//! What commands print.

use serde_json::Value;

/// A text that cannot do anything to a terminal: names come from directories.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        // Marks of writing direction turn around what is read (UAX #9).
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            printable.extend(c.escape_unicode());
        } else {
            printable.push(c);
        }
    }
    printable
}

/// A value in one line.
pub(super) fn in_one_line(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => printable(&value.to_string()),
    }
}

/// Rows below their heads, each column as wide as it has to be.
pub(super) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count());
        let head = heads.get(column).map_or(0, |head| head.chars().count());
        widths.fold(head, usize::max)
    };
    let widths: Vec<_> = (0..heads.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&mut heads.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_name_holds_reaches_the_terminal() {
        for text in [
            "\u{1b}[31mred",
            "a\rb",
            "\u{9b}0m",
            "\u{202e}txt.exe",
            "a\nb",
        ] {
            let printed = printable(text);
            assert!(
                printed.contains("\\u{") && !printed.chars().any(char::is_control),
                "{printed}"
            );
        }
        assert_eq!(printable("Grüße (&x)"), "Grüße (&x)");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest() {
        let rows = [
            vec!["a".to_owned(), "b".to_owned()],
            vec!["längst".to_owned(), String::new()],
        ];
        assert_eq!(table(&["X", "Y"], &rows), "X       Y\na       b\nlängst\n");
    }
}

//! Numbers and spans of time.

use super::Section;
use crate::documents::{span, tree::Value};
use std::{ops::RangeInclusive, time::Duration};

/// A span of time that may be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    /// It is off.
    Off,
    /// It is so long.
    Every(Duration),
}

impl Section<'_> {
    /// A whole number.
    pub(crate) fn number(&self, key: &'static str, preset: i64, range: RangeInclusive<i64>) -> i64 {
        let Some(node) = self.value(key) else {
            return preset;
        };
        match node.value {
            Value::Number(number) if range.contains(&number) => number,
            Value::Number(_) => {
                let (least, most) = range.into_inner();
                self.fault(
                    key,
                    format!("has to be between {least} and {most}; correct it"),
                );
                preset
            }
            _ => {
                self.wrong_type(key, "a whole number", node);
                preset
            }
        }
    }

    /// A list of whole numbers.
    pub(crate) fn numbers(&self, key: &'static str, range: &RangeInclusive<i64>) -> Vec<i64> {
        let mut numbers = Vec::new();
        for (place, node) in self.items(key, "a list of whole numbers") {
            match node.value {
                Value::Number(number) if range.contains(&number) => numbers.push(number),
                _ => {
                    let (least, most) = (range.start(), range.end());
                    let message =
                        format!("has to be a whole number between {least} and {most}; correct it");
                    self.document.fault(&place, message);
                }
            }
        }
        numbers
    }

    /// A span of time.
    pub(crate) fn span(
        &self,
        key: &'static str,
        preset: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let span = self.text(key).and_then(|text| self.span_of(key, &text));
        span.and_then(|span| self.within(key, span, range))
            .unwrap_or(preset)
    }

    /// A span of time, or a number of `unit`s as Keycloak writes it, in quotes or not; -1 switches off.
    pub(crate) fn span_or_number(
        &self,
        key: &'static str,
        unit: Duration,
        range: RangeInclusive<Duration>,
    ) -> Option<Switch> {
        let node = self.value(key)?;
        let number = match &node.value {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            _ => {
                self.wrong_type(key, "a span of time such as \"5s\"", node);
                return None;
            }
        };
        let span = match (number, node.as_text()) {
            (Some(-1), _) => return Some(Switch::Off),
            (Some(number), _) => {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                unit.saturating_mul(number)
            }
            (None, Some(text)) => self.span_of(key, text)?,
            (None, None) => return None,
        };
        self.within(key, span, range).map(Switch::Every)
    }

    fn span_of(&self, key: &'static str, text: &str) -> Option<Duration> {
        let span = span::parse(text);
        if span.is_none() {
            let message = format!(
                "{text:?} is not a span of time such as \"30s\", \"15m\" or \"10h\"; correct it"
            );
            self.fault(key, message);
        }
        span
    }

    fn within(
        &self,
        key: &'static str,
        span: Duration,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        if range.contains(&span) {
            return Some(span);
        }
        let (least, most) = range.into_inner();
        self.fault(
            key,
            format!("has to be between {least:?} and {most:?}; correct it"),
        );
        None
    }
}

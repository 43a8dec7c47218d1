//! The smallest case that still shows what does not hold.

use super::{Broken, CheckError, Violation, person::Case, shapes::Shape, written::ldif};
use crate::trial::stage::Stage;
use bridge_model::search::Reply;
use std::fmt::Write as _;

/// How often a case is tried smaller.
const TRIES_MAX: usize = 600;

/// Drops attributes, then values, then halves of values, as long as the same does not hold.
pub(crate) async fn smallest(
    stage: &Stage,
    shape: &Shape,
    mut case: Case,
    mut broken: Broken,
) -> Result<Violation, CheckError> {
    let mut tries = 0;
    let mut step = case.record.values.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < case.record.values.len() && tries < TRIES_MAX {
            let mut smaller = case.clone();
            let end = (at + step).min(smaller.record.values.len());
            smaller.record.values.drain(at..end);
            tries += 1;
            match smaller.evaluate(stage, shape).await? {
                Some(still) if still.invariant == broken.invariant => {
                    (case, broken) = (smaller, still);
                }
                _ => at += step,
            }
        }
        if step == 1 || tries >= TRIES_MAX {
            break;
        }
        step = step.div_ceil(2);
    }
    // Of long values the first half will often do.
    for at in 0..case.record.values.len() {
        loop {
            let mut smaller = case.clone();
            let Some(value) = smaller.record.values.get_mut(at) else {
                break;
            };
            let half = value.value.len() / 2;
            value.value.truncate(half);
            tries += 1;
            let is_over = half == 0 || tries >= 2 * TRIES_MAX;
            match smaller.evaluate(stage, shape).await? {
                Some(still) if !is_over && still.invariant == broken.invariant => {
                    (case, broken) = (smaller, still);
                }
                _ => break,
            }
        }
    }
    let mut text = format!("#: now {}\n", crate::trial::rfc3339(case.now));
    text.push_str(&said(case.reply.as_ref()));
    text.push_str(&ldif(&case.record));
    Ok(Violation {
        invariant: broken.invariant,
        detail: broken.detail,
        case: 0,
        smallest: text,
    })
}

/// The answer to the bind, as a case says it.
fn said(reply: Option<&Reply>) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let Some(reply) = reply else {
        return "#: bind none\n".to_owned();
    };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let diagnostic: String = reply.diagnostic.chars().map(plain).collect();
    let mut text = format!("#: bind {} {diagnostic}\n", reply.result_code);
    for control in &reply.controls {
        let value = STANDARD.encode(control.value.as_deref().unwrap_or_default());
        // A string takes whatever is written.
        let _ = writeln!(text, "#: control {} {value}", control.oid);
    }
    text
}

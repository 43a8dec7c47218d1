//! The hours of the week at which a person may sign in.

use crate::state::HOURS;
use policy_sdk::{
    Attributes, State,
    types::{Problem, Refusal, problem},
};

const SECONDS_PER_HOUR: u64 = 3600;
const HOURS_PER_WEEK: usize = 168;
/// 1970 began on a Thursday, and the directory's week begins on Sunday.
const HOURS_BEFORE_1970: u64 = 4 * 24;
/// Two a day for a week; whoever has more hears of the others at the next look.
const SPANS_MAX: usize = 14;

/// One bit for each hour of a week, from Sunday 00:00 UTC, the lowest bit of an octet first.
pub(crate) struct Hours([u8; HOURS_PER_WEEK / 8]);

impl Hours {
    /// The permitted hours; none where the entry does not restrict them.
    pub(crate) fn of(entry: Attributes<'_>) -> Result<Option<Self>, Problem> {
        let mut values = entry.values(HOURS).octets();
        let Some(octets) = values.next() else {
            return Ok(None);
        };
        match (octets.try_into(), values.next()) {
            (Ok(bits), None) => Ok(Some(Self(bits))),
            _ => Err(problem(
                HOURS,
                "the directory's value does not have 21 octets, or there are several; correct the entry",
            )),
        }
    }

    /// Bars the spans of the coming week at which nobody may sign in.
    pub(crate) fn bar(&self, now: u64, state: &mut State) {
        let Some(first) = self.permitted_from(now) else {
            return state.bar(Refusal::OutsidePermittedHours);
        };
        let hour = now / SECONDS_PER_HOUR;
        if first > now {
            state.bar_between(Refusal::OutsidePermittedHours, None, first);
        }
        let (mut at, end) = (
            first.max(now) / SECONDS_PER_HOUR,
            hour + HOURS_PER_WEEK as u64,
        );
        for _ in 0..SPANS_MAX {
            let Some(since) = (at..end).find(|hour| !self.permits(*hour)) else {
                return;
            };
            let until = (since..since + HOURS_PER_WEEK as u64).find(|hour| self.permits(*hour));
            at = until.unwrap_or(end);
            state.bar_between(
                Refusal::OutsidePermittedHours,
                Some(since * SECONDS_PER_HOUR),
                at * SECONDS_PER_HOUR,
            );
        }
    }

    /// The first second from now on at which the person may sign in; none: never.
    pub(crate) fn permitted_from(&self, now: u64) -> Option<u64> {
        let hour = now / SECONDS_PER_HOUR;
        let first = (hour..hour + HOURS_PER_WEEK as u64).find(|hour| self.permits(*hour))?;
        Some(now.max(first * SECONDS_PER_HOUR))
    }

    /// Whether the person may sign in at this hour, counted from 1970.
    fn permits(&self, hour: u64) -> bool {
        let of_week = (hour + HOURS_BEFORE_1970) % HOURS_PER_WEEK as u64;
        let octet = usize::try_from(of_week / 8)
            .ok()
            .and_then(|at| self.0.get(at));
        octet.is_some_and(|octet| octet >> (of_week % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_sdk::types::{Attribute, Entry};

    /// Saturday 2026-11-21 12:00:00 UTC.
    const NOON: u64 = 1_795_262_400;
    const HOUR: u64 = SECONDS_PER_HOUR;

    fn of(values: &[Vec<u8>]) -> Result<Option<Hours>, Problem> {
        let entry = Entry {
            dn: "CN=x".to_owned(),
            attributes: vec![Attribute {
                name: HOURS.to_owned(),
                values: values.to_vec(),
            }],
        };
        Hours::of(Attributes::of(&entry))
    }

    /// Everything but these hours, counted from Sunday 00:00 UTC.
    fn all_but(hours: &[usize]) -> Hours {
        let mut bits = [0xff; 21];
        for hour in hours {
            bits[hour / 8] &= !(1 << (hour % 8));
        }
        Hours(bits)
    }

    #[test]
    fn a_week_begins_on_sunday() {
        let noon_on_saturday = 6 * 24 + 12;
        let hours = all_but(&[noon_on_saturday, noon_on_saturday + 1]);
        assert_eq!(hours.permitted_from(NOON + 5), Some(NOON + 2 * HOUR));
        assert_eq!(hours.permitted_from(NOON - 1), Some(NOON - 1));
        assert_eq!(
            hours.permitted_from(NOON + 7 * 24 * HOUR),
            Some(NOON + (7 * 24 + 2) * HOUR)
        );
    }

    #[test]
    fn nobody_signs_in_where_no_hour_is_permitted() {
        assert_eq!(Hours([0; 21]).permitted_from(NOON), None);
        assert_eq!(Hours([0xff; 21]).permitted_from(NOON), Some(NOON));
    }

    #[test]
    fn anything_but_21_octets_is_refused() {
        assert!(of(&[]).is_ok_and(|hours| hours.is_none()));
        assert!(of(&[vec![0; 21]]).is_ok_and(|hours| hours.is_some()));
        for bad in [&[vec![0; 20]][..], &[vec![]], &[vec![0; 21], vec![1; 21]]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}

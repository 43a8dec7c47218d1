//! Security identifiers: revision, count, authority, and that many numbers, the last of which tells the
//! accounts of one domain apart.

/// The octets of a security identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sid<'a>(&'a [u8]);

const HEAD: usize = 8;
const NUMBER: usize = 4;

impl<'a> Sid<'a> {
    /// None where it is none, or has no number.
    pub(super) fn of(octets: &'a [u8]) -> Option<Self> {
        let count = usize::from(*octets.get(1)?);
        let is_whole = octets.len() == HEAD + NUMBER * count && octets.first() == Some(&1);
        (is_whole && (1..=15).contains(&count)).then_some(Self(octets))
    }

    /// The identifier of the account with this number in the same domain.
    pub(super) fn with_number(self, number: u32) -> Vec<u8> {
        let domain = self
            .0
            .get(..self.0.len().saturating_sub(NUMBER))
            .unwrap_or_default();
        [domain, &number.to_le_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_tells_accounts_apart() {
        let user = [1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0x51, 4, 0, 0];
        let group = Sid::of(&user).map(|sid| sid.with_number(513));
        let expected = [&user[..12], &[1, 2, 0, 0]].concat();
        assert_eq!(group, Some(expected));
    }

    #[test]
    fn what_is_cut_is_refused() {
        for bad in [
            &[][..],
            &[1],
            &[1, 1, 0, 0, 0, 0, 0, 5],
            &[1, 0, 0, 0, 0, 0, 0, 5],
            &[2, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4],
        ] {
            assert_eq!(Sid::of(bad), None, "{bad:?}");
        }
    }
}

//! Octets for tests of printing and reading: odd ones, and the same in every run.

/// Makes odd octets (xorshift).
pub(crate) struct Odd(u64);

impl Odd {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number from 0 up to this one, without it.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("below")
    }

    /// Up to so many pieces, most of them of what means something to a filter or a name.
    pub(crate) fn octets(&mut self, pieces_max: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        for _ in 0..self.below(pieces_max + 1) {
            match self.below(10) {
                0..6 => octets.extend(PIECES[self.below(PIECES.len())].as_bytes()),
                6..9 => octets.push(b'a' + u8::try_from(self.below(26)).expect("a letter")),
                _ => octets.push(u8::try_from(self.below(256)).expect("an octet")),
            }
        }
        octets
    }
}

const PIECES: [&str; 32] = [
    "*",
    "(",
    ")",
    "\\",
    "\0",
    "\u{dc}n\u{ef}(x)",
    " ",
    "  ",
    "\"",
    "'",
    ",",
    "#",
    "+",
    ";",
    "<",
    ">",
    "=",
    "{",
    "}",
    "{username}",
    "&",
    "|",
    "!",
    ":",
    "~",
    "\\2a",
    "\\",
    "\u{1f600}",
    "\n",
    "\t",
    "\u{a0}",
    "\u{7f}",
];

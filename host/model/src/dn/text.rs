//! Reading the text of a name (RFC 4514 section 3).

use super::{DnError, Rdn, fold};

/// Reads a name.
pub(super) struct Reader<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    read: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.char_indices().peekable(),
            read: 0,
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        self.read += 1;
        self.rest.next().map(|(_, c)| c)
    }

    fn wrong(&self, problem: &'static str) -> DnError {
        DnError::Syntax {
            problem,
            at: self.read.max(1),
        }
    }

    /// The whole text as a name in its normal form.
    pub(super) fn name(mut self) -> Result<Vec<Rdn>, DnError> {
        let mut rdns = vec![vec![]];
        loop {
            let part = self.part()?;
            if let Some(rdn) = rdns.last_mut() {
                rdn.push(part);
            }
            match self.next() {
                Some('+') => {}
                // RFC 4514 section 3 has the comma alone; RFC 2253 section 4 asks readers to take
                // the semicolon of RFC 1779 too.
                Some(',' | ';') => rdns.push(vec![]),
                None => break,
                Some(_) => return Err(self.wrong("a comma is missing")),
            }
        }
        for rdn in &mut rdns {
            rdn.sort();
        }
        Ok(rdns)
    }

    fn part(&mut self) -> Result<(String, Vec<u8>), DnError> {
        while self.peek() == Some(' ') {
            self.next();
        }
        let mut kind = String::new();
        loop {
            match self.next() {
                Some('=') => break,
                Some(c) if c.is_ascii_alphanumeric() || "-._; ".contains(c) => kind.push(c),
                Some(_) => return Err(self.wrong("an attribute type is expected")),
                None => return Err(self.wrong("an equals sign is missing")),
            }
        }
        let kind = kind.trim().to_ascii_lowercase();
        if kind.is_empty() {
            return Err(self.wrong("an attribute type is missing"));
        }
        Ok((kind, self.value()?))
    }

    fn value(&mut self) -> Result<Vec<u8>, DnError> {
        while self.peek() == Some(' ') {
            self.next();
        }
        if self.peek() == Some('#') {
            self.next();
            return self.hex_string();
        }
        let mut octets = Vec::new();
        // How much of `octets` ends in something that is not unescaped space.
        let mut solid = 0;
        while let Some(c) = self.peek() {
            match c {
                ',' | ';' | '+' => break,
                '\\' => {
                    self.next();
                    self.escaped(&mut octets)?;
                    solid = octets.len();
                }
                '"' | '<' | '>' | '\0' => {
                    self.next();
                    return Err(self.wrong("a character that has to be escaped"));
                }
                _ => {
                    self.next();
                    octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    if c != ' ' {
                        solid = octets.len();
                    }
                }
            }
        }
        octets.truncate(solid);
        Ok(fold(octets))
    }

    fn escaped(&mut self, octets: &mut Vec<u8>) -> Result<(), DnError> {
        match self.next() {
            Some(high) if high.is_ascii_hexdigit() => {
                octets.push(self.hex_pair(high)?);
                Ok(())
            }
            Some(c) if " \"#+,;<=>\\".contains(c) => {
                octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            _ => Err(self.wrong("a backslash before a character that is not escaped so")),
        }
    }

    fn hex_string(&mut self) -> Result<Vec<u8>, DnError> {
        let mut octets = vec![b'#'];
        while let Some(c) = self.peek() {
            if !c.is_ascii_hexdigit() {
                break;
            }
            self.next();
            octets.push(self.hex_pair(c)?);
        }
        Ok(octets)
    }

    fn hex_pair(&mut self, high: char) -> Result<u8, DnError> {
        let low = self.next().and_then(|c| c.to_digit(16));
        match (high.to_digit(16), low) {
            (Some(high), Some(low)) => u8::try_from(high * 16 + low)
                .map_err(|_| self.wrong("two hexadecimal digits are expected")),
            _ => Err(self.wrong("two hexadecimal digits are expected")),
        }
    }
}

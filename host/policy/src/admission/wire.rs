//! What the two processes say to each other. Both are the same program, so there is one version of it;
//! numbers are little-endian and everything that has no fixed length begins with its length.

use super::Refused;
use crate::{fault::Fault, limits::Limits};
use bridge_model::{policy::WasiGrant, ports::PolicyFault};
use std::io::{self, Read, Write};

/// All limits, as numbers.
const NUMBERS: usize = 22;

/// What the host asks. The terms come first, so that the other process can bind itself to them before it
/// reads what a stranger wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) limits: Limits,
    pub(super) wasi: WasiGrant,
    /// What the host's engine takes.
    pub(super) compatibility: [u8; 32],
}

impl Terms {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        for number in numbers(&self.limits) {
            to.write_all(&number.to_le_bytes())?;
        }
        to.write_all(&[u8::from(self.wasi == WasiGrant::Minimal)])?;
        to.write_all(&self.compatibility)
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut all = [0; NUMBERS];
        for number in &mut all {
            *number = read_number(from)?;
        }
        let wasi = match read_octet(from)? {
            0 => WasiGrant::None,
            1 => WasiGrant::Minimal,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut compatibility = [0; 32];
        from.read_exact(&mut compatibility)?;
        Ok(Self {
            limits: limits(&all)?,
            wasi,
            compatibility,
        })
    }
}

/// Writes octets with their length.
pub(super) fn write_octets(to: &mut impl Write, octets: &[u8]) -> io::Result<()> {
    let length = u64::try_from(octets.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(octets)
}

/// Reads octets of which there may be so many. Memory is taken as they arrive, whatever length was
/// announced.
pub(super) fn read_octets(from: &mut impl Read, octets_max: u64) -> io::Result<Vec<u8>> {
    let length = read_number(from)?;
    if length > octets_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut octets = Vec::new();
    let read = from.take(length).read_to_end(&mut octets)?;
    if u64::try_from(read).ok() == Some(length) {
        Ok(octets)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The first part of the answer.
pub(super) enum Compiled {
    Code(Vec<u8>),
    Refused(String),
}

impl Compiled {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (tag, octets) = match self {
            Self::Code(code) => (0, code.as_slice()),
            Self::Refused(reason) => (1, reason.as_bytes()),
        };
        to.write_all(&[tag])?;
        write_octets(to, octets)?;
        to.flush()
    }

    pub(super) fn read(from: &mut impl Read, code_octets_max: u64) -> io::Result<Self> {
        match read_octet(from)? {
            0 => read_octets(from, code_octets_max).map(Self::Code),
            1 => read_text(from).map(Self::Refused),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The second part of the answer, after code: what became of the self-test.
pub(super) fn write_verdict(to: &mut impl Write, verdict: &Result<(), Refused>) -> io::Result<()> {
    let (tag, text) = match verdict {
        Ok(()) => (0, String::new()),
        Err(Refused::SelfTest(fault)) => (tag_of(fault.kind), fault.detail.clone()),
        Err(refused) => (tag_of(PolicyFault::NotAdmitted), refused.to_string()),
    };
    to.write_all(&[tag])?;
    write_octets(to, text.as_bytes())?;
    to.flush()
}

/// Reads what [`write_verdict`] wrote.
pub(super) fn read_verdict(from: &mut impl Read) -> io::Result<Result<(), Refused>> {
    let tag = read_octet(from)?;
    let detail = read_text(from)?;
    let Some(index) = tag.checked_sub(1) else {
        return Ok(Ok(()));
    };
    let kind = FAULTS.get(usize::from(index)).copied();
    Ok(Err(match kind.ok_or(io::ErrorKind::InvalidData)? {
        PolicyFault::NotAdmitted => Refused::Elsewhere(detail),
        kind => Refused::SelfTest(Fault { kind, detail }),
    }))
}

fn tag_of(kind: PolicyFault) -> u8 {
    let index = FAULTS.iter().position(|fault| *fault == kind).unwrap_or(0);
    u8::try_from(index + 1).unwrap_or(u8::MAX)
}

/// A fault that is not among them goes as the first.
const FAULTS: [PolicyFault; 7] = [
    PolicyFault::NotAdmitted,
    PolicyFault::Trap,
    PolicyFault::Deadline,
    PolicyFault::Memory,
    PolicyFault::Output,
    PolicyFault::Contract,
    PolicyFault::Busy,
];

fn read_text(from: &mut impl Read) -> io::Result<String> {
    read_octets(from, TEXT_OCTETS_MAX).map(|octets| String::from_utf8_lossy(&octets).into_owned())
}

fn read_octet(from: &mut impl Read) -> io::Result<u8> {
    let mut octet = [0];
    from.read_exact(&mut octet)?;
    Ok(octet[0])
}

fn read_number(from: &mut impl Read) -> io::Result<u64> {
    let mut octets = [0; 8];
    from.read_exact(&mut octets)?;
    Ok(u64::from_le_bytes(octets))
}

/// Taken apart by name: a limit that is new cannot be forgotten here.
fn numbers(limits: &Limits) -> [u64; NUMBERS] {
    let Limits {
        component_octets_max,
        instances_max,
        memory_octets_max,
        memory_resident_octets,
        memories_max,
        tables_max,
        table_elements_max,
        core_instances_max,
        stack_octets_max,
        handles_max,
        call_ms_max,
        person_us_max,
        tick_ms,
        call_output_octets_max,
        person_output_octets_max,
        call_persons_max,
        log_lines_max,
        log_octets_max,
        admission_ms_max,
        admission_cpu_s_max,
        admission_memory_octets_max,
        code_octets_max,
    } = *limits;
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    [
        wide(component_octets_max),
        instances_max.into(),
        wide(memory_octets_max),
        wide(memory_resident_octets),
        memories_max.into(),
        tables_max.into(),
        wide(table_elements_max),
        core_instances_max.into(),
        wide(stack_octets_max),
        wide(handles_max),
        call_ms_max,
        person_us_max,
        tick_ms,
        wide(call_output_octets_max),
        wide(person_output_octets_max),
        wide(call_persons_max),
        log_lines_max.into(),
        wide(log_octets_max),
        admission_ms_max,
        admission_cpu_s_max,
        admission_memory_octets_max,
        code_octets_max,
    ]
}

fn limits(numbers: &[u64; NUMBERS]) -> io::Result<Limits> {
    let size = |at: usize| usize::try_from(numbers[at]).map_err(io::Error::other);
    let count = |at: usize| u32::try_from(numbers[at]).map_err(io::Error::other);
    Ok(Limits {
        component_octets_max: size(0)?,
        instances_max: count(1)?,
        memory_octets_max: size(2)?,
        memory_resident_octets: size(3)?,
        memories_max: count(4)?,
        tables_max: count(5)?,
        table_elements_max: size(6)?,
        core_instances_max: count(7)?,
        stack_octets_max: size(8)?,
        handles_max: size(9)?,
        call_ms_max: numbers[10],
        person_us_max: numbers[11],
        tick_ms: numbers[12],
        call_output_octets_max: size(13)?,
        person_output_octets_max: size(14)?,
        call_persons_max: size(15)?,
        log_lines_max: count(16)?,
        log_octets_max: size(17)?,
        admission_ms_max: numbers[18],
        admission_cpu_s_max: numbers[19],
        admission_memory_octets_max: numbers[20],
        code_octets_max: numbers[21],
    })
}

/// Reasons are a sentence or two.
const TEXT_OCTETS_MAX: u64 = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_the_same_on_the_other_side() {
        // Each limit another number, so that none can stand in another's place.
        let mut all = [0; NUMBERS];
        for (number, n) in all.iter_mut().zip(1_000..) {
            *number = n;
        }
        let terms = Terms {
            limits: limits(&all).expect("they fit"),
            wasi: WasiGrant::Minimal,
            compatibility: [7; 32],
        };
        assert_eq!(numbers(&terms.limits), all);
        let mut octets = Vec::new();
        terms.write(&mut octets).expect("a vector takes everything");
        assert_eq!(Terms::read(&mut octets.as_slice()).expect("terms"), terms);
        let cut = &octets[..octets.len() - 1];
        assert!(Terms::read(&mut &cut[..]).is_err());
    }

    #[test]
    fn what_is_longer_than_it_may_be_is_not_read() {
        let mut octets = Vec::new();
        write_octets(&mut octets, b"12345").expect("a vector takes everything");
        assert!(read_octets(&mut octets.as_slice(), 4).is_err());
        assert_eq!(
            read_octets(&mut octets.as_slice(), 5).expect("it fits"),
            b"12345"
        );
        assert!(read_octets(&mut &octets[..12], 5).is_err(), "it was cut");
        let lie = u64::MAX.to_le_bytes();
        assert!(read_octets(&mut &lie[..], u64::MAX).is_err());
    }

    #[test]
    fn every_fault_of_a_self_test_keeps_its_kind() {
        for kind in FAULTS {
            let refused = Refused::SelfTest(Fault {
                kind,
                detail: "in decide: no".to_owned(),
            });
            let mut octets = Vec::new();
            write_verdict(&mut octets, &Err(refused)).expect("a vector takes everything");
            let read = read_verdict(&mut octets.as_slice()).expect("a verdict");
            let refused = read.expect_err("it is refused");
            assert_eq!(refused.kind(), kind, "{refused}");
            assert!(refused.to_string().contains("in decide: no"), "{refused}");
        }
    }
}

//! How much of the host's limits a component takes before it has done anything.

use wasmparser::{Parser, Payload};

/// Octets of a page of WebAssembly's memory.
const PAGE_OCTETS: u64 = 64 * 1024;

/// What an instance of a component has from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Octets of all its memories.
    pub memory_octets: u64,
    /// Places in all its tables.
    pub table_elements: u64,
}

impl Footprint {
    /// Adds up what all modules of a component, or a module alone, ask for. What cannot be read asks for
    /// nothing.
    pub fn of(component: &[u8]) -> Self {
        let mut footprint = Self::default();
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            match payload {
                Payload::MemorySection(memories) => {
                    for memory in memories.into_iter().flatten() {
                        let octets = memory.initial.saturating_mul(PAGE_OCTETS);
                        footprint.memory_octets = footprint.memory_octets.saturating_add(octets);
                    }
                }
                Payload::TableSection(tables) => {
                    for table in tables.into_iter().flatten() {
                        let initial = table.ty.initial;
                        footprint.table_elements = footprint.table_elements.saturating_add(initial);
                    }
                }
                _ => {}
            }
        }
        footprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_are_added_up() {
        // (module (table 5 funcref) (memory 2)), and no octet of it that is not there.
        let module = b"\0asm\x01\0\0\0\x04\x04\x01\x70\x00\x05\x05\x03\x01\x00\x02";
        assert_eq!(
            Footprint::of(module),
            Footprint {
                memory_octets: 128 * 1024,
                table_elements: 5
            }
        );
        assert_eq!(Footprint::of(b"no module"), Footprint::default());
    }
}

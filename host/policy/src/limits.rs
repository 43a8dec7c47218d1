//! What a policy may use.

use std::time::Duration;

/// What one call of one policy may use, and how many calls there may be at once.
///
/// Everything has a limit: there is no way to say "unlimited". What is over a limit ends the call
/// with an error and drops its instance; nothing is cut short. A call for many persons may take
/// longer and answer more than a call for one: those limits have a part for the call and a part
/// for each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a component file. Compiling takes time and memory in proportion. Rust policies have
    /// 0.1 to 0.5 MB, JavaScript ones 2 to 13 MB, Python ones 18 MB.
    pub component_octets_max: usize,
    /// Calls that run at the same time, of all policies together. Each reserves 4 GiB of address
    /// space (not of memory), so that the hardware checks bounds; 64 fit into the 39 bits of small
    /// machines. Calls run on the threads that ask, and more than one for each processor gain
    /// nothing.
    pub instances_max: u32,
    /// Octets of linear memory of one instance, all its memories together. A Rust policy uses 1 to 2
    /// MiB, a JavaScript engine up to 30.
    pub memory_octets_max: usize,
    /// Octets of an instance's memory that stay resident for the next instance in its place. More
    /// makes calls no faster once a policy's working set fits; the process keeps this much for each
    /// instance that ever ran at the same time.
    pub memory_resident_octets: usize,
    /// Memories of one instance. More than one comes only from composed components.
    pub memories_max: u32,
    /// Tables of one instance. Interpreters bring two.
    pub tables_max: u32,
    /// Elements of one instance's tables, all together. JavaScript engines need 7,700.
    pub table_elements_max: usize,
    /// Core instances inside one instance. Rust has 3, Python over 20.
    pub core_instances_max: u32,
    /// Octets of the native stack that a policy may use. It is the caller's stack: threads that call
    /// policies need it and as much again.
    pub stack_octets_max: usize,
    /// Handles that live at once. The contract passes none.
    pub handles_max: usize,
    /// Milliseconds of processor time that a call may use. A call uses some ten microseconds; an
    /// interpreter that starts, a thousand times as much. On the clock it may take twenty times as long,
    /// for a machine that has too much to do.
    pub call_ms_max: u64,
    /// Microseconds more for each person of the call.
    pub person_us_max: u64,
    /// Milliseconds of a tick of the host's clock; a call may end two ticks later than its deadline. Each
    /// tick wakes a thread for some microseconds.
    pub tick_ms: u64,
    /// Octets of an answer, counted as the host holds it.
    pub call_output_octets_max: usize,
    /// Octets more for each person of the call: a person in a thousand groups takes 200 KB.
    pub person_output_octets_max: usize,
    /// Persons of one call. A longer list is cut into calls of this many.
    pub call_persons_max: usize,
    /// Lines that a call may log. What is over is dropped and counted.
    pub log_lines_max: u32,
    /// Octets that a call may log, all its lines together. What is over is dropped and counted.
    pub log_octets_max: usize,
    /// Milliseconds on the clock that a component may take to be admitted in a process of its own:
    /// validated, compiled and tried. One in Rust takes 50, one in JavaScript or Python 5,000 of one
    /// processor.
    pub admission_ms_max: u64,
    /// Seconds of processor time that the process which admits a component may use.
    pub admission_cpu_s_max: u64,
    /// Octets of data of the process that admits a component. Compiling takes some thirty times the
    /// octets of the component.
    pub admission_memory_octets_max: u64,
    /// Octets of the compiled code of one component, which is some two to four times as long as the
    /// component.
    pub code_octets_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_octets_max: 32 << 20,
            instances_max: 64,
            memory_octets_max: 64 << 20,
            memory_resident_octets: 1 << 20,
            memories_max: 1,
            tables_max: 4,
            table_elements_max: 20_000,
            core_instances_max: 64,
            stack_octets_max: 256 << 10,
            handles_max: 100,
            call_ms_max: 20,
            person_us_max: 1_000,
            tick_ms: 5,
            call_output_octets_max: 1 << 20,
            person_output_octets_max: 256 << 10,
            call_persons_max: 256,
            log_lines_max: 64,
            log_octets_max: 16 << 10,
            admission_ms_max: 180_000,
            admission_cpu_s_max: 180,
            admission_memory_octets_max: 1 << 30,
            code_octets_max: 128 << 20,
        }
    }
}

impl Limits {
    /// How much processor time a call for this many persons may use.
    pub fn deadline(&self, persons: usize) -> Duration {
        let persons = u64::try_from(persons).unwrap_or(u64::MAX);
        Duration::from_millis(self.call_ms_max).saturating_add(Duration::from_micros(
            self.person_us_max.saturating_mul(persons),
        ))
    }

    /// How many octets the answer to a call for this many persons may have.
    pub fn output_octets(&self, persons: usize) -> usize {
        self.call_output_octets_max
            .saturating_add(self.person_output_octets_max.saturating_mul(persons))
    }

    /// The names of limits with which no policy could run.
    pub(crate) fn unusable(&self) -> Option<&'static str> {
        let rules = [
            (
                self.component_octets_max > 0,
                "component_octets_max must be at least 1",
            ),
            (self.instances_max > 0, "instances_max must be at least 1"),
            (
                (WASM_PAGE_OCTETS..=MEMORY_OCTETS_ADDRESSABLE).contains(&self.memory_octets_max),
                "memory_octets_max must be from 65536 to 4294967296",
            ),
            (self.memories_max > 0, "memories_max must be at least 1"),
            (self.tables_max > 0, "tables_max must be at least 1"),
            (
                self.core_instances_max > 0,
                "core_instances_max must be at least 1",
            ),
            (
                (STACK_OCTETS_MIN..=STACK_OCTETS_MAX).contains(&self.stack_octets_max),
                "stack_octets_max must be from 32768 to 1048576",
            ),
            (self.tick_ms > 0, "tick_ms must be at least 1"),
            (
                self.call_persons_max > 0,
                "call_persons_max must be at least 1",
            ),
            (
                self.admission_ms_max > 0 && self.admission_cpu_s_max > 0,
                "admission_ms_max and admission_cpu_s_max must be at least 1",
            ),
            (
                self.admission_memory_octets_max >= ADMISSION_OCTETS_MIN,
                "admission_memory_octets_max must be at least 67108864",
            ),
            (
                self.code_octets_max > 0,
                "code_octets_max must be at least 1",
            ),
        ];
        rules
            .into_iter()
            .find(|(holds, _)| !holds)
            .map(|(_, rule)| rule)
    }
}

/// WebAssembly's unit of memory.
const WASM_PAGE_OCTETS: usize = 65_536;
/// What 32 bits reach.
const MEMORY_OCTETS_ADDRESSABLE: usize = 1 << 32;
/// What the process that admits needs before it begins.
const ADMISSION_OCTETS_MIN: u64 = 64 << 20;
/// Less does not carry the host's own functions that a policy calls.
const STACK_OCTETS_MIN: usize = 32 << 10;
/// Half of what Rust gives a thread; running over the thread's own stack would end the process.
const STACK_OCTETS_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_output_grow_with_the_persons() {
        let limits = Limits {
            call_ms_max: 10,
            person_us_max: 500,
            call_output_octets_max: 100,
            person_output_octets_max: 10,
            ..Limits::default()
        };
        for (persons, ms, octets) in [(0, 10, 100), (2, 11, 120), (100, 60, 1100)] {
            assert_eq!(limits.deadline(persons).as_millis(), ms, "{persons}");
            assert_eq!(limits.output_octets(persons), octets, "{persons}");
        }
    }

    #[test]
    fn limits_with_which_nothing_could_run_are_named() {
        assert_eq!(Limits::default().unusable(), None);
        let limits = Limits {
            stack_octets_max: 8 << 20,
            ..Limits::default()
        };
        assert!(
            limits
                .unusable()
                .is_some_and(|rule| rule.contains("stack_octets_max"))
        );
        let limits = Limits {
            instances_max: 0,
            ..Limits::default()
        };
        assert!(
            limits
                .unusable()
                .is_some_and(|rule| rule.contains("instances_max"))
        );
    }
}

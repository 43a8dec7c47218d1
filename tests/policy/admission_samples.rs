//! Components made from text, for what no compiler would make: a policy of which every octet is the
//! test's.

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A vendor policy that says what it is, has nothing to say of any federation, and does one thing more.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample<'a> {
    /// What it imports beside the log, in the words of WIT.
    pub(crate) world: &'a str,
    /// The same, as imports of the core module, and functions of its own.
    pub(crate) functions: &'a str,
    /// What it does when it is asked what it is. At 512 stands its title, of 48 octets.
    pub(crate) in_describe: &'a str,
    /// What it answers `translate` with; empty: a problem.
    pub(crate) in_translate: &'a str,
    /// What it does when it is asked about somebody, before it has no step for anybody. Local 1 is the
    /// length of the memo.
    pub(crate) in_decide: &'a str,
}

impl Sample<'_> {
    /// As a core module that was built with the contract's bindings.
    pub(crate) fn module(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).expect("the test's own text");
        let mut resolve = Resolve::default();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        resolve.push_dir(contract).expect("the contract");
        let world = format!(
            "package suite:sample; {WASI} world sample {{ include ldap-oidc:policy/vendor-policy@0.1.0; {} }}",
            self.world
        );
        let package = resolve
            .push_str("sample.wit", &world)
            .expect("the test's own world");
        let world = resolve
            .select_world(&[package], Some("sample"))
            .expect("it is there");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
            .expect("the test's own world");
        module
    }

    /// As a component.
    pub(crate) fn component(&self) -> Vec<u8> {
        ComponentEncoder::default()
            .module(&self.module())
            .and_then(ComponentEncoder::encode)
            .expect("a component")
    }

    /// The core module, without the section that names its world.
    pub(crate) fn bare_module(&self) -> Vec<u8> {
        wat::parse_str(self.text()).expect("the test's own text")
    }

    fn text(&self) -> String {
        let Self {
            functions,
            in_describe,
            in_translate,
            in_decide,
            ..
        } = self;
        format!(
            r#"(module
            {functions}
            (memory (export "memory") 2)
            (global $free (mut i32) (i32.const 65536))
            (data (i32.const 256) "sample")
            (data (i32.const 272) "1.0.0")
            (data (i32.const 288) "vendor")
            (data (i32.const 304) "no federation is mine; take another policy")
            (data (i32.const 512) "Sample                                          ")
            ;; id, aliases, title, version, settings, kinds
            (data (i32.const 1024) "\00\01\00\00\06\00\00\00" "\00\00\00\00\00\00\00\00"
                "\00\02\00\00\30\00\00\00" "\10\01\00\00\05\00\00\00"
                "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
            ;; err of one problem: its field, its message
            (data (i32.const 2048) "\01\00\00\00\10\08\00\00\01\00\00\00\00\00\00\00"
                "\20\01\00\00\06\00\00\00\30\01\00\00\2a\00\00\00")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.set $free (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "ldap-oidc:policy/vendor@0.1.0#describe") (result i32)
                {in_describe} (i32.const 1024))
            (func (export "ldap-oidc:policy/vendor@0.1.0#translate") (param i32) (result i32)
                {in_translate} (i32.const 2048))
            (func (export "ldap-oidc:policy/vendor@0.1.0#decide")
                (param i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)
                {in_decide} (i32.const 3072)))"#
        )
    }
}

/// A component with a core module more in it, which nothing uses and which is compiled all the same: so
/// many functions, each with so many steps.
pub(crate) fn with_bomb(component: &[u8], functions: usize, steps: usize) -> Vec<u8> {
    let step = [
        0x20, 0x00, // local.get 0
        0x7e, // i64.mul
        0x42, 0x2b, // i64.const 43
        0x7c, // i64.add
    ];
    let mut body = vec![0x00, 0x20, 0x00]; // no locals; local.get 0
    body.extend(step.iter().copied().cycle().take(step.len() * steps));
    body.push(0x0b);
    let mut code = leb(functions);
    for _ in 0..functions {
        code.extend(leb(body.len()));
        code.extend(&body);
    }
    let mut declared = leb(functions);
    declared.extend(vec![0; functions]);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, octets) in [
        (1, vec![0x01, 0x60, 0x01, 0x7e, 0x01, 0x7e]), // one type: i64 to i64
        (3, declared),
        (10, code),
    ] {
        module.push(id);
        module.extend(leb(octets.len()));
        module.extend(octets);
    }
    with_sections(component, &[(CORE_MODULE, &module)])
}

/// A component with a core module more in it, and so many instances of that: they begin before the policy
/// is called, and have what the module has beside what the policy has.
pub(crate) fn with_instances(component: &[u8], module: &str, instances: usize) -> Vec<u8> {
    let module = wat::parse_str(module).expect("the test's own text");
    let is_module = |part: &Payload<'_>| matches!(part, Payload::ModuleSection { .. });
    let parts = Parser::new(0).parse_all(component);
    let before = parts.filter(|part| is_module(part.as_ref().expect("a component")));
    let mut instance = vec![0x00]; // of a module
    instance.extend(leb(before.count()));
    instance.push(0x00); // without arguments
    let mut all = leb(instances);
    all.extend(instance.repeat(instances));
    with_sections(component, &[(CORE_MODULE, &module), (CORE_INSTANCES, &all)])
}

fn with_sections(component: &[u8], sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut octets = component.to_vec();
    for (id, section) in sections {
        octets.push(*id);
        octets.extend(leb(section.len()));
        octets.extend(*section);
    }
    octets
}

/// The section of a core module.
const CORE_MODULE: u8 = 1;
/// The section of instances of core modules.
const CORE_INSTANCES: u8 = 2;

/// A number as WebAssembly writes it (unsigned LEB128).
fn leb(number: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut left = number;
    loop {
        let low = u8::try_from(left & 0x7f).expect("seven bits");
        left >>= 7;
        if left == 0 {
            octets.push(low);
            return octets;
        }
        octets.push(low | 0x80);
    }
}

/// As much of WASI as the tests call. An interface with fewer functions is a part of the whole one.
const WASI: &str = r"
package wasi:io@0.2.6 {
    interface error { resource error; }
    interface poll { resource pollable { block: func(); } }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
    }
}
package wasi:random@0.2.6 { interface random { get-random-u64: func() -> u64; } }
package wasi:clocks@0.2.6 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.6.{pollable};
        now: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
    }
    interface wall-clock {
        record datetime { seconds: u64, nanoseconds: u32 }
        now: func() -> datetime;
    }
}
package wasi:cli@0.2.6 {
    interface exit { exit: func(status: result); }
    interface stdout {
        use wasi:io/streams@0.2.6.{output-stream};
        get-stdout: func() -> output-stream;
    }
    interface stderr {
        use wasi:io/streams@0.2.6.{output-stream};
        get-stderr: func() -> output-stream;
    }
}
package wasi:sockets@0.2.6 {
    interface instance-network { resource network; instance-network: func() -> network; }
}
";

//! What the process that admits components does: one component, then it ends.

use super::{
    Admitted, Refused, Tools, in_process, self_test,
    wire::{self, Compiled, Terms},
};
use crate::{
    engine::{self, PolicyEngine},
    limits::Limits,
};
use rustix::{
    process::{Resource, Rlimit, nice, setrlimit},
    thread::set_no_new_privs,
};
use std::{
    io::{self, Read, Write},
    process::ExitCode,
    sync::Arc,
};

/// Admits the component of the request on the standard input, and answers on the standard output: what a
/// program does that an [`AdmissionChild`](crate::AdmissionChild) names. It binds itself to the limits of
/// the request before it reads the component, and neither reads nor writes anything else.
pub fn serve_admission() -> ExitCode {
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: a component was not admitted: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let terms = Terms::read(from)?;
    confine(&terms.limits)?;
    let octets_max = u64::try_from(terms.limits.component_octets_max).unwrap_or(u64::MAX);
    let octets = wire::read_octets(from, octets_max)?;
    let tools = tools(&terms)?;
    let admitted = match in_process::compile(&tools, &octets, terms.wasi) {
        Ok(admitted) => admitted,
        Err(refused) => return Compiled::Refused(refused.to_string()).write(to),
    };
    let code = admitted
        .component()
        .serialize()
        .map_err(|error| io::Error::other(format!("{error:#}")))?;
    // Before anything of the component runs: what it does here cannot change what it is there.
    Compiled::Code(code).write(to)?;
    let verdict = try_out(&tools, &admitted)?;
    wire::write_verdict(to, &verdict)
}

fn try_out(tools: &Tools, admitted: &Admitted) -> io::Result<Result<(), Refused>> {
    // The engine keeps the first state of a memory as a file without a name.
    allow_files(tools.limits.memory_octets_max)?;
    Ok(self_test::run(tools, admitted).map_err(Refused::SelfTest))
}

/// An engine as the host has it, but for its size: one instance runs at a time.
fn tools(terms: &Terms) -> io::Result<Tools> {
    let limits = Limits {
        instances_max: 1,
        ..terms.limits
    };
    let engine = PolicyEngine::new(&limits).map_err(|error| match error {
        engine::EngineError::Engine(error) => io::Error::other(format!("{error:#}")),
        engine::EngineError::Ticker(error) => error,
    })?;
    if engine::compatibility(engine.engine()) != terms.compatibility {
        return Err(io::Error::other(
            "this program compiles for another engine than the one that asks; both must be the same version of the bridge",
        ));
    }
    Tools::new(Arc::new(engine), limits).map_err(|error| io::Error::other(format!("{error:#}")))
}

/// From here on the process has so much of everything, and no way to get more.
fn confine(limits: &Limits) -> io::Result<()> {
    let at_most = |resource, most| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)
    };
    // Data and not address space: instances reserve gigabytes of that and use little.
    at_most(Resource::Data, limits.admission_memory_octets_max)?;
    at_most(Resource::Nofile, FILES_MAX)?;
    at_most(Resource::Core, 0)?;
    // The signal of the first limit can be told from any other end.
    let processor_time = Rlimit {
        current: Some(limits.admission_cpu_s_max),
        maximum: Some(limits.admission_cpu_s_max.saturating_add(1)),
    };
    setrlimit(Resource::Cpu, processor_time)?;
    let image = u64::try_from(limits.memory_octets_max).unwrap_or(u64::MAX);
    let no_files = Rlimit {
        current: Some(0),
        maximum: Some(image),
    };
    setrlimit(Resource::Fsize, no_files)?;
    set_no_new_privs(true)?;
    // Sign-ins go first.
    nice(NICE)?;
    Ok(())
}

fn allow_files(octets_max: usize) -> io::Result<()> {
    let most = u64::try_from(octets_max).unwrap_or(u64::MAX);
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(Resource::Fsize, limit)?)
}

/// The standard three, and what the engine asks the system about.
const FILES_MAX: u64 = 24;
/// Of 19: behind everything that serves somebody.
const NICE: i32 = 10;

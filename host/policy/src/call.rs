//! One call: a fresh instance, its limits, its end.

use crate::{
    admission::Admitted,
    allowance::Allowance,
    bindings::{
        EveryPolicy,
        exports::ldap_oidc::policy::recognition::Proposal,
        ldap_oidc::policy::types::{
            Context, Description as WitDescription, Entry, FederationParam, Person, Plan, Problem,
            Step,
        },
    },
    clock::{CallClock, LOOK_TICKS, Overrun},
    contract,
    engine::PolicyEngine,
    fault::{self, Fault},
    limits::Limits,
    log::{Author, Log, Outcome},
    meter::{CallUse, Meter},
    realm::{Busy, Lease},
    wasi::Wasi,
    world::{self, Exports, NotInWorld},
};
use bridge_model::{plan::Description, ports::Offers};
use std::sync::Arc;
use wasmtime::{
    Engine, Store,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, HasSelf, InstancePre, Lift, Linker,
        Lower,
    },
};

/// More units of work than a call can use up.
const FUEL: u64 = u64::MAX / 2;

/// What `describe` takes and gives.
pub(crate) type DescribeArguments = ();
/// What `describe` takes and gives.
pub(crate) type DescribeAnswer = (WitDescription,);
/// What `translate` takes and gives.
pub(crate) type TranslateArguments<'a> = (FederationParam<'a>,);
/// What `translate` takes and gives.
pub(crate) type TranslateAnswer = (Result<Plan, Vec<Problem>>,);
/// What `decide` takes and gives.
pub(crate) type DecideArguments<'a> = (Context<'a>, &'a [Person<'a>]);
/// What `decide` takes and gives.
pub(crate) type DecideAnswer = (Vec<Step>,);
/// What `recognise` takes and gives.
pub(crate) type RecogniseArguments<'a> = (Entry<'a>, &'a [Entry<'a>]);
/// What `recognise` takes and gives.
pub(crate) type RecogniseAnswer = (Option<Proposal>,);

/// What belongs to one instance on the host's side. Nothing of it outlives the call.
pub(crate) struct CallState {
    allowance: Allowance,
    clock: CallClock,
    pub(crate) log: Log,
    pub(crate) wasi: Wasi,
}

/// Where the functions of a policy are: one set for each world.
pub(crate) trait Functions: Sized {
    /// Finds the functions and checks their types.
    fn find(component: &Component) -> Result<Self, NotInWorld>;

    /// Where the policy says what it is.
    fn describe(&self) -> &ComponentExportIndex;
}

/// An admitted component, linked: all that can be done before a call. A copy costs two counters.
///
/// Calls count against the realm that it is lent to; without one, nobody pays for them.
pub(crate) struct Linked<F = Exports> {
    program: Arc<Program<F>>,
    lease: Option<Lease>,
}

impl<F> Clone for Linked<F> {
    fn clone(&self) -> Self {
        Self {
            program: Arc::clone(&self.program),
            lease: self.lease.clone(),
        }
    }
}

struct Program<F> {
    engine: Arc<PolicyEngine>,
    instance: InstancePre<CallState>,
    functions: F,
    limits: Limits,
    author: Arc<Author>,
}

/// What a policy may import, as the host offers it.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    EveryPolicy::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    Ok(linker)
}

impl<F: Functions> Linked<F> {
    /// Links a component, and checks that all its types are the contract's.
    pub(crate) fn new(
        engine: &Arc<PolicyEngine>,
        linker: &Linker<CallState>,
        admitted: &Admitted,
        limits: &Limits,
        author: Author,
    ) -> Result<Self, NotInWorld> {
        let component = admitted.component();
        let instance = linker
            .instantiate_pre(component)
            .map_err(|error| NotInWorld::import(&error))?;
        let program = Program {
            engine: Arc::clone(engine),
            instance,
            functions: F::find(component)?,
            limits: *limits,
            author: Arc::new(author),
        };
        Ok(Self {
            program: Arc::new(program),
            lease: None,
        })
    }

    /// The same for a realm.
    pub(crate) fn lent(&self, lease: Lease) -> Self {
        Self {
            program: Arc::clone(&self.program),
            lease: Some(lease),
        }
    }

    /// Asks the policy what it is, and lets it be known by that name from then on.
    pub(crate) fn describe(&self) -> Result<Description, Fault> {
        let call: Call<'_, DescribeArguments, DescribeAnswer> =
            Call::new("describe", self.functions().describe(), 0, ());
        let (description,) = self.run(call)?;
        let description = Description::from(description);
        contract::check_description(&description)
            .map_err(|breach| Fault::of_breach(&breach, "describe"))?;
        self.program.author.name(&description.id);
        Ok(description)
    }
}

impl Functions for Exports {
    fn find(component: &Component) -> Result<Self, NotInWorld> {
        world::exports(component)
    }

    fn describe(&self) -> &ComponentExportIndex {
        &self.describe
    }
}

impl Linked {
    /// Has a federation translated.
    pub(crate) fn translate(
        &self,
        federation: FederationParam<'_>,
    ) -> Result<Result<Plan, Vec<Problem>>, Fault> {
        let call: Call<'_, TranslateArguments<'_>, TranslateAnswer> =
            Call::new("translate", &self.functions().translate, 0, (federation,));
        self.run(call).map(|(outcome,)| outcome)
    }

    /// Has it decided about persons.
    pub(crate) fn decide(
        &self,
        context: Context<'_>,
        persons: &[Person<'_>],
    ) -> Result<Vec<Step>, Fault> {
        let call: Call<'_, DecideArguments<'_>, DecideAnswer> = Call::new(
            "decide",
            &self.functions().decide,
            persons.len(),
            (context, persons),
        );
        self.run(call).map(|(steps,)| steps)
    }

    /// Shows it a directory. A policy that recognises nothing is not called.
    pub(crate) fn recognise(
        &self,
        root: Entry<'_>,
        samples: &[Entry<'_>],
    ) -> Result<Option<Proposal>, Fault> {
        let Some(recognise) = &self.functions().recognise else {
            return Ok(None);
        };
        let call: Call<'_, RecogniseArguments<'_>, RecogniseAnswer> =
            Call::new("recognise", recognise, 0, (root, samples));
        self.run(call).map(|(proposal,)| proposal)
    }

    /// Which optional interfaces the policy has; what it announces for its reads is asked here, once.
    pub(crate) fn offers(&self) -> Result<Offers, Fault> {
        Ok(Offers {
            passwords: self.functions().passwords.is_some(),
            writing: self.functions().writing.is_some(),
            changes: self.change_controls()?,
        })
    }
}

impl<F> Linked<F> {
    /// Where the policy's functions are.
    pub(crate) fn functions(&self) -> &F {
        &self.program.functions
    }

    /// Runs a call in an instance of its own, on this thread.
    pub(crate) fn run<Arguments, Answer>(
        &self,
        call: Call<'_, Arguments, Answer>,
    ) -> Result<Answer, Fault>
    where
        Arguments: ComponentNamedList + Lower,
        Answer: ComponentNamedList + Lift,
    {
        let Call {
            function, persons, ..
        } = call;
        let turn = self.lease.as_ref().map(|lease| lease.begin(persons));
        let turn = turn.transpose().map_err(|busy| self.refused(&busy))?;
        let mut store = self.store(persons);
        let outcome = self.run_in(&mut store, call);
        let fuel_left = self.fuel_left(&store);
        // What it takes to put the instance away is the call's too.
        let CallState {
            allowance,
            clock,
            mut log,
            mut wasi,
        } = store.into_data();
        wasi.drain(&mut log);
        let used = clock.used();
        if let Some(turn) = turn {
            let was_cut = |error: &wasmtime::Error| error.is::<Overrun>();
            turn.end(used, outcome.as_ref().is_err_and(was_cut));
        }
        if let Some(meter) = self.program.engine.meter() {
            meter.note(CallUse {
                digest: self.program.author.digest.clone(),
                function,
                persons,
                time: used,
                memory_octets: allowance.memory_octets(),
                fuel: fuel_left.map(|left| FUEL.saturating_sub(left)),
            });
        }
        let outcome = outcome.map_err(|error| {
            if let Some(frames) = fault::frames(&error, function) {
                log.frames(&frames);
                if let Some(witness) = self.program.engine.witness() {
                    witness.keep(frames);
                }
            }
            Fault::of(&error, function, persons, &self.program.limits).with_last_words(&log)
        });
        log.close(&Outcome {
            function,
            persons,
            used,
            fault: outcome.as_ref().err(),
        });
        outcome
    }

    /// Whether the realm has time left for a call.
    pub(crate) fn ready(&self) -> Result<(), Fault> {
        let ready = self.lease.as_ref().map(Lease::ready).transpose();
        ready.map(drop).map_err(|busy| self.refused(&busy))
    }

    /// Whether calls for the realm have lately taken long.
    pub(crate) fn is_slow(&self) -> bool {
        self.lease.as_ref().is_some_and(Lease::is_slow)
    }

    fn refused(&self, busy: &Busy) -> Fault {
        self.log().refused(busy);
        Fault::busy(busy)
    }

    fn log(&self) -> Log {
        let realm = self.lease.as_ref().map(Lease::realm);
        let Program { author, limits, .. } = &*self.program;
        Log::new(Arc::clone(author), realm.cloned(), limits)
    }

    /// All that runs a policy's code is here: its start, the call, and what it does to free its answer.
    fn run_in<Arguments, Answer>(
        &self,
        store: &mut Store<CallState>,
        call: Call<'_, Arguments, Answer>,
    ) -> wasmtime::Result<Answer>
    where
        Arguments: ComponentNamedList + Lower,
        Answer: ComponentNamedList + Lift,
    {
        let instance = self.program.instance.instantiate(&mut *store)?;
        let function = instance.get_typed_func::<Arguments, Answer>(&mut *store, call.export)?;
        function.call(store, call.arguments)
    }

    /// What is left of the units of work, where they are counted.
    fn fuel_left(&self, store: &Store<CallState>) -> Option<u64> {
        let counts = self.program.engine.meter().is_some_and(Meter::counts_fuel);
        counts.then(|| store.get_fuel().unwrap_or(FUEL))
    }

    fn store(&self, persons: usize) -> Store<CallState> {
        let program = &*self.program;
        let limits = &program.limits;
        let state = CallState {
            allowance: Allowance::new(limits),
            clock: CallClock::start(limits, persons),
            log: self.log(),
            wasi: Wasi::new(limits),
        };
        let mut store = Store::new(program.engine.engine(), state);
        store.limiter(|state| &mut state.allowance);
        store.set_epoch_deadline(LOOK_TICKS);
        store.epoch_deadline_callback(|mut store| store.data_mut().clock.look());
        store.set_hostcall_fuel(limits.output_octets(persons));
        store.set_max_component_handles(limits.handles_max);
        if program.engine.meter().is_some_and(Meter::counts_fuel) {
            // Fails only where the engine does not count them.
            let _ = store.set_fuel(FUEL);
        }
        store
    }
}

/// A function of the contract with its arguments.
pub(crate) struct Call<'a, Arguments, Answer> {
    function: &'static str,
    export: &'a ComponentExportIndex,
    /// How many persons it is about: its limits grow with them.
    persons: usize,
    arguments: Arguments,
    answer: std::marker::PhantomData<Answer>,
}

impl<'a, Arguments, Answer> Call<'a, Arguments, Answer> {
    pub(crate) fn new(
        function: &'static str,
        export: &'a ComponentExportIndex,
        persons: usize,
        arguments: Arguments,
    ) -> Self {
        Self {
            function,
            export,
            persons,
            arguments,
            answer: std::marker::PhantomData,
        }
    }
}

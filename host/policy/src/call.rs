//! One call: a fresh instance, its limits, its end.

use crate::{
    admission::Admitted,
    allowance::Allowance,
    bindings::{
        FullVendorPolicy,
        exports::ldap_oidc::policy::recognition::Proposal,
        ldap_oidc::policy::types::{
            Context, Description, Entry, FederationParam, Person, Plan, Problem, Step,
        },
    },
    clock::CallClock,
    engine::PolicyEngine,
    fault::{self, Fault},
    limits::Limits,
    log::{Author, Log},
    world::{self, Exports, NotInWorld},
};
use bridge_model::ports::Offers;
use std::sync::Arc;
use wasmtime::{
    Engine, Store,
    component::{
        ComponentExportIndex, ComponentNamedList, HasSelf, InstancePre, Lift, Linker, Lower,
    },
};

/// What `describe` takes and gives.
pub(crate) type DescribeArguments = ();
/// What `describe` takes and gives.
pub(crate) type DescribeAnswer = (Description,);
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
}

/// An admitted component, linked: all that can be done before a call.
pub(crate) struct Linked {
    engine: Arc<PolicyEngine>,
    instance: InstancePre<CallState>,
    exports: Exports,
    limits: Limits,
    author: Arc<Author>,
}

/// What a policy may import, as the host offers it.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    FullVendorPolicy::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    Ok(linker)
}

impl Linked {
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
        Ok(Self {
            engine: Arc::clone(engine),
            instance,
            exports: world::exports(component)?,
            limits: *limits,
            author: Arc::new(author),
        })
    }

    /// The same, under the name that the policy gave itself.
    pub(crate) fn named(self, policy: &str) -> Self {
        let author = Author {
            policy: policy.to_owned(),
            digest: self.author.digest.clone(),
        };
        Self {
            author: Arc::new(author),
            ..self
        }
    }

    /// Asks the policy what it is.
    pub(crate) fn describe(&self) -> Result<Description, Fault> {
        let call: Call<'_, DescribeArguments, DescribeAnswer> =
            Call::new("describe", &self.exports.describe, 0, ());
        self.run(call).map(|(description,)| description)
    }

    /// Has a federation translated.
    pub(crate) fn translate(
        &self,
        federation: FederationParam<'_>,
    ) -> Result<Result<Plan, Vec<Problem>>, Fault> {
        let call: Call<'_, TranslateArguments<'_>, TranslateAnswer> =
            Call::new("translate", &self.exports.translate, 0, (federation,));
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
            &self.exports.decide,
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
        let Some(recognise) = &self.exports.recognise else {
            return Ok(None);
        };
        let call: Call<'_, RecogniseArguments<'_>, RecogniseAnswer> =
            Call::new("recognise", recognise, 0, (root, samples));
        self.run(call).map(|(proposal,)| proposal)
    }

    /// Which optional interfaces the policy has; what it announces for its reads is asked here, once.
    pub(crate) fn offers(&self) -> Result<Offers, Fault> {
        Ok(Offers {
            passwords: self.exports.passwords.is_some(),
            writing: self.exports.writing.is_some(),
            changes: self.change_controls()?,
        })
    }

    /// Where the policy's functions are.
    pub(crate) fn exports(&self) -> &Exports {
        &self.exports
    }

    /// Runs a call in an instance of its own.
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
        let mut store = self.store(persons);
        let outcome = self.run_in(&mut store, call);
        let log = &store.data().log;
        log.close();
        outcome.map_err(|error| {
            if let Some(frames) = fault::frames(&error) {
                tracing::debug!(
                    target: "policy",
                    policy = self.author.policy,
                    digest = self.author.digest,
                    function,
                    "{frames}"
                );
            }
            Fault::of(&error, function, persons, &self.limits).with_last_words(log)
        })
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
        let instance = self.instance.instantiate(&mut *store)?;
        let function = instance.get_typed_func::<Arguments, Answer>(&mut *store, call.export)?;
        function.call(store, call.arguments)
    }

    fn store(&self, persons: usize) -> Store<CallState> {
        let limits = &self.limits;
        let state = CallState {
            allowance: Allowance::new(limits),
            clock: CallClock::start(limits, persons),
            log: Log::new(Arc::clone(&self.author), limits),
        };
        let mut store = Store::new(self.engine.engine(), state);
        store.limiter(|state| &mut state.allowance);
        store.set_epoch_deadline(store.data().clock.first_look_ticks());
        store.epoch_deadline_callback(|store| store.data().clock.look());
        store.set_hostcall_fuel(limits.output_octets(persons));
        store.set_max_component_handles(limits.handles_max);
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

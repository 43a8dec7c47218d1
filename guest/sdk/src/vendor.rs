//! What a policy says of its vendor, and the three functions that follow from it.

use crate::{
    Attributes, Defaults, VendorPolicy, log,
    mapper::LeftOut,
    memo::Memo,
    result_code, time, translate,
    types::{
        Bar, Context, Description, Entry, Federation, Identity, Notice, Person, Plan, Problem,
        Proposal, Refusal, Rejection, Reply, Setting, Step, problem,
    },
};

/// What differs between a vendor's directory and one that follows the RFCs alone. Whoever has this has
/// [`VendorPolicy`].
pub trait Vendor {
    /// What holds where the operator says nothing.
    const DEFAULTS: Defaults;

    /// Why a bind failed. `entry` may say what the directory hides; it was read before the bind.
    fn rejection(reply: &Reply, entry: Attributes<'_>, now: u64) -> Rejection {
        let _ = (entry, now);
        result_code::rejection(reply)
    }

    /// Judges an account. `reply` is the answer to a bind that succeeded; none where nobody signs in.
    /// The entry was read before the bind.
    ///
    /// # Errors
    ///
    /// What cannot be judged: the person is not served.
    fn state(
        entry: Attributes<'_>,
        reply: Option<&Reply>,
        now: u64,
        state: &mut State,
    ) -> Result<(), Problem> {
        let _ = (entry, reply, now, state);
        Ok(())
    }

    /// Whether this directory is one of the vendor's, and how a federation with it would look; see
    /// [`crate::recognition`]. `root` is the root DSE, `samples` are a few entries found below its
    /// naming contexts.
    fn recognise(root: &Entry, samples: &[Entry]) -> Option<Proposal> {
        let _ = (root, samples);
        None
    }
}

/// What is to be said of an account beside who it is: reasons not to let the person in, and what
/// the person should hear.
#[derive(Debug, Default)]
pub struct State {
    bars: Vec<Bar>,
    notices: Vec<Notice>,
}

impl State {
    /// Not now, until the directory says otherwise.
    pub fn bar(&mut self, reason: Refusal) {
        self.add(reason, None, None);
    }

    /// From this second on; seconds since 1970-01-01T00:00:00Z.
    pub fn bar_since(&mut self, reason: Refusal, since: i64) {
        self.add(reason, Some(time::to_contract(since)), None);
    }

    /// Until this second; seconds since 1970-01-01T00:00:00Z.
    pub fn bar_until(&mut self, reason: Refusal, until: i64) {
        self.add(reason, None, Some(time::to_contract(until)));
    }

    /// The person should hear this.
    pub fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    fn add(&mut self, reason: Refusal, since: Option<u64>, until: Option<u64>) {
        let bar = Bar {
            reason,
            since,
            until,
        };
        if !self.bars.contains(&bar) {
            self.bars.push(bar);
        }
    }
}

impl<T: Vendor> VendorPolicy for T {
    fn describe() -> Description {
        translate::describe(&T::DEFAULTS)
    }

    fn translate(federation: Federation) -> Result<Plan, Vec<Problem>> {
        translate::translate(&T::DEFAULTS, federation)
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        let Some(memo) = Memo::decode(&context.memo) else {
            let step = || {
                Step::Failed(problem(
                    "memo",
                    "the plan is not this policy's; save the federation again",
                ))
            };
            return persons.iter().map(|_| step()).collect();
        };
        persons
            .iter()
            .map(|person| decide_one::<T>(&memo, context.now, person))
            .collect()
    }

    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        T::recognise(&root, &samples)
    }
}

fn decide_one<T: Vendor>(memo: &Memo<'_>, now: u64, person: &Person) -> Step {
    let entry = Attributes::of(&person.entry);
    if let Some(reply) = &person.reply
        && reply.result_code != result_code::SUCCESS
    {
        return Step::Rejected(T::rejection(reply, entry, now));
    }
    match identity::<T>(memo, now, entry, person.reply.as_ref()) {
        Ok(identity) => Step::Identified(identity),
        Err(problem) => Step::Failed(problem),
    }
}

fn identity<T: Vendor>(
    memo: &Memo<'_>,
    now: u64,
    entry: Attributes<'_>,
    reply: Option<&Reply>,
) -> Result<Identity, Problem> {
    let username = entry
        .values(memo.username_attribute)
        .texts()
        .filter(|text| !text.contains(char::is_control))
        .min()
        .ok_or_else(|| {
            problem(
                memo.username_attribute,
                "the entry has no user name; give it one",
            )
        })?;
    let mut state = State::default();
    T::state(entry, reply, now, &mut state)?;
    let mapped = memo.mappers.apply(entry)?;
    for LeftOut { mapper, problem } in &mapped.left_out {
        let Problem { field, message } = problem;
        log::warn(&format!("mapper {mapper} is left out: {field}: {message}"));
    }
    // Nothing hangs on when an entry changed: a time that cannot be read is none.
    let changed_at = entry.time(T::DEFAULTS.changed_attribute).ok().flatten();
    Ok(Identity {
        username: username.to_owned(),
        claims: mapped.claims,
        groups: mapped.groups,
        roles: Vec::new(),
        bars: state.bars,
        notices: state.notices,
        changed_at: changed_at.map(time::to_contract),
        more: left_out(mapped.left_out),
    })
}

/// The mappers that failed, for the host to count: a setting `left_out` with the name of each.
fn left_out(mappers: Vec<LeftOut>) -> Vec<Setting> {
    let settings = mappers.into_iter().map(|mapper| Setting {
        name: LEFT_OUT.to_owned(),
        value: mapper.mapper,
    });
    settings.take(LEFT_OUT_MAX).collect()
}

const LEFT_OUT: &str = "left_out";
/// The host takes 64 settings.
const LEFT_OUT_MAX: usize = 64;

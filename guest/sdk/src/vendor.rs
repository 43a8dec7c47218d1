//! What a policy says of its vendor, and the three functions that follow from it.

use crate::{
    Attributes, Changes, Defaults, Passwords, VendorPolicy, Writing, changes, log,
    mapper::{Applied, Findings, LeftOut, Who},
    memo::Memo,
    ranges::{self, Completion},
    reads, result_code, terms, time, translate,
    types::{
        Bar, Claim, Complaint, Context, Description, Entry, EntryChange, Federation, Finding,
        Identity, NewEntry, Notice, Page, Person, Plan, Problem, ProfileChange, Proposal, Refusal,
        Rejection, Reply, Search, Setting, Step, Turn, problem,
    },
    writing,
};
use std::borrow::Cow;

/// What differs between a vendor's directory and one that follows the RFCs alone. Whoever has this has
/// [`VendorPolicy`].
pub trait Vendor: Passwords + Writing + Changes {
    /// What holds where the operator says nothing.
    const DEFAULTS: Defaults;

    /// Reads that are alike for everyone, such as the rules of a domain; [`Account::shared`] has what they
    /// gave. Only what [`reads::is_readable`] allows may be asked for. What is wrong with the federation
    /// is added to `findings`.
    fn shared(federation: &Federation, findings: &mut Findings) -> Vec<Search> {
        let _ = (federation, findings);
        Vec::new()
    }

    /// What the policy reads of a person to judge an account, beside [`Defaults::state_attributes`].
    fn attributes(federation: &Federation) -> &'static [&'static str] {
        let _ = federation;
        &[]
    }

    /// Why a bind failed with this reply. The account's entry may say what the directory hides.
    fn rejection(account: Account<'_>, reply: &Reply) -> Rejection {
        let _ = account;
        result_code::rejection(reply)
    }

    /// Judges an account.
    ///
    /// # Errors
    ///
    /// What cannot be judged: the person is not served.
    fn state(account: Account<'_>, state: &mut State) -> Result<(), Problem> {
        let _ = (account, state);
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

/// What is known of an account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The person's entry. It was read before the bind.
    pub entry: Attributes<'a>,
    /// The answer to a bind; none where nobody signs in (refresh, synchronisation, preview).
    pub reply: Option<&'a Reply>,
    /// The host's time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    shared: &'a [Finding],
}

impl<'a> Account<'a> {
    fn of(context: &'a Context, entry: &'a Entry, reply: Option<&'a Reply>) -> Self {
        Self {
            entry: Attributes::of(entry),
            reply,
            now: context.now,
            shared: &context.shared,
        }
    }

    /// What a read that is alike for everyone gave; none where it was not asked for or did not succeed.
    pub fn shared(self, key: &str) -> &'a [Entry] {
        reads::entries(self.shared, key)
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

    /// From one second until another; seconds since 1970-01-01T00:00:00Z. None: already.
    pub fn bar_between(&mut self, reason: Refusal, since: Option<u64>, until: u64) {
        self.add(reason, since, Some(until));
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
        let mut findings = Findings::default();
        let wishes = writing::Wishes::of::<T>(&federation);
        let account = translate::AccountReads {
            shared: T::shared(&federation, &mut findings),
            attributes: T::attributes(&federation),
        };
        translate::translate(&T::DEFAULTS, federation, account, findings)
            .and_then(|plan| wishes.complete::<T>(plan))
    }

    fn decide(context: Context, persons: Vec<Person>) -> Vec<Step> {
        let Some(memo) = terms::of_sign_ins(&context.memo).and_then(Memo::decode) else {
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
            .map(|person| decide_one::<T>(&memo, &context, person))
            .collect()
    }

    fn recognise(root: Entry, samples: Vec<Entry>) -> Option<Proposal> {
        T::recognise(&root, &samples)
    }

    fn explain_password(context: Context, user: Entry, reply: Reply) -> Vec<Complaint> {
        T::complaints(Account::of(&context, &user, Some(&reply)), &reply)
    }

    fn modify(
        context: Context,
        user: Entry,
        changes: Vec<ProfileChange>,
    ) -> Result<EntryChange, Vec<Problem>> {
        writing::modify::<T>(&context, &user, &changes)
    }

    fn register(context: Context, profile: Vec<Claim>) -> Result<NewEntry, Vec<Problem>> {
        writing::register::<T>(&context, &profile)
    }

    fn explain_write(context: Context, reply: Reply) -> Vec<Problem> {
        writing::explain::<T>(&context, &reply)
    }

    fn change_controls() -> Vec<String> {
        T::controls()
    }

    fn start_changes(context: Context, cursor: Option<Vec<u8>>) -> Turn {
        changes::run(&context, cursor.as_deref(), T::start)
    }

    fn follow_changes(
        context: Context,
        cursor: Option<Vec<u8>>,
        asked: String,
        page: Page,
    ) -> Turn {
        let follow = |run: changes::Run<'_>| T::follow(run, &asked, &page);
        changes::run(&context, cursor.as_deref(), follow)
    }
}

fn decide_one<T: Vendor>(memo: &Memo<'_>, context: &Context, person: &Person) -> Step {
    let whole = match ranges::complete(person) {
        Completion::Done(entry) => entry,
        // After a failed bind what there is says enough.
        Completion::Read(wishes) if is_in(person) => return Step::Read(wishes),
        Completion::Read(_) => Cow::Borrowed(&person.entry),
    };
    let account = Account::of(context, &whole, person.reply.as_ref());
    if let Some(reply) = account.reply
        && reply.result_code != result_code::SUCCESS
    {
        return Step::Rejected(T::rejection(account, reply));
    }
    identity::<T>(memo, account, person).unwrap_or_else(Step::Failed)
}

/// Whether no bind failed.
fn is_in(person: &Person) -> bool {
    let reply = person.reply.as_ref();
    reply.is_none_or(|reply| reply.result_code == result_code::SUCCESS)
}

/// No host takes a longer name, and no directory means one.
const NAME_OCTETS_MAX: usize = 1024;

fn identity<T: Vendor>(
    memo: &Memo<'_>,
    account: Account<'_>,
    person: &Person,
) -> Result<Step, Problem> {
    let entry = account.entry;
    let username = entry
        .values(memo.username_attribute)
        .texts()
        .filter(|text| !text.contains(char::is_control) && text.len() <= NAME_OCTETS_MAX)
        .min()
        .ok_or_else(|| {
            problem(
                memo.username_attribute,
                "the entry has no user name that can be one; give it one",
            )
        })?;
    let mut state = State::default();
    T::state(account, &mut state)?;
    let applied = memo.mappers.apply(Who {
        dn: &person.entry.dn,
        entry,
        username,
        is_enabled: !state.bars.iter().any(|bar| bar.reason == Refusal::Disabled),
        findings: &person.findings,
    })?;
    let mapped = match applied {
        Applied::Done(mapped) => mapped,
        Applied::Read(wishes) => return Ok(Step::Read(wishes)),
    };
    for LeftOut { mapper, problem } in &mapped.left_out {
        let Problem { field, message } = problem;
        log::warn(&format!("mapper {mapper} is left out: {field}: {message}"));
    }
    // Nothing hangs on when an entry changed: a time that cannot be read is none.
    let changed_at = entry.time(T::DEFAULTS.changed_attribute).ok().flatten();
    Ok(Step::Identified(Identity {
        username: username.to_owned(),
        claims: mapped.claims,
        groups: mapped.groups,
        roles: mapped.roles,
        bars: state.bars,
        notices: state.notices,
        changed_at: changed_at.map(time::to_contract),
        more: left_out(mapped.left_out),
    }))
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

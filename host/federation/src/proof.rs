//! Proving that a person is the one who is meant.

use crate::{
    course::{Candidate, Course, End, POLICY_BUSY, refused},
    decide::{Verdict, decide},
    local::is_of_password,
};
use bridge_model::{
    decision::{Identity, Refusal, Rejection},
    federation::EditMode,
    search::Reply,
};

/// What a bind proved.
pub(crate) enum Proof {
    /// The directory let the person in.
    Bound(Box<Identity>),
    /// The password was right, and is too old or has to be changed first, so the directory let nobody
    /// in.
    TooOld(Rejection),
}

impl Course<'_> {
    /// Binds as who was found, and has the policy say what the answer means.
    pub(crate) async fn prove(&self, candidate: &mut Candidate<'_>) -> Result<Proof, End> {
        let federation = candidate.federation;
        let controls = &federation.planned.plan.bind_controls;
        let reply = federation
            .directory
            .bind(&candidate.name, self.password, controls)
            .await;
        if candidate.edit_mode() == EditMode::Unsynced {
            // As long as those take who have a password here.
            self.parts.hashing.waste(self.password).await;
        }
        match reply {
            Ok(reply) => self.weigh(candidate, reply).await,
            Err(error) => Err(End::Unavailable(error.to_string())),
        }
    }

    /// Has the policy say what the answer to a bind means.
    pub(crate) async fn weigh(
        &self,
        candidate: &mut Candidate<'_>,
        reply: Reply,
    ) -> Result<Proof, End> {
        let is_success = reply.is_success();
        candidate.person.reply = Some(reply);
        let verdict = self.ask(candidate).await.map_err(|reason| {
            if is_success {
                // What went wrong afterwards is nobody's failure.
                End::Unavailable(reason)
            } else {
                End::Undecided(reason)
            }
        })?;
        match verdict {
            // No answer of a policy makes a bind succeed that did not.
            Verdict::Identified(_) if !is_success => Err(refused(&Refusal::BadCredentials)),
            Verdict::Identified(identity) => Ok(Proof::Bound(identity)),
            Verdict::Rejected(rejection)
                if !is_success
                    && rejection.password_was_right
                    && is_of_password(&rejection.reason) =>
            {
                Ok(Proof::TooOld(rejection))
            }
            Verdict::Rejected(rejection) => Err(refused(&rejection.reason)),
        }
    }

    /// Has a password that is kept here prove who it is, and the policy say who that is.
    ///
    /// A bind as a name that nobody has goes with it: such people answer in the time of the others.
    pub(crate) async fn prove_here(
        &self,
        candidate: &mut Candidate<'_>,
        hash: &str,
    ) -> Result<Box<Identity>, End> {
        self.pretend_to_bind(candidate.federation).await;
        match self.parts.hashing.verify(self.password, hash).await {
            Ok(true) => self.identify(candidate).await,
            Ok(false) => Err(refused(&Refusal::BadCredentials)),
            Err(error) => Err(End::Unavailable(error.to_string())),
        }
    }

    /// Has the policy say who it is, whatever came of a bind: what was proved was proved otherwise.
    pub(crate) async fn identify(
        &self,
        candidate: &mut Candidate<'_>,
    ) -> Result<Box<Identity>, End> {
        let reply = candidate.person.reply.take();
        candidate.person.findings.clear();
        let verdict = self.ask(candidate).await;
        candidate.person.reply = reply;
        match verdict.map_err(End::Unavailable)? {
            Verdict::Identified(identity) => Ok(identity),
            Verdict::Rejected(rejection) => Err(refused(&rejection.reason)),
        }
    }

    async fn ask(&self, candidate: &mut Candidate<'_>) -> Result<Verdict, String> {
        let now = self.parts.clock.now();
        match decide(candidate.federation, &mut candidate.person, now).await {
            Ok(decided) => {
                candidate.policy_time += decided.policy_time;
                candidate.failures = decided.failures;
                Ok(decided.verdict)
            }
            Err(error) if error.is_busy() => Err(POLICY_BUSY.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

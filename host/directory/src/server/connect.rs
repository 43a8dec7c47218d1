//! New connections to a server, bound as the service where that is what they are for.

use super::{Purpose, Server, Unavailable};
use crate::{
    connection::{Answered, Connection, Failure},
    fault::{answer, fault, fault_with},
    service::{Credential, ServiceAccount},
};
use bridge_model::ports::{DirectoryError, DirectoryFault, DirectoryStep, Facts};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, timeout_at},
};

/// When and why the last one whose turn it was got no answer.
pub(super) type Turn = AsyncMutex<Option<(Instant, DirectoryError)>>;

impl Server {
    /// A new connection. To a server that did not answer last one call at a time dials: who waited for
    /// one that got no answer has none either.
    pub(crate) async fn connect(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        if self.health.is_sound() {
            return self.connect_now(purpose, deadline).await;
        }
        let begin = Instant::now();
        let Ok(mut turn) = timeout_at(deadline, self.dialling.lock()).await else {
            return Err(Unavailable::TryNext(fault(
                DirectoryFault::Timeout,
                self.address(),
                "another call waits for this server, in vain so far",
            )));
        };
        if let Some((_, error)) = turn.as_ref().filter(|(at, _)| *at >= begin) {
            return Err(Unavailable::TryNext(error.clone()));
        }
        if self.health.is_sound() {
            drop(turn);
            return self.connect_now(purpose, deadline).await;
        }
        let connected = self.connect_now(purpose, deadline).await;
        if let Err(Unavailable::TryNext(error)) = &connected {
            *turn = Some((Instant::now(), error.clone()));
        }
        connected
    }

    async fn connect_now(
        &self,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, Unavailable> {
        let service = self.settings.service.as_ref();
        let service = service.filter(|_| purpose.is_service());
        if let Some(refusal) = service.and_then(|account| account.refusal(Instant::now())) {
            return Err(Unavailable::Final(refusal));
        }
        let connected = Connection::open(
            &self.endpoint,
            &self.channel,
            &self.settings.outbound,
            self.settings.limits,
            deadline.min(Instant::now() + self.settings.connect_timeout),
        )
        .await;
        let mut connection = connected.map_err(|error| {
            self.health.failed(Instant::now());
            Unavailable::TryNext(error)
        })?;
        if let Some(service) = service {
            self.bind_in_turn(&mut connection, service, deadline)
                .await?;
        }
        tracing::debug!(
            federation = self.settings.federation,
            server = self.address(),
            ?purpose,
            "connected to the directory"
        );
        Ok(connection)
    }

    /// Binds as the service, one call at a time: a hundred that come at once with a wrong credential
    /// would be a hundred counts against the account.
    async fn bind_in_turn(
        &self,
        connection: &mut Connection,
        service: &ServiceAccount,
        deadline: Instant,
    ) -> Result<(), Unavailable> {
        let begin = Instant::now();
        let Ok(mut turn) = timeout_at(deadline, self.service_bind.lock()).await else {
            return Err(Unavailable::Final(
                fault(
                    DirectoryFault::Timeout,
                    self.address(),
                    "the service bind of another call was waited for in vain",
                )
                .at(DirectoryStep::ServiceBind),
            ));
        };
        if let Some(refusal) = service.refusal(Instant::now()) {
            return Err(Unavailable::Final(refusal));
        }
        // Who waited for one that got no answer does not wait for none of its own.
        if let Some((_, error)) = turn.as_ref().filter(|(at, _)| *at >= begin) {
            return Err(Unavailable::TryNext(error.clone()));
        }
        let bound = self.bind_service(connection, service, deadline).await;
        if let Err(Unavailable::TryNext(error)) = &bound {
            self.health.failed(Instant::now());
            *turn = Some((Instant::now(), error.clone()));
        }
        bound
    }

    async fn bind_service(
        &self,
        connection: &mut Connection,
        service: &ServiceAccount,
        deadline: Instant,
    ) -> Result<(), Unavailable> {
        let deadline = deadline.min(Instant::now() + self.settings.operation_timeout);
        let bound = match &service.credential {
            Credential::Simple(name, password) => {
                connection.bind(name, password, &[], deadline).await
            }
            Credential::External => connection.bind_external(deadline).await,
        };
        let reply = match bound {
            Ok(Answered { value, .. }) => value,
            Err(Failure { error, .. }) => {
                return Err(Unavailable::TryNext(error.at(DirectoryStep::ServiceBind)));
            }
        };
        if reply.is_success() {
            service.accepted();
            return Ok(());
        }
        let error = fault_with(
            DirectoryFault::ServiceBind,
            self.address(),
            format!(
                "the directory did not accept the service bind {}: {}",
                service.credential,
                answer(reply.result_code, &reply.diagnostic)
            ),
            Facts::Refused(reply.result_code),
        );
        if SERVER_TROUBLE.contains(&reply.result_code) {
            return Err(Unavailable::TryNext(error));
        }
        service.refused(reply.result_code, error.clone(), Instant::now());
        Err(Unavailable::Final(error))
    }
}

/// Result codes that speak of the server and not of who binds: operations error, time limit,
/// administrative limit, busy, unavailable, other (RFC 4511 appendix A.2).
const SERVER_TROUBLE: [u32; 6] = [1, 3, 11, 51, 52, 80];

//! Writes and new passwords.

use super::{Attempt, LdapDirectory};
use crate::{connection::Answered, server::Purpose};
use bridge_model::{
    search::Reply,
    write::{PasswordAnswer, PasswordAuthor, PasswordChange, Write},
};
use tokio::time::Instant;

impl LdapDirectory {
    pub(super) async fn write_once(
        &self,
        write: &Write,
        deadline: Instant,
    ) -> Result<Reply, Attempt> {
        let mut leased = self.lease(Purpose::Write, deadline).await?;
        let deadline = self.operation_deadline(deadline);
        let outcome = leased.lease.connection.write(write, deadline).await;
        self.settle(leased, outcome)
    }

    pub(super) async fn set_password_once(
        &self,
        change: &PasswordChange<'_>,
        deadline: Instant,
    ) -> Result<PasswordAnswer, Attempt> {
        let PasswordAuthor::Person {
            name,
            old,
            bind_controls,
        } = change.author
        else {
            let mut leased = self.lease(Purpose::Password, deadline).await?;
            let deadline = self.operation_deadline(deadline);
            let outcome = leased.lease.connection.set_password(change, deadline).await;
            return self.settle(leased, outcome).map(PasswordAnswer::Written);
        };
        let mut leased = self.lease(Purpose::OwnPassword, deadline).await?;
        let connection = &mut leased.lease.connection;
        let by = self.operation_deadline(deadline);
        let outcome = match connection.bind(name, old, bind_controls, by).await {
            Ok(Answered { value, .. }) if value.is_success() => {
                let by = self.operation_deadline(deadline);
                let written = connection.set_password(change, by).await;
                written.map(|answered| PasswordAnswer::Written(answered.value))
            }
            Ok(Answered { value, .. }) => Ok(PasswordAnswer::NotBound(value)),
            Err(failure) => Err(failure),
        };
        // The connection may do what the person may, so it is not used for anybody else.
        let outcome = outcome.map(|value| Answered {
            value,
            is_reusable: false,
        });
        self.settle(leased, outcome)
    }
}

//! The store: what every backend has to do ([`conformance`]), and what only a file can get wrong.

mod at_rest;
mod conformance;
mod databases;
mod key_file;
mod opening;
mod sample;

/// Runs every check against a new store of every backend.
macro_rules! conformance {
    ($($room:ident { $($check:ident,)+ })+) => {
        conformance!(@ sqlite_file, crate::databases::file; $($room { $($check,)+ })+);
        conformance!(@ sqlite_in_memory, crate::databases::memory; $($room { $($check,)+ })+);
    };
    (@ $backend:ident, $make:path; $($room:ident { $($check:ident,)+ })+) => {
        mod $backend {
            $(mod $room {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() {
                    let database = $make().await;
                    crate::conformance::$room::$check(&database.store).await;
                })+
            })+
        }
    };
}

conformance! {
    realms {
        a_realm_is_read_as_it_was_declared,
        realms_come_by_name,
        a_subject_key_is_made_with_its_realm,
        a_federation_is_read_as_it_was_declared,
        federations_come_by_priority_and_then_by_age,
        a_plan_is_replaced_and_nothing_else,
        a_plan_of_no_federation_is_a_conflict,
        a_bind_credential_is_given_to_the_same_connection_only,
        a_federation_that_binds_as_nobody_has_no_credential,
        a_client_is_read_as_it_was_declared,
        only_the_secrets_of_the_client_fit,
    }
    apply {
        everything_is_made_once,
        what_differs_is_changed_and_nothing_else,
        what_is_no_longer_declared_is_removed,
        a_realm_that_comes_back_has_its_keys,
        another_file_may_take_up_a_released_realm,
        what_another_file_declares_is_in_the_way,
        a_declaration_in_conflict_changes_nothing,
        a_federation_keeps_its_id_and_its_namespace,
        a_federation_cannot_have_the_id_of_another,
        a_credential_is_asked_for_again_when_its_ties_change,
        a_credential_stays_while_its_ties_do,
        secrets_of_a_client_are_rotated,
        a_declaration_that_contradicts_itself_is_refused,
        of_many_that_apply_at_once_one_makes_the_realm,
    }
    sessions {
        an_interaction_is_found_by_its_realm_and_id,
        an_interaction_ends_with_its_last_second,
        of_many_that_end_an_interaction_one_wins,
        a_session_is_found_by_its_realm_and_secret,
        a_session_ends_with_its_last_second,
        a_session_ends_when_it_is_ended,
        a_grant_is_found_by_its_realm_and_id,
        a_code_is_redeemed_once,
        a_code_of_another_realm_is_unknown,
        a_code_is_unknown_after_its_last_second,
        a_replayed_code_is_recognised_until_the_grant_is_over,
        of_many_that_redeem_a_code_one_is_first,
        a_withdrawn_grant_is_revoked,
        nothing_is_kept_for_a_realm_that_is_not_there,
        nothing_is_kept_twice,
        what_is_in_the_way_fails_alone,
        what_is_over_is_removed_and_nothing_else,
    }
    keys {
        a_signing_key_is_read_as_it_was_kept,
        the_first_key_of_an_algorithm_stays,
        of_many_that_add_the_first_key_one_wins,
        a_key_needs_its_realm,
    }
    failures {
        attempts_are_counted_within_their_window,
        an_attempt_is_taken_back,
        a_window_without_attempts_is_over,
        attempts_are_forgotten,
        no_two_attempts_have_the_same_count,
    }
}

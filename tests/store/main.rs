//! The store: what every backend has to do ([`conformance`]), and what only a file can get wrong.

mod at_rest;
mod conformance;
mod databases;
mod key_file;
mod kills;
mod older;
mod opening;
mod reseal;
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
        a_plan_needs_its_federation,
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
        a_declaration_in_conflict_changes_nothing,
        a_federation_keeps_its_id_and_its_namespace,
        a_federation_cannot_have_the_id_of_another,
        a_credential_is_asked_for_again_when_its_ties_change,
        a_credential_stays_while_its_ties_do,
        a_declaration_that_contradicts_itself_is_refused,
        of_many_that_apply_at_once_one_makes_the_realm,
    }
    owners {
        another_file_may_take_up_a_released_realm,
        what_another_file_declares_is_in_the_way,
        what_nothing_declares_is_taken_over_where_that_is_said,
        the_realm_of_the_platform_is_there_before_any_file,
    }
    applied_again {
        a_dry_run_says_what_would_be_done_and_does_nothing,
        nothing_is_removed_without_pruning,
        what_is_pruned_in_one_realm_leaves_the_others_alone,
        what_is_applied_raises_revisions,
        secrets_of_a_client_are_rotated,
        secrets_that_are_not_told_stay,
    }
    changed_realms {
        a_realm_is_made_and_changed,
        a_realm_goes_with_everything_in_it,
    }
    changed_federations {
        a_federation_is_made_and_changed,
        a_federation_needs_its_credential,
        the_name_and_the_id_of_a_federation_are_its_own,
        a_federation_goes_with_its_people,
    }
    changed_clients {
        a_client_is_made_and_changed,
        a_client_goes_with_what_was_issued_to_it,
    }
    changes {
        what_a_file_declares_is_not_changed,
        what_was_made_one_by_one_is_not_declared,
        of_many_that_change_the_same_revision_one_wins,
        a_name_that_comes_back_has_new_revisions,
        policies_are_switched,
    }
    clients {
        clients_come_by_id,
        a_secret_is_added_and_removed,
        a_client_has_two_secrets_at_the_most,
        a_secret_ends_with_its_last_second,
        a_secret_for_a_single_use_fits_once,
        secrets_stay_when_the_client_is_changed,
    }
    users {
        a_person_is_noted_once,
        a_person_is_noted_as_they_are_now,
        nobody_stands_well_in_a_federation_that_is_off,
        a_blocked_person_is_out_at_once,
        users_come_in_pages,
        users_are_counted_by_federation,
        sessions_of_a_person_are_found_and_ended,
        imported_subjects_are_found_by_their_identifier,
    }
    imports {
        only_what_differs_is_written,
        many_are_imported_at_once,
        who_signed_in_before_becomes_the_imported_one,
        people_need_their_federation,
        of_several_who_are_one_the_last_counts,
        identifiers_come_in_order,
        an_imported_person_is_found_by_dn,
        people_are_shown_with_the_names_and_policies_of_now,
        who_imports_is_told_of_all_realms,
    }
    gone {
        who_is_gone_is_forgotten,
        a_switch_off_and_a_password_outlive_a_removal,
        another_subject_lets_nobody_in,
        people_of_another_federation_stay,
        imported_people_go_with_their_federation,
    }
    search {
        users_are_found_by_all_that_is_said,
        found_users_come_in_pages,
    }
    local {
        a_local_profile_lies_over_what_is_imported,
        a_local_profile_needs_its_person,
        who_is_switched_off_is_out_at_once,
    }
    synchronisation {
        a_synchronisation_is_read_as_it_was_saved,
        one_run_goes_on_at_a_time,
        of_many_runs_that_begin_at_once_one_does,
        a_synchronisation_needs_its_federation,
    }
    audit {
        events_come_back_newest_first,
        events_are_found_by_all_that_is_said,
        events_from_before_a_time_are_removed,
    }
    sign_in_ends {
        a_sign_in_leaves_its_session_and_its_grant,
        a_sign_in_that_has_ended_leaves_nothing,
        a_sign_in_whose_end_is_refused_goes_on,
        a_sign_in_that_takes_a_while_ends_once,
        of_many_that_complete_a_sign_in_one_wins,
        of_very_many_sign_ins_each_ends_once,
    }
    sessions {
        an_interaction_is_found_by_its_realm_and_id,
        an_interaction_ends_with_its_last_second,
        of_many_that_end_an_interaction_one_wins,
        a_session_is_found_by_its_realm_and_secret,
        a_session_ends_with_its_last_second,
        a_session_ends_when_it_is_ended,
        a_session_takes_its_grants_with_it,
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

//! The conformance suite, written once for every mailbox set: a case is an
//! async function over a [`world::World`], and this list is the only one. Not
//! here: how a platform runs tests (the test crates say), nor any store.
// A case's name says what it proves.
#![allow(missing_docs)]

pub mod append;
pub mod concurrent;
pub mod fetch;
pub mod filters;
pub mod ids_flags;
pub mod lifecycle;
pub mod names;
pub mod search;
pub mod select_recent;
pub mod session;
pub mod sort;
pub mod threading;
pub mod threads;
pub mod view;
pub mod waiting;
pub mod world;

/// Makes a test of every case, for one [`world::Harness`]: `native` makes
/// `#[test]`s, `browser` makes `#[wasm_bindgen_test]`s.
#[macro_export]
macro_rules! conformance_suite {
    ($kind:ident, $harness:ty) => {
        $crate::conformance_suite! { @groups $kind $harness;
            ids_flags:
                s1_s2_ids_have_their_grammar_and_differ,
                s3_rename_keeps_the_mailbox_id_and_a_new_creation_has_another,
                s4_email_and_thread_ids_survive_copy_and_move,
                s5_email_ids_follow_the_octets_alone,
                s7_s9_flags_are_spelled_and_ordered_as_imap_does,
                s8_keywords_compare_without_case_and_keep_their_first_spelling,
                s10_the_three_flag_operations,
                s11_unknown_system_flags_are_dropped,
                s12_s14_store_never_changes_recent,
                s13_append_stores_only_flags_that_can_be_stored,
                s15_keywords_can_be_created_and_stay,
                s15_more_keywords_than_fit_are_refused_and_change_nothing,
                s16_recent_vanishes_with_the_selection_and_is_nobody_elses,
                s17_s18_s19_s21_sets_name_messages_of_the_view,
                s20_sets_on_an_empty_mailbox_name_nothing,
                s24_a_range_over_all_uids_costs_no_more_than_the_messages,
            ;
            names:
                s25_inbox_is_reached_in_any_case,
                s26_children_of_inbox_are_reached_in_any_case_of_inbox,
                s27_other_names_are_case_sensitive,
                s28_names_beyond_ascii_stay_as_they_are,
                s29_s33_malformed_names_are_refused_and_change_nothing,
                s30_s31_an_existing_name_and_inbox_cannot_be_created,
                s30_two_who_create_one_name_at_once_get_one_mailbox,
                s32_s52_missing_ancestors_are_listed_but_cannot_be_selected,
                s34_a_noselect_ancestor_can_be_created,
                s35_delete_of_a_leaf_and_of_the_unknown,
                s36_s37_delete_of_a_parent_leaves_its_name_until_the_last_child_goes,
                s38_inbox_cannot_be_deleted,
                s39_delete_of_a_mailbox_leaves_copies_elsewhere_whole,
                s40_s68_rename_moves_all_below_and_keeps_messages_and_ids,
                s41_rename_onto_a_name_that_is_there_or_from_one_that_is_not,
                s42_rename_of_a_noselect_name_moves_what_is_below,
                s43_rename_into_its_own_subtree,
                s44_rename_to_inbox_is_refused,
                s45_s46_rename_of_inbox_moves_its_messages_and_leaves_its_children,
                s47_list_of_nothing_tells_the_delimiter,
                s48_list_of_the_fixture,
                list_with_status_says_what_status_says,
                s49_s50_patterns,
                s51_new_mailboxes_come_last_and_children_after_their_parents,
                s53_s54_s55_subscriptions,
                s56_subscriptions_follow_a_rename,
                s57_an_unsubscribed_parent_of_a_subscribed_child,
                special_uses_are_unique_listed_and_follow_renames,
            ;
            append:
                s58_uids_rise_and_are_never_used_again,
                s58_a_new_mailbox_begins_at_one_or_where_asked,
                s59_append_tells_the_uids,
                s60_append_to_the_unknown_and_to_the_read_only,
                s61_s109_appending_several_is_all_or_nothing,
                s61_a_long_batch_lands_in_order,
                s62_internal_dates_keep_instant_and_offset,
                s63_octets_are_kept_exactly,
                s64_malformed_mail_is_appended_and_listed,
                s65_s70_the_snapshot_of_the_fixture,
                s66_the_snapshot_of_an_empty_mailbox,
                s67_status_is_the_same_before_and_after_select,
                s68_uidvalidity_outlives_sessions_and_reloads,
                s69_uidvalidity_grows_with_each_creation,
                counts_follow_every_change,
            ;
            select_recent:
                s71_s75_select_claims_recent_once,
                s75_two_who_select_at_once_share_no_recent,
                s75_a_view_knows_of_every_message_whose_recent_it_takes,
                s72_examine_shows_recent_and_leaves_it,
                s73_a_read_only_mailbox_never_loses_its_recents,
                s73_s136_a_lock_by_another_is_seen,
                s74_a_failed_select_selects_nothing,
                s76_who_appends_with_the_mailbox_selected_gets_recent,
                s77_what_an_outsider_appends_is_recent_in_exactly_one_view,
                s78_a_read_only_selection_does_not_use_up_recent,
                s79_status_of_the_own_mailbox_tells_the_own_recents,
                s80_recent_never_counts_expunged_messages,
            ;
            view:
                s81_s82_nothing_new_is_told_as_nothing,
                s83_expunges_are_told_descending_with_the_old_numbers,
                s84_s85_exists_is_told_for_new_messages_and_after_expunges,
                s85_recent_is_told_between_exists_and_fetch,
                s86_a_new_message_is_told_with_flags_even_without_any,
                s86_a_message_that_came_and_went_is_not_told,
                s88_recent_is_told_when_the_set_is_another_though_the_count_is_not,
                s89_a_flag_that_was_set_and_taken_back_is_not_told,
                s90_hidden_expunges_keep_the_numbers_until_they_are_told,
                s91_a_failing_call_leaves_no_hiding_or_silence_behind,
                s92_a_silent_store_is_silent_about_what_it_did_alone,
                s93_a_foreign_change_before_a_silent_store_is_told_in_full,
                s94_results_and_updates_name_messages_by_uid,
                s95_a_deleted_mailbox_is_told_once_and_nothing_else,
                s96_recents_that_the_view_does_not_know_are_no_panic,
            ;
            concurrent:
                s97_fetch_of_a_message_that_is_gone_unannounced,
                s98_s99_store_on_a_message_that_is_gone_writes_nothing,
                s100_search_lists_it_until_it_is_announced,
                s101_copy_and_move_pass_over_what_is_gone,
                s102_copy_and_move_of_nothing_succeed,
                s103_copy_keeps_flags_and_dates_and_makes_recents,
                s103_copy_takes_keywords_along,
                s104_copy_into_the_same_mailbox,
                s105_move_expunges_here_and_appears_there,
                s106_move_into_the_same_mailbox_gives_a_new_uid,
                s107_copy_and_move_to_where_they_cannot_go_change_nothing,
                s108_s110_nothing_is_changed_through_a_read_only_selection,
                s109_a_copy_or_move_that_fails_has_done_nothing,
                s111_fetch_through_a_read_only_selection_does_not_set_seen,
                s112_close_expunges_silently_unless_read_only,
                s113_expunge_takes_what_the_view_knows_and_anyone_flagged,
                s114_uid_expunge_is_restricted_to_its_set,
                s115_s116_what_changes_nothing_takes_no_step_and_wakes_nobody,
                s117_a_silent_store_tells_nothing_and_a_plain_one_every_hit,
                s118_get_of_a_message_that_is_not_there,
                s119_delete_passes_over_what_is_not_there,
                conditional_store_leaves_what_changed_since,
                mod_sequences_rise_with_each_change_of_the_mailbox,
            ;
            lifecycle:
                s120_the_own_delete_of_the_selected_mailbox_closes_it,
                s121_a_deletion_by_another_is_told_by_whatever_call_comes_next,
                s122_a_rename_keeps_the_selection_usable,
                s123_delete_and_create_again_closes_the_old_selection,
                s124_selections_of_inbox_follow_its_rename,
                s125_delete_wakes_who_waits,
                s125_who_waits_across_a_rename_still_hears,
                s125_events_tell_what_happened_to_mailboxes,
            ;
            waiting:
                s126_s130_a_wait_ends_when_another_changes_the_mailbox,
                s127_s131_what_is_pending_is_told_at_once,
                s128_s129_the_callers_event_ends_the_wait,
                s132_housekeeping_changes_nothing_that_is_seen,
                s133_readers_never_see_half_a_batch,
                s133_a_wait_that_is_given_up_holds_nothing,
                s134_a_view_that_is_far_behind_is_told_all,
                s135_everything_survives_a_reload,
                s136_two_who_append_at_once_never_get_the_same_uid,
                s136_two_who_change_flags_at_once_lose_nothing,
                s136_many_calls_at_once_on_one_session_lose_nothing,
            ;
            threads:
                s153_email_ids_are_equal_exactly_where_the_octets_are,
                s154_ids_go_on_after_the_first_copy_is_deleted,
                s155_a_thread_has_one_id_and_one_subject,
                s156_replies_join_by_any_reference_and_in_any_order,
                s157_without_ids_alone_and_between_two_with_the_first,
                s158_threads_span_mailboxes_but_not_people,
                s158_one_batch_threads_as_one_by_one_does,
            ;
            search:
                s137_s138_s139_s151_all_sets_and_groups,
                s140_flags,
                s72_search_recent_agrees_with_examine,
                s15_keywords,
                s141_s142_internal_dates_in_their_own_offset,
                s144_sizes,
                s149_object_ids,
                s150_disabled_keys_are_refused_at_any_depth,
                s141_s143_sent_dates,
                s145_header_fields,
                s146_s147_bodies_are_searched_as_they_read,
                s148_case_is_folded_beyond_ascii_and_charsets_are_known_or_refused,
                s151_s152_the_text_form,
                messages_of_the_last_seconds,
                searches_over_many_mailboxes,
                mod_sequences,
            ;
            sort:
                rfc_5256_sort_by_each_criterion,
                rfc_5256_sort_of_what_a_search_finds,
                s90_s100_sort_lists_what_is_gone_until_it_is_announced,
                s121_sort_on_a_deleted_mailbox_closes_the_view,
                a_list_in_any_order_follows_its_view,
            ;
            threading:
                rfc_5256_threads_by_references,
                rfc_5256_threads_by_ordered_subject,
                s90_s100_threads_hold_what_is_gone_until_it_is_announced,
                s121_threads_of_a_deleted_mailbox_close_the_view,
            ;
            fetch:
                s167_the_macros_tell_metadata_envelope_and_structure,
                s168_octets_and_headers_are_exact,
                s169_header_fields_keep_their_order_and_end_with_an_empty_line,
                header_fields_are_told_decoded_by_name,
                s170_seen_is_set_once_and_not_by_peeking,
                s171_s172_parts_decoded_and_as_they_stand,
                s173_messages_of_nothing_but_a_header,
                s174_structures_count_bodies_alone,
                s175_envelopes_raw_and_decoded,
                s176_numbers_of_parts_and_what_is_not_there,
                s177_encodings_that_are_unknown_or_broken,
                texts_html_and_attachments,
                parts_open_whatever_became_of_the_view,
                s97_items_of_a_message_that_is_gone,
                s98_changed_since_and_vanished_with_items,
            ;
            session:
                s181_a_call_with_a_view_refreshes_it_and_one_without_tells_nothing,
                s182_owner_and_filters_and_closing_twice,
                s182_a_closed_session_owns_no_recents,
                s182_a_dropped_or_closed_view_owns_no_recents,
                s182_a_closed_set_refuses_everything,
                a_destination_of_another_set_is_refused,
            ;
            filters:
                s159_filters_are_kept_under_their_names,
                s160_the_active_filter,
                s160_overwriting_the_active_filter_takes_effect,
                s161_what_cannot_be_a_filter_is_refused,
                s162_without_a_filter_mail_goes_where_it_is_asked_to,
                s162_discard_and_reject_store_nothing,
                s163_mail_is_routed_by_address_envelope_header_and_size,
                s163_the_recipient_is_the_owner_unless_said_otherwise,
                s164_several_mailboxes_get_one_message_or_none_does,
                s165_where_a_mailbox_cannot_have_it_mail_is_kept,
                s165_mailboxes_are_created_where_the_filter_says_so,
                s165_exactly_what_is_advertised_can_be_required,
                s165_a_filter_that_fails_keeps_the_mail_and_is_told,
                redirections_are_for_the_caller_to_send,
                a_filter_is_tested_without_storing_anything,
                s166_append_copy_and_move_never_ask_a_filter,
                s76_who_delivers_with_the_mailbox_selected_gets_recent,
                s135_filters_survive_a_reload,
                s136_two_who_put_and_deliver_at_once_lose_nothing,
            ;
        }
    };
    (@groups $kind:ident $harness:ty; $($group:ident: $($case:ident,)* ;)*) => {
        $(
            mod $group {
                #[allow(unused_imports)]
                use super::*;
                use $crate::testing::conformance::{$group as cases, world::run};
                $($crate::conformance_suite! { @$kind $harness, cases, $case })*
            }
        )*

        /// Every case of the list, by group.
        #[allow(dead_code)]
        const LISTED: &[(&str, &[&str])] = &[$((stringify!($group), &[$(stringify!($case)),*])),*];
    };
    (@native $harness:ty, $cases:ident, $case:ident) => {
        #[test]
        fn $case() {
            ::futures::executor::block_on(run::<$harness, _>($cases::$case));
        }
    };
    (@browser $harness:ty, $cases:ident, $case:ident) => {
        #[::wasm_bindgen_test::wasm_bindgen_test]
        async fn $case() {
            run::<$harness, _>($cases::$case).await;
        }
    };
}

/// The source of each group, for the test that no case is left off the list.
pub const SOURCES: &[(&str, &str)] = &[
    ("ids_flags", include_str!("ids_flags.rs")),
    ("names", include_str!("names.rs")),
    ("append", include_str!("append.rs")),
    ("select_recent", include_str!("select_recent.rs")),
    ("view", include_str!("view.rs")),
    ("concurrent", include_str!("concurrent.rs")),
    ("lifecycle", include_str!("lifecycle.rs")),
    ("waiting", include_str!("waiting.rs")),
    ("threads", include_str!("threads.rs")),
    ("search", include_str!("search.rs")),
    ("sort", include_str!("sort.rs")),
    ("threading", include_str!("threading.rs")),
    ("fetch", include_str!("fetch.rs")),
    ("session", include_str!("session.rs")),
    ("filters", include_str!("filters.rs")),
];

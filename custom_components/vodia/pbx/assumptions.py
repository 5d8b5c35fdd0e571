"""What we take for granted of a PBX, though nobody has proven it.

Each is told in docs/protocol.md with what a user would see if it were wrong. The trace
counts how often this PBX has met and broken it: its diagnostics answer the question.
"""

from enum import StrEnum


class Assumption(StrEnum):
    """A doubt about the protocol, as we have decided it."""

    SUBSCRIPTIONS_ANSWER = "subscriptions_answer"
    TENANT_LISTS_ARE_GRANTED = "tenant_lists_are_granted"
    LISTS_ARE_COMPLETE = "lists_are_complete"
    CALLS_HAVE_IDS = "calls_have_ids"
    CALL_WORDS_ARE_KNOWN = "call_words_are_known"
    OWN_CALLS_NAME_THE_LINE = "own_calls_name_the_line"
    DIALED_CALL_SHOWS_THE_NUMBER = "dialed_call_shows_the_number"
    GROUP_NARROWS_TO_WHO_ANSWERED = "group_narrows_to_who_answered"
    HOSTS_NAME_THE_TENANT = "hosts_name_the_tenant"
    DELTAS_ARE_OF_THE_TENANT = "deltas_are_of_the_tenant"
    ABSENT_MEANS_CLEARED = "absent_means_cleared"
    PRESENCE_SHOWS_RINGING = "presence_shows_ringing"
    CONNECTED_MEANS_IN_CALL = "connected_means_in_call"
    TYPE_FILTER_WORKS = "type_filter_works"
    REST_KNOWS_THE_IDS = "rest_knows_the_ids"
    COMMANDS_ARE_CARRIED_OUT = "commands_are_carried_out"
    HISTORY_TELLS_ENDED_CALLS = "history_tells_ended_calls"
    PINGS_ARE_ANSWERED = "pings_are_answered"

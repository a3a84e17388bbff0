"""Slack's error codes, by what they mean for a message, and what a person does about them.

Source: the errors of chat.postMessage, chat.update, conversations.history and conversations.replies in Slack's
reference (https://docs.slack.dev/reference/methods). A code that is not here is ``Trouble.REFUSED``.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.delivery.troubles import Trouble

SERVER_ERROR, TOO_MANY = 500, 429

_THE_CHANNELS: Mapping[Trouble, frozenset[str]] = {
    Trouble.CHANNEL: frozenset(
        {
            "cannot_post_to_channel",
            "channel_is_archived",
            "channel_is_limited_access",
            "channel_not_found",
            "external_channel_migrating",
            "invalid_channel",
            "is_archived",
            "is_inactive",
            "messages_tab_disabled",
            "not_in_channel",
            "posting_to_general_channel_denied",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_link_sharing_blocked",
            "slack_connect_lists_sharing_blocked",
            "team_not_found",
            "user_is_restricted",
        }
    ),
    # Of one channel, or of the whole app: only another channel's answer tells.
    Trouble.ACCESS: frozenset(
        {
            "access_denied",
            "accesslimited",
            "app_access_restricted",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "missing_scope",
            "no_permission",
            "team_access_not_granted",
        }
    ),
    Trouble.RESTRICTED: frozenset({"restricted_action"}),
    Trouble.UNTHREADED: frozenset({"restricted_action_non_threadable_channel"}),
    Trouble.GONE: frozenset(
        {
            "cannot_reply_to_message",
            "cant_update_message",
            "edit_window_closed",
            "invalid_thread_ts",
            "message_not_found",
            "restricted_action_thread_locked",
            "thread_locked",
            "thread_not_found",
        }
    ),
}

_THE_APPS: Mapping[Trouble, frozenset[str]] = {
    Trouble.APP: frozenset(
        {
            "account_inactive",
            "invalid_auth",
            "not_allowed_token_type",
            "not_authed",
            "org_login_required",
            "team_added_to_org",
            "token_expired",
            "token_revoked",
            "two_factor_setup_required",
        }
    ),
}

_THE_MESSAGES: Mapping[Trouble, frozenset[str]] = {
    Trouble.CONTENT: frozenset(
        {
            "attachment_payload_limit_exceeded",
            "block_mismatch",
            "invalid_arguments",
            "invalid_attachments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "markdown_text_conflict",
            "metadata_must_be_sent_from_app",
            "metadata_too_large",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "only_one_table_allowed",
            "too_many_attachments",
            "too_many_contact_cards",
        }
    ),
}

_LATER: Mapping[Trouble, frozenset[str]] = {
    Trouble.BUSY: frozenset({"rate_limited", "ratelimited"}),
    # Slack says of these that a part of it may have been done.
    Trouble.UNAVAILABLE: frozenset(
        {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "update_failed"}
    ),
    Trouble.REFUSED: frozenset({"message_limit_exceeded"}),
}

TROUBLES: Mapping[str, Trouble] = {
    code: trouble
    for group in (_THE_CHANNELS, _THE_APPS, _THE_MESSAGES, _LATER)
    for trouble, codes in group.items()
    for code in codes
}


def trouble_of(code: str, status: int) -> Trouble:
    """Return what an answer with a code and an HTTP status means."""
    if status == TOO_MANY:
        return Trouble.BUSY
    if status >= SERVER_ERROR:
        return Trouble.UNAVAILABLE
    return TROUBLES.get(code, Trouble.REFUSED)


def remedy(code: str) -> str:
    """Return in one sentence what a person does about a refusal."""
    if code in _REMEDIES:
        return _REMEDIES[code]
    match TROUBLES.get(code):
        case Trouble.APP:
            return "Install the app again and set SLACK_BOT_TOKEN to its new bot token."
        case Trouble.ACCESS:
            return "Ask a workspace admin to let the app post there, or name another channel under `routes`."
        case Trouble.RESTRICTED | Trouble.UNTHREADED | Trouble.GONE:
            return (
                "Let the app post there in the channel's posting permissions, or name another channel under `routes`."
            )
        case Trouble.CHANNEL:
            return "Repair the channel, or name another one under `routes` in the pipeline file."
        case Trouble.CONTENT:
            return "Nothing needs repair in Slack: report it to the owners of Reveille, with the code."
        case Trouble.BUSY | Trouble.UNAVAILABLE:
            return "It may pass: try again in a while."
        case _:
            return "Look the code up at https://docs.slack.dev/reference/methods, where each method lists its own."


_INVITE = "Type `/invite @Reveille` in that channel."

_REMEDIES: Mapping[str, str] = {
    "channel_not_found": "Check the channel's ID under `routes`; into a private channel, `/invite @Reveille` first.",
    "channel_is_archived": "Unarchive the channel, or name another one under `routes` in the pipeline file.",
    "is_archived": "Unarchive the channel, or name another one under `routes` in the pipeline file.",
    "missing_scope": "Give the app the scopes that docs/slack.md lists, and install it again.",
    "not_in_channel": _INVITE,
    "invalid_auth": "Set SLACK_BOT_TOKEN to the bot token of the app's page *OAuth & Permissions*.",
    "not_authed": "Set SLACK_BOT_TOKEN to the bot token of the app's page *OAuth & Permissions*.",
    "not_allowed_token_type": "Set SLACK_BOT_TOKEN to the bot token, which begins with xoxb.",
    "unknown_method": "This Slack lacks that method, so what needs it is left out.",
    "restricted_action_read_only_channel": (
        "Let the app post there in the channel's posting permissions, or name another channel under `routes`."
    ),
    "restricted_action_thread_only_channel": "Let the channel take messages outside threads, or name another one.",
    "team_added_to_org": "Wait until the workspace has moved into its organisation; nothing is lost meanwhile.",
}

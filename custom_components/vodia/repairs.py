"""Repairs of the Vodia PBX integration."""

from abc import abstractmethod
from typing import Any, override

import voluptuous as vol

from homeassistant.components.repairs import FlowType, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry
from homeassistant.const import CONF_PASSWORD, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import CONF_EXTENSION, CONF_LEGACY_TLS, CONF_WATCH, DOMAIN, WATCH_OWN
from .exceptions import async_error_texts
from .flows.fields import PASSWORD_SCHEMA
from .flows.sentences import sentences_shown
from .hub.connect import async_check_line, async_connect
from .hub.issues import ISSUES, LEGACY_TLS_ALLOWED, SENTENCES_OUTDATED, UNVERIFIED_TLS
from .pbx.errors import CertificateError, LegacyTlsError
from .voice.sentence_files import (
    FileState,
    SentencesError,
    async_sentence_files,
    async_write_sentences,
)

# What the repair changes in the data of the entry.
_CHANGES: dict[str, dict[str, bool]] = {
    CertificateError.key: {CONF_VERIFY_SSL: False},
    UNVERIFIED_TLS: {CONF_VERIFY_SSL: True},
    LegacyTlsError.key: {CONF_LEGACY_TLS: True},
    LEGACY_TLS_ALLOWED: {CONF_LEGACY_TLS: False},
}


class EntryFlow(RepairsFlow):
    """Repair the connection of an entry."""

    def __init__(self, entry: ConfigEntry, key: str) -> None:
        """Initialize for an issue."""
        self._entry = entry
        self._key = key

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Offer the ways out."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return self.async_show_menu(
            step_id="init",
            menu_options=list(ISSUES[self._key].steps),
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async def async_step_retry(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Try again; the user may have solved it outside of Home Assistant."""
        return await self._async_try({})

    async def async_step_apply(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Change the setting that the issue is about, if the connection works so."""
        if self._key in _CHANGES:
            return await self._async_try(_CHANGES[self._key])
        self.hass.config_entries.async_update_entry(
            self._entry, options={**self._entry.options, CONF_WATCH: WATCH_OWN}
        )
        return self._reload()

    async def async_step_reconfigure(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Hand over to the form of the entry; the issue stays until it is solved."""
        flow = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={
                "source": SOURCE_RECONFIGURE,
                "entry_id": self._entry.entry_id,
            },
        )
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, flow["flow_id"])
        )

    async def async_step_ignore(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Leave the setting as it is, and ask no more."""
        ir.async_ignore_issue(self.hass, DOMAIN, self.issue_id, True)
        return self.async_abort(reason="issue_ignored")

    async def _async_try(self, changes: dict[str, bool]) -> RepairsFlowResult:
        """Keep what works, and connect with it."""
        data = {**self._entry.data, **changes}
        _, errors = await async_connect(self.hass, data)
        if errors:
            texts = await async_error_texts(self.hass, self.hass.config.language)
            return self.async_abort(
                reason="failed",
                description_placeholders={"error": texts[errors["base"]]},
            )
        self.hass.config_entries.async_update_entry(self._entry, data=data)
        return self._reload()

    def _reload(self) -> RepairsFlowResult:
        """Connect again; the issue comes back if it still exists."""
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return self.async_create_entry(data={})


class ConfirmFlow(RepairsFlow):
    """A repair of one step."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin; what comes with it names the issue only."""
        return await self.async_step_confirm()

    @abstractmethod
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show what it does, and do it."""


class LineFlow(ConfirmFlow):
    """Repair the login of a further line."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask for the password that is valid now."""
        data: dict[str, Any] = self.data or {}
        entry = self.hass.config_entries.async_get_entry(data["entry_id"])
        subentry = entry and entry.subentries.get(data["subentry_id"])
        if not entry or not subentry:
            # Removed meanwhile: nothing is left to repair.
            return self.async_create_entry(data={})
        errors: dict[str, str] = {}
        if user_input is not None:
            line = {**subentry.data, CONF_PASSWORD: user_input[CONF_PASSWORD]}
            errors = await async_check_line(self.hass, entry, line)
            if not errors:
                entries = self.hass.config_entries
                if not entries.async_update_subentry(entry, subentry, data=line):
                    # The same password, accepted again.
                    entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=PASSWORD_SCHEMA,
            description_placeholders={
                "extension": subentry.data[CONF_EXTENSION],
                "title": entry.title,
            },
            errors=errors,
        )


class SentencesFlow(ConfirmFlow):
    """Write the sentences of this version over those of another one."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show which files are written, and write them."""
        files = await async_sentence_files(self.hass)
        outdated = [file for file in files if file.state is FileState.OUTDATED]
        error: SentencesError | None = None
        if user_input is not None:
            try:
                await async_write_sentences(self.hass, outdated)
            except SentencesError as err:
                error = err
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors={"base": error.key} if error else None,
            description_placeholders={
                **sentences_shown(files),
                **(error.placeholders if error else {}),
            },
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that repairs an issue."""
    if data and "key" in data:
        entry = hass.config_entries.async_get_known_entry(data["entry_id"])
        return EntryFlow(entry, data["key"])
    if issue_id == SENTENCES_OUTDATED:
        return SentencesFlow()
    return LineFlow()

"""Options flow: which accounts have devices, and which calls are shown."""

from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    CountrySelector,
    SelectSelector,
    SelectSelectorConfig,
)

from ..const import (
    ACCOUNTS_ALL,
    ACCOUNTS_CHOSEN,
    CONF_ACCOUNT_TYPES,
    CONF_ACCOUNTS,
    CONF_ALL_ENTITIES,
    CONF_CHOSEN_ACCOUNTS,
    CONF_COUNTRY,
    CONF_DOOR_STATIONS,
    CONF_LLM_DIALS_OUTSIDE,
    CONF_NUMBERS_IN_NAMES,
    CONF_PRIVACY,
    CONF_WATCH,
    WATCH_ALL,
    WATCH_OWN,
)
from ..coordinator import VodiaConfigEntry
from ..hub.devices import MODELS, known_accounts
from ..voice.sentence_files import (
    SentencesError,
    async_sentence_files,
    async_write_sentences,
    languages_in_use,
)
from .fields import account_selector, extension_names, listed_accounts
from .sentences import (
    CONF_LANGUAGES,
    sentences_chosen,
    sentences_schema,
    sentences_shown,
)

# Sections of the form; their fields are stored flat.
SECTION_DEVICES: Final = "devices"
SECTION_CALLS: Final = "calls"
# A box that is no option: what is to be done once.
WRITE_SENTENCES: Final = "write_sentences"

ACCOUNTS: Final = SelectSelector(
    SelectSelectorConfig(
        options=[ACCOUNTS_ALL, ACCOUNTS_CHOSEN], translation_key=CONF_ACCOUNTS
    )
)
ACCOUNT_TYPES: Final = SelectSelector(
    SelectSelectorConfig(
        options=list(MODELS), translation_key=CONF_ACCOUNT_TYPES, multiple=True
    )
)
WATCH: Final = SelectSelector(
    SelectSelectorConfig(options=[WATCH_ALL, WATCH_OWN], translation_key=CONF_WATCH)
)


class VodiaOptionsFlow(OptionsFlowWithReload):
    """Handle the options of a PBX: all are in one form, and sentences in a second."""

    _chosen: dict[str, Any]

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the options."""
        entry: VodiaConfigEntry = self.config_entry
        options = dict(entry.options)
        if user_input is not None:
            # The frontend leaves out an empty field, and a country has no default.
            options.pop(CONF_COUNTRY, None)
            for name in (SECTION_DEVICES, SECTION_CALLS):
                options |= user_input.pop(name, {})
            write_sentences = user_input.pop(WRITE_SENTENCES, False)
            self._chosen = options | user_input
            if write_sentences:
                return await self.async_step_sentences()
            return self.async_create_entry(data=self._chosen)
        known = known_accounts(self.hass, entry)

        def choice(option: str, listed: dict[str, str | None]) -> SelectSelector:
            """Return a choice of who is listed, and who was chosen before."""
            chosen = {n: known.get(n, ("", None))[1] for n in options.get(option, ())}
            return account_selector(chosen | listed, multiple=True)

        accounts = listed_accounts(self.hass, entry)
        # Defaults, since the frontend leaves out an empty field.
        schema = vol.Schema(
            {
                vol.Optional(CONF_DOOR_STATIONS, default=[]): choice(
                    CONF_DOOR_STATIONS, extension_names(self.hass, entry)
                ),
                vol.Optional(SECTION_DEVICES): section(
                    vol.Schema(
                        {
                            vol.Required(CONF_ACCOUNTS, default=ACCOUNTS_ALL): ACCOUNTS,
                            vol.Optional(CONF_ACCOUNT_TYPES, default=[]): ACCOUNT_TYPES,
                            vol.Optional(CONF_CHOSEN_ACCOUNTS, default=[]): choice(
                                CONF_CHOSEN_ACCOUNTS,
                                {n: name for n, (_, name) in accounts.items()},
                            ),
                            vol.Required(CONF_NUMBERS_IN_NAMES, default=True): bool,
                            vol.Required(CONF_ALL_ENTITIES, default=False): bool,
                        }
                    ),
                    {
                        "collapsed": options.get(CONF_ACCOUNTS) != ACCOUNTS_CHOSEN
                        and options.get(CONF_NUMBERS_IN_NAMES, True)
                        and not options.get(CONF_ALL_ENTITIES)
                    },
                ),
                vol.Optional(SECTION_CALLS): section(
                    vol.Schema(
                        {
                            vol.Required(CONF_WATCH, default=WATCH_ALL): WATCH,
                            vol.Required(CONF_PRIVACY, default=False): bool,
                            vol.Required(CONF_LLM_DIALS_OUTSIDE, default=False): bool,
                            vol.Optional(CONF_COUNTRY): CountrySelector(),
                        }
                    ),
                    {
                        "collapsed": options.get(CONF_WATCH) != WATCH_OWN
                        and not options.get(CONF_PRIVACY)
                        and not options.get(CONF_COUNTRY)
                    },
                ),
                vol.Optional(WRITE_SENTENCES, default=False): bool,
            }
        )
        suggested = {**options, SECTION_DEVICES: options, SECTION_CALLS: options}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
        )

    async def async_step_sentences(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show where the sentences would be written, and write them."""
        files = await async_sentence_files(self.hass)
        error: SentencesError | None = None
        if user_input is not None:
            try:
                await async_write_sentences(
                    self.hass, sentences_chosen(files, user_input)
                )
            except SentencesError as err:
                error, files = err, await async_sentence_files(self.hass)
            else:
                return self.async_create_entry(data=self._chosen)
        in_use = languages_in_use(self.hass, [file.language for file in files])
        return self.async_show_form(
            step_id="sentences",
            data_schema=self.add_suggested_values_to_schema(
                sentences_schema(files), user_input or {CONF_LANGUAGES: in_use}
            ),
            errors={"base": error.key} if error else None,
            description_placeholders={
                **sentences_shown(files),
                **(error.placeholders if error else {}),
            },
        )

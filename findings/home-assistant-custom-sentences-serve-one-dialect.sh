#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: a folder in custom_sentences serves one dialect, so
# those for German are never read where it was set up in Switzerland.
#
# The agent picks one of its languages for a text and reads custom_sentences/NAME of just that.
# It has "de" and "de-CH" (and pt and pt-BR, sr and sr-Latn, three of Chinese). The default
# pipeline of a Home Assistant in German whose country is Switzerland gets "de-CH": what is in
# custom_sentences/de is not heard, no fallback and not a word in the log. A person who asks in
# the same house without a pipeline (the action without a language) is answered in "de" and hears
# only the other folder. In 2023 all variants of a language were read (pull request 88498 of
# home-assistant/core). Who ships sentences for a language has to write them once per dialect,
# or as `conversation: intents:` in the configuration, which holds for all languages.
#
# Seen, on both:
#   new pipeline in German: in Germany de, in Austria de, in Switzerland de-CH
#   asked in de: the sentence of custom_sentences/de True, of custom_sentences/de-CH False, of the configuration True
#   asked in de-CH: the sentence of custom_sentences/de False, of custom_sentences/de-CH True, of the configuration True
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work" UV_SYSTEM_CERTS=1
if ! uv=$(command -v uv); then
  python3 -m venv "$work/tools"
  "$work/tools/bin/pip" -q --disable-pip-version-check install uv
  uv="$work/tools/bin/uv"
fi
python='>=3.14.2,<3.15'
"$uv" -q python find "$python" >/dev/null 2>&1 || export UV_PYTHON_INSTALL_DIR="$work/python"
cat >"$work/see.py" <<'PYTHON'
import asyncio, logging, pathlib, sys, tempfile
from home_assistant_intents import get_languages
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.setup import async_setup_component
from homeassistant.util import language as language_util

logging.disable()
COUNTRIES = {"Germany": "DE", "Austria": "AT", "Switzerland": "CH"}
ASKED = {"custom_sentences/de": "sag hallo", "custom_sentences/de-CH": "säg hoi", "the configuration": "say hello"}
FILE = "language: {}\nintents: {{Hello: {{data: [{{sentences: [{}]}}]}}}}\n"


async def main():
    config = pathlib.Path(tempfile.mkdtemp())
    for folder, sentence in list(ASKED.items())[:2]:
        (config / folder).mkdir(parents=True)
        text = FILE.format(config.joinpath(folder).name, sentence)
        (config / folder / "hello.yaml").write_text(text, encoding="utf-8")
    hass = core.HomeAssistant(str(config))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    configuration = {
        "conversation": {"intents": {"Hello": [ASKED["the configuration"]]}},
        "intent_script": {"Hello": {"speech": {"text": "hello"}}},
    }
    for domain in ("homeassistant", "conversation", "intent", "intent_script"):
        assert await async_setup_component(hass, domain, configuration)
    await hass.async_start()
    # As assist_pipeline picks the language of the pipeline that it makes at the first start.
    new = {
        name: language_util.matches("de", get_languages(), country=country)[0]
        for name, country in COUNTRIES.items()
    }
    print("new pipeline in German:", ", ".join(f"in {name} {tag}" for name, tag in new.items()))
    seen = []
    for language in ("de", "de-CH"):
        seen.append([])
        for sentence in ASKED.values():
            answer = await hass.services.async_call(
                "conversation", "process", {"text": sentence, "language": language},
                blocking=True, return_response=True,
            )  # fmt: skip
            seen[-1].append(answer["response"]["speech"]["plain"]["speech"] == "hello")
        heard = ", ".join(f"of {where} {found}" for where, found in zip(ASKED, seen[-1]))
        print(f"asked in {language}: the sentence {heard}")
    await hass.async_stop(force=True)
    return list(new.values()), seen


print("Home Assistant", const.__version__)
expected = ["de", "de", "de-CH"], [[True, False, True], [False, True, True]]
sys.exit(asyncio.run(main()) != expected)
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    hassil home-assistant-intents gazetteer-matcher
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done

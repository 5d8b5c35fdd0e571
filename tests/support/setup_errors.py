"""Why a PBX cannot be set up, as users read it: in the form, and at the entry."""

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .actions import Texts

_WHERE = "Settings, Devices & services, Vodia PBX."
_WHERE_DE = "Einstellungen, Geräte & Dienste, Vodia PBX."
_SECOND_FACTOR = Texts(
    "This login asks for a second factor. Use an extension that logs in with just a "
    "password.",
    "Diese Anmeldung verlangt einen zweiten Faktor. Nimm eine Nebenstelle, für deren "
    "Anmeldung ein Passwort genügt.",
)
# Where an address is typed in, that is what to look at.
_AT_THE_FORM = {
    "cannot_connect": Texts(
        "Couldn't reach the PBX at this address. Check that it runs, and that the "
        "address is right.",
        "Die Telefonanlage ist unter dieser Adresse nicht erreichbar. Prüfe, ob sie "
        "läuft und ob die Adresse stimmt.",
    ),
    "certificate": Texts(
        "The PBX has a certificate that isn't trusted. If it's self-signed, turn off "
        "certificate verification under Connection security.",
        "Dem Zertifikat der Telefonanlage wird nicht vertraut. Wenn es selbst signiert "
        "ist, schalte die Zertifikatsprüfung unter „Sicherheit der Verbindung“ aus.",
    ),
    "legacy_tls": Texts(
        "The PBX only offers outdated TLS (no secure renegotiation), as Vodia 67 does. "
        "Update the PBX, or allow outdated TLS under Connection security.",
        "Die Telefonanlage bietet nur veraltetes TLS an (ohne sichere Neuaushandlung), "
        "wie Vodia 67. Aktualisiere sie oder erlaube veraltetes TLS unter „Sicherheit "
        "der Verbindung“.",
    ),
    "no_tls": Texts(
        "The PBX doesn't use TLS on this port. If it has none, put http:// before the "
        "host; the password is then sent unencrypted.",
        "Die Telefonanlage spricht an diesem Port kein TLS. Wenn sie keines hat, "
        "schreibe http:// vor den Host; das Passwort wird dann unverschlüsselt "
        "übertragen.",
    ),
    "access_off": Texts(
        "The PBX denies access (HTTP 403). Check that API access is enabled for this "
        "extension, and that the password is right.",
        "Die Telefonanlage verweigert den Zugriff (HTTP 403). Prüfe, ob der API-Zugriff "
        "für diese Nebenstelle eingeschaltet ist und ob das Passwort stimmt.",
    ),
    "invalid_auth": Texts(
        "The PBX rejects this extension or password. Use the web password, not the SIP "
        "password of the phone.",
        "Die Telefonanlage weist diese Nebenstelle oder dieses Passwort ab. Nimm das "
        "Web-Passwort, nicht das SIP-Passwort des Telefons.",
    ),
    "unexpected_reply": Texts(
        "Something answers at this address, but not the way a Vodia PBX does. Check the "
        "address and its port.",
        "Unter dieser Adresse antwortet etwas, aber nicht so wie eine "
        "Vodia-Telefonanlage. Prüfe die Adresse und ihren Port.",
    ),
    "unknown_tenant": Texts(
        "The PBX has no such tenant. Enter the extension with its tenant, for example "
        "45@tenant.example.com.",
        "Die Telefonanlage kennt diesen Mandanten nicht. Gib die Nebenstelle mit ihrem "
        "Mandanten an, zum Beispiel 45@tenant.example.com.",
    ),
    "second_factor": _SECOND_FACTOR,
}
_AT_THE_ENTRY = {
    "cannot_connect": Texts(
        "Couldn't reach the PBX. Check that it runs, and that its address is right: "
        f"{_WHERE}",
        "Die Telefonanlage ist nicht erreichbar. Prüfe, ob sie läuft und ob ihre "
        f"Adresse stimmt: {_WHERE_DE}",
    ),
    "certificate": Texts(
        "The certificate of the PBX isn't trusted. Renew it, or turn off certificate "
        f"verification: {_WHERE}",
        "Dem Zertifikat der Telefonanlage wird nicht vertraut. Erneuere es, oder "
        f"schalte die Zertifikatsprüfung aus: {_WHERE_DE}",
    ),
    "legacy_tls": Texts(
        "The PBX only offers outdated TLS, which isn't allowed. Update the PBX, or "
        f"allow outdated TLS: {_WHERE}",
        "Die Telefonanlage bietet nur veraltetes TLS an, das nicht erlaubt ist. "
        "Aktualisiere die Telefonanlage, oder erlaube veraltetes TLS: "
        f"{_WHERE_DE}",
    ),
    "no_tls": Texts(
        "The PBX doesn't use TLS on this port. Turn TLS on there, or enter the port "
        f"that has it: {_WHERE}",
        "Die Telefonanlage antwortet an diesem Port ohne TLS. Schalte TLS dort ein, "
        f"oder gib den Port an, der es hat: {_WHERE_DE}",
    ),
    "access_off": Texts(
        "The PBX refuses access (HTTP 403). Check on the PBX that API access is "
        "switched on for this extension.",
        "Die Telefonanlage verweigert den Zugriff (HTTP 403). Prüfe in der "
        "Telefonanlage, ob der API-Zugriff für diese Nebenstelle eingeschaltet ist.",
    ),
    "invalid_auth": Texts(
        "The PBX rejects the extension and password. Enter the web password that is "
        f"valid now: {_WHERE}",
        "Die Telefonanlage weist die Nebenstelle mit ihrem Passwort ab. Gib das "
        f"Web-Passwort ein, das jetzt gilt: {_WHERE_DE}",
    ),
    "unexpected_reply": Texts(
        "The PBX answered in an unexpected way. If it keeps happening, download the "
        f"diagnostics and report it: {_WHERE}",
        "Die Telefonanlage hat unerwartet geantwortet. Wenn das so bleibt, lade die "
        f"Diagnosedaten herunter und melde es: {_WHERE_DE}",
    ),
    "unknown_tenant": Texts(
        f"The PBX has no such tenant. Check the extension and its tenant: {_WHERE}",
        "Die Telefonanlage kennt diesen Mandanten nicht. Prüfe die Nebenstelle und "
        f"ihren Mandanten: {_WHERE_DE}",
    ),
    "second_factor": _SECOND_FACTOR,
}


async def expect_at_the_form(
    hass: HomeAssistant, result: ConfigFlowResult, error: str
) -> None:
    """Expect that the form shows an error in its words."""
    assert result["errors"] == {"base": error}
    assert await _texts(hass, "config", f"config.error.{error}") == _AT_THE_FORM[error]


async def expect_at_the_entry(
    hass: HomeAssistant, entry: ConfigEntry, error: str
) -> None:
    """Expect that the entry shows an error in its words."""
    assert entry.error_reason_translation_key == error
    texts = _AT_THE_ENTRY[error]
    # Home Assistant leaves out the last full stop.
    assert entry.reason == texts.english.removesuffix(".")
    assert await _texts(hass, "exceptions", f"exceptions.{error}.message") == texts


async def _texts(hass: HomeAssistant, category: str, key: str) -> Texts:
    """Return a text without placeholders."""
    name = f"component.{DOMAIN}.{key}"
    english = await async_get_translations(hass, "en", category, {DOMAIN})
    german = await async_get_translations(hass, "de", category, {DOMAIN})
    return Texts(english[name], german[name])

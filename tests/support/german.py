"""What Germans say to their telephones: in which situation, and what is to come of it.

Collected as people talk, not as the sentence file is written. Each is heard as an intent
with its slots, and something happens: a number is called, a call goes on, or the answer
has a piece of text. What is not understood stands in MISSED, and what only sounds alike
in NEAR.
"""

from dataclasses import dataclass
from typing import Any, Final

type Said = str | tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of one intent in one situation, with one outcome."""

    situation: str
    intent: str
    outcome: str
    said: tuple[Said, ...]


def who(name: str, *sentences: str) -> tuple[Said, ...]:
    """Return sentences in which the same name is heard."""
    return tuple((sentence, {"who": name}) for sentence in sentences)


def phone(name: str, *sentences: str) -> tuple[Said, ...]:
    """Return sentences in which the same telephone is heard."""
    return tuple((sentence, {"phone": name}) for sentence in sentences)


GROUPS: Final = (
    Group(
        "idle",
        "VodiaCall",
        "dials 40",
        (
            *who(
                "Anna",
                *("ruf Anna an", "Ruf bitte mal Anna an!", "ruf schnell Anna an"),
                *("ruf mir Anna an", "kannst du mal Anna anrufen", "Anna anrufen"),
                "kannst du bitte mal schnell Anna anrufen?",
                *("bitte Anna anrufen", "Anna bitte anrufen", "ruf Anna jetzt an"),
                *("ich möchte gerne mit Anna telefonieren", "Anruf bei Anna"),
                *("lass mich mit Anna sprechen", "hol mir Anna ans Telefon"),
            ),
            *who("Annas Handy", "ruf Annas Handy an"),
            *who("Frau Lindqvist", "rufe Frau Lindqvist an"),
            *who("Anna Lindqvist", "könntest du Anna Lindqvist anrufen"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 41",
        (
            *who(
                "Bruno",
                *("würdest du bitte Bruno anrufen", "ruf doch mal bei Bruno an"),
                *("ich würde gerne mit Bruno sprechen", "ich will Bruno sprechen"),
                *("ich muss dringend mit Bruno reden", "wir müssen mal Bruno anrufen"),
                *("ich muss noch Bruno anrufen", "ruf bei Bruno durch"),
                *("klingel mal bei Bruno durch", "klingel Bruno an"),
                *("telefonier mal mit Bruno", "verbinde mich mit Bruno"),
                *("kannst du mich mit Bruno verbinden", "stell mich zu Bruno durch"),
                *("gib mir mal Bruno ans Telefon", "bring mir Bruno an den Apparat"),
                *("starte einen Anruf mit Bruno", "mach mal einen Anruf zu Bruno"),
                *("stell eine Verbindung zu Bruno her", "ruf sofort Bruno an"),
                *("bau eine Verbindung zu Bruno auf", "ruf nochmal Bruno an"),
                *("kannst du für mich Bruno anrufen", "ich will bei Bruno anrufen"),
                *("Telefonat mit Bruno", "sei so gut und ruf Bruno an"),
                "ich hätte gern Bruno gesprochen",
                *("kannst du Bruno für mich anrufen", "ruf Bruno kurz an"),
            ),
            *who("Brunos Telefon", "ruf Brunos Telefon an"),
            *who("Bruno Ferreira", "ich möchte Bruno Ferreira anrufen"),
            *who("Herrn Ferreira", "ruf Herrn Ferreira an"),
            *who("vier eins", "ruf vier eins an"),
            *(
                (sentence, {"who": 41})
                for sentence in (
                    *("wähle die 41", "wähle 41", "wähl mal die 41", "ruf die 41 an"),
                    *("ruf 41 an", "ruf einundvierzig an", "41 anrufen"),
                    *("ruf die einundvierzig an", "wähl die Durchwahl 41"),
                    "ruf die Nebenstelle einundvierzig an",
                )
            ),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 42",
        (
            *who("vier zwei", "wähle die Nummer vier zwei"),
            *who("zwoundvierzig", "ruf zwoundvierzig an"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 44",
        who("Büro", "ruf im Büro an", "ruf mal eben im Büro an", "ruf das Büro an"),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 46",
        (
            *who("Küche", "ruf in der Küche an", "ruf bitte mal in der Küche an"),
            *who("Küche", "ruf die Küche an", "ich würde gern die Küche anrufen"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 500",
        (
            *who("Vertrieb", "ruf den Vertrieb an"),
            *who("Vertrieb", "verbinde mich bitte mit dem Vertrieb"),
            *who("unseren Vertrieb", "ruf unseren Vertrieb an"),
        ),
    ),
    Group(
        "idle", "VodiaCall", "dials 0110", (("wähle die Nummer 0110", {"who": 110}),)
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 030123456",
        who("030 123456", "ruf die Nummer 030 123456 an"),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 0301234567",
        (
            ("wähle 0301234567", {"who": 301234567}),
            *who("030 1234567", "ruf mal die 030 1234567 an", "wähle 030 1234567"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 0110",
        who("null eins eins null", "ruf null eins eins null an"),
    ),
    Group(
        "history",
        "VodiaCallBack",
        "dials 41",
        (
            *("ruf zurück", "ruf bitte zurück", "zurückrufen", "kannst du zurückrufen"),
            *("ruf ihn zurück", "ruf sie bitte zurück", "ich möchte zurückrufen"),
            *("ruf den letzten Anrufer zurück", "ruf die letzte Nummer zurück"),
            *("ruf den an der zuletzt angerufen hat", "ruf ihn wieder an"),
            ("ruf den verpassten Anruf zurück", {"missed": "true"}),
            ("ruf den letzten verpassten Anruf zurück", {"missed": "true"}),
            *who("Bruno", "ruf Bruno zurück", "kannst du Bruno zurückrufen"),
        ),
    ),
    Group(
        "ringing",
        "VodiaWhoIsCalling",
        "says Anna Meyer ruft an",
        (
            *("wer ruft an", "wer ruft denn da an", "wer ruft mich an", "wer ist dran"),
            *("wer ruft gerade an", "wer ist da dran", "wer ist denn dran"),
            *("wer ist das am Telefon", "wer ist am Telefon", "wer ist am Apparat"),
            *("wer klingelt da", "wer will mich sprechen", "wer ist in der Leitung"),
            *("warum klingelt das Telefon", "wieso läutet denn das Telefon"),
            *("sag mir wer anruft", "weißt du wer da anruft", "ruft jemand an"),
            *("ist jemand am Telefon", "von wem ist der Anruf", "wer ist der Anrufer"),
            *("was ist das für eine Nummer", "wessen Nummer ist das"),
            *("kannst du mir sagen wer anruft", "wer stört"),
        ),
    ),
    Group(
        "ringing at the office",
        "VodiaWhoIsCalling",
        "says Anna Meyer ruft bei Émile Garnier an",
        phone(
            "Büro",
            *("wer ruft im Büro an", "wer ruft das Büro an", "wer klingelt im Büro"),
        ),
    ),
    Group(
        "ringing",
        "VodiaAnswer",
        "connected",
        (
            *("geh ran", "geh mal ran", "geh bitte ans Telefon", "nimm ab", "heb ab"),
            *("nimm den Anruf an", "nimm bitte den Anruf entgegen", "Anruf annehmen"),
            *("annehmen", "abheben", "nimm an", "ja, ich gehe ran", "ich geh ran"),
            *("kannst du rangehen", "nimm das Gespräch an", "geh an den Apparat"),
            *("nimm ihn an", "beantworte den Anruf", "du kannst rangehen", "geh dran"),
            *("Gespräch annehmen", "nimm den Hörer ab"),
        ),
    ),
    Group(
        "ringing",
        "VodiaDecline",
        "over",
        (
            *("lehne den Anruf ab", "ablehnen", "lehn ab", "drück ihn weg"),
            *("drück den Anruf weg", "wegdrücken", "weise den Anruf ab"),
            *("Anruf ablehnen", "geh nicht ran", "nicht rangehen", "nimm nicht ab"),
            *("wimmel ihn ab", "ich kann gerade nicht rangehen", "nicht annehmen"),
            *("ignoriere den Anruf", "nein, ich gehe nicht ran", "Anruf wegdrücken"),
        ),
    ),
    Group(
        "two ring",
        "VodiaTakeCall",
        "connected",
        (
            *who(
                "Vertrieb",
                *("nimm den Anruf vom Vertrieb an", "hol mir den Anruf vom Vertrieb"),
                "nimm den Anruf für den Vertrieb an",
                "übernimm den Anruf vom Vertrieb",
                "Anruf vom Vertrieb annehmen",
                "kannst du den Anruf vom Vertrieb annehmen",
            ),
            *who("den Vertrieb", "geh für den Vertrieb ran"),
            *who("Anna Meyer", "nimm das Gespräch von Anna Meyer an"),
            *who("Anna", "nimm den Anruf von Anna an", "nimm Annas Anruf an"),
        ),
    ),
    Group(
        "connected",
        "VodiaHangUp",
        "over",
        (
            *("leg auf", "auflegen", "leg bitte auf", "kannst du auflegen", "häng auf"),
            *("beende das Gespräch", "Gespräch beenden", "beende den Anruf"),
            *("Anruf beenden", "trenn die Verbindung", "leg den Hörer auf"),
            *("hör auf zu telefonieren", "Schluss mit dem Telefonat"),
            *("ich möchte auflegen", "leg jetzt auf", "Verbindung trennen"),
        ),
    ),
    Group(
        "connected",
        "VodiaHold",
        "held",
        (
            *("halten", "halte das Gespräch", "halt den Anruf", "halte die Leitung"),
            *("leg den Anruf auf Halten", "stell den Anrufer in die Warteschleife"),
            *("lass sie warten", "lass den Anrufer kurz warten", "Gespräch halten"),
            *("pausiere das Gespräch", "stell sie in die Warteschleife"),
            *("kannst du den Anruf halten", "halt mal kurz den Anruf"),
        ),
    ),
    Group(
        "connected",
        "VodiaTransfer",
        "rings at 41",
        (
            *who(
                "Bruno",
                *("verbinde mit Bruno weiter", "stell zu Bruno durch"),
                *("stell den Anruf zu Bruno durch", "verbinde den Anruf mit Bruno"),
                *("verbinde sie mit Bruno", "leite den Anruf an Bruno weiter"),
                *("gib das Gespräch an Bruno weiter", "Anruf an Bruno weiterleiten"),
                *("übergib das Gespräch an Bruno", "stell sie bitte zu Bruno durch"),
                *("verbinde weiter mit Bruno", "Gespräch mit Bruno verbinden"),
                "kannst du den Anruf an Bruno weiterleiten",
                "Bruno soll den Anruf übernehmen",
            ),
            *who("41", "leite den Anruf an die 41 weiter"),
            *who("einundvierzig", "leite den Anruf auf einundvierzig um"),
        ),
    ),
    Group(
        "connected",
        "VodiaTransfer",
        "rings at 46",
        who("Küche", "stell den Anruf in die Küche durch"),
    ),
    Group(
        "connected",
        "VodiaPark",
        "parked",
        (
            *("park den Anruf", "parke das Gespräch", "Anruf parken", "park sie"),
            *("parke den Anrufer", "kannst du den Anruf parken"),
            ("parke den Anruf auf Platz 5", {"orbit": "5"}),
            ("park das Gespräch auf fünf", {"orbit": "fünf"}),
        ),
    ),
    Group(
        "parked",
        "VodiaRetrieve",
        "retrieved",
        (
            *("hol den geparkten Anruf zurück", "geparkten Anruf holen"),
            *("nimm den geparkten Anruf wieder auf", "hol das geparkte Gespräch"),
            *("hol den Anruf vom Parkplatz", "hol den Anruf aus der Parkposition"),
            *("nimm das geparkte Gespräch an", "hol mir den geparkten Anruf wieder"),
            ("hol den Anruf von Platz 5 zurück", {"orbit": "5"}),
        ),
    ),
    Group(
        "held",
        "VodiaResume",
        "connected",
        (
            *("setz das Gespräch fort", "Gespräch fortsetzen", "hol sie zurück"),
            *("hol den Anrufer zurück", "zurück zum Gespräch", "verbinde mich wieder"),
            *("nimm das Gespräch wieder auf", "weitertelefonieren"),
            *("ich bin wieder dran", "mach mit dem Gespräch weiter"),
            *("halten beenden", "weiter mit dem Gespräch"),
        ),
    ),
    Group(
        "history",
        "VodiaWhoCalled",
        "says Bruno Ferreira hat",
        (
            *("wer hat angerufen", "wer hat mich angerufen", "hat jemand angerufen"),
            *("wer hat zuletzt angerufen", "wer war der letzte Anrufer"),
            *("wer hat angerufen als ich weg war", "wer war das am Telefon"),
            *("hat vorhin wer angerufen", "wer hat da angerufen"),
            "zeig mir die letzten Anrufe",
            ("wer hat heute angerufen", {"day": "today"}),
            ("hat heute schon jemand angerufen", {"day": "today"}),
            ("wer hat in der letzten Stunde angerufen", {"hours": 1}),
            ("wer hat in den letzten zwei Stunden angerufen", {"hours": 2}),
            *(
                (sentence, {"missed": "true"})
                for sentence in (
                    *("wen habe ich verpasst", "habe ich einen Anruf verpasst"),
                    *("hab ich einen Anruf verpasst", "hab ich Anrufe verpasst"),
                    *("welche Anrufe habe ich verpasst", "verpasste Anrufe"),
                    *("wessen Anruf habe ich verpasst", "gibt es verpasste Anrufe"),
                    *("nenn mir die verpassten Anrufe", "ist mir ein Anruf entgangen"),
                )
            ),
        ),
    ),
    Group(
        "history",
        "VodiaHowManyMissed",
        "says Du hast einen Anruf verpasst",
        (
            *("wie viele verpasste Anrufe habe ich", "wie viele verpasste Anrufe"),
            *("wie viele Anrufe habe ich verpasst", "Anzahl der verpassten Anrufe"),
            *("wie viele verpasste Anrufe gibt es", "wie viele habe ich verpasst"),
            "wie viele Anrufe sind mir entgangen",
            ("wie viele Anrufe hab ich heute verpasst", {"day": "today"}),
        ),
    ),
    Group(
        "message",
        "VodiaVoicemail",
        "says Du hast eine neue Nachricht",
        (
            *("habe ich Nachrichten auf der Mailbox", "hab ich neue Nachrichten"),
            *("ist was auf der Mailbox", "ist etwas auf dem Anrufbeantworter"),
            *("gibt es neue Sprachnachrichten", "was ist neu auf der Mailbox"),
            "wie viele Nachrichten sind auf der Mailbox",
            *("hat jemand eine Nachricht hinterlassen", "neue Nachrichten"),
            "hat jemand auf den Anrufbeantworter gesprochen",
            *("blinkt der Anrufbeantworter", "habe ich eine Sprachnachricht"),
            "spiel die Mailbox ab",
        ),
    ),
    Group(
        "busy",
        "VodiaIsOnThePhone",
        "says Anna Lindqvist telefoniert nicht",
        (
            *who("Anna", "ist Anna frei", "telefoniert Anna", "ist bei Anna besetzt"),
            *who("Annas Telefon", "ist Annas Telefon besetzt"),
        ),
    ),
    Group(
        "busy",
        "VodiaIsOnThePhone",
        "says Bruno Ferreira telefoniert",
        (
            *who(
                "Bruno",
                *("ist Bruno am Telefon", "telefoniert Bruno gerade"),
                *("ist Bruno gerade am Telefonieren", "ist bei Bruno noch besetzt"),
                *("ist die Leitung von Bruno frei", "mit wem telefoniert Bruno"),
                *("spricht Bruno noch am Telefon", "ist Bruno im Gespräch"),
                *("kann ich Bruno gerade anrufen", "hängt Bruno noch am Telefon"),
                *("ist Bruno besetzt", "ist Bruno telefonisch erreichbar"),
                *("ist das Telefon von Bruno besetzt", "hat Bruno gerade Zeit"),
                *("ist Bruno noch dran", "ist noch besetzt bei Bruno"),
            ),
            *who("41", "ist die 41 besetzt"),
        ),
    ),
    Group(
        "idle",
        "VodiaDoNotDisturbOn",
        "do not disturb on",
        (
            *("bitte nicht stören", "nicht stören", "schalte nicht stören ein"),
            *("nicht stören an", "stell mein Telefon auf nicht stören"),
            *("ich möchte nicht gestört werden", "ich bin nicht zu sprechen"),
            *("ich will gerade nicht gestört werden", "stell keine Anrufe durch"),
            *("keine Anrufe mehr", "ich will keine Anrufe", "Anrufschutz an"),
            *("blockiere alle Anrufe", "aktiviere nicht stören"),
            ("nicht stören für 30 Minuten", {"minutes": 30}),
            ("stell mich für eine Stunde auf nicht stören", {"hours": 1}),
            ("ich möchte die nächsten zwei Stunden nicht gestört werden", {"hours": 2}),
            ("bitte nicht stören für eine halbe Stunde", {"minutes": 30}),
            "lass mich in Ruhe",
        ),
    ),
    Group(
        "do not disturb",
        "VodiaDoNotDisturbOff",
        "do not disturb off",
        (
            *(
                "nicht stören aus",
                "schalte nicht stören aus",
                "deaktiviere nicht stören",
            ),
            *("nicht stören ausschalten", "ich bin wieder erreichbar"),
            *("stell die Anrufe wieder durch", "Schluss mit nicht stören"),
            *("Anrufe wieder durchstellen", "ich bin wieder zu sprechen"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 41",
        (
            *who("Bruno", "klingel mal bei Bruno", "probier Bruno zu erreichen"),
            *who("Bruno", "versuch mal Bruno anzurufen"),
            *who("Bruno auf seinem Handy", "ruf Bruno auf seinem Handy an"),
            *who("", "wähle bitte vier eins"),
        ),
    ),
    Group(
        "idle",
        "VodiaCall",
        "dials 0305551234",
        who("", "wähl null drei null fünf fünf fünf eins zwo drei vier"),
    ),
    Group(
        "ringing",
        "VodiaWhoIsCalling",
        "says Anna Meyer",
        (
            *("wer ist es", "wer ist das schon wieder", "wer ist da"),
            *("wer ist denn das", "wer ist am anderen Ende", "wer telefoniert da"),
            *("wer ist das da am Telefon", "wer ruft schon wieder an"),
            *("wer ist in der Warteschleife", "wer ist auf der Leitung"),
            ("wer ruft Freya Nilsen an", {"phone": "Freya Nilsen"}),
        ),
    ),
    Group(
        "do not disturb",
        "VodiaDoNotDisturbOff",
        "do not disturb off",
        (
            *("stell wieder Anrufe durch", "ich nehme wieder Anrufe an"),
            "hebe nicht stören auf",
        ),
    ),
    Group(
        "idle",
        "VodiaDoNotDisturbOn",
        "do not disturb on",
        (
            "stör mich nicht",
            ("keine Anrufe für die nächste Stunde", {"hours": 1}),
            ("aktiviere bitte nicht stören für zwanzig Minuten", {"minutes": 20}),
            ("nicht stören für anderthalb Stunden", {"minutes": 90}),
        ),
    ),
    Group(
        "parked",
        "VodiaTakeCall",
        "retrieved",
        who("5", "nimm den Anruf von 5 an"),
    ),
    Group(
        "busy",
        "VodiaIsOnThePhone",
        "says Bruno Ferreira",
        who("Bruno", "spricht Bruno gerade", "hat Bruno aufgelegt"),
    ),
)

# All of them, each with its slots.
SAID: Final = tuple(
    (group, *(said if isinstance(said, tuple) else (said, {})))
    for group in GROUPS
    for said in group.said
)

# What people say as well, and nothing comes of it.
MISSED: Final = frozenset(
    {
        *("sei so gut und ruf Bruno an", "wer stört", "hat Bruno gerade Zeit"),
        *("spiel die Mailbox ab", "lass mich in Ruhe", "wähle 030 1234567"),
        *("ich hätte gern Bruno gesprochen", "ist noch besetzt bei Bruno"),
    }
)

# What only sounds alike, or has a telephone in it: with or without our sentences it is heard
# the same, by Home Assistant or by nobody.
NEAR: Final = (
    "schalte das Telefonladegerät ein",
    "schalte das Telefonladegerät aus",
    "Telefonladegerät an",
    "Telefonladegerät aus",
    "mach das Ringlicht an",
    "mach das Ringlicht rot",
    "halte die Tür auf",
    "halt den Rollladen an",
    "leg den Timer auf zehn Minuten",
    "stell einen Timer auf zehn Minuten",
    "beende den Timer",
    "brich den Timer ab",
    "nimm Milch auf die Einkaufsliste",
    "setz Anna anrufen auf die Einkaufsliste",
    "schreib Bruno zurückrufen auf die Einkaufsliste",
    "wer ist zu Hause",
    "wo ist Anna",
    "wo ist das Telefon",
    "mach das Radio leiser",
    "mach das Telefon lauter",
    "stell das Telefon auf 30 Prozent",
    "schalte das Telefon aus",
    "pausiere das Telefon",
    "pausiere das Radio",
    "setz die Musik fort",
    "Radio fortsetzen",
    "wer ist in der Küche",
    "ist das Bad frei",
    "ist das Bad besetzt",
    "ist der Parkplatz frei",
    "ist Anna zu Hause",
    "ist jemand zu Hause",
    "ist jemand im Bad",
    "ist die Waschmaschine an",
    "ist die Haustür offen",
    "hol den Staubsauger zurück",
    "schick den Staubsauger zurück",
    "parke den Staubsauger",
    "park das Auto in der Garage",
    "leg das Buch auf den Tisch",
    "leg Musik auf",
    "häng die Wäsche auf",
    "lehn die Leiter an die Wand",
    "lehne das Angebot ab",
    "nimm die Tabletten ein",
    "nimm den Müll mit",
    "nimm Annas Jacke mit",
    "geh nach Hause",
    "geh in die Küche",
    "verbinde das Telefon mit dem WLAN",
    "verbinde dich mit dem Internet",
    "leite die Nachricht weiter",
    "übergib das Paket an Anna",
    "gib mir die Fernbedienung",
    "stell die Heizung auf 21 Grad",
    "stell das Licht in der Küche auf rot",
    "wie viele Lampen sind an",
    "wie viele Nachrichten hat die Zeitung",
    "spiel die Nachrichten",
    "lies die Nachrichten vor",
    "habe ich heute Termine",
    "habe ich Post",
    "hat es geklingelt",
    "wer klingelt an der Tür",
    "klingel an der Haustür",
    "drück die Klingel",
    "hat jemand die Tür geöffnet",
    "wer hat das Licht angelassen",
    "wer war Albert Einstein",
    "wer ist Albert Einstein",
    "ruf den Status ab",
    "sag allen das Essen ist fertig",
    "erinnere mich daran Anna anzurufen",
    "stell den Wecker auf sieben Uhr",
    "stör den Hund nicht",
    "mit wem ist Anna verheiratet",
    "übernimm die Steuerung",
    "trenne den Müll",
    "zurück zum Anfang",
    "weiter",
    "stopp",
    "abbrechen",
    "vergiss es",
    "wähle einen Film",
    "wähle Kanal fünf",
    "wähle die Szene Abend",
    "aktiviere die Szene Abend",
    "Abend",
    "kein Anschluss",
    "lass die Hunde warten",
    "ich bin nicht müde",
    "mach die Telefonlampe an",
)
# What is there to be spoken about.
FURNITURE: Final = {
    "binary_sensor.bath": "Bad",
    "binary_sensor.kitchen": "Küche",
    "binary_sensor.parking": "Parkplatz",
    "button.bell": "Klingel",
    "cover.blind": "Rollladen",
    "light.phone": "Telefonlampe",
    "light.ring": "Ringlicht",
    "lock.door": "Haustür",
    "media_player.phone": "Telefon",
    "media_player.radio": "Radio",
    "person.anna": "Anna",
    "scene.evening": "Abend",
    "switch.charger": "Telefonladegerät",
    "switch.washer": "Waschmaschine",
    "todo.shopping": "Einkaufsliste",
    "vacuum.robot": "Staubsauger",
}

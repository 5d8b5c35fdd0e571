"""The example tenants."""

from itertools import count

from .engine import Engine
from .model import DEFAULT_TENANT, AccountType, Tenant

BRANCH_TENANT = "branch.example"
OWN_EXTENSION = "45"

_EXTENSIONS = {
    "40": "Anna Lindqvist",
    "41": "Bruno Ferreira",
    "42": "Chidi Okafor",
    "43": "Dorothea Kühn",
    "44": "Émile Garnier",
    "45": "Freya Nilsen",
    "46": "Giulia Marchetti",
    "47": "Hiroshi Tanabe",
    "48": "Ivana Petrović",
    "49": "João Azevedo",
    "50": "田中 美咲",
    "51": 'Lars "Lasse" Holm <Lab>',
    "52": "",
    "53": "Nadia Haddad",
    "54": "Olga Sokolova",
    "55": "Priya Raman",
    "56": "Quentin O'Hara",
    "57": "Rosa Delgado",
}
_OTHERS = (
    ("500", "Sales", AccountType.RING_GROUP, ("43", "44", "45")),
    ("501", "Support", AccountType.RING_GROUP, ("45", "46", "47", "48")),
    ("600", "Orders", AccountType.QUEUE, ("49", "50", "51")),
    ("601", "Service", AccountType.QUEUE, ("45", "52", "53")),
    ("700", "Welcome", AccountType.ATTENDANT, ()),
    ("800", "Meeting", AccountType.CONFERENCE, ()),
    ("5", "Park 5", AccountType.ORBIT, ()),
    ("900", "Night", AccountType.FLAG, ()),
)
_BRANCH = {"41": "Sven Olsen", "45": "Tomás Novák", "46": "Uma Patel"}


def seed(engine: Engine, accounts: int = 0, calls: int = 0) -> None:
    """Fill an engine with the example tenants, as large and busy as asked for."""
    home = engine.tenants[DEFAULT_TENANT] = Tenant(DEFAULT_TENANT)
    for number, name in _EXTENSIONS.items():
        engine.add_account(number, name, registered=number != "57")
    for number, name, kind, members in _OTHERS:
        engine.add_account(number, name, kind, password="", members=members)
    for number in ("41", "45", "46"):
        engine.set_chat(number, "online")
    engine.set_chat("44", "offline")
    engine.set_dnd("56", True)
    generated = count(2000)
    while len(home.accounts) < accounts:
        number = str(next(generated))
        engine.add_account(number, f"Extension {number}", registered=True)
    _start_calls(engine, calls)
    engine.tenants[BRANCH_TENANT] = Tenant(BRANCH_TENANT)
    for number, name in _BRANCH.items():
        engine.add_account(
            number,
            name,
            password=f"{number}-branch",
            registered=True,
            tenant=BRANCH_TENANT,
        )


def _start_calls(engine: Engine, calls: int) -> None:
    """Connect calls, in turn from outside and internal ones."""
    phones = [
        account.number
        for account in engine.tenant(DEFAULT_TENANT).accounts.values()
        if account.type is AccountType.EXTENSION
        and account.reachable
        and account.number != OWN_EXTENSION
    ]
    for index in range(calls):
        called = phones[2 * index % len(phones)]
        if index % 2 == 0:
            caller = f"+4930555{index:04d}"
        else:
            caller = phones[(2 * index + 1) % len(phones)]
        engine.answer(engine.ring(caller, called), called)

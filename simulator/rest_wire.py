"""From the state of the engine to the bodies of REST replies."""

from .engine import Engine
from .model import Account, AccountType, Record
from .switches import Switches
from .wire import Json, Object, Wire, address

_HISTORY_LENGTH = 100


class RestWire:
    """Show one tenant the way the switches want it."""

    def __init__(self, engine: Engine, switches: Switches, tenant: str) -> None:
        """Look at a tenant."""
        self._engine = engine
        self._switches = switches
        self._tenant = tenant
        self._wire = Wire(engine, switches, tenant)

    # Calls

    def orbits(self) -> list[Json]:
        """Return the park orbits for the REST list, whose fields nobody knows."""
        entries: list[Json] = []
        calls = self._engine.calls(tenant=self._tenant)
        for account in self._engine.tenant(self._tenant).accounts.values():
            if account.type is not AccountType.ORBIT:
                continue
            entry: Object = {
                self._switches.orbit_field: account.number,
                "display": account.name,
            }
            parked: list[Json] = [
                self._wire.entry(call, None)
                for call in calls
                if call.parked and call.called == account.party
            ]
            if self._switches.orbit_calls == "list":
                entry["calls"] = parked
            elif self._switches.orbit_calls == "count":
                entry["calls"] = len(parked)
            entries.append(entry)
        return entries

    def listed_calls(self, account: str, now: float) -> list[Json]:
        """Return the calls of an extension for the REST list."""
        return [
            self._rest_id(self._wire.call_id(call, account))
            | {
                "from": address(self._wire.ends(call)[0], self._tenant),
                "to": address(self._wire.ends(call)[1], self._tenant),
                "state": self._wire.state(call, account),
                "duration": round(now - (call.connect or call.start)),
            }
            for call in self._wire.calls_of(account)
        ]

    # Accounts

    def directory_entry(self, account: Account) -> Object:
        """Return an account as the REST list shows it."""
        return {
            "name": account.number,
            "alias": [account.number, *account.aliases],
            "ani": list(account.ani),
            "displayname": account.name,
            "icon": False,
            "dnd": account.dnd,
            "chatstatus": account.chat,
            "connected": {
                "busy": bool(self._wire.busy_calls(account)),
                "registered": account.registered,
                "never": False,
            }[self._switches.directory_connected],
            "login": False,
            "department": "",
            "position": "",
            "registered": account.registered,
        }

    def directory(self, kind: str | None) -> list[Json]:
        """Return the REST list of accounts, which has no service flags."""
        return [
            self.directory_entry(account)
            for account in self._engine.tenant(self._tenant).accounts.values()
            if account.type is not AccountType.FLAG and kind in (None, account.type)
        ]

    def history(self, account: str, now: float) -> Object:
        """Return the REST history of an extension."""
        span = 86400
        records = self._records(account, now)
        missed = [
            record
            for record in records
            if record.outcomes[account] is None
            and not record.caller.is_account(account)
            and record.end > now - span
        ]
        history: Object = {
            "total": len(records),
            "categories": '{"AAT1":"Category 1"}',
            "data": [
                self._past(record, account)
                for record in reversed(records[-_HISTORY_LENGTH:])
            ],
        }
        if self._switches.history_missed:
            history |= {"missed": len(missed), "missedspan": span}
        return history

    def summary(
        self, account: str, length: int | None, now: float, *, missed: bool
    ) -> list[Json]:
        """Return the classic list of the calls of an extension that are over."""
        records = [
            record
            for record in self._records(account, now)
            if not (missed and record.outcomes[account])
        ]
        return [
            {
                "start": round(record.start, 3),
                "from": address(record.caller, self._tenant),
                "to": address(record.called, self._tenant),
                "connect": round(record.outcomes[account] or 0, 3),
                "end": round(record.end, 3),
                "trunks": [],
            }
            for record in records[: -length - 1 if length else None : -1]
        ]

    # Flags, mailbox, address book

    def flags(self) -> Json:
        """Return the service flags."""
        flags = [
            account
            for account in self._engine.tenant(self._tenant).accounts.values()
            if account.type is AccountType.FLAG
        ]
        if self._switches.flags_as == "names":
            return {str(index): flag.name for index, flag in enumerate(flags, 1)}
        return [
            {
                "name": flag.number,
                "display": flag.name,
                "mode": flag.mode,
                "state": flag.active,
            }
            for flag in flags
        ]

    def messages(self, account: Account, query: dict[str, str]) -> Json:
        """Return the mailbox of an extension, as far as it is asked for."""
        unread = [message for message in account.messages if message.new]
        if self._switches.messages_as == "count":
            return len(unread)
        shown = unread if query.get("filter") == "unread" else account.messages
        totals: Object = {"total": len(shown)}
        if self._switches.messages_as == "data" and "page" in query:
            totals["data"] = [
                (
                    {"id": message.id}
                    if self._switches.message_ids
                    else dict[str, Json]()
                )
                | {
                    "start": round(message.start, 3),
                    "from": address(message.caller, self._tenant),
                    "duration": message.duration,
                    "type": "",
                }
                for message in shown[: -1 - int(query.get("size", "10")) : -1]
            ]
        return totals

    def self_messages(self, account: Account) -> Json:
        """Return the mailbox of an extension, the classic way."""
        entries: list[Json] = [
            {
                "start": round(message.start, 3),
                "from": address(message.caller, self._tenant),
                "duration": str(message.duration),
                "type": "",
                "attribute": "",
                "isnew": "true" if message.new else "",
            }
            for message in account.messages
        ]
        if self._switches.self_messages_as == "list":
            return entries
        ids = [str(message.id) for message in account.messages]
        return dict(zip(ids, entries, strict=True))

    def address_book(self, account: Account) -> Json:
        """Return the address book of an extension."""
        entries: list[Json] = []
        for contact in account.contacts:
            entry: Object = {"first": contact.first, "last": contact.last}
            if self._switches.address_book_as == "split":
                entry |= zip(("phone", "mobile"), contact.numbers, strict=False)
            else:
                entry = {
                    "name": f"{contact.first} {contact.last}".strip(),
                    "numbers": list(contact.numbers),
                }
            entries.append(entry)
        if self._switches.address_book_as == "object":
            return {"total": len(entries), "data": entries}
        return entries

    # Inside

    def _records(self, account: str, now: float) -> list[Record]:
        """Return the calls of an account that are over, the oldest first."""
        return [
            record
            for record in self._engine.tenant(self._tenant).history
            if account in record.outcomes
            and record.end <= now - self._switches.history_delay
        ]

    def _past(self, record: Record, account: str) -> Object:
        """Return a call of the history."""
        origin, target = record.caller, record.called
        return {
            "id": self._wire.call_id(record, account),
            "from": address(origin, self._tenant),
            "to": address(target, self._tenant),
            "from-name": origin.name,
            "from-number": origin.number,
            "to-name": target.name,
            "to-number": target.number,
            "inbound": not origin.is_account(account),
            "external": not (origin.internal and target.internal),
            "queue": target.type is AccountType.QUEUE,
            "start": round(record.start, 3),
            "connect": round(record.outcomes[account] or 0, 3),
            "end": round(record.end, 3),
        }

    def _rest_id(self, call_id: str) -> Object:
        """Return the id that REST knows a call by, if it shows one."""
        if self._switches.rest_ids == "hidden":
            return {}
        own = self._switches.rest_ids == "own"
        return {"id": f"r-{call_id}" if own else call_id}

"""Tenants and their accounts."""

from collections.abc import Callable
from itertools import count
from typing import Literal

from .model import (
    DEFAULT_TENANT,
    Account,
    AccountType,
    Change,
    ChatEntry,
    Contact,
    EngineError,
    Message,
    Party,
    Tenant,
    VoiceMessage,
)


class Directory:
    """Keep the tenants with their accounts, and notify of changes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with no tenant."""
        self.tenants: dict[str, Tenant] = {}
        self.listeners: list[Callable[[Change | Message], None]] = []
        self.admin_password = "admin-secret"
        self._clock = clock
        self._chat_ids = count(1)
        self._message_ids = count(5001)
        self._account_ids = count(2000)

    def now(self) -> float:
        """Return the time of the PBX."""
        return self._clock()

    def tenant(self, name: str) -> Tenant:
        """Return a tenant."""
        if name not in self.tenants:
            raise EngineError(f"There is no tenant {name}")
        return self.tenants[name]

    def tenant_called(self, name: str) -> Tenant:
        """Return a tenant by any of its names."""
        for tenant in self.tenants.values():
            if name in tenant.names:
                return tenant
        return self.tenant(name)

    def account(self, number: str, *, tenant: str = DEFAULT_TENANT) -> Account:
        """Return an account."""
        if number not in (accounts := self.tenant(tenant).accounts):
            raise EngineError(f"There is no account {number} in {tenant}")
        return accounts[number]

    def add_account(
        self,
        number: str,
        name: str,
        type: str = AccountType.EXTENSION,
        *,
        password: str | None = None,
        members: tuple[str, ...] = (),
        registered: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> Account:
        """Create an account; an extension's password is `<number>-secret`."""
        accounts = self.tenant(tenant).accounts
        if number in accounts:
            raise EngineError(f"There is an account {number} already")
        account = Account(
            number,
            name,
            AccountType(type),
            password=f"{number}-secret" if password is None else password,
            members=members,
            registered=registered,
            id=next(self._account_ids),
        )
        accounts[number] = account
        self._notify(tenant, {number})
        return account

    def rename(self, number: str, name: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Give an account another display name."""
        self.account(number, tenant=tenant).name = name
        self._notify(tenant, {number})

    def change_password(
        self, number: str, password: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Set the web password of an account."""
        account = self.account(number, tenant=tenant)
        account.old_passwords.append(account.password)
        account.password = password

    def set_dnd(
        self,
        number: str,
        state: bool,
        reason: str | None = None,
        expires: float | None = None,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Switch do not disturb; `expires` is a number of seconds."""
        account = self.account(number, tenant=tenant)
        account.dnd = state
        account.dnd_reason = (reason or "") if state else ""
        account.dnd_expires = expires if state else None
        account.dnd_until = self._clock() + expires if state and expires else None
        self._notify(tenant, {number})

    def set_chat(
        self, number: str, status: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Set the chat status: `online`, `offline` or nothing."""
        self.account(number, tenant=tenant).chat = status
        self._notify(tenant, {number})

    def set_flag(
        self, number: str, state: bool, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Switch a service flag."""
        account = self.account(number, tenant=tenant)
        if account.type is not AccountType.FLAG:
            raise EngineError(f"{number} is no service flag")
        account.active = state
        self._notify(tenant, {number})

    def set_queue_login(
        self, queue: str, number: str, state: bool, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Log an agent in to a queue, or out."""
        account = self.account(queue, tenant=tenant)
        if number not in account.members:
            raise EngineError(f"{number} is no agent of {queue}")
        (account.logged_out.discard if state else account.logged_out.add)(number)
        self._notify(tenant, {number})

    def set_setting(
        self, number: str, name: str, value: str, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Give a setting of an extension a value."""
        self.account(number, tenant=tenant).settings[name] = value

    def leave_message(
        self,
        number: str,
        caller: str,
        name: str = "",
        duration: int = 7,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Leave a message in the mailbox of an extension."""
        known = self.tenant(tenant).accounts.get(caller)
        party = known.party if known else Party(caller, name)
        self.account(number, tenant=tenant).messages.append(
            VoiceMessage(next(self._message_ids), self._clock(), party, duration)
        )

    def hear_messages(self, number: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Listen to all messages in the mailbox of an extension."""
        for message in self.account(number, tenant=tenant).messages:
            message.new = False

    def delete_messages(self, number: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Empty the mailbox of an extension."""
        self.account(number, tenant=tenant).messages.clear()

    def add_contact(
        self,
        number: str,
        first: str,
        last: str,
        *numbers: str,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Write somebody into the address book of an extension."""
        self.account(number, tenant=tenant).contacts.append(
            Contact(first, last, numbers)
        )

    def add_shared_contact(
        self, first: str, last: str, *numbers: str, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Write somebody into the address book of a tenant."""
        self.tenant(tenant).contacts.append(Contact(first, last, numbers))

    def send_message(
        self, sender: str, recipient: str, text: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Send a chat message to an account."""
        self.account(recipient, tenant=tenant)
        self.write(sender, recipient, text, tenant=tenant)

    def write(
        self,
        sender: str,
        recipient: str,
        text: str,
        kind: Literal["text", "note"] = "text",
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> int:
        """Write to an account or to a number outside; return the id of the message."""
        entry = ChatEntry(
            next(self._chat_ids), self._clock(), sender, recipient, text, kind
        )
        self.tenant(tenant).chat.append(entry)
        if kind == "text":
            for listener in tuple(self.listeners):
                listener(Message(tenant, sender, recipient, text))
        return entry.id

    def _notify(self, tenant: str, accounts: set[str]) -> None:
        """Notify the listeners."""
        change = Change(tenant, tuple(sorted(accounts)))
        for listener in tuple(self.listeners):
            listener(change)

"""What clients are sent when something changes in the engine."""

from .link import Link
from .links import Links
from .model import Change, Message
from .rest_wire import RestWire
from .state import PbxState
from .wire import Object, Wire


class Push:
    """Turn changes into frames: of accounts only where they look different."""

    def __init__(self, state: PbxState, links: Links) -> None:
        """Remember how the accounts look now."""
        self._state = state
        self._links = links
        self._shown: dict[tuple[str, str], tuple[Object, Object]] = {}
        for tenant in state.engine.tenants.values():
            for number in tenant.accounts:
                self._look(tenant.name, number)

    def on_engine(self, news: Change | Message) -> None:
        """Push what happened."""
        links = self._links.of(news.tenant)
        self._state.listed = None
        if isinstance(news, Message):
            for link in links:
                if link.login.account == news.recipient:
                    link.push(
                        {"action": "chat", "dest": news.sender, "message": news.text}
                    )
            return
        presence_first = self._state.switches.presence_first
        if not presence_first:
            self._push_calls(links)
        for number in news.accounts:
            self._push_account(news.tenant, number, links)
        if presence_first:
            self._push_calls(links)

    @staticmethod
    def _push_calls(links: list[Link]) -> None:
        """Push the call lists that are not what they were."""
        for link in links:
            link.push_calls()

    def _push_account(self, tenant: str, number: str, links: list[Link]) -> None:
        """Push an account that does not look as it did."""
        before = self._shown.get((tenant, number))
        now = self._look(tenant, number)
        if before == now:
            return
        switches = self._state.switches
        account = self._state.engine.tenant(tenant).accounts.get(number)
        for link in links:
            if switches.user_state and now and (not before or before[0] != now[0]):
                link.push(now[0])
            if switches.user_change:
                link.push({"action": "user-change", "user": number})
            if account and (switches.user_change or switches.lamps):
                link.push_account(account)
        if switches.foreign_user_states and now:
            for link in self._links:
                if link.login.tenant != tenant:
                    link.push(now[0])

    def _look(self, tenant: str, number: str) -> tuple[Object, Object] | None:
        """Remember and return how an account looks, over the WebSocket and over REST."""
        account = self._state.engine.tenant(tenant).accounts.get(number)
        if account is None:
            self._shown.pop((tenant, number), None)
            return None
        shown = (self._state.engine, self._state.switches, tenant)
        look = (
            Wire(*shown).user_state(account),
            RestWire(*shown).directory_entry(account),
        )
        self._shown[tenant, number] = look
        return look

"""What is not known about a PBX, as options."""

from dataclasses import dataclass, field
from typing import Any, Literal

type Dialect = Literal["classic", "modern"]
type Refusal = Literal["empty", "false", 401, 403]
type SessionIn = Literal["body", "cookie", "both"]
type HandshakeRefusal = Literal[401, 403, "close"]
type UserCalls = Literal["none", "from", "id", "full"]
type Fault = int | Literal["html", "redirect", "hang", "reset"]


@dataclass(kw_only=True)
class Switches:
    """Options of the simulated PBX; they may be changed while it runs."""

    dialect: Dialect = "classic"
    """Field names and message set."""
    login_methods: set[str] = field(default_factory=lambda: {"PUT"})
    """Methods of the password login; others are answered with 405."""
    refusal: Refusal = "empty"
    """How a wrong password or user is answered: 200 `""`, 200 `false` or a status."""
    plain_username: bool = True
    """Whether the bare extension is a user name of the default tenant."""
    session_in: SessionIn = "body"
    """Where the login puts the session id."""
    cookie_secure: bool = True
    """Whether the cookie of the session is one for TLS only."""
    cookie_same_site: Literal["Strict", "Lax", "None"] = "Strict"
    """From which sites browsers send that cookie."""
    session_in_url: bool = False
    """Whether `session=` in an address does what the cookie does."""
    third_party: bool = True
    """Whether an administrator gets tokens for the sessions of others."""
    token_in: Literal["text", "session", "value", "token"] = "text"
    """How such a token is returned: as a text, or under a name."""
    basic: bool = False
    """Whether HTTP Basic is accepted on REST."""
    basic_handshake: bool = False
    """Whether HTTP Basic is accepted on the WebSocket handshake."""
    second_factor: bool = False
    """Whether a right password only asks for a second factor."""
    session_tells_tenant: bool = True
    """Whether GET of the session returns extension and tenant."""
    websocket_paths: set[str] = field(default_factory=lambda: {"/"})
    """Paths that take a WebSocket."""
    wrong_tenant_status: int = 404
    """Answer to a handshake whose tenant or user is not the session's."""
    handshake_refusal: HandshakeRefusal = 401
    """Answer to a handshake without a session; "close" opens and closes at once."""
    answers_ping: bool = True
    """Whether WebSocket pings get pongs."""
    idle_timeout: float | None = None
    """Seconds of a client's silence after which its WebSocket is closed."""
    api_access: bool = True
    """Whether REST is allowed at all, the session endpoint aside (else 403)."""
    rest_status: dict[str, int] = field(default_factory=dict)
    """Kind of REST path to the status that it is always answered with."""
    settings_methods: set[str] = field(default_factory=lambda: {"POST", "PUT"})
    """Methods that write settings; others are answered with 405."""
    settings_status: int = 200
    """How settings are answered when they are read; to write them is another matter."""
    settings_reply: Literal["settings", "empty"] = "settings"
    """What writing settings, or a queue login, returns: the new state, or `{}`."""
    settings_delay: float = 0
    """Seconds until what is written there shows."""
    settings_in: Literal["values", "rows"] = "rows"
    """Whether classic settings are an object of rows by name, or of values."""
    queue_login_as: Literal["object", "text", "boolean"] = "object"
    """How the state of an agent is told: `{"login": true}`, `"true"` or `true`."""
    queue_strangers: Literal[401, 403, 404, "out"] = 403
    """How a queue answers who is none of its agents: a status, or as logged out."""
    dnd_field: Literal["state", "dnd"] = "state"
    """Name of the state in the reply of GET dnd."""
    accounts_type_filter: bool = True
    """Whether the account list honours `?type=`."""
    answers_get_users: bool = True
    """Whether `get-users` is answered with a `domain-state`."""
    answers_get_calls: bool = True
    """Whether `get-calls` is answered with a `call-state`."""
    user_state: bool = True
    """Whether changed accounts are pushed as `user-state`."""
    user_change: bool = False
    """Whether changed accounts are pushed as `user-change`, and as `blf` if asked."""
    lamps: bool = False
    """Whether changed accounts are pushed as `blf` if asked, without `user-change`."""
    presence_first: bool = False
    """Whether pushed accounts come before the call lists of the same moment."""
    domain_calls: bool = False
    """Whether `domain-calls` is allowed."""
    denied_calls: Literal["ignored", "none", "own"] = "ignored"
    """How `domain-calls` is answered where it is not allowed: not at all, by an empty list
    that stays so, or by the calls of the extension."""
    orbits_retrieve: bool = False
    """Whether who dials the number of an orbit gets the call that is parked there."""
    orbit_action: Literal["orbit-calls", "call-state"] = "orbit-calls"
    """The action that updates of the park orbits come with."""
    orbit_field: Literal["name", "account", "number"] = "name"
    """Name of the number in the REST list of park orbits."""
    orbit_calls: Literal["list", "count", "none"] = "list"
    """What the REST list shows of parked calls: each one, how many, or nothing."""
    initial_call_state: bool = True
    """Whether subscribing is answered with the current list, also an empty one."""
    user_calls: UserCalls = "id"
    """What the calls of an account carry: nothing, from, id and to, or all."""
    code_while_ringing: bool = True
    """Whether an account that only rings counts as busy."""
    group_ids: Literal["one", "per_leg"] = "one"
    """Whether a group call has one id or one for each member."""
    answered_to: Literal["dialed", "phone"] = "dialed"
    """To whom a group's call is once it is answered: what was dialed, or who answered."""
    call_ids: bool = True
    """Whether calls on the WebSocket have an id at all."""
    call_lists: Literal["complete", "changed"] = "complete"
    """Whether a pushed list has all calls, or only those that changed."""
    unsubscribes: bool = True
    """Whether `subscribe: false` ends a stream; else it is taken like `true`."""
    party_fields: Literal["both", "strings", "split"] = "both"
    """How modern calls name the parties: `from`, `from-number` and the like, or both."""
    rest_refuses: set[str] = field(default_factory=set)
    """Call commands that REST answers with 400, by their first key."""
    rest_ids: Literal["same", "own", "hidden"] = "same"
    """Whether the REST calls know a call by the id that the WebSocket gives it."""
    tells_recording: bool = True
    """Whether calls on the WebSocket say that they are recorded."""
    directory_connected: Literal["busy", "registered", "never"] = "busy"
    """What `connected` in the REST list of accounts means."""
    history_delay: float = 0
    """Seconds until a call that is over stands in the history."""
    summary_for: Literal["anything", "booleans"] = "anything"
    """Whether the classic history wants `domain` and `user` to be true."""
    history_missed: bool = True
    """Whether the REST history counts the missed calls."""
    flags_as: Literal["list", "names"] = "list"
    """Whether the service flags are a list, or names by id (classic)."""
    flags_writable: bool = True
    """Whether this login may set service flags (else 403)."""
    messages_as: Literal["count", "totals", "data"] = "data"
    """What the mailbox returns: the unread messages, totals, or totals and messages."""
    self_messages_as: Literal["list", "map"] = "map"
    """Whether the classic mailbox is a list, or an object by id."""
    message_ids: bool = True
    """Whether the modern mailbox names its messages."""
    audio_type: str = "audio/wav"
    """What a recording is said to be."""
    audio_length: bool = True
    """Whether a recording is sent with its length."""
    audio_of_all: bool = False
    """Whether who asks for a recording of another mailbox gets it."""
    hearing_marks: bool = False
    """Whether a message counts as heard once its recording was asked for."""
    address_book_as: Literal["list", "object", "split"] = "list"
    """The address book: a list, one in an object, or one with split names and numbers."""
    message_id_as: Literal["number", "text", "object"] = "number"
    """How the reply to a chat message names it: a number, a text, or an object with an id."""
    star_codes_as: Literal["object", "list"] = "object"
    """The star codes: codes by name, or a list of names and codes."""
    remote_call: bool = True
    """Whether an address dials (`remote_call.htm`)."""
    cors: bool = True
    """Whether other sites may read replies, and are refused to ask first (403)."""
    cleared: Literal["absent", "null"] = "absent"
    """How an account's `code` and `calls` show that there is no call."""
    foreign_user_states: bool = False
    """Whether `user-state` also comes for other tenants, with their name."""
    answers_unknown: bool = False
    """Whether an unknown action is answered with a flat message."""
    session_end_closes: bool = False
    """Whether a session that expires or is logged out takes its WebSocket along."""
    shrink_extensions: bool = True
    """Whether `extension` shrinks to who answered."""
    dial_presents_as: Literal["outgoing", "incoming"] = "outgoing"
    """From and to of a clicked call while the own phone rings."""
    dial_pickup: float | None = 0.05
    """Seconds until the own phone of a clicked call picks up by itself."""
    far_answer: float | None = None
    """Seconds until an outside number answers a clicked call by itself."""
    ignore_commands: bool = False
    """Whether commands are accepted and do nothing."""
    socket_commands: bool = True
    """Whether call commands work on the WebSocket."""
    outgoing_word: Literal["alerting", "ringback"] = "alerting"
    """State of a ringing call at the caller's side."""
    incoming_word: Literal["alerting", "ringing"] = "alerting"
    """State of a ringing call at the called side."""
    held_word: Literal["onhold", "holding"] = "onhold"
    """State of a held call."""
    strings: bool = False
    """Whether booleans and numbers are sent as strings."""
    calls_as_object: bool = False
    """Whether a list of one call is sent as a bare object."""
    noise: bool = False
    """Whether unknown fields and unknown messages are mixed in."""
    odd_entries: bool = False
    """Whether lists of calls and accounts have an entry that makes no sense."""
    star_extensions: bool = False
    """Whether the entries of `extension` have a `*` in front."""
    latency: float = 0
    """Seconds before each frame and each REST reply."""
    late: float = 0
    """Seconds by which frames come later than that."""
    duplicates: bool = False
    """Whether each frame comes twice."""
    server_header: str = "PBX/5.3"
    """The Server header."""
    server_in: Literal["all", "root"] = "all"
    """The responses that have it: all, or that of the first page."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """Step to what goes wrong there: a status, a page, a redirect, silence or a reset.

    Steps of HTTP are login, tell, log_out, handshake and the last word of a REST path;
    those of the WebSocket are the actions of the client, for silence and resets.
    """
    redirect_to: str = ""
    """Another server, to whose same path a redirect leads."""

    @classmethod
    def classic(cls, **overrides: Any) -> Switches:
        """Return the options of an old PBX."""
        new = (
            *("accounts", "calls", "dnd", "history", "orbits", "user_settings"),
            *("srvflags", "messages", "adrbook", "chat", "starcodes", "acd_login"),
        )
        preset: dict[str, Any] = {"rest_status": dict.fromkeys(new, 404)}
        return cls(**preset | overrides)

    @classmethod
    def modern(cls, **overrides: Any) -> Switches:
        """Return the options of a recent PBX."""
        preset: dict[str, Any] = {
            "dialect": "modern",
            "login_methods": {"PUT", "POST"},
            "refusal": "false",
            "session_in": "both",
            "basic": True,
            "session_tells_tenant": False,
            "websocket_paths": {"/websocket"},
            "rest_status": dict.fromkeys(
                ("self_settings", "json", "self_messages", "lists"), 404
            ),
            "answers_get_users": False,
            "answers_get_calls": False,
            "user_state": False,
            "user_change": True,
            "domain_calls": True,
            "server_header": "PBX/70.1",
        }
        return cls(**preset | overrides)

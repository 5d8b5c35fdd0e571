"""A stand-in for a Vodia PBX to develop and test against."""

from .engine import Engine
from .model import (
    Account,
    AccountType,
    Call,
    EndReason,
    EngineError,
    Event,
    LogEntry,
    Stage,
)
from .server import Simulator
from .switches import Switches

__all__ = [
    "Account",
    "AccountType",
    "Call",
    "EndReason",
    "Engine",
    "EngineError",
    "Event",
    "LogEntry",
    "Simulator",
    "Stage",
    "Switches",
]

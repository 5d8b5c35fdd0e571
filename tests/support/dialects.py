"""The dialects that a test runs in; without a mark it runs in both."""

import pytest

classic = pytest.mark.parametrize("dialect", ["classic"])
modern = pytest.mark.parametrize("dialect", ["modern"])
both_dialects = pytest.mark.parametrize("dialect", ["classic", "modern"])

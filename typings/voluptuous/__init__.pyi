# Home Assistant maps the name voluptuous to probatio; here is what we use of it.
from probatio import (
    All as All,
    Coerce as Coerce,
    In as In,
    Length as Length,
    Optional as Optional,
    Required as Required,
    Schema as Schema,
)

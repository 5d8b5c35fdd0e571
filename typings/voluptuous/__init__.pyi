# Home Assistant maps the name voluptuous to probatio; here is what we use of it.
from probatio import (
    All as All,
    Any as Any,
    Coerce as Coerce,
    In as In,
    Invalid as Invalid,
    Length as Length,
    Marker as Marker,
    Maybe as Maybe,
    Optional as Optional,
    Range as Range,
    Required as Required,
    Schema as Schema,
)

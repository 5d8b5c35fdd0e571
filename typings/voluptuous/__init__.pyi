# Home Assistant maps the name voluptuous to probatio when it is imported.
from probatio import *

"""How values are stored, bound, written and described: decided here once for each type.

A `Value` reads what requests say, writes the JSON of answers in Python and, where that is faithful, as SQL of either
database that gives the same bytes, writes CSV, and describes itself in JSON Schema. A storage type puts the columns of
our own models into both databases so that nothing is lost or compared differently. `value_for` finds the value of any
type of SQLAlchemy, `storage_for` the storage type of a plain one. Each type has a file; `concatenation` joins the texts
of many. The room knows SQLAlchemy and pydantic, but neither tables nor requests nor who asks: it executes no statement,
and NULL is the caller's business.
"""

from .binaries import Binary
from .booleans import StoredBoolean
from .cells import Cell, cell
from .combinations import among, wanted
from .constraints import sentence
from .dates import CalendarDate
from .datetimes import LocalDateTime, UtcDateTime
from .documents import Document
from .enums import Choice, EnumValue
from .exact_decimal import MAX_PRECISION, ExactDecimal
from .floats import FiniteFloat
from .folding import SQLITE_FOLD, fold, fold_sql
from .integers import StoredInteger
from .intervals import Duration
from .json_text import json_string, read_json, write_json
from .lists import ListOf, listed
from .lookup import value_for
from .moments import utc_now
from .opaque import OpaqueValue, any_json
from .outside import Outside
from .prepared import prepare_connection, prepare_dialect
from .scaled import Scaled
from .storage import Storage
from .storing import adopt_column, storage_for
from .texts import PlainText
from .times import TimeOfDay
from .uuids import CanonicalUuid
from .value import Form, Value

__all__ = [
    "MAX_PRECISION",
    "SQLITE_FOLD",
    "Binary",
    "CalendarDate",
    "CanonicalUuid",
    "Cell",
    "Choice",
    "Document",
    "Duration",
    "EnumValue",
    "ExactDecimal",
    "FiniteFloat",
    "Form",
    "ListOf",
    "LocalDateTime",
    "OpaqueValue",
    "Outside",
    "PlainText",
    "Scaled",
    "Storage",
    "StoredBoolean",
    "StoredInteger",
    "TimeOfDay",
    "UtcDateTime",
    "Value",
    "adopt_column",
    "among",
    "any_json",
    "cell",
    "fold",
    "fold_sql",
    "json_string",
    "listed",
    "prepare_connection",
    "prepare_dialect",
    "read_json",
    "sentence",
    "storage_for",
    "utc_now",
    "value_for",
    "wanted",
    "write_json",
]

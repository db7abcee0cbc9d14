"""Several rows in one text, so that they come along with another row and need no query of their own."""

from typing import Any

from django.db.models import Aggregate, TextField


class Joined(Aggregate):
    """Their values with commas between them, in no order that counts; NULL of no row."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG((%(expressions)s)::text, ',')", **context)

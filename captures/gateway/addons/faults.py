"""What mitmproxy itself complains about: faults in its layers and in the addons, which it catches and logs."""

from __future__ import annotations

import logging

from captures.gateway.journal import Journal, without_content


class Faults(logging.Handler):
    """Counts and writes down what is logged as an error, from the process's start to its end."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.ERROR)
        self._journal = journal
        self.seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One complaint; its traceback goes to the log on standard error."""
        self.seen += 1
        cause = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        try:
            self._journal.write("fault", reason=without_content(record.getMessage().split("\n")[0]) + cause)
        except (OSError, ValueError):  # the journal itself is at fault; the count tells the bench
            self.handleError(record)

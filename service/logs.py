"""Log lines that programs read: one JSON object each, without a word or picture of a request."""

import json
import logging
import sys
import time
import traceback

FACTS = "facts"
"""The attribute of a log record that holds what else is to stand in its line."""


class JsonLines(logging.Formatter):
    """Writes ``{time, level, logger, event, ...}``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        if record.exc_info and record.exc_info[0]:
            # Not its message, which may quote what was sent.
            line["exception"] = record.exc_info[0].__name__
            line["where"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=True)


def log_to_stderr() -> None:
    """Let everything be logged to stderr in such lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)

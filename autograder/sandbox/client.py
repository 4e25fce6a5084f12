"""Hears what a kernel says while a cell runs, and keeps of it what a reader can use.

A student's code can say anything in the kernel's place, so nothing that arrives is believed to be well formed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from autograder.sandbox.watchdog import size

FLOOD = 16  # times what is kept of a cell: then it is stopped
OVERHEAD = 100  # bytes that each output counts at least
TYPES = ("stream", "display_data", "execute_result", "error")


class Cell:
    """What has come of one cell so far."""

    def __init__(self, most: int, flood: Callable[[], None]) -> None:
        self.most, self.flood = most, flood
        self.kept = self.heard = 0
        self.cut = self.flooded = False

    @property
    def left(self) -> int:
        return 0 if self.cut else self.most - self.kept

    def room(self, length: int) -> bool:
        """Whether an output of this length is kept. Calls `flood` once where there is no end to them."""
        self.heard += length
        if self.heard > FLOOD * self.most and not self.flooded:
            self.flooded = True
            self.flood()
        if self.cut or self.kept + length > self.most:
            self.cut = True
            return False
        self.kept += length
        return True

    def notes(self, number: int) -> list[str]:
        if not self.cut or self.flooded:
            return []
        return [f"Cell {number} printed more than {size(self.most)}; the rest was cut."]


class Client(NotebookClient):
    """nbclient, with outputs cut while they arrive, and deaf to widgets."""

    def __init__(self, notebook: NotebookNode, manager: AsyncKernelManager, most: int) -> None:
        super().__init__(
            notebook,
            km=manager,
            timeout=None,  # `Run` keeps the time
            allow_errors=True,
            raise_on_iopub_timeout=False,
            iopub_timeout=30,  # seconds: on a busy machine an output comes late
            record_timing=False,
            store_widget_state=False,
            skip_cells_with_tag="",
            coalesce_streams=False,
        )
        self.output_of = Cell(most, lambda: None)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message. Raises `CellExecutionComplete` with the last; what is malformed is passed over."""
        try:
            if str(msg["msg_type"]).startswith("comm"):
                return None
            if msg["msg_type"] == "clear_output":
                self.output_of.kept, self.output_of.cut = 0, False
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            return None

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output, or its beginning where it is text, or nothing."""
        if msg["msg_type"] not in TYPES:
            return None
        content, left = msg["content"], self.output_of.left
        if self.output_of.room(OVERHEAD + len(json.dumps(content))):
            return super().output(outs, msg, display_id, cell_index)
        if msg["msg_type"] == "stream" and left > OVERHEAD:
            content["text"] = content["text"][: left - OVERHEAD]
            return super().output(outs, msg, display_id, cell_index)
        return None

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Show something else in a place that has been filled before, if that is kept."""
        if msg["msg_type"] != "update_display_data" or self.output_of.room(len(json.dumps(msg["content"]))):
            super()._update_display_id(display_id, msg)

"""The contract that outside clients rely on, as data: paths, names, types and statuses."""

import json
from pathlib import Path
from typing import Any, Final

CONTRACT: Final[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))

"""A plugin that waits, for a clock or for the database, is interrupted; the core goes on."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_what_waits_too_long_is_interrupted(config, business):
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.host.slow_hooks", config.database_url,
         str(business)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert [(hook, answer, kept) for hook, answer, _, kept in results] == [
        ("before_invoice_issued", ["took longer than 0.3 s"], True),
        ("before_invoice_voided", ["took longer than 0.3 s"], True),
        ("slot", [], True),
    ]
    assert all(0.25 < seconds < 3 for _, _, seconds, _ in results)

"""What every process of an installation holds in memory from its start on."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGE = (
    "boto3", "botocore", "numpy", "openai", "pglast", "tokenizers", "weasyprint", "xlsxwriter",
)  # fmt: skip
"""Each takes 4 to 40 MB, in the web processes and in the worker's."""

CODE = f"""
import sys
from invoicer_core.app import create_app
registry = create_app().extensions["invoicer.host"].registry
print(len(registry.plugins), *[name for name in {LARGE} if name in sys.modules])
"""


def test_the_application_imports_no_large_package_before_it_is_used(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT,
        env={
            "INVOICER_DATA": str(tmp_path),
            "DATABASE_URL": "postgresql://invoicer_app:secret@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded, *large = done.stdout.split()
    assert int(loaded) >= 7, "the plugins did not load"
    assert large == [], "import it with on_first_use"

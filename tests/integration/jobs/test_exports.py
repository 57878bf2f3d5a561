"""All data of a business in one file: whole, its own only, and without a secret."""

import csv
import io
import zipfile

from sqlalchemy import text

from invoicer_core.hooks import codec
from invoicer_core.models import db
from invoicer_core.models.tenancy import enter_business
from invoicer_core.services import businesses, clients, exports, files, plugins, tasks, webhooks
from invoicer_core.services.files import results
from tests.factories import BY
from tests.peers.processes import until

CANARIES = ("canary-7731-plugin", "canary-7731-reset")


def packed(business: int) -> zipfile.ZipFile:
    """The file, made by the real worker."""
    made = tasks.start(kind=exports.KIND, data={"name": "all"}, by=BY)

    def over() -> bool:
        db.session.rollback()
        return tasks.get(task_id=made.id).is_over

    until(over)
    found = tasks.get(task_id=made.id)
    assert found.state == "done", found.error
    assert found.done == found.total
    _, data = results.content(task_id=made.id)
    return zipfile.ZipFile(io.BytesIO(data))


def test_everything_of_ones_own_is_in_the_file_and_no_secret(business, data, clock, worker):
    clients.create(fields={"name": "=SUM(A1) Mine", "notes": "said"}, by=BY)
    uploaded = files.upload(name="terms.txt", data=b"our terms", by=BY)
    _, secret = webhooks.create(
        fields={"url": "https://hooks.example.com/", "events": ["client.created"]}, by=BY
    )
    plugins.change(
        name="email", settings={"smtp_url": f"smtp://u:{CANARIES[0]}@mail.test:587"}, by=BY
    )
    db.session.execute(
        text(
            "INSERT INTO messages (business_id, kind, channel, recipient, text, token)"
            " VALUES (:business, 'password_reset', 'email', 'a@b.test', :said, 'token-7731')"
        ),
        {"business": business, "said": CANARIES[1]},
    )
    db.session.commit()
    with enter_business(businesses.create(fields={"name": "Other"}, owner_id=1, by=BY).id):
        clients.create(fields={"name": "Not Mine"}, by=BY)
    archive = packed(business)
    names = set(archive.namelist())
    assert {"business.json", "members.json", "README.txt", "missing.txt"} <= names
    for table in exports.exported_tables():
        assert {f"data/{table.name}.json", f"data/{table.name}.csv"} <= names
    whole = b"\n".join(archive.read(name) for name in names)
    assert b"Not Mine" not in whole
    for canary in (*CANARIES, secret, "token-7731"):
        assert canary.encode() not in whole
    assert archive.read(f"files/{uploaded.id}-terms.txt") == b"our terms"
    (client,) = codec.loads(archive.read("data/clients.json"))
    assert client["name"] == "=SUM(A1) Mine"
    table = archive.read("data/clients.csv").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["name"] == "'=SUM(A1) Mine"
    entries = codec.loads(archive.read("data/audit_entries.json"))
    assert [each["seq"] for each in entries] == list(range(1, len(entries) + 1))
    assert archive.read("missing.txt") == b""


def test_no_column_that_sounds_secret_is_exported():
    for table in exports.exported_tables():
        for column in exports.exported_columns(table):
            assert not any(word in column.name for word in ("sealed", "secret", "password")), column
            assert not column.name.endswith(("token", "_hash")), column

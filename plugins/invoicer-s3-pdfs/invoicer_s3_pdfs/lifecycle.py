"""What to tell the bucket to do by itself: a hint, as the JSON that its owner can apply."""

import json
from typing import Any

import click


def rules(*, prefix: str, archive_after: int, keep_former: int) -> dict[str, Any]:
    """A lifecycle configuration that never deletes what Invoicer still reads.

    Args:
        prefix: the folder from the settings.
        archive_after: days after which objects move to a cheaper class that still answers at
            once; 0 leaves them where they are.
        keep_former: days for which versions that were deleted or replaced are kept.
    """
    folder = {"Prefix": f"{prefix.strip('/')}/" if prefix.strip("/") else ""}
    found: list[dict[str, Any]] = [
        {
            "ID": "invoicer-broken-uploads",
            "Status": "Enabled",
            "Filter": folder,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "invoicer-former-versions",
            "Status": "Enabled",
            "Filter": folder,
            "NoncurrentVersionExpiration": {"NoncurrentDays": keep_former},
        },
    ]
    if archive_after:
        found.append(
            {
                "ID": "invoicer-archive",
                "Status": "Enabled",
                "Filter": folder,
                "Transitions": [{"Days": archive_after, "StorageClass": "GLACIER_IR"}],
            }
        )
    return {"Rules": found}


@click.command()
@click.option("--prefix", default="", help="The folder in the bucket, as in the settings.")
@click.option(
    "--archive-after",
    type=click.IntRange(0, 36500),
    default=365,
    show_default=True,
    help="Days until objects move to a cheaper class that still answers at once; 0: never.",
)
@click.option(
    "--keep-former",
    type=click.IntRange(1, 36500),
    default=90,
    show_default=True,
    help="Days for which deleted versions are kept.",
)
def lifecycle(prefix: str, archive_after: int, keep_former: int) -> None:
    """Print lifecycle rules for the bucket, for `aws s3api put-bucket-lifecycle-configuration`."""
    made = rules(prefix=prefix, archive_after=archive_after, keep_former=keep_former)
    click.echo(json.dumps(made, indent=2))

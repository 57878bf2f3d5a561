"""What a business says about its bucket."""

from typing import Final, Literal

from invoicer_core.plugin import Secret, Settings, field

ENDPOINT_ENV: Final = "S3_ENDPOINT"
LONGEST_MINUTES: Final = 5


class S3Settings(Settings):
    """Where the bucket is, and who opens it."""

    bucket: str = field(
        title="Bucket",
        description="A private bucket of your own, with Block Public Access switched on.",
        env="S3_BUCKET",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
    )
    region: str = field("us-east-1", title="Region", env="S3_REGION", pattern=r"^[a-z0-9-]{2,40}$")
    access_key: str = field(
        title="Access key id",
        description="Of a user that may put, get and delete objects of this bucket, nothing else.",
        env="S3_ACCESS_KEY_ID",
        pattern=r"^[\x21-\x7e]{3,128}$",
    )
    secret_key: Secret = field(title="Secret access key", env="S3_SECRET_ACCESS_KEY")
    prefix: str = field(
        "",
        title="Folder in the bucket",
        description="Put before every key. Empty: the bucket is for Invoicer alone.",
        env="S3_PREFIX",
        pattern=r"^$|^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=200,
    )
    encryption: Literal["AES256", "aws:kms", "none"] = field(
        "AES256",
        title="Encryption at rest",
        description="AES256: the store's own keys. aws:kms: a key of yours. none: only for stores"
        " that encrypt by themselves and refuse to be told.",
        env="S3_ENCRYPTION",
    )
    kms_key: str = field(
        "",
        title="KMS key",
        description="With aws:kms: the key's id or ARN. Empty: the account's key for S3.",
        env="S3_KMS_KEY",
        max_length=300,
    )
    direct_links: bool = field(
        False,
        title="Downloads straight from the bucket",
        description="Browsers get a signed link that is good for a few minutes. It saves a detour,"
        " but then Invoicer does not compare the file's hash first.",
        env="S3_DIRECT_LINKS",
    )
    link_minutes: int = field(
        LONGEST_MINUTES, title="Minutes that such a link is good for", ge=1, le=LONGEST_MINUTES
    )
    endpoint: str = field(
        "",
        title="API address",
        description="Of a store that speaks the S3 protocol. Empty: Amazon S3.",
        env=ENDPOINT_ENV,
        placeholder="https://s3.example.com",
        max_length=300,
    )
    path_style: bool = field(
        False,
        title="Bucket in the path",
        description="For stores that have no host name for each bucket.",
        env="S3_PATH_STYLE",
    )

"""What a business sets: which model reads its texts, and where that model is."""

from invoicer_core.plugin import Context, Secret, Settings, field


class SearchSettings(Settings):
    """Nothing has to be set: the local model needs no key and sends nothing anywhere."""

    embedder: str = field(
        "local",
        title="Model",
        description="local runs on this server and knows English best. openai-small and"
        " openai-large know many languages, need a key, and are sent your texts. Changing it builds"
        " a new index beside the old one, which serves until the new one is whole.",
        pattern=r"^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$",
        max_length=40,
    )
    key: Secret | None = field(
        None,
        title="Key for the OpenAI models",
        description="Only for openai-small and openai-large.",
        env="VECTOR_SEARCH_OPENAI_KEY",
    )
    base_url: str = field(
        "https://api.openai.com/v1",
        title="Address of the OpenAI models",
        description="OpenAI itself, or a service that answers like it.",
        env="VECTOR_SEARCH_OPENAI_BASE_URL",
        pattern=r"^https?://[^\s]+$",
        max_length=200,
    )
    approximate_from: int = field(
        50_000,
        title="Texts of one kind from which on an approximate index is used",
        description="Up to here every search compares everything and misses nothing. Beyond, that"
        " would take too long.",
        env="VECTOR_SEARCH_APPROXIMATE_FROM",
        ge=100,
        le=10_000_000,
    )


Ctx = Context[SearchSettings]

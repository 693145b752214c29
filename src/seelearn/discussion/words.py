"""What the discussion says to a reader, in both languages; and refusals, which are said in the reader's."""

from pathlib import Path

from seelearn import labels
from seelearn.errors import UserError

WORDS = Path(__file__).parent / "words.toml"


def words(language: str, table: str) -> dict[str, str]:
    """Return the words of one table of words.toml."""
    return labels.words(language, table, WORDS)


class RefusedError(UserError):
    """Something that a reader may not do or send: a key of [refused] in words.toml, with an HTTP status."""

    def __init__(self, key: str, status: int = 400, **values: object) -> None:
        super().__init__(key)
        self.key, self.status, self.values = key, status, values

    def say(self, language: str) -> str:
        """Return the sentence for the reader."""
        return words(language, "refused")[self.key].format(**self.values)

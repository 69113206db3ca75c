"""Tell an entry's teaser from its article, whatever the feed calls them. Runs in the worker."""

from bot.feeds.markup import cut, plain_text, read_fragment
from bot.feeds.values import TEASER_MAX, TEXT_MAX, WHOLE_TEXT


class Body:
    """Collects the summary and the contents of an entry, as text and pictures."""

    def __init__(self, base: str | None) -> None:
        self._base = base
        self._summary = ""
        self._contents: list[str] = []
        self.image_url: str | None = None

    def summary(self, value: str, *, is_markup: bool) -> None:
        """Take what the feed calls summary or description."""
        self._summary = self._text(value, is_markup=is_markup)

    def content(self, value: str, *, is_markup: bool) -> None:
        """Take what the feed calls content."""
        self._contents.append(self._text(value, is_markup=is_markup))

    def split(self) -> tuple[str, str]:
        """Return teaser and text, cut.

        A summary as long as an article is the article; content no longer than the summary adds
        nothing.
        """
        content = max(self._contents, key=len, default="")
        if len(content) > len(self._summary):
            teaser, text = self._summary, content
        elif len(self._summary) >= WHOLE_TEXT:
            teaser, text = "", self._summary
        else:
            teaser, text = self._summary, ""
        return cut(teaser, TEASER_MAX), cut(text, TEXT_MAX)

    def _text(self, value: str, *, is_markup: bool) -> str:
        if not is_markup:
            return plain_text(value)
        text, image_url = read_fragment(value, self._base)
        self.image_url = self.image_url or image_url
        return text

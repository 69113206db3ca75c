"""How a post is made where it goes: which of a forum's tags it gets."""

from collections.abc import Iterable, Mapping

ANY_OTHER = "*"  # stands for what gets no tag otherwise


def wanted_tags(
    of_feed: Iterable[str], of_categories: Mapping[str, str], categories: Iterable[str]
) -> tuple[str, ...]:
    """Return the names of tags that a post is to get, the most wanted first.

    Those chosen for its feed, then those that *of_categories* gives its categories, then its
    categories themselves, which a forum may have as tags. Case does not count.
    """
    chosen = {category.casefold(): tag for category, tag in of_categories.items()}
    named = [category.strip() for category in categories if category.strip()]
    mapped = [chosen[name.casefold()] for name in named if name.casefold() in chosen]
    return tuple(dict.fromkeys((*of_feed, *mapped, *named)))

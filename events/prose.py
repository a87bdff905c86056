"""Longer texts: Markdown as organizers write it, HTML that cannot harm a reader."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# No pictures: they would be fetched from elsewhere and tell who reads the page.
TAGS = {
    "p", "br", "strong", "em", "s", "ul", "ol", "li", "a", "h2", "h3", "h4", "blockquote", "hr",
    "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")


def render(source: str) -> SafeString:
    """The text as HTML: headings start below the page's own, links go to http and mailto."""
    tokens = MARKDOWN.parse(source)
    for token in tokens:
        _lower(token)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return mark_safe(  # noqa: S308  # cleaned by an allow-list right here
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel="nofollow noopener",
        )
    )


def plain(source: str, *, limit: int = 300) -> str:
    """The first words without the marks, for previews in messengers and search results."""
    words = " ".join(
        child.content
        for token in MARKDOWN.parse(source)
        for child in token.children or []
        if child.type == "text"
    )
    return words if len(words) <= limit else words[: limit - 1].rsplit(" ", 1)[0] + "…"


def _lower(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(int(token.tag[1]) + 1, 4)}"

"""Values from records become text in Markdown, and never markup."""

import pytest
from markdown_it import MarkdownIt

from harness.views.markdown import code, folded, render_table, text
from harness.views.tables import Column, Table


def _shown(markdown: str) -> str:
    """Return what a reader sees of a paragraph; fails where it is anything but one paragraph of text."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], markdown
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special", "softbreak"}, markdown
    return "".join(child.content for child in children).replace("\u200b", "")


@pytest.mark.parametrize(
    "value",
    [
        "# heading", "- item", "+ item", "* item", "1. one", "2) two", "> quote", "---", "===", "```", "~~~ x",
        "**bold**", "__bold__", "a *b* c", "_b_", "~~gone~~", "<b>bold</b>", "<!-- x -->", "&lt;b&gt;", "&#60;",
        "a\\", "\\*", "\\|",
        "[x](http://evil.example)", "![x](http://evil.example)", "[y]: http://evil.example", "[x][y]", "<http://evil.example>",
        "https://evil.example", "www.evil.example", "@someone", "$x$", "a | b", "+3.4 [-1.3, 8.1]", "inverted_without_summary",
    ],
)  # fmt: skip
def test_a_value_is_shown_as_it_is(value: str) -> None:
    assert _shown(text(value)) == value.replace("`", "'")


def test_controls_are_shown_as_escapes_and_lines_become_one() -> None:
    assert text("a\x1b[31m\n\n# b\u202e") == "a\\\\x1b[31m # b\\\\u202e"
    assert code("a`b\x1b\n*c*") == "`a'b\\x1b *c*`"


def test_names_stay_readable() -> None:
    assert text("inverted_without_summary +3.4 [-1.3, 8.1]") == "inverted_without_summary +3.4 [-1.3, 8.1]"


def test_a_cell_ends_no_cell() -> None:
    """By the rules of GitHub a backslash before a bar would escape the backslash, and the bar would end the cell."""
    table = Table("t", (Column("a"), Column("b")), (("x|y", "a\\|b"), ("c\\", "`|`")))
    tokens = MarkdownIt("commonmark").enable("table").parse(render_table(table))
    cells = [token for token in tokens if token.type == "td_open"]
    shown = [tokens[place + 1].children for place, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 4
    assert ["".join(child.content for child in children or []) for children in shown] == ["x|y", "a\\|b", "c\\", "'|'"]


def test_the_line_that_opens_a_fold_is_text() -> None:
    opened = folded("a_b* <img src=x> &amp;\n\n\x1b", "# inside").partition("\n")[0]
    assert opened == "<details><summary>a_b* &lt;img src=x&gt; &amp;amp; \\x1b</summary>"

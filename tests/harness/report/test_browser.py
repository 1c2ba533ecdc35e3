"""The page in a real browser: headless Chromium opens it from disk and uses it without any warning or error."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.report import build
from traceinv.records import Question, Transcript

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
FOREVER = 600_000.0
"""Milliseconds in which a page that works has answered, however busy the machine is."""
pytestmark = pytest.mark.slow
MakeRun = Callable[..., Path]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\"> <svg onload=alert(1)>",
    "[click](javascript:document.title='owned') javascript:alert(1)",
    "{{ 7*7 }} &lt;b&gt; \u2028 <!-- <script> --> ]]>",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    path = os.environ.get("TRACEINV_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the PATH (apt-get install chromium)")
    # Chromium's own sandbox refuses to start as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    playwright.expect.set_options(timeout=30_000)  # as patient as clicks are: the machine may be busy
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(make_run: MakeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a page of 32 questions under three inverters, with markup in the traces of all of them."""
    inverters = [
        {"regime": "inverted", "seed": 0},
        {"regime": "inverted_without_summary", "seed": 0},
        {"regime": "zero_shot_inverted"},
    ]
    return _write(build(None, make_run(inverters, invert=_hostile)).html, tmp_path_factory)


def _write(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(html, encoding="utf-8")
    return path


def _hostile(transcript: Transcript, rng: Random) -> str | None:
    lines = (transcript.trace or "").splitlines()
    return None if rng.random() < 0.2 else "\n".join([*lines, *(HOSTILE if rng.random() < 0.7 else [])])


class Tab:
    """An open page, with the warnings that it printed and the addresses that it asked for."""

    def __init__(self, browser: Any, path: Path, address: str = "", **settings: Any) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_context(offline=True, **settings).new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri() + address)
        self.page.wait_for_selector("html[data-ready]")

    def is_at(self, position: str) -> None:
        """Wait until the page says so: a link is followed by an event of its own, after the click."""
        playwright.expect(self.page.locator("#position")).to_have_text(position)

    @property
    def position(self) -> str:
        return str(self.page.text_content("#position"))

    @property
    def shown(self) -> str:
        return str(self.page.text_content("#item h3"))

    def count(self) -> int:
        return int(self.position.rpartition(" ")[2].replace(",", ""))


@pytest.fixture
def tab(chromium: Any, page_file: Path) -> Iterator[Tab]:
    tab = Tab(chromium, page_file)
    yield tab
    tab.page.context.close()
    assert tab.complaints == []
    assert tab.requests == [page_file.as_uri()]


def test_buttons_arrow_keys_and_the_list_go_through_the_items(tab: Tab) -> None:
    tab.is_at("1 of 32")
    tab.page.click("#next")
    tab.is_at("2 of 32")
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowLeft")
    tab.is_at("3 of 32")
    tab.page.click("#list li:nth-child(9) a")
    tab.is_at("9 of 32")
    assert tab.page.get_attribute("#list li:nth-child(9) a", "aria-current") == "true"
    tab.page.click("#previous")
    tab.is_at("8 of 32")


def test_arrow_keys_in_the_search_field_move_the_cursor_alone(tab: Tab) -> None:
    tab.page.focus("#filter-text")
    tab.page.keyboard.press("ArrowRight")
    tab.is_at("1 of 32")


def test_filters_and_search_leave_what_matches(tab: Tab) -> None:
    options = {
        name: tab.page.locator(f"#filter-{name} option").all_text_contents() for name in ("task", "outcome", "run")
    }
    assert options["task"] == ["all", "chain (8)", "dials (8)", "prints (8)", "compose (8)"]
    assert options["run"] == [
        "all",
        "inverted, seed 0 (32)",
        "inverted_without_summary, seed 0 (32)",
        "zero_shot_inverted (32)",
    ]
    for outcome in ("right", "wrong", "unfinished"):
        tab.page.select_option("#filter-outcome", outcome)
        assert f"({tab.count()})" in next(text for text in options["outcome"] if text.startswith(outcome))
        assert set(tab.page.locator("#list .badge").all_text_contents()) == {outcome}
    tab.page.select_option("#filter-outcome", "")
    tab.page.select_option("#filter-task", "dials")
    tab.is_at("1 of 8")
    assert tab.shown.startswith("target/dials/")
    tab.page.fill("#filter-text", "TARGET/DIALS/0/3")
    playwright.expect(tab.page.locator("#position")).to_have_text("1 of 1")
    tab.page.fill("#filter-text", "in no trace at all")
    playwright.expect(tab.page.locator("#position")).to_have_text("No trace matches.")
    assert tab.page.is_disabled("#next")


def column(tab: Tab, number: int) -> Any:
    return tab.page.locator(f"#lines tbody td:nth-child({number})")


def test_three_traces_stand_line_by_line_beside_each_other(tab: Tab) -> None:
    heads = tab.page.locator("#lines th").all_text_contents()
    assert heads == ["Hidden trace of the target", "Inverted trace", "Surrogate's trace, nothing disclosed"]
    tab.page.select_option("#filter-outcome", "right")
    hidden, inverted, surrogate = (column(tab, number).locator(".text").all_text_contents() for number in (1, 2, 3))
    assert hidden == inverted
    assert surrogate[0] == hidden[0]
    assert "I guess 3." in surrogate
    marks = column(tab, 2).evaluate_all("cells => cells.map(cell => cell.className.trim())")
    assert set(marks) == {"matched", "disclosed"}
    tab.page.select_option("#filter-outcome", "wrong")
    assert column(tab, 2).and_(tab.page.locator(".false")).count() >= len(HOSTILE) - 1
    assert "inverted lines false" in str(tab.page.text_content("#item .tally"))
    assert "3" in tab.page.locator("#item dd").all_text_contents()


def test_words_that_differ_are_marked(
    chromium: Any, make_run: MakeRun, tmp_path_factory: pytest.TempPathFactory
) -> None:
    question = Question(id="q", kind="prose", text="?")
    row = Transcript(id="q", question=question, trace="first we add two", answer="4", finish_reason="stop")
    built = build(None, make_run(transcripts=[row], invert=lambda row, rng: "first we add three"))
    tab = Tab(chromium, _write(built.html, tmp_path_factory))
    assert tab.page.locator("#lines mark").all_text_contents()[:2] == ["two", "three"]
    tab.page.context.close()
    assert tab.complaints == []


def test_the_tabs_show_each_inverter_of_a_question(tab: Tab) -> None:
    tabs = tab.page.get_by_role("tab")
    assert tabs.all_text_contents() == ["inverted, seed 0", "inverted_without_summary, seed 0", "zero_shot_inverted"]
    tabs.nth(2).click()
    assert "zero_shot_inverted" in str(tab.page.text_content("#item .which"))
    tab.is_at("1 of 32")
    tab.page.keyboard.press("ArrowLeft")
    assert "inverted_without_summary, seed 0" in str(tab.page.text_content("#item .which"))
    assert tab.page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    tab.page.click("#next")
    assert "inverted_without_summary, seed 0" in str(tab.page.text_content("#item .which"))


def test_items_can_be_sorted_and_drawn_at_random(tab: Tab) -> None:
    def shares() -> list[int]:
        texts = tab.page.locator("#list small").all_text_contents()
        return [int(text.partition("· ")[2].partition("%")[0]) for text in texts]

    tab.page.select_option("#filter-run", "inverted, seed 0")
    tab.page.select_option("#filter-sort", "least")
    assert shares() == sorted(shares())
    tab.page.select_option("#filter-sort", "most")
    assert shares() == sorted(shares(), reverse=True)
    assert len(set(shares())) > 1
    places = set()
    for _ in range(12):
        tab.page.click("#random")
        places.add(tab.position)
    assert len(places) > 1


def test_counts_follow_the_other_filters_and_the_address_keeps_all(tab: Tab, chromium: Any, page_file: Path) -> None:
    tab.page.select_option("#filter-task", "dials")
    tab.page.select_option("#filter-run", "zero_shot_inverted")
    for outcome in ("right", "wrong", "unfinished"):
        text = tab.page.locator(f"#filter-outcome option[value={outcome}]").text_content()
        tab.page.select_option("#filter-outcome", outcome)
        assert str(text).endswith(f"({tab.count()})")
    tab.page.select_option("#filter-sort", "long")
    tab.page.fill("#filter-text", "dials")
    playwright.expect(tab.page.locator("#filter-text")).to_have_value("dials")
    playwright.expect(tab.page).to_have_url(re.compile("text=dials"))
    other = Tab(chromium, page_file, tab.page.evaluate("location.hash"))
    assert (other.position, other.shown) == (tab.position, tab.shown)
    for name in ("task", "outcome", "run", "sort", "text"):
        assert other.page.input_value(f"#filter-{name}") == tab.page.input_value(f"#filter-{name}") != ""
    other.page.context.close()


def test_plots_and_tables_can_be_saved_without_a_network(tab: Tab) -> None:
    with tab.page.expect_download() as plot:
        tab.page.click("button[data-save=svg] >> nth=0")
    svg = plot.value.path().read_text(encoding="utf-8")
    assert plot.value.suggested_filename == "record-sample-1-accuracy.svg"
    assert svg.startswith("<svg ")
    assert "var(--" not in svg
    tab.page.click("section.plot summary >> nth=0")
    with tab.page.expect_download() as table:
        tab.page.click("button[data-save=csv] >> nth=0")
    first, *rows = table.value.path().read_text(encoding="utf-8").splitlines()
    assert first == "regime,math,code,all tasks"
    assert '"' in rows[0]


def test_a_wide_table_says_that_it_scrolls_and_a_narrow_one_does_not(chromium: Any, page_file: Path) -> None:
    for width, says in ((390, True), (2400, False)):
        tab = Tab(chromium, page_file, viewport={"width": width, "height": 800})
        tab.page.click("section.plot summary >> nth=0")
        hint = tab.page.locator("section.plot .scrolls >> nth=0")
        playwright.expect(hint).to_be_visible(visible=says)
        tab.page.context.close()


def test_the_keyboard_alone_reaches_everything(tab: Tab) -> None:
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.className") == "skip"
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("location.hash") == "#traces"
    reached = set()
    for _ in range(16):
        tab.page.keyboard.press("Tab")
        reached.add(tab.page.evaluate("document.activeElement.id || document.activeElement.getAttribute('role')"))
    assert {"filter-task", "filter-sort", "filter-text", "random", "next"} <= reached
    tab.page.focus("#next")
    tab.page.keyboard.press("Enter")
    tab.is_at("2 of 32")


def test_a_link_to_an_item_opens_it(tab: Tab, chromium: Any, page_file: Path) -> None:
    tab.page.select_option("#filter-outcome", "wrong")
    tab.page.click("#next")
    address, shown = str(tab.page.get_attribute("#item .permalink", "href")), tab.shown
    other = Tab(chromium, page_file, address)
    assert other.shown == shown
    assert "wrong" in str(other.page.text_content("#item .badge"))
    other.page.evaluate("location.hash = '#trace/no/such'")
    assert other.shown == shown
    other.page.context.close()
    assert other.complaints == []


def test_markup_in_a_trace_is_shown_as_text_and_does_nothing(tab: Tab) -> None:
    tab.page.select_option("#filter-outcome", "wrong")
    shown = tab.page.locator("#lines .text").all_text_contents()
    assert set(HOSTILE[:3]) <= set(shown)
    assert tab.page.title() == "sample-1 - traceinv report"
    assert tab.page.locator("#item script, #item img, #item svg, #item b").count() == 0
    links = tab.page.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)


def test_the_policy_of_the_page_stops_a_script_that_got_in_all_the_same(chromium: Any, page_file: Path) -> None:
    tab = Tab(chromium, page_file)
    tab.page.evaluate(
        """() => {
            const link = document.createElement("a");
            link.href = "javascript:document.title='owned'";
            document.body.append(link);
            link.click();
            const image = document.createElement("img");
            image.src = "https://example.invalid/x";
            document.body.append(image);
        }"""
    )
    with pytest.raises(playwright.Error, match="TrustedHTML"):
        tab.page.evaluate("document.body.innerHTML = '<script>1</script>'")
    tab.page.wait_for_timeout(100)
    assert tab.page.title() == "sample-1 - traceinv report"
    assert any("Content Security Policy" in complaint for complaint in tab.complaints)
    tab.page.context.close()


def test_the_page_is_light_or_dark_as_the_reader_wishes(chromium: Any, page_file: Path) -> None:
    found = {}
    for scheme in ("light", "dark"):
        tab = Tab(chromium, page_file, color_scheme=scheme)
        paper = tab.page.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor")
        label = tab.page.eval_on_selector(".drawing.wide text", "text => getComputedStyle(text).fill")
        found[scheme] = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, label)]
        tab.page.context.close()
    assert found["light"][0] > 600 > 200 > found["light"][1]
    assert found["dark"][0] < 200 < 600 < found["dark"][1]


def test_the_page_fits_a_phone(chromium: Any, page_file: Path) -> None:
    tab = Tab(chromium, page_file, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 360
    assert tab.page.is_visible(".drawing.narrow >> nth=0")
    assert not tab.page.is_visible(".drawing.wide >> nth=0")
    assert tab.page.is_visible("#item .scrolls")
    tab.page.tap("#next")
    tab.is_at("2 of 32")
    for target in ("#next", "#previous", "#filter-task", "#filter-text"):
        assert tab.page.locator(target).bounding_box()["height"] >= 40
    tab.page.context.close()
    assert tab.complaints == []


def test_a_screen_reader_is_told_what_the_plots_show(tab: Tab) -> None:
    plots = tab.page.get_by_role("img")
    assert plots.count() == tab.page.locator(".drawing.wide").count()
    for number in range(plots.count()):
        assert len(str(plots.nth(number).get_attribute("aria-label"))) > 40
    tab.page.click("section.plot summary >> nth=0")
    table = tab.page.get_by_role("table").first
    assert table.get_by_role("columnheader").first.text_content() == "regime"
    assert table.get_by_role("rowheader").first.text_content() == "base"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(scheme: str, chromium: Any, page_file: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    tab = Tab(
        chromium, page_file, color_scheme=scheme, bypass_csp=True
    )  # axe itself is a script that the page would refuse
    tab.page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    found = axe.Axe().run(tab.page)
    assert found.violations_count == 0, found.generate_report()
    tab.page.context.close()


def test_a_pointer_on_a_mark_is_told_its_figure(tab: Tab) -> None:
    tab.page.locator(".drawing.wide .role-mark [aria-label]").first.hover()
    assert re.fullmatch(r"base, math: [\d.]+% \[.*\]", str(tab.page.text_content("#tip")))


def test_of_five_thousand_traces_the_page_draws_those_that_are_looked_at(
    chromium: Any, make_run: MakeRun, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [
        Transcript(
            id=f"q/{number}",
            question=Question(id=f"q/{number}", kind="prose", text=f"What is {number} plus {number}?"),
            trace="\n".join(f"First take {number}, then add {step}: {number + step}." for step in range(60)),
            answer=str(2 * number),
            finish_reason="stop",
        )
        for number in range(2500)
    ]
    built = build(None, make_run(transcripts=rows, invert=lambda row, rng: row.trace))
    assert built.traces == 5000
    path = _write(built.html, tmp_path_factory)
    assert path.stat().st_size < 15_000_000
    tab = Tab(chromium, path)
    tab.is_at("1 of 2,500")
    assert tab.page.locator("*").count() < 5_000  # of 300,000 steps
    tab.page.fill("#filter-text", "what is 2499 plus")
    playwright.expect(tab.page.locator("#position")).to_have_text("1 of 1", timeout=FOREVER)
    tab.page.context.close()
    assert tab.complaints == []

"""Every page by the keyboard alone, in a real browser: each control is reached, seen and used.

The webcam and the runs are used by the keyboard in `test_browser.py`.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from data.painter.films import frame_times, write_film
from tests.app.browsing import (
    MARKS,
    PHONE,
    REDRAWS,
    WEBRTC,
    drop,
    hand_over,
    press,
    redrawn,
    seen,
    settled,
    to,
)

STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
CONTROLS = """
() => [...document.querySelectorAll(
  'button, a[href], input, summary, video[controls], [role=slider], [role=combobox]'
)].filter(one => {
  const box = one.getBoundingClientRect();
  return one.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && box.width > 1 && box.height > 1 && !one.disabled
    && !one.closest('[aria-hidden=true], [inert]');
}).map(one => window.__name(one))
"""
"""What somebody with a mouse could use."""

PREPARE = """
() => {
  window.__name = one => [one.tagName, one.getAttribute('role') || one.type || '',
    one.getAttribute('aria-label') || one.title || one.textContent || ''].join(' ').trim();
  const around = one => {
    const told = [];
    for (let k = 0; one && k < 8; k++, one = one.parentElement) {
      for (const part of [null, '::before', '::after']) {
        const style = getComputedStyle(one, part);
        told.push(style.outline, style.boxShadow, style.border, style.background, style.color);
      }
      const inner = one.querySelector && k == 0 ? one.querySelector('*') : null;
      if (inner) { const s = getComputedStyle(inner); told.push(s.outline, s.boxShadow, s.border); }
    }
    return told.join('|');
  };
  const all = document.querySelectorAll('a, button, input, summary, [tabindex]');
  const before = new Map([...all].map(one => [one, around(one)]));
  window.__stop = async () => {
    for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame);  // until it is drawn
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    window.__first ??= one;
    const box = (one.closest('canvas') || one).getBoundingClientRect();  // a table is drawn there
    return {
      name: window.__name(one),
      first: one === window.__first,
      seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      shown: !before.has(one) || before.get(one) !== around(one),
    };
  };
}
"""
"""Tells of each stop whether it is in sight, and looks otherwise than without the focus."""

ELSEWHERE = re.compile(r"^(INPUT file|VIDEO |BUTTON button Open$|BUTTON submit Remove )")
"""What another key does, or another control: an arrow opens a list, Backspace takes out of it."""

ITSELF = ("IFRAME", "CANVAS", "TD")
"""What shows in itself where the focus is: the cells of a table, another page."""

PAUSES = (0, 1, 5, 20, 60)
"""Seconds for which a page is left alone before it is walked through: a redraw on the way takes the
focus, as a part of the page asks for that has come last; then it is opened again."""

pytestmark = MARKS


@pytest.fixture(scope="module")
def film(scene, tmp_path_factory):
    """A clip that is not over before somebody has come to what stops it."""
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    write_film(path, scene, frame_times(40, 10))
    return path


def stops(opened: Callable[[], Page]) -> tuple[Page, list[dict]]:
    """Press the tabulator on a page that nobody has touched until it has been everywhere.

    Returns
    -------
    Page
        The page, as it was left.
    list of dict
        Where it stopped, in order.
    """
    for pause in PAUSES:
        page = opened()
        page.add_style_tag(content=STILL)
        page.wait_for_timeout(1000 * pause)
        settled(page)
        begun = REDRAWS[page].begun
        found = walked(page)
        if REDRAWS[page].begun == begun:
            return page, found
    raise AssertionError("it is drawn anew again and again")


def walked(page: Page) -> list[dict]:
    page.evaluate(PREPARE)
    found = []
    for _ in range(150):
        page.keyboard.press("Tab")
        stop = page.evaluate("window.__stop()")
        if found and stop and stop["first"]:  # itself: two links may have one name
            return found
        if stop:
            found.append(stop)
    raise AssertionError(f"it never leaves {found[-1]}")


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "The model that looks"),
        ("photographs", "nothing is stored"),
        ("webcam", "Press START"),
        ("snapshot", "Take Photo"),
        ("video", "nothing is stored"),
        ("runs", "Look closely at one"),
    ],
)
def test_the_tabulator_comes_to_everything_and_shows_where_it_is(
    address, visitor, name, text, options
):
    def opened() -> Page:
        page = visitor(f"{address}/{name}", **options)
        seen(page, text)
        if name == "webcam":
            page.frame_locator(WEBRTC).get_by_role("button", name="START").wait_for()
        if options:  # it is folded away a moment later
            expect(page.get_by_test_id("stSidebar")).to_have_css("visibility", "hidden")
        return page

    page, found = stops(opened)
    names = [stop["name"] for stop in found]
    missed = [one for one in page.evaluate(CONTROLS) if one not in names]
    assert [one for one in missed if not ELSEWHERE.match(one)] == [], names
    assert [stop["name"] for stop in found if not stop["seen"]] == []
    told = [stop["name"] for stop in found if not stop["shown"]]
    assert [name for name in told if not name.startswith(ITSELF)] == []


def test_photographs_are_dropped_hidden_and_taken_home(address, visitor, photographs):
    page = visitor(address)
    seen(page, "The model that looks")
    settled(page)
    press(page, "^Photographs", role="link")
    seen(page, "nothing is stored")
    settled(page)
    hand_over(page, photographs)
    seen(page, "All faces (CSV)")
    settled(page)
    with redrawn(page):
        press(page, "Make faces unrecognisable", "Space", "switch")
    expect(page.get_by_role("switch", name="Make faces unrecognisable")).to_be_checked()
    press(page, "What to know before you quote it")
    seen(page, "The answer corrects this")
    to(page, "All faces")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "faces.csv"
    press(page, f"Remove {photographs[1].name}")
    expect(page.get_by_text(f"{photographs[1].name}: ")).to_have_count(0)
    seen(page, f"{photographs[0].name}: ")


def test_the_threshold_is_moved_step_by_step_and_keeps_the_focus(address, visitor, photographs):
    page = visitor(f"{address}/photographs")
    drop(page, photographs)
    settled(page)
    threshold = page.get_by_role("slider", name="Confidence from which a face counts")
    own = float(threshold.input_value())
    to(page, "Confidence from which a face counts")
    for k in (1, 2, 3):
        with redrawn(page):  # a step at a time, as who looks what it does
            page.keyboard.press("ArrowRight")
        expect(threshold).to_have_value(f"{own + k / 100:.2f}".rstrip("0"))
        expect(threshold).to_be_focused()
    seen(page, "only what was counted")
    for _ in range(3):  # at once
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("only what was counted")).to_have_count(0)
    expect(threshold).to_have_value(f"{own:.2f}".rstrip("0"))
    expect(threshold).to_be_focused()


def test_a_snapshot_is_taken_and_cleared(address, visitor):
    page = visitor(f"{address}/snapshot")
    page.wait_for_function(
        "document.querySelector('[data-testid=stCameraInput] video')?.videoWidth > 0"
    )
    settled(page)
    press(page, "Take Photo")
    seen(page, "All faces (CSV)")
    settled(page)
    press(page, "Clear photo")
    seen(page, "Take Photo")


def test_a_clip_is_looked_at_stopped_and_its_table_taken_home(address, visitor, film):
    page = visitor(f"{address}/video")
    seen(page, "nothing is stored")
    settled(page)
    hand_over(page, [film])
    page.get_by_role("button", name="Look at it").wait_for()
    settled(page)
    pace = page.get_by_role("slider", name="Frames a second to look at")
    before = int(pace.input_value())
    with redrawn(page):
        press(page, "Frames a second to look at", "ArrowLeft")
    expect(pace).to_have_value(str(before - 1))
    press(page, "Look at it")
    seen(page, "Looked at")
    press(page, "Stop, and keep what was seen")
    seen(page, "it was stopped")
    settled(page)
    to(page, "people.csv")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "people.csv"


def test_what_was_switched_is_switched_back(address, visitor):
    page = visitor(f"{address}/webcam")
    seen(page, "Press START")
    settled(page)
    to(page, "Mirror", "switch")
    for checked in (False, True, False):
        with redrawn(page):
            page.keyboard.press("Space")
        expect(page.get_by_label("Mirror")).to_be_checked(checked=checked)
        expect(page.get_by_label("Mirror")).to_be_focused()

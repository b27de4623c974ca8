"""The program as users run it, and its page in a real browser."""

import datetime
import errno
import re
import subprocess
import sys

import numpy as np
import pytest

from examples.ppo import report
from examples.ppo.commands.options import change_config, named_config, save_config
from examples.ppo.reports.curves import Curve, Run
from examples.ppo.reports.report_html import render
from rltools.summaries import SummaryWriter

pytestmark = pytest.mark.timeout(120)
# Scores of evaluations after 24,576 and 49,152 steps, of an unfinished run only one.
RUNS = {
    ("fast", 0, "0.002"): (-800.0, -200.0),
    ("fast", 1, "0.002"): (-600.0, -100.0),
    ("slow", 0, "0.001"): (-1200.0, -1000.0),
    ("slow", 1, "0.001"): (-900.0,),
    ("odd</script><b>", 0, "0.003"): (-500.0, -400.0),
}
FAST_CHART = "document.querySelectorAll('.chart')[0]"


@pytest.fixture(scope="session")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs & <more>")
    for number, ((name, seed, rate), scores) in enumerate(RUNS.items()):
        name = name.replace("/", "\N{DIVISION SLASH}")
        folder = logdir / f"2025010{number + 1}T000000-{name}"
        folder.mkdir()
        options = ["steps=49152", f"seed={seed}", f"learning_rate={rate}"]
        config = change_config(named_config("pendulum"), options)
        save_config(config, folder / "config.json")
        for phase in ("train", "eval"):
            writer = SummaryWriter(folder / phase)
            for epoch, score in enumerate(scores):
                offset = -50 if phase == "train" else 0
                summary = {"mean_score": score + offset, "std_score": 10.0}
                writer.write(epoch * config.eval_every, summary)
            writer.close()
    return logdir


@pytest.fixture(scope="session")
def page_file(logdir, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert report.run([str(logdir), f"--output={path}"]) == 0
    return path


class TestCommand:
    def test_writes_a_page(self, logdir, tmp_path, capsys):
        path = tmp_path / "page.html"
        assert report.run([f"--logdir={logdir}", f"--output={path}"]) == 0
        assert capsys.readouterr().out == f"5 runs compared in {path}\n"
        assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
        # An old page is replaced.
        assert report.run([str(logdir), f"--output={path}"]) == 0

    def test_the_page_is_in_the_logdir_by_default(self, logdir, capsys):
        assert report.run([str(logdir)]) == 0
        (logdir / "report.html").unlink()

    def test_runs_that_can_not_be_read_are_named(self, logdir, tmp_path, caplog):
        folder = logdir / "20200101T000000-old"
        folder.mkdir()
        (folder / "config.json").write_text('{"sead": 1}')
        assert report.run([str(logdir), f"--output={tmp_path / 'a.html'}"]) == 0
        assert "20200101T000000-old is left out" in caplog.text
        (folder / "config.json").unlink()
        folder.rmdir()

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["{}/missing"], "There is no logdir '{}/missing'."),
            (["{}"], "There are no runs in '{}'."),
            ([], "one logdir is needed (--help lists the arguments)."),
            (["{}", "--logdir={}"], "one logdir is needed (--help lists"),
            (["{}", "--outptu=a"], "unrecognized arguments: --outptu=a"),
        ],
    )
    def test_mistakes_are_one_line(self, words, message, tmp_path, capsys):
        assert report.run([word.format(tmp_path) for word in words]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"error: {message.format(tmp_path)}")
        assert error.count("\n") == 1

    def test_a_page_that_can_not_be_written_is_one_line(self, logdir, tmp_path, capsys):
        path = tmp_path / "missing" / "page.html"
        assert report.run([str(logdir), f"--output={path}"]) == 2
        expected = f"error: Can't write the page '{path}': No such file or directory.\n"
        assert capsys.readouterr().err == expected

    def test_a_full_disk_leaves_no_part_of_a_page(self, logdir, tmp_path, monkeypatch):
        path = tmp_path / "page.html"

        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("pathlib.Path.replace", fail)
        assert report.run([str(logdir), f"--output={path}"]) == 2
        assert list(tmp_path.iterdir()) == []

    def test_is_light(self, logdir, tmp_path):
        code = (
            "import sys; from examples.ppo import report; "
            f"assert not report.run([{str(logdir)!r}, '--output={tmp_path}/a.html']); "
            "print(sorted({'tensorflow', 'matplotlib'} & set(sys.modules)))"
        )
        output = subprocess.check_output([sys.executable, "-c", code], text=True)
        assert output.endswith("\n[]\n")


class TestFile:
    def test_asks_for_nothing_else(self, page_file):
        html = page_file.read_text()
        assert "default-src 'none'" in html
        addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", html)
        assert set(addresses) <= {"data:,"}
        assert set(re.findall(r"\w+://[^\s\"']+", html)) == {
            "http://www.w3.org/2000/svg"  # Not an address but a name.
        }

    def test_names_are_no_html(self, page_file):
        html = page_file.read_text()
        assert "<title>logs &amp; &lt;more&gt;" in html
        assert "<b>," not in html
        assert "odd<" not in html.partition('id="data"')[0]

    def test_tells_without_script_or_sight(self, page_file):
        html = page_file.read_text()
        assert (
            "fast: mean evaluation over 2 runs from −700.0 at 24,576 steps "
            "to −150.0 at 49,152 steps."
        ) in html
        assert "<noscript>" in html
        assert re.search(r'lang="en"', html)


@pytest.fixture
def page(browser, page_file):
    page = browser.open(page_file)
    yield page
    assert page.complaints == []
    assert page.requests == [page_file.as_uri()]


def hover(page, share):
    """Move the mouse to a share of the width of the first chart."""
    left, top, width, height = page.evaluate(
        f"(() => {{ const {{left, top, width, height}} = "
        f"{FAST_CHART}.getBoundingClientRect(); return [left, top, width, height] }})()"
    )
    page.send(
        "Input.dispatchMouseEvent",
        type="mouseMoved",
        x=left + share * width,
        y=top + height / 2,
    )


def tip(page):
    return page.evaluate(f"{FAST_CHART}.querySelector('.tip')?.innerText ?? null")


def column(page, number, table=0):
    return page.evaluate(
        f"[...document.querySelectorAll('table.sortable')[{table}].tBodies[0].rows]"
        f".map(row => row.cells[{number}].textContent)"
    )


def press_heading(page, number):
    page.evaluate(
        "document.querySelector('table.sortable').tHead.rows[0]"
        f".cells[{number}].firstElementChild.click()"
    )


def count(page, selector):
    return page.evaluate(f"{FAST_CHART}.querySelectorAll('{selector}').length")


class TestPage:
    def test_draws_means_bands_and_what_is_unfinished(self, page):
        assert count(page, "path.mean") == 3
        assert count(page, "path.band") == 1
        assert count(page, "path.seed") == 1
        names = page.evaluate(
            "[...document.querySelectorAll('.legend button')].map(b => b.innerText)"
        )
        assert [name[:4] for name in names] == ["fast", "odd<", "slow"]

    def test_seeds_are_drawn_on_demand(self, page):
        page.evaluate("document.getElementById('seeds').click()")
        assert count(page, "path.seed") == 5
        page.evaluate("document.getElementById('seeds').click()")
        assert count(page, "path.seed") == 1

    def test_hovering_tells_values(self, page):
        assert tip(page) is None
        hover(page, 0.97)
        text = tip(page)
        assert text.startswith("49,152 steps")
        assert "−150.0" in text
        assert "−200.0 to −100.0" in text
        assert text.index("fast") < text.index("odd") < text.index("slow")
        hover(page, 0.4)
        assert tip(page).startswith("24,576 steps")
        assert "−700.0" in tip(page)
        # The best is on top.
        assert tip(page).index("odd") < tip(page).index("fast")
        page.send("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
        assert tip(page) is None

    def test_training_scores_can_be_chosen(self, page):
        page.evaluate("document.querySelector('[value=train]').click()")
        hover(page, 0.97)
        assert "−200.0" in tip(page)
        # A rollout is measured at its end, when training has begun anew.
        assert tip(page).startswith("28,672 steps")

    def test_keys_read_values_aloud(self, page):
        page.evaluate(f"{FAST_CHART}.focus()")
        page.press("ArrowRight")
        said = "document.querySelector('[aria-live]').textContent"
        assert page.evaluate(said).startswith("24,576 steps, ")
        page.press("ArrowRight")
        page.press("ArrowRight")
        assert "49,152 steps" in page.evaluate(said)
        page.press("Home")
        assert "24,576 steps" in tip(page)
        page.press("End")
        assert "49,152 steps" in tip(page)
        page.press("Escape")
        assert tip(page) is None

    def test_curves_can_be_hidden(self, page):
        button = "document.querySelector('.legend button')"
        page.evaluate(f"{button}.click()")
        assert count(page, "path.mean") == 2
        assert page.evaluate(f"{button}.ariaPressed") == "false"
        hover(page, 0.97)
        assert "fast" not in tip(page)
        page.evaluate(
            "document.querySelectorAll('.legend button').forEach(b => b.click())"
        )
        page.evaluate(f"{button}.click()")
        assert "All curves are hidden" in page.evaluate(f"{FAST_CHART}.textContent")
        page.evaluate(f"{button}.click()")
        assert count(page, "path.mean") == 1

    def test_tables_are_sorted_by_column(self, page):
        head = "document.querySelector('table.sortable').tHead.rows[0].cells[1]"
        sort = f"{head}.ariaSort"
        press_heading(page, 1)
        assert column(page, 1) == ["−150.0", "−400.0", "−1,000"]
        assert page.evaluate(sort) == "descending"
        press_heading(page, 1)
        assert column(page, 1) == ["−1,000", "−400.0", "−150.0"]
        assert page.evaluate(sort) == "ascending"
        press_heading(page, 0)
        assert [name[:4] for name in column(page, 0)] == ["fast", "odd<", "slow"]
        assert page.evaluate(sort) is None
        press_heading(page, 0)
        assert [name[:4] for name in column(page, 0)] == ["slow", "odd<", "fast"]

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", [320, 375, 800, 1600])
    def test_fits_into_the_window(self, browser, page_file, width, dark):
        page = browser.open(page_file, width=width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        hover(page, 0.5)
        right = f"{FAST_CHART}.querySelector('.tip').getBoundingClientRect().right"
        assert page.evaluate(right) <= width
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.complaints == []

    @pytest.mark.parametrize("dark", [False, True])
    def test_has_contrast(self, browser, page_file, dark):
        """Of text 4.5 and of lines 3, as WCAG 2.2 asks for."""
        page = browser.open(page_file, dark=dark)
        colours = page.evaluate(CONTRASTS)
        assert colours.pop("lines") >= 3
        assert min(colours.values()) >= 4.5, colours

    def test_everything_has_a_name(self, page):
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input, [tabindex], table')]"
            ".filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length))"
            ".map(e => e.outerHTML)"
        )
        assert unnamed == []


CONTRASTS = """(() => {
  const style = getComputedStyle(document.documentElement);
  const light = name => {
    const hex = style.getPropertyValue(name).trim();
    const parts = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255);
    const [r, g, b] = parts.map(
      c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const result = {};
  for (const ink of ["--ink", "--soft", "--focus"])
    for (const ground of ["--page", "--card"])
      result[ink + ground] = contrast(ink, ground);
  result.raised = contrast("--soft", "--raised");
  result.lines = Math.min(...[..."01234567"].map(i => contrast(`--c${i}`, "--card")));
  return result;
})()"""


@pytest.mark.parametrize("evaluations", [0, 1])
def test_runs_that_have_just_begun_have_a_page(
    browser, tmp_path, make_config, evaluations
):
    folder = tmp_path / "20250101T000000-pendulum"
    folder.mkdir()
    save_config(make_config(), folder / "config.json")
    writer = SummaryWriter(folder / "eval")
    for _ in range(evaluations):
        writer.write(0, {"mean_score": 3.0})
    writer.close()
    assert report.run([str(tmp_path)]) == 0
    page = browser.open(tmp_path / "report.html")
    text = page.evaluate("document.querySelector('.chart').textContent")
    assert text == "No scores yet"  # In training, as a line needs two evaluations.
    page.evaluate("document.querySelector('[value=eval]').click()")
    assert count(page, ".dot") == evaluations
    assert page.complaints == []


def test_what_has_no_score_is_sorted_last(browser, tmp_path, make_config):
    def make_run(name, **score):
        curves = {tag: Curve(np.array([24]), np.array([x])) for tag, x in score.items()}
        return Run(tmp_path / f"1-{name}", make_config(), {}, curves)

    runs = [
        make_run("a", mean_score=1.0),
        make_run("b"),
        make_run("c", mean_score=-2.0),
    ]
    path = tmp_path / "page.html"
    path.write_text(render(runs, name="logs", created=datetime.datetime.now()))
    page = browser.open(path)
    press_heading(page, 1)
    assert column(page, 0) == ["a", "c", "b"]
    press_heading(page, 1)
    assert column(page, 0) == ["c", "a", "b"]

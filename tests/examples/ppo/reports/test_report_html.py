import datetime
import json
import pathlib

import pytest

from examples.ppo.reports.curves import Run
from examples.ppo.reports.report_html import render

NOW = datetime.datetime(2025, 1, 2, 3, 4)


@pytest.fixture
def make_page(make_config):
    def build(*names, **changes):
        runs = [
            Run(pathlib.Path(f"1-{name}"), make_config(**changes), {}, {})
            for name in names
        ]
        return render(runs, name="logs", created=NOW)

    return build


def test_data_can_not_end_its_script(make_page):
    env = "own/</script><script>alert(1)"
    html = make_page("a", env=env)
    data = html.partition('id="data">')[2].partition("</script>")[0]
    assert json.loads(data)[0]["env"] == env
    # Nor does any other text become a part of the page.
    assert "<script>alert" not in html.replace("<\\/script><script>alert", "")


def test_tells_how_much_there_is(make_page):
    summary = (
        "2 runs · 2 configurations · 1 environment · 0 training steps · 2 unfinished · "
        "02 January 2025, 03:04"
    )
    assert f"<p>{summary}</p>" in make_page("a", "b")


def test_charts_and_their_legends_have_the_same_numbers(make_page):
    html = make_page("a", "b")
    assert html.index('data-group="0"') < html.index('data-group="1"')
    assert 'data-chart="0"' in html
    assert 'data-chart="1"' not in html

import html
import json
import re

import numpy as np
import pytest

from examples.ppo.videos.video import VideoWriter
from examples.ppo.videos.visualize_html import write_page

SPEED = 10
MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"
LOADED = """new Promise(resolve => {
  video.readyState >= 3 ? resolve() : video.addEventListener("canplay", resolve);
})"""
SOUGHT = """new Promise(resolve => {
  video.seeking ? video.addEventListener("seeked", resolve, {once: true}) : resolve();
})"""


def an_episode(number, length, **changes):
    """Rewards, values and so on are the step's number times something."""

    def line(factor, steps=length):
        return [factor * step for step in range(steps)]

    return {
        "number": number,
        "video": f"episode-{number}.mp4",
        "score": float(sum(line(1))),
        "length": length,
        "terminated": number == 1,
        "reward": line(1),
        "value": line(0.5),
        "followed": line(-0.25),
        "actions": [{"name": "0", "values": line(2)}],
        "observations": [
            {"name": "0", "values": line(-3.5, length + 1)},
            {"name": "1", "values": [None, *line(1e-5, length)]},
        ],
        "notes": {"actions": [], "observations": ["The first 2 of 90 numbers."]},
    } | changes


def write(folder, episodes, **changes):
    options = {
        "env": "Pendulum-v1",
        "run": "20261101T000000-pendulum",
        "checkpoint": 192,
        "training_steps": 12800,
        "seed": 3,
        "frames_per_second": SPEED,
        "discount": 0.95,
    }
    write_page(folder / "index.html", episodes=episodes, **(options | changes))
    return folder / "index.html"


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    episodes = [an_episode(1, 20), an_episode(2, 7)]
    for episode in episodes:
        with VideoWriter(folder / episode["video"], SPEED) as video:
            for step in range(episode["length"] + 1):
                video.append(np.full([60, 80, 3], 10 * step, np.uint8))
    return write(folder, episodes)


def test_numbers_are_in_it_without_javascript(tmp_path):
    text = write(
        tmp_path, [an_episode(1, 3, score=-1234.56), an_episode(2, 5, score=-0.5)]
    ).read_text()
    visible = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    visible = visible.replace(MINUS, "-")
    assert "PPO after 12,800 training steps" in visible
    assert "Run 20261101T000000-pendulum, checkpoint 192, seed 3." in visible
    assert "Mean return -617.5 ± 617.0 standard deviation" in visible
    assert "Lowest and highest -1,234.6 to -0.5" in visible
    assert "Mean length 4 steps" in visible
    assert "Episode 1 -1,234.6 3 terminated mp4" in visible
    assert "Episode 2 -0.5 5 truncated mp4" in visible
    assert "discounted by 0.95 a step" in visible
    assert '<a href="episode-2.mp4"' in text


def test_small_returns_have_more_digits(tmp_path):
    text = write(tmp_path, [an_episode(1, 3, score=1 / 3)]).read_text()
    assert ">0.333</td>" in text


def test_nothing_ends_the_data_or_becomes_markup(tmp_path):
    name = "</script><script>alert(1)</script>"
    episode = an_episode(1, 3, observations=[{"name": name, "values": [0] * 4}])
    text = write(tmp_path, [episode], env="<b>&", run="<i>").read_text()
    assert "<b>&" not in text
    assert "<i>" not in text
    assert "alert(1)</script>" not in text
    data = re.search(r'id="data">(.*?)</script>', text)[1]
    assert json.loads(data)["episodes"][0]["observations"][0]["name"] == name


def test_what_is_not_json_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, [an_episode(1, 3, reward=[float("nan")] * 3)])


def test_placeholders_in_data_stay(tmp_path):
    assert (
        "{{style}}" in write(tmp_path, [an_episode(1, 3)], run="{{style}}").read_text()
    )


class TestInABrowser:
    @pytest.fixture
    def page(self, browser, page_path):
        page = browser.open(page_path)
        page.evaluate(LOADED)
        yield page
        assert page.complaints == []

    def cursor(self, page):
        """Where the lines of all plots are, in steps."""
        script = """[...document.querySelectorAll(".plot")].map(plot => {
          const box = plot.getBoundingClientRect();
          const line = plot.querySelector("i").getBoundingClientRect();
          return episode.length * (line.x + line.width / 2 - box.x) / box.width;
        })"""
        places = page.evaluate(script)
        assert len(places) == 5
        assert max(places) - min(places) < 0.01
        return pytest.approx(places[0], abs=0.01)

    def readouts(self, page):
        script = '[...document.querySelectorAll("#plots .now")].map(e => e.textContent)'
        return [text.replace(MINUS, "-") for text in page.evaluate(script)]

    def test_asks_for_nothing_but_the_videos_beside_it(self, page, page_path):
        folder = page_path.parent.as_uri()
        assert set(page.requests) == {
            f"{folder}/index.html",
            f"{folder}/episode-1.mp4",
        }

    def test_the_video_is_loaded_and_as_long_as_the_episode(self, page):
        assert page.evaluate("[video.duration, video.videoWidth]") == [2.1, 80]
        assert page.evaluate("video.error") is None

    def test_all_traces_are_drawn(self, page):
        paths = page.evaluate(
            """[...document.querySelectorAll(".plot path")].map(path => ({
              points: path.getAttribute("d").split(/[ML]/).length - 1,
              color: getComputedStyle(path).stroke,
              width: path.getBoundingClientRect().width,
              height: path.getBoundingClientRect().height,
            }))"""
        )
        # Actions are whole numbers, and drawn as steps, with two points for each.
        assert sorted(path["points"] for path in paths) == [20, 20, 20, 20, 21, 39]
        assert all(path["width"] > 300 and path["height"] > 15 for path in paths)
        assert len({path["color"] for path in paths}) == 5
        assert "none" not in {path["color"] for path in paths}
        labels = page.evaluate(
            '[...document.querySelectorAll(".plot svg")].map(e => e.ariaLabel)'
        )
        assert [label.replace(MINUS, "-") for label in labels] == [
            "Reward, from 0 to 19",
            "Value, from -4.75 to 9.5",
            "Action 0, from 0 to 38",
            "Observation 0, from -70 to 0",
            "Observation 1, from 0 to 1.9e-4",
        ]
        assert "The first 2 of 90 numbers." in page.evaluate("plots.textContent")

    def test_the_cursor_follows_the_video(self, page):
        page.evaluate("video.currentTime = 0.85")
        page.evaluate(SOUGHT)
        page.evaluate("new Promise(requestAnimationFrame)")
        assert self.cursor(page) == 8
        assert self.readouts(page) == ["8", "4", "16", "-28", "7.0e-5"]
        now = '[...document.querySelectorAll("[data-now]")].map(e => e.textContent)'
        assert page.evaluate(now) == ["8", "8", "28", "4"]
        assert page.evaluate("scrub.value") == "8"

    def test_the_cursor_follows_the_video_while_it_plays(self, page):
        # By every picture of the screen: the video tells its time less often.
        page.evaluate(
            """(() => {
              const request = window.requestAnimationFrame;
              window.pictures = 0;
              window.requestAnimationFrame = then => {
                pictures++;
                return request(then);
              };
            })()"""
        )
        page.evaluate("video.playbackRate = 4; video.play()")
        page.evaluate(
            "new Promise(resolve => video.addEventListener('ended', resolve))"
        )
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.evaluate("pictures") > 3
        assert self.cursor(page) == 20
        # Nothing was done at the last observation.
        assert self.readouts(page) == [NONE, NONE, NONE, "-70", "1.9e-4"]

    def test_a_click_into_a_trace_moves_the_video(self, page):
        x, y, width = page.evaluate(
            """(() => {
              const plot = document.querySelectorAll(".plot")[1];
              const box = plot.getBoundingClientRect();
              return [box.x, box.y, box.width];
            })()"""
        )
        page.click(x + width * 5 / 20, y + 5)
        page.evaluate(SOUGHT)
        assert page.evaluate("video.currentTime") == pytest.approx(0.55)
        assert self.cursor(page) == 5

    def test_keys_move_by_a_step(self, page):
        page.evaluate("scrub.focus()")
        for _ in range(3):
            page.press("ArrowRight")
        page.press("ArrowLeft")
        page.evaluate(SOUGHT)
        assert self.cursor(page) == 2
        assert page.evaluate("scrub.ariaValueText") == "step 2 of 20"

    def test_another_episode(self, page):
        loaded = "new Promise(done => video.addEventListener('canplay', done))"
        script = f"document.querySelectorAll('tbody a')[2].click(); {loaded}"
        page.evaluate(script)
        state = page.evaluate(
            """[video.duration, scrub.max, caption.textContent, location.hash,
                document.querySelector("tr.chosen").dataset.episode,
                [...document.querySelectorAll("a[aria-current]")].length]"""
        )
        assert state == [0.8, "7", "Episode 2", "#episode-2", "2", 1]

    def test_an_address_leads_to_an_episode(self, browser, page_path):
        page = browser.open(f"{page_path.as_uri()}#episode-2")
        assert page.evaluate("episode.number") == 2
        assert page.evaluate("video.paused")

    @pytest.mark.parametrize("width", [320, 375, 768, 1280])
    def test_is_not_wider_than_the_window(self, browser, page_path, width):
        page = browser.open(page_path, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Nothing is cut off either, but for tables, which scroll.
        outside = page.evaluate(
            """[...document.querySelectorAll("main *")].filter(each => {
              const box = each.getBoundingClientRect();
              return !each.closest(".episodes, svg") && box.right > innerWidth;
            }).map(each => each.outerHTML)"""
        )
        assert outside == []

    @pytest.mark.parametrize("dark", [True, False])
    def test_text_can_be_read(self, browser, page_path, dark):
        page = browser.open(page_path, dark=dark)
        worst = page.evaluate(
            """(() => {
              const parse = text => text.match(/[\\d.]+/g).map(Number);
              const light = color => {
                const [r, g, b] = parse(color).map(value => {
                  value /= 255;
                  if (value <= 0.03928) return value / 12.92;
                  return ((value + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const behind = each => {
                const color = getComputedStyle(each).backgroundColor;
                const clear = parse(color).length === 4 && parse(color)[3] === 0;
                return clear && each.parentElement ? behind(each.parentElement) : color;
              };
              return Math.min(...[...document.querySelectorAll("body *")].filter(each =>
                each.checkVisibility() && [...each.childNodes].some(
                  node => node.nodeType === 3 && node.textContent.trim()
                )
              ).map(each => {
                const colors = [getComputedStyle(each).color, behind(each)];
                const [dark, bright] = colors.map(light).sort((a, b) => a - b);
                return (bright + 0.05) / (dark + 0.05);
              }));
            })()"""
        )
        assert worst >= 4.5  # Level AA of the Web Content Accessibility Guidelines.

    def test_a_missing_video_is_told(self, browser, tmp_path):
        page = browser.open(write(tmp_path, [an_episode(1, 3)]))
        page.evaluate(
            """new Promise(resolve => {
              video.error ? resolve() : video.addEventListener("error", resolve);
            })"""
        )
        text = "document.getElementById('problem').textContent"
        expected = "episode-1.mp4 can't be played. Is it beside this page?"
        assert page.evaluate(text) == expected
        assert page.evaluate("document.getElementById('problem').checkVisibility()")

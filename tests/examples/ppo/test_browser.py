def write(path, body):
    path.write_text(f"<!doctype html><title>Page</title>{body}")
    return path


def test_tells_what_goes_wrong_in_a_page(browser, tmp_path):
    script = "console.error('bad', 3); throw Error('x')"
    page = browser.open(write(tmp_path / "a.html", f"<script>{script}</script>"))
    image = "const image = new Image(); image.onerror = resolve; image.src = 'b.png'"
    page.evaluate(f"new Promise(resolve => {{ {image} }})")
    assert "bad 3" in page.complaints
    assert any("Error: x" in each for each in page.complaints)
    assert any("FILE_NOT_FOUND" in each for each in page.complaints)
    assert page.requests[1].endswith("/b.png")


def test_finds_nothing_wrong_in_a_good_page(browser, tmp_path):
    page = browser.open(write(tmp_path / "a.html", "<p>Hello"), width=375, dark=True)
    dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    assert page.evaluate(f"[document.title, {dark}]") == ["Page", True]
    assert page.complaints == []
    assert len(page.requests) == 1
    page.screenshot(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"


def test_clicks_and_presses_keys(browser, tmp_path):
    script = "onkeydown = onclick = event => document.title += ' ' + event.type"
    page = browser.open(write(tmp_path / "a.html", f"<script>{script}</script>"))
    page.click(5, 5)
    page.press("ArrowRight")
    assert page.evaluate("document.title") == "Page click keydown"

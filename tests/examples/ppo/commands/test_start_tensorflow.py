import subprocess
import sys


def test_nothing_is_printed_by_importing_tensorflow():
    program = (
        "from examples.ppo.commands.start_tensorflow import import_tensorflow;"
        "print(import_tensorflow().constant(3).numpy())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_what_a_failing_import_says_is_shown(tmp_path):
    # In two parts, so that the traceback doesn't show it too.
    lines = [
        "import os",
        "os.write(2, b'no such ' + b'processor')",
        "raise RuntimeError('broken')",
    ]
    (tmp_path / "tensorflow.py").write_text("\n".join(lines))
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from examples.ppo.commands.start_tensorflow import import_tensorflow\n"
        "import_tensorflow()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert "no such processor" in done.stderr
    assert "RuntimeError: broken" in done.stderr

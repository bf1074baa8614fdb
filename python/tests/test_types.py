"""The type stubs agree with the compiled module, and every public name is documented."""

import subprocess
import sys


def test_stubs_are_those_of_the_compiled_part():
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "chokepoint._core"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_public_name_is_documented():
    import chokepoint

    public = [getattr(chokepoint, name) for name in chokepoint.__all__]
    members = [
        (owner, name)
        for owner in public
        if isinstance(owner, type)
        for name in vars(owner)
        if not name.startswith("_") and callable(getattr(owner, name)) and owner is not chokepoint.Table
    ]
    assert len(members) > 20
    for thing in public:
        assert thing.__doc__, thing
    for owner, name in members:
        assert getattr(owner, name).__doc__, f"{owner.__name__}.{name}"

"""The README's two commands, in a clone that has nothing but what is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from tests.sandbox.sandbox import ROOT, answers, environment, free_port, started


@pytest.mark.clone
@pytest.mark.timeout(600)
def test_make_sandbox_starts_a_shop_from_nothing(tmp_path: Path) -> None:
    assert "make sandbox" in (ROOT / "README.rst").read_text(encoding="utf-8")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    port = free_port()
    with started(["make", "sandbox"], clone, environment(PORT=str(port))) as running:
        url = running.wait_until_ready()
        assert "Ostehøvel" in httpx.get(url, follow_redirects=True).text
        assert running.simulator_url
        children = running.children()
        running.interrupt()
    assert not any(child.is_running() for child in children)
    assert not answers(url)
    assert not answers(running.simulator_url)

"""`./dev` on machines where something went wrong before: full disks, killed set-ups, other versions, odd addresses."""

from __future__ import annotations

import importlib.util
import socket
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def dev() -> ModuleType:
    loader = SourceFileLoader("dev_command", str(ROOT / "dev"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dev_command", loader))  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


def test_a_key_is_made_once_and_an_empty_file_is_none(dev: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.touch()  # written on a full disk
    first = dev.secret_key(tmp_path)
    assert len(first) > 50
    assert dev.secret_key(tmp_path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["secret_key"]


def test_packages_are_installed_again_when_their_pins_change_back(dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, installed = tmp_path / "venv", []
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").touch()
    (tmp_path / "requirements").mkdir()
    (place / "stamp").write_text(f"python {dev.sys.version_info[0]}.{dev.sys.version_info[1]}\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev.shutil, "which", lambda _name: "/usr/bin/true")
    monkeypatch.setattr(dev, "run", lambda *words, **_options: installed.append(Path(words[-1]).read_text()))

    def need(name: str, pins: str) -> None:
        (tmp_path / "requirements" / name).write_text(pins)
        dev.need_venv(name, place)

    for pins in ("a", "a", "b", "a"):
        need("base.txt", pins)
    assert installed == ["a", "b", "a"]
    need("dev.txt", "c")
    need("base.txt", "a")
    assert installed == ["a", "b", "a", "c"]
    need("dev.txt", "d")  # may have changed what base.txt shares with it
    need("base.txt", "a")
    assert installed == ["a", "b", "a", "c", "d", "a"]


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 0, "allowed are 1 to 65535"),
        ("127.0.0.1", 70000, "allowed are 1 to 65535"),
        ("203.0.113.9", 8000, "this machine has no such address"),
        ("gibt.es.invalid", 8000, "this machine has no such address"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(dev: ModuleType, host: str, port: int, said: str) -> None:
    with pytest.raises(dev.Stop, match=said):
        dev.free_port(host, port)


def test_a_port_that_is_taken_is_passed_over(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert taken < dev.free_port("127.0.0.1", taken) < taken + 50
    assert f"Port {taken} is taken" in capsys.readouterr().out


def test_all_addresses_of_the_machine_are_asked_at_its_own(dev: ModuleType) -> None:
    asked = [dev.in_address(host) for host in ("0.0.0.0", "::", "::1", "raum.example")]
    assert asked == ["127.0.0.1", "[::1]", "[::1]", "raum.example"]

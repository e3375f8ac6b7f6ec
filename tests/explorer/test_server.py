import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import reacton.utils
import solara.settings
from solara.server import cdn_helper, settings

from alliance_sim.errors import InputError
from alliance_sim.explorer import server


@pytest.fixture
def settings_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLARA_APP", "")
    monkeypatch.setattr(cdn_helper, "fetch_from_cdn", cdn_helper.fetch_from_cdn)
    monkeypatch.setattr(reacton.utils, "import_item", reacton.utils.import_item)
    for holder, name in (
        (settings.main, "mode"),
        (settings.main, "root_path"),
        (settings.main, "base_url"),
        (settings.telemetry, "mixpanel_enable"),
        (settings.theme, "show_banner"),
        (settings.theme, "title"),
        (settings.kernel, "cull_timeout"),
        (solara.settings.assets, "proxy"),
    ):
        monkeypatch.setattr(holder, name, getattr(holder, name))


@pytest.mark.usefixtures("settings_restored")
@pytest.mark.filterwarnings("ignore")  # `configure` adds a filter, which this undoes
def test_assets_never_come_from_the_network(tmp_path: Path) -> None:
    server.configure()
    for fetch in (cdn_helper.get_data, cdn_helper.get_path):
        with pytest.raises(FileNotFoundError, match="asset not shipped"):
            fetch(tmp_path, "katex@0.0.0/dist/katex.js")
    assert not any(tmp_path.iterdir())
    assert settings.main.mode == "production"
    assert settings.telemetry.mixpanel_enable is False
    assert solara.settings.assets.proxy is True


@pytest.mark.usefixtures("settings_restored")
@pytest.mark.filterwarnings("ignore")
def test_pages_can_be_drawn_while_pandas_is_being_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame()
    with monkeypatch.context() as begun:
        begun.setitem(sys.modules, "pandas", ModuleType("pandas"))  # as another thread finds it for a moment
        with pytest.raises(AttributeError):  # the fault of the library that `configure` mends
            reacton.utils.isinstance_lazy(table, "pandas.DataFrame")
        server.configure()
        assert not reacton.utils.isinstance_lazy(table, "pandas.DataFrame")
    assert reacton.utils.isinstance_lazy(table, "pandas.DataFrame")
    assert not reacton.utils.isinstance_lazy(table, ["no.such.module", "pandas.Series"])


def test_every_asset_of_the_front_end_is_installed() -> None:
    for asset in ("echarts@5.4.0/dist/echarts.js", "@widgetti/solara-vuetify-app@10.1.1/dist/fonts.css"):
        assert any(
            (Path(folder) / asset).is_file()
            for folder in (settings.assets.proxy_cache_dir, *settings.assets.extra_paths())
        )


def test_port_that_is_taken_is_an_input_error() -> None:
    with socket.socket() as other:
        other.bind((server.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: .*--port"):
            server.serve(port)


@pytest.mark.usefixtures("settings_restored")
@pytest.mark.filterwarnings("ignore")
def test_port_is_taken_before_the_page_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind((server.HOST, 0))
        port = free.getsockname()[1]
    served: list[int] = []

    def second(*_: object, **options: object) -> None:
        with pytest.raises(InputError, match=f"port {port}: "):
            server.serve(port)
        served.append(port)

    monkeypatch.setattr(server, "_load", lambda: None)
    monkeypatch.setattr("uvicorn.Server.run", second)
    server.serve(port)
    assert served == [port]


def test_forbidden_port_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.bind", refuse)
    with pytest.raises(InputError, match="port 80: Permission denied; allowed: a free one, with --port"):
        server.serve(80)


@pytest.mark.parametrize("port", [0, -1, 65536, 2**64, "8765", 8765.0, True])
def test_port_out_of_range_is_an_input_error(port: Any) -> None:
    with pytest.raises(InputError, match=r"port: .* is out of range; allowed: a whole number from 1 to 65535"):
        server.serve(port)


def test_vue_files_and_styles_are_in_the_package() -> None:
    folder = Path(sys.modules["alliance_sim.explorer.server"].__file__ or "").parent
    for name in ("lever.vue", "matrix.vue", "frame.vue", "bar.vue"):
        assert (folder / "components" / name).is_file()
    assert (folder / "style.css").is_file()


@pytest.mark.parametrize(
    "host", ["", "localhost", "hub.example", "127.0.0.1:80", "1.2.3", "fe80::1%lo", "::1 ", "[::1]", 5]
)
def test_a_host_that_is_no_address_is_an_input_error(host: Any) -> None:
    with pytest.raises(InputError, match=r"host: .* is not allowed; allowed: an IP address of this machine, or 0\.0\."):
        server.serve(host=host)


def test_an_address_of_another_machine_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"host 192\.0\.2\.\d+: .*; allowed: an address of this machine, with --host"):
        server.serve(host="192.0.2.213")


@pytest.mark.usefixtures("settings_restored")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("options", "address", "warned"),
    [
        ({}, "http://127.0.0.1:{port}", False),
        ({"base_path": "/explorer/"}, "http://127.0.0.1:{port}/explorer", False),
        ({"base_path": "https://hub.example/ann"}, "https://hub.example/ann", False),
        ({"host": "0.0.0.0"}, "http://{name}:{port}", True),
        ({"host": "0.0.0.0", "base_path": "https://hub.example"}, "https://hub.example", True),
    ],
)
def test_it_says_where_it_is_and_warns_if_others_can_reach_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, str],
    address: str,
    warned: bool,
) -> None:
    with socket.socket() as free:
        free.bind((server.HOST, 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(server, "_load", lambda: None)
    monkeypatch.setattr("uvicorn.Server.run", lambda *arguments, **options: None)
    server.serve(port, **options)
    out, err = capsys.readouterr()
    address = address.format(port=port, name=socket.gethostname().lower())
    assert out == f"Explorer: {address}  (Ctrl-C ends it)\n"
    warning = (
        f"Warning: anybody who reaches port {port} of this machine can use its processors; there is no password.\n"
    )
    assert err == (warning if warned else "")
    assert settings.main.base_url == address and address.endswith(settings.main.root_path or "")

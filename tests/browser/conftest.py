"""A browser, a server of ours and a website of somebody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Cluster, free_port
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from browser.cabled import Cabled
from browser.gallery import built, exhibited
from browser.host_site import HostSite
from browser.scripted import Scripted
from browser.serving import serving
from browser.watching import Watch

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Debian's Chromium gives a frame on another site no storage at all; released browsers give it a partition of its
    # own, without cookies. The latter is what most visitors have; `strict_page` is for the former.
    "--disable-features=TrackingProtection3pcd",
]


# Two cores, and a whole test run beside: a second of work can take five.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def strict_page(playwright: Playwright, chromium: Path) -> Iterator[Page]:
    """A page in a browser that refuses frames of other sites any cookie and any storage."""
    flags = [*FLAGS[:-1], "--test-third-party-cookie-phaseout"]
    browser = playwright.chromium.launch(executable_path=chromium, args=flags)
    yield browser.new_page(viewport={"width": 1280, "height": 860})
    browser.close()


@pytest.fixture(scope="session")
def opsloom(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a running server with the assistant `demo`."""
    url = postgres_cluster.create()
    with serving(tmp_path_factory.mktemp("server"), free_port(), url) as origin:
        yield origin
    postgres_cluster.drop(url)


@pytest.fixture(scope="session")
def gallery_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery of blocks, built: 5 s."""
    return built(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="session")
def gallery(gallery_files: Path) -> Iterator[str]:
    """The origin of the gallery."""
    with exhibited(gallery_files) as origin:
        yield origin


@pytest.fixture(scope="session")
def host_site() -> Iterator[HostSite]:
    with HostSite() as site:
        yield site


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def watch(context: BrowserContext) -> Watch:
    """What the browser saw: requests, cookies, errors, violations of the content security policy."""
    return Watch(context)


@pytest.fixture(scope="session")
def scripted_server(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    """A running server whose assistant says what a test scripts."""
    url = postgres_cluster.create()
    with Scripted(tmp_path_factory.mktemp("scripted"), free_port(), url) as server:
        yield server
    postgres_cluster.drop(url)


@pytest.fixture
def scripted(scripted_server: Scripted) -> Scripted:
    """That server, with no script yet and no request remembered."""
    scripted_server.vendor.reset()
    return scripted_server


@pytest.fixture(scope="session")
def cabled_server(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cabled]:
    """Such a server behind the fault proxy."""
    url = postgres_cluster.create()
    with Cabled(tmp_path_factory.mktemp("cabled"), url) as cabled:
        yield cabled
    postgres_cluster.drop(url)


@pytest.fixture
def cabled(cabled_server: Cabled) -> Iterator[Cabled]:
    """That server and a sound wire, with no script yet."""
    cabled_server.reset()
    yield cabled_server
    cabled_server.reset()


@pytest.fixture
def keeping_page(playwright: Playwright, chromium: Path) -> Iterator[Page]:
    """A page in a browser with its back-forward cache, which Playwright else turns off."""
    browser = playwright.chromium.launch(
        executable_path=chromium, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser.new_page(viewport={"width": 1280, "height": 860})
    browser.close()

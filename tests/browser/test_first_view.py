"""What somebody sees who opens the page and does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from browser.look import pixels, requests, settled
from browser.serving import SAMPLES, get
from playwright.sync_api import Browser, Page

from layouts import ids


def test_a_sample_is_explained_already(page: Page) -> None:
    assert re.match(r"Cat, (over )?\d+(\.\d)? %\.", page.inner_text("#verdict"))
    assert re.search(r"\d+ % of the evidence for cat lies in \d+ % of the photo", page.inner_text("#verdict"))
    assert page.locator("#classes button").count() == 2
    assert page.get_attribute("#class-0", "aria-pressed") == "true"
    assert page.input_value("#target") == "Cat (predicted)"
    assert page.input_value("#layer").endswith("default")
    assert page.inner_text("#status") == ""
    assert page.inner_text("#device") != "…"
    assert pixels(page).std() > 20  # an empty figure is of one colour


STORES = (ids.QUESTION, ids.ANSWER, ids.GALLERY_QUESTION, ids.GALLERY_ANSWER)  # are of Dash alone


def test_every_control_is_there(page: Page) -> None:
    names = [value for name, value in vars(ids).items() if name.isupper() and value not in STORES]
    names += [ids.sample(file.stem) for file in SAMPLES.glob("*.jpg")]
    assert [name for name in names if page.locator(f"[id='{name}']").count() != 1] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_asked_of_other_servers(scheme: str, new_page: Callable[..., Page], server: str) -> None:
    page = new_page(color_scheme=scheme)
    with requests(page) as seen:
        page.goto(server)
        settled(page)
        page.click("#sample-taxi")
        page.wait_for_timeout(300)
        settled(page)
    assert len(seen) > 10
    assert {urlsplit(request.url).netloc for request in seen} == {urlsplit(server).netloc}


def test_the_policy_forbids_other_sites_and_is_obeyed(browser: Browser, server: str) -> None:
    page = browser.new_page()
    answer = page.goto(server)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    refused = page.evaluate(
        """async () => new Promise((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
            const script = document.createElement('script');
            script.textContent = 'window.intruder = true';
            document.body.append(script);
        })"""
    )
    assert refused.startswith("script-src")
    assert not page.evaluate("window.intruder")
    page.close()


def test_samples_are_explained_on_a_click(page: Page) -> None:
    page.click("#sample-dog")
    page.locator("#verdict", has_text="Dog,").wait_for()
    settled(page)
    assert page.input_value("#target") == "Dog (predicted)"
    assert page.get_attribute("#class-1", "aria-pressed") == "true"


def test_no_address_leads_out_of_the_samples(server: str) -> None:
    assert get(f"{server}/samples/cat.jpg")[1] == (SAMPLES / "cat.jpg").read_bytes()
    for path in ("..%2f..%2fapp.py", "%2e%2e/app.py", "%2fetc%2fpasswd", "nothing.jpg"):
        assert b"make_app" not in get(f"{server}/samples/{path}")[1]
        assert b"root:" not in get(f"{server}/samples/{path}")[1]

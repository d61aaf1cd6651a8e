"""From a match to an answer on a phone: the seeker asks, the office answers by the link in its mail, the seeker sees it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Page, Request, Route, expect

from network.inquiries.models import Inquiry
from network.seeking import matches
from tests.browser.watching import Open, fits, violations
from tests.network.contacting import OWNER, TEXT, link_in, office, owned, seeker, sent, to
from tests.network.seekers import made
from vacancies.models import Vacancy

pytestmark = pytest.mark.browser


class Desk:
    """Shows the browser pages of our transaction, which the served site does not see, and sends what its forms send."""

    def __init__(self, page: Page) -> None:
        self.page, self.client, self.found = page, Client(), HttpResponse()

    def answer(self, route: Route, request: Request) -> None:
        if request.method == "POST":
            route.fulfill(status=204)  # `press` sends it on
        else:
            route.fulfill(body=self.found.content, content_type="text/html; charset=utf-8")

    def goto(self, path: str) -> None:
        self.found = self.client.get(path)
        assert self.found.status_code == 200, path
        self.page.goto(path)

    def press(self, name: str) -> None:
        """Press a button, and see what the form's answer leads to."""
        with self.page.expect_request(lambda request: request.method == "POST") as sent_on:
            self.page.get_by_role("button", name=name).click()
        path, data = urlsplit(sent_on.value.url).path, sent_on.value.post_data or ""
        self.found = self.client.generic("POST", path, data, content_type="application/x-www-form-urlencoded")
        if self.found.status_code == 302:
            path = self.found.url
            self.found = self.client.get(path)
        assert self.found.status_code == 200, path
        self.page.goto(path)


@pytest.fixture
def desk(open_page: Open) -> Iterator[Desk]:
    found = Desk(open_page("/kontakte/", width=360))
    for pattern in ("**/anfragen/**", "**/gesuche/**"):
        found.page.route(pattern, found.answer)
    yield found
    for pattern in ("**/anfragen/**", "**/gesuche/**"):
        found.page.unroute(pattern)


def whole(page: Page) -> None:
    """The page fits the phone and keeps the rules of accessibility."""
    assert fits(page)
    assert violations(page, exclude=[["#map"]]) == []


def test_match_inquiry_answer(desk: Desk) -> None:
    page, building, ilse = desk.page, office(), seeker()
    request = made(ilse, {"regions": {"value": {"towns": ["gransee"]}, "importance": "must"}})
    matches.renew([request])
    vacancy = owned(Vacancy.objects.get(key=request.matches.all().to_show()[0].vacancy_id))
    desk.client.force_login(ilse)
    desk.goto(f"/gesuche/{request.key}/treffer/")
    path = f"/anfragen/neu/{vacancy.slug}/?gesuch={request.key}"
    expect(page.locator(f'.match a[href="{path}"]')).to_be_visible()
    whole(page)
    desk.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Anfrage stellen")
    expect(page.get_by_label("Zu Ihrem Gesuch")).to_have_value(request.key)
    whole(page)
    page.get_by_label("Ihre Nachricht").fill(TEXT)
    desk.press("Anfrage absenden")
    expect(page.get_by_role("status")).to_contain_text("Ihre Anfrage ist unterwegs")
    whole(page)
    assert Inquiry.objects.count() == 1
    [asked] = to(sent(), building.mailbox)
    desk.client = Client()
    desk.goto(link_in(asked))
    expect(page.locator(".thread")).to_contain_text(TEXT)
    whole(page)
    page.get_by_label("Ihre Nachricht").fill("Gern, am Dienstag um 10 Uhr.")
    desk.press("Antwort absenden")
    expect(page.get_by_role("status")).to_contain_text("Ihre Antwort ist unterwegs")
    desk.press("Besichtigung vereinbart")
    expect(page.get_by_role("status")).to_contain_text("Besichtigung")
    answer, step = to(sent(), ilse.email)
    assert "Gern, am Dienstag um 10 Uhr." in answer.body
    assert "„Besichtigung“" in step.body
    desk.client.force_login(ilse)
    desk.goto(link_in(answer, "anfragen"))
    expect(page.locator(".thread")).to_contain_text("Gern, am Dienstag um 10 Uhr.")
    whole(page)
    shown = page.content()
    assert not any(word in shown for word in OWNER)

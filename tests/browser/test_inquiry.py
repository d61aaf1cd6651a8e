"""From a match to an answer on a phone: the seeker asks, the office answers by the link in its mail, the seeker sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, Request, Route, expect

from network.inquiries.models import Inquiry
from network.seeking import matches
from tests.browser.watching import Open, violations
from tests.network.contacting import OWNER, TEXT, link_in, office, owned, seeker, sent, to
from tests.network.seekers import made
from vacancies.models import Vacancy

pytestmark = pytest.mark.browser


class Desk:
    """Answers the browser from our transaction, which the served site does not see: real pages, real forms, one person's session."""

    def __init__(self, page: Page) -> None:
        self.page, self.client = page, Client()

    def answer(self, route: Route, request: Request) -> None:
        path = request.url.split("/", 3)[3]
        if request.method == "POST":
            kind = request.headers["content-type"]
            found = self.client.generic("POST", f"/{path}", request.post_data or "", content_type=kind, follow=False)
        else:
            found = self.client.get(f"/{path}")
        if found.status_code == 302:
            found = self.client.get(found.url)
        body, kind = found.content, found.headers["Content-Type"]
        route.fulfill(status=found.status_code, body=body, content_type=kind)


@pytest.fixture
def desk(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser calls `answer` inside its loop, in this same thread
    page = open_page("/kontakte/", width=360)
    made_desk = Desk(page)
    for pattern in ("**/anfragen/**", "**/gesuche/**"):
        page.route(pattern, made_desk.answer)
    yield made_desk
    for pattern in ("**/anfragen/**", "**/gesuche/**"):
        page.unroute(pattern)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


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
    page.goto(f"/gesuche/{request.key}/treffer/")
    page.locator(f'a[href="/anfragen/neu/{vacancy.slug}/?gesuch={request.key}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anfrage stellen")
    expect(page.get_by_label("Zu Ihrem Gesuch")).to_have_value(request.key)
    whole(page)
    page.get_by_label("Ihre Nachricht").fill(TEXT)
    page.get_by_role("button", name="Anfrage absenden").click()
    expect(page.get_by_role("status")).to_contain_text("Ihre Anfrage ist unterwegs")
    whole(page)
    found = Inquiry.objects.get()
    [asked] = to(sent(), building.mailbox)
    desk.client = Client()
    page.goto(link_in(asked))
    expect(page.locator(".thread")).to_contain_text(TEXT)
    whole(page)
    page.get_by_label("Ihre Nachricht").fill("Gern, am Dienstag um 10 Uhr.")
    page.get_by_role("button", name="Antwort absenden").click()
    expect(page.get_by_role("status")).to_contain_text("Ihre Antwort ist unterwegs")
    page.get_by_role("button", name="Besichtigung vereinbart").click()
    expect(page.get_by_role("status")).to_contain_text("Besichtigung")
    answer, step = to(sent(), ilse.email)
    assert "Gern, am Dienstag um 10 Uhr." in answer.body
    assert "„Besichtigung“" in step.body
    desk.client.force_login(ilse)
    page.goto(link_in(answer, f"anfragen/{found.key}"))
    expect(page.locator(".thread")).to_contain_text("Gern, am Dienstag um 10 Uhr.")
    whole(page)
    shown = page.content()
    assert not any(word in shown for word in OWNER)

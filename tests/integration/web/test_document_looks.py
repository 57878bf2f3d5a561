"""Templates of documents: one is looked at before it is chosen, and papers follow the choice."""

import re

from flask import Flask

from invoicer_core.services import businesses, document_texts
from tests.integration.builtin.pdf_reading import Pdf
from tests.integration.web.conftest import Visitor
from tests.integration.web.test_settings_pages import fields_of

PAGE = "/settings/documents"


def test_a_template_is_looked_at_and_then_chosen(app: Flask, owner: Visitor) -> None:
    page = owner.get(PAGE).text
    for name in document_texts.TEMPLATES:
        assert f'name="document_template" value="{name}"' in page
    looked_at = owner.get(f"{PAGE}?document_template=elegant")
    assert re.search(r"<iframe [^>]*document_template=elegant", looked_at.text)
    assert (
        'class="paper paper-elegant"' in owner.get(f"{PAGE}/sample?document_template=elegant").text
    )
    assert 'class="paper paper-classic"' in owner.get(f"{PAGE}/sample").text

    fields = fields_of(owner, PAGE) | {"document_template": "modern", "color": "#0a7d55"}
    assert owner.send(PAGE, PAGE, **fields).status_code == 302
    with app.app_context(), businesses.enter_business(owner.business_id):
        assert businesses.current().settings["document_template"] == "modern"
    assert 'class="paper paper-modern"' in owner.get(f"{PAGE}/sample").text
    fonts = Pdf(owner.get(f"{PAGE}/sample.pdf?document_template=elegant").data).fonts
    assert any("Serif" in name for name in fonts)
    assert not any("Serif" in name for name in Pdf(owner.get(f"{PAGE}/sample.pdf").data).fonts)


def test_a_template_that_is_none_is_refused_and_the_chosen_one_shown(owner: Visitor) -> None:
    fields = fields_of(owner, PAGE) | {"document_template": "../modern"}
    assert owner.send(PAGE, PAGE, **fields).status_code == 422
    shown = owner.get(f"{PAGE}/sample?document_template=<b>")
    assert 'class="paper paper-classic"' in shown.text

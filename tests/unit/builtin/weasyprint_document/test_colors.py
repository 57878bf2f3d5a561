import pytest

from invoicer_core.builtin.weasyprint_document.colors import DEFAULT, contrast, palette


def rgb(text: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(text[1:]))


@pytest.mark.parametrize(
    "color", ["#ffffff", "#ffee00", "#00ff00", "#000000", "#c2410c", "#777777"]
)
def test_text_stays_readable_with_any_brand_colour(color):
    found = palette(color)
    assert found.brand == color
    assert contrast(rgb(found.ink), (255, 255, 255)) >= 4.5
    assert contrast(rgb(found.on_brand), rgb(found.brand)) >= 4.5
    assert contrast((0x1B, 0x1F, 0x24), rgb(found.tint)) >= 7


@pytest.mark.parametrize("color", [None, "", "red", "#fff", "#12345g", "#123456;}x{", "#123456\n"])
def test_anything_but_six_hex_digits_gives_the_default(color):
    assert palette(color).brand == DEFAULT

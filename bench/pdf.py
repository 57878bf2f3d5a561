"""PDF of 10 and of 200 lines: our child process, warm, beside bare WeasyPrint of the same HTML.

Both run in turn within one run, with the same cached fonts and stylesheet; the bare one renders in
this process, without limits or socket. Usage: python bench/pdf.py [rounds]
"""

import statistics
import sys
import time
from collections.abc import Callable

import weasyprint
from weasyprint.text.fonts import FontConfiguration

from invoicer_core.builtin.weasyprint_document import sample
from invoicer_core.builtin.weasyprint_document.renderer import Renderer
from invoicer_core.builtin.weasyprint_document.template import STYLESHEET, build_html

GOAL = 1.2


def bare() -> Callable[[str], bytes]:
    """WeasyPrint as its documentation shows it, with what can be cached in a program cached."""
    fonts = FontConfiguration()
    style = weasyprint.CSS(filename=str(STYLESHEET), font_config=fonts)

    def render(html: str) -> bytes:
        page = weasyprint.HTML(string=html)
        return page.write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3b", pdf_tags=True
        )

    return render


def compare(html: str, rounds: int, ours: Callable[[str], bytes], theirs: Callable[[str], bytes]):
    """Medians in seconds, ours and theirs, measured in turn; the order changes every round."""
    seconds: dict[Callable[[str], bytes], list[float]] = {ours: [], theirs: []}
    for turn in range(rounds):
        for render in (ours, theirs) if turn % 2 else (theirs, ours):
            start = time.perf_counter()
            data = render(html)
            seconds[render].append(time.perf_counter() - start)
            assert data.startswith(b"%PDF")
    return statistics.median(seconds[ours]), statistics.median(seconds[theirs])


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    renderer = Renderer()

    def ours(html: str) -> bytes:
        return renderer.render(html).pdf

    theirs, worst = bare(), 0.0
    try:
        for lines in (10, 200):
            html = build_html(sample.sample_invoice(lines), sample.sample_business(), "en")
            ours(html), theirs(html)  # warm
            mine, other = compare(
                html, rounds if lines == 10 else max(5, rounds // 4), ours, theirs
            )
            worst = max(worst, mine / other)
            print(
                f"{lines:>4} lines: ours {mine * 1000:7.1f} ms, bare {other * 1000:7.1f} ms, "
                f"ratio {mine / other:.2f} (goal <= {GOAL})"
            )
    finally:
        renderer.close()
    return 0 if worst <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())

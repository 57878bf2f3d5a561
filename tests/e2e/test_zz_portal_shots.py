from pathlib import Path
from invoicer_core.services import payments, businesses
from tests.e2e import portal_rows
import tests.e2e.test_a_client_pays_by_phone as story
till, installed_plugin, shop_site, shop_app, shop, watch, desk = (getattr(story, n) for n in ("till","installed_plugin","shop_site","shop_app","shop","watch","desk"))
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
def test_shots(browser, shop_site, shop, till, desk):
    made = shop.issue("1234.50")
    with shop.app.app_context(), businesses.enter_business(shop.business_id):
        a = portal_rows.begun_payment(made)
        pid = payments.attempt(invoice_id=made.id, public_id=a).payment_id
    state = desk.context.storage_state()
    wrong = []
    for scheme, width in (("light", 390), ("dark", 1366)):
        ctx = browser.new_context(base_url=shop_site, storage_state=state, color_scheme=scheme, viewport={"width": width, "height": 900}, locale="en-GB")
        ctx.add_init_script(path=AXE)
        page = ctx.new_page()
        for name, path in {"undecided": f"/payments/{pid}", "under": shop.link(made), "instr": f"{shop.link(made)}/pay/{a}"}.items():
            page.goto(path); page.wait_for_timeout(300)
            page.screenshot(path=f"/tmp/shots/y-{name}-{scheme}-{width}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth") > width: wrong.append(name + " wide")
            for v in page.evaluate("axe.run()")["violations"]:
                wrong.append(f"{name} {scheme} {v['id']} {v['nodes'][0]['html'][:200]}")
        ctx.close()
    print("\n".join(wrong)); assert not wrong

"""Mesa's own page takes the model. Mesa draws with Altair, which is not among our requirements."""

import pytest

from alliance_sim.model import AllianceModel

pytest.importorskip("altair", reason="Mesa's visualization needs Altair")
solara = pytest.importorskip("solara", reason="Mesa's visualization needs Solara")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_mesas_page_steps_and_rebuilds_the_model() -> None:
    import ipyvuetify
    from mesa.visualization import SolaraViz, make_plot_component
    from mesa.visualization.utils import update_counter

    shown: list[tuple[str, int, float | None]] = []

    @solara.component
    def Seen(model: AllianceModel) -> None:
        update_counter.get()
        shown.append((model.what_if.name, model.steps, model.what_if.parameters.get("threat_reversion")))

    @solara.component
    def Page() -> None:
        with solara.AppLayout():
            SolaraViz(
                AllianceModel("baseline_2025", seed=1),
                components=[make_plot_component("cohesion"), Seen],
                model_params={
                    "scenario": {
                        "type": "Select",
                        "label": "Scenario",
                        "value": "helsinki_2018",
                        "values": ["baseline_2025", "helsinki_2018"],
                    },
                    "threat_reversion": {
                        "type": "SliderFloat",
                        "label": "threat_reversion",
                        "value": 0.1,
                        "min": 0.0,
                        "max": 1.0,
                        "step": 0.1,
                    },
                    "seed": 1,
                },
            )

    _, page = solara.render(Page(), handle_error=False)
    assert shown[-1] == ("baseline_2025", 0, None)
    page.find(ipyvuetify.Btn, children=["Step"]).widget.click()
    assert shown[-1] == ("baseline_2025", 1, None)
    page.find(ipyvuetify.Btn, children=["Reset"]).widget.click()
    page.find(ipyvuetify.Btn, children=["Step"]).widget.click()
    assert shown[-1] == ("helsinki_2018", 1, 0.1)
    page.close()

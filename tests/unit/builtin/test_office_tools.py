"""The tools of the office keep the contract; what a model hands them is narrow."""

import pytest
from pydantic import ValidationError

from invoicer_core.builtin.office_tools import OfficeToolsPlugin
from invoicer_core.plugin import AiTool
from invoicer_core.plugin.testing import PluginContract

TOOLS = tuple(OfficeToolsPlugin().ai_tools())


class TestOfficeTools(PluginContract):
    plugin = OfficeToolsPlugin


@pytest.mark.parametrize("tool", TOOLS, ids=lambda each: each.name)
def test_a_tool_says_what_it_takes(tool: AiTool) -> None:
    schema = tool.arguments.model_json_schema()
    assert schema["additionalProperties"] is False
    assert tool.title
    assert tool.description.endswith((".", "?"))
    assert tool.writes == (tool.preview is not None)
    assert tool.writes == tool.permission.endswith(".write")
    with pytest.raises(ValidationError):
        tool.arguments.model_validate({"business_id": 1})

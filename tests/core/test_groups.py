"""Groups of tools: declared by each tool or given by its kind, checked, and one order wherever tools are listed."""

import json

import pytest

from impasto import Tool
from impasto.descriptions import GROUPS
from impasto.errors import PluginError
from impasto.plugins.checks import check_tool
from impasto.tools import Estimator, Filter, Generator, Stylizer, Trainer, by_group, describe


def made(kind: type[Tool], **attributes: object) -> Tool:
    """A tool of a kind, as a third party's plugin declares it."""
    texts = {"name": "example", "label": "Example", "description": "An example"}
    return type("Example", (kind,), {**texts, **attributes, "apply": lambda *_: None})()


@pytest.mark.parametrize(
    ("kind", "group"),
    [(Generator, "Make"), (Filter, "Finish"), (Estimator, "Maps"), (Stylizer, "Style"), (Trainer, "Train")],
)
def test_a_tool_that_names_no_group_has_that_of_its_kind(kind, group):
    tool = made(kind)
    check_tool(tool)
    assert describe(tool)["group"] == group


def test_a_tool_in_a_group_that_no_host_lists_is_refused_with_the_groups():
    with pytest.raises(PluginError, match=r"example has the group 'Mend'.*use one of Prepare, Make, Repair"):
        check_tool(made(Filter, group="Mend"))
    with pytest.raises(PluginError, match="has no subgroup"):
        check_tool(made(Filter, subgroup=3))


def test_tools_of_a_group_are_in_order_with_each_subgroup_in_one_piece():
    tools = [
        made(Generator, name=name, subgroup=subgroup, rank=rank)
        for name, subgroup, rank in (
            ("oak", "Wood", 40),
            ("last", "From a photo", 90),
            ("brick", "Masonry", 40),
            ("first", "From a photo", 10),
            ("ash", "Wood", 40),
        )
    ]
    listed = by_group([*tools, made(Filter, name="fill", group="Repair")])
    assert [tool.name for tool in listed["Make"]] == ["first", "last", "brick", "ash", "oak"]
    assert list(listed) == ["Make", "Repair"]


def test_the_command_and_what_hosts_see_list_every_tool_below_its_group(impasto):
    described = json.loads(impasto("tools", "--json").stdout)["tools"]
    groups = [tool["group"] for tool in described]
    assert list(dict.fromkeys(groups)) == list(GROUPS), "a group is in one piece, and none is empty"
    assert groups == sorted(groups, key=list(GROUPS).index)
    wanted = {"lens": "Prepare", "quilt": "Make", "inpaint": "Repair", "photometric-stereo": "Maps", "tint": "Finish"}
    assert wanted.items() <= {tool["name"]: tool["group"] for tool in described}.items()
    lines = impasto("tools").stdout.splitlines()
    headings = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    assert headings == list(GROUPS)
    assert [line.split()[0] for line in lines if line.startswith("    ")] == [tool["name"] for tool in described]

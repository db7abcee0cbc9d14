"""Parts of a block's form that are folded until they are needed."""

from typing import Any

from wagtail.blocks import BlockGroup


class Fold(BlockGroup):
    """A part of the form with a heading, closed at first. `name` is the same in every language.

    Wagtail reads the heading of its own group when it is made, which is before languages are known.
    """

    def __init__(self, name: str, heading: Any, children: list[Any], **kwargs: Any) -> None:
        kwargs.setdefault("classname", "collapsed")
        super().__init__(children, heading=name, label_format="", **kwargs)
        self.heading = heading

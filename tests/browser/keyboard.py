"""People who use the keyboard alone, and must see where it is."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from .visitor import Visitor

#: In high contrast, which drops shadows: Oscar's own buttons have nothing else.
IS_SEEN = "element => getComputedStyle(element).outlineStyle !== 'none' || !element.closest('.vipps')"


class Keyboard:
    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page

    def go_to(self, target: str | Locator) -> Locator:
        found = self.page.locator(target) if isinstance(target, str) else target
        found.wait_for()
        self.visitor.tab_to(found)
        expect(found).to_be_in_viewport()
        return found

    def press(self, target: str | Locator, key: str = "Enter") -> None:
        """A link, a button or a box, which must show that it is the one."""
        assert self.go_to(target).evaluate(IS_SEEN), f"{target} doesn't show that it has the focus"
        self.page.keyboard.press(key)

    def type(self, field: str | Locator, text: str) -> None:
        """Instead of what is in the field, which going there selects."""
        self.go_to(field)
        self.page.keyboard.type(text)

"""Links between pages that work here and where the sources are read: ```settings <settings.rst>`_``.

A page or a place in it that doesn't exist is a warning, and so an error of the build.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

PAGE = re.compile(r"(?:([\w-]+)\.rst)?(?:#([\w-]+))?")


class LinksToPages(SphinxPostTransform):
    """From the source's name to the address of what was built of it."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        for reference in list(self.document.findall(nodes.reference)):
            found = PAGE.fullmatch(reference.get("refuri", ""))
            if found is None or not found[0]:
                continue
            name, anchor = found[1] or self.env.docname, found[2]
            if name not in self.env.found_docs or (anchor and anchor not in self.places(name)):
                logger.warning("no such place: %s", found[0], location=reference)
                continue
            builder: Any = self.app.builder
            address = builder.get_relative_uri(self.env.docname, name)
            reference["refuri"] = f"{address}#{anchor}" if anchor else address
            reference["internal"] = True

    def places(self, name: str) -> set[str]:
        document = self.env.get_doctree(name)
        return {place for node in document.findall(nodes.Element) for place in node.get("ids", ())}


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_post_transform(LinksToPages)
    return {"parallel_read_safe": True}

"""What Slack takes in one message. These numbers stand here and nowhere else.

Source, unless a constant says otherwise: the reference of Block Kit (https://docs.slack.dev/reference/block-kit)
and of ``chat.postMessage``.
"""

from __future__ import annotations

BLOCKS = 50
"""Blocks of a message."""

VIEW_BLOCKS = 100
"""Blocks of a modal or of the home tab."""

SECTION_TEXT = 3_000
"""Characters of a section's text, and of any other text object."""

FIELDS = 10
"""Fields of a section."""

CONTAINER_BLOCKS = 10
"""Blocks in a container (https://docs.slack.dev/reference/block-kit/blocks/container-block)."""

CHART_TITLE, CHART_LABEL = 50, 20
"""Characters of a chart's title, and of a label or the name of a line
(https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block), as what follows."""

CHART_POINTS, CHART_LINES = 20, 6
"""Points of a line, and lines of a chart."""

HEADER_TEXT = 150
"""Characters of a header."""

TABLES = 1
"""Table blocks of a message (error ``only_one_table_allowed``)."""

TABLE_ROWS = 100
"""Rows of a table, its header included."""

TABLE_COLUMNS = 20
"""Cells of a row."""

FALLBACK_TEXT = 4_000
"""Characters of ``text``; ``chat.update`` refuses more."""

MESSAGE = 13_200
"""Characters of all blocks together. Not documented: measured by users before ``msg_blocks_too_long``
(https://github.com/slackapi/bolt-js/issues/2509). A divider alone took about 125 of them."""

BLOCK_OVERHEAD = 125
"""Characters that a block costs beside what it says; the same source."""

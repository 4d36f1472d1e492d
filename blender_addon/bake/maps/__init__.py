# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of each map, as node sockets that surfaces emit, and how baked pixels become maps."""

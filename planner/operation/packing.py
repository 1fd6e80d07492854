"""Packing: how many billing units hold given instances, by filling the largest first; exact where sizes nest."""

from __future__ import annotations

import math


def units_needed(instances: dict[int, int], unit: int) -> int:
    """Units of `unit` accelerators for `instances[size]`; instances larger than a unit take whole ones.

    First-fit decreasing, counted rather than walked: optimal where each size divides the next larger one.
    """
    units, rooms = 0, dict[int, int]()  # free accelerators in a unit: how many such units
    for size in sorted(instances, reverse=True):
        left = instances[size]
        if size >= unit:
            units += left * math.ceil(size / unit)
            continue
        for room in sorted((r for r in rooms if r >= size), reverse=True):
            left = _fill(rooms, room, size, left, rooms[room])
        new = math.ceil(left / (unit // size))
        units += new
        rooms[unit] = rooms.get(unit, 0) + new
        _fill(rooms, unit, size, left, new)
    return units


def _fill(rooms: dict[int, int], room: int, size: int, left: int, count: int) -> int:
    """Put up to `left` instances into `count` units with `room` free; returns how many are left."""
    each = room // size
    full = min(count, left // each)
    partly = min(1, count - full) if left - full * each else 0
    inside = left - full * each if partly else 0
    rooms[room] -= full + partly
    for used, number in ((each, full), (inside, partly)):
        rooms[room - used * size] = rooms.get(room - used * size, 0) + number
    return left - full * each - inside

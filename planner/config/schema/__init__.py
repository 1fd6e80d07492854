"""What a user writes: the planning config, version 1, as pydantic models.

Every field carries its unit in its name and its meaning below it; `fleetplan schema` prints them for editors.
"""

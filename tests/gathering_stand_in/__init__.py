"""Stand-ins of the five image sources, and of the hosts of their pictures, on loopback.

    with StandIn(Library.from_folder(photos)) as stand_in:
        environment = stand_in.settings()   # DATA_OPENVERSE_URL=http://127.0.0.1:PORT/openverse ...

From a shell: `python -m tests.gathering_stand_in --photos FOLDER`. The answers have the shapes that were recorded from
the real services; where each comes from stands at the top of the module that makes it.
"""

from tests.gathering_stand_in.faults import Fault
from tests.gathering_stand_in.library import Library, Photo, Rights
from tests.gathering_stand_in.server import Request, StandIn

__all__ = ["Fault", "Library", "Photo", "Request", "Rights", "StandIn"]
